#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the daemon, then of PostgreSQL, in the middle of a stream of events: what was acknowledged is in
the ledger exactly once, and roots recomputed from the rows equal the heads. PHIAL_CRASH_EVENTS sets how many."""
import base64
import hashlib
import os
import signal
import sys
import threading
import time
import uuid
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

EVENTS = int(os.environ.get('PHIAL_CRASH_EVENTS', '20000'))
CUSTOMERS, BATCH, SENDERS = 20, 100, 4
NOW = datetime.now(timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


class Sender(threading.Thread):
    def __init__(self, server, events):
        super().__init__()
        self.server, self.events = server, events
        self.acknowledged = set()

    def run(self):
        client = phial.Client(self.server.url, self.server.key)
        for at in range(0, len(self.events), BATCH):
            batch = self.events[at:at + BATCH]
            while True:  # until it is acknowledged: a retry must not count twice
                try:
                    if client.address not in self.server.url:
                        client = phial.Client(self.server.url, self.server.key)
                    answer = client.send('POST', '/v1/events', batch)
                    if answer.status == 200:
                        self.acknowledged.update(e['id'] for e in batch)
                        break
                    assert answer.status == 503, answer
                except (OSError, ValueError, phial.http.client.HTTPException):
                    client.connection = None
                time.sleep(0.05)


def root_of(hashes):
    if len(hashes) <= 1:
        return hashes[0] if hashes else hashlib.sha256(b'').digest()
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b'\1' + root_of(hashes[:k]) + root_of(hashes[k:])).digest()


def main():
    server = phial.Server()
    c = server.client
    c.put('/v1/event-types/call', {'properties': {'route': {'type': 'code'}}})
    for n in range(CUSTOMERS):
        c.put(f'/v1/customers/c{n}', {'name': f'C{n}', 'currency': 'USD', 'time_zone': 'UTC'})
    events = [{'id': str(uuid.uuid4()), 'customer': f'c{i % CUSTOMERS}', 'type': 'call', 'time': NOW,
               'properties': {'route': f'r-{i % 7}'}} for i in range(EVENTS)]
    senders = [Sender(server, events[n::SENDERS]) for n in range(SENDERS)]
    for s in senders:
        s.start()
    done = lambda: sum(len(s.acknowledged) for s in senders)
    while done() < EVENTS // 4:
        time.sleep(0.01)
    os.kill(server.postmaster(), signal.SIGKILL)
    killed = time.time()
    while c.send('GET', '/readyz').status != 503 and time.time() - killed < 2:
        time.sleep(0.01)
    while c.send('GET', '/readyz').status != 200:
        assert time.time() - killed < 30, 'not ready within 30 seconds'
        time.sleep(0.1)
    while done() < EVENTS // 2:
        time.sleep(0.01)
    server.kill()
    server.start()
    for s in senders:
        s.join()

    c = server.client
    sent = {e['id'] for e in events}
    assert set().union(*(s.acknowledged for s in senders)) == sent
    stored = []
    for n in range(CUSTOMERS):
        note = c.expect(200, 'GET', f'/v1/ledger/c{n}/checkpoint').bytes.decode().split('\n')
        size, leaves = int(note[1]), []
        while len(leaves) < size:
            page = c.expect(200, 'GET', f'/v1/ledger/c{n}/entries?from={len(leaves)}&to={min(size, len(leaves) + 5000)}')
            leaves += page.bytes.split(b'\n')[:-1]
        assert note[2] == base64.b64encode(root_of([hashlib.sha256(b'\0' + leaf).digest() for leaf in leaves])).decode()
        stored += [phial.json.loads(leaf)['event']['id'] for leaf in leaves]
    assert len(stored) == len(set(stored)) == EVENTS and set(stored) == sent, (len(stored), len(set(stored)))
    server.remove()
    print('ok')


main()
