# SPDX-License-Identifier: Apache-2.0
"""Senders that do not give up, and the count afterwards: what was acknowledged is stored once, where it was said.

A request without an answer is sent again as it was, until it is acknowledged: by then every event that was ever
sent has an index. `reconcile` reads the ledger back and compares."""
import base64
import hashlib
import http.client
import json
import os
import random
import string
import subprocess
import tempfile
import threading
import time
import uuid
from collections import deque
from datetime import datetime, timezone

import phial

BATCH = 200
PATIENCE = 150  # seconds until a request must have been acknowledged
REPEAT_EVERY = 50


# An id that is no UUID, and without digits: twenty of them at random are now and then a payment card's.
def letters(chance):
    return 'id-' + ''.join(chance.choice(string.ascii_lowercase) for _ in range(13))


def prepare(client, customers):
    client.put('/v1/event-types/call', {'properties': {'route': {'type': 'code'}}})
    for key in customers:
        client.put('/v1/customers/' + key, {'name': key.upper(), 'currency': 'USD', 'time_zone': 'UTC'})


def identity(event):
    return event['customer'], event.get('source', ''), event['id']


class Load:
    """Batches and single events of several senders, with repeats, to one daemon or to several."""

    def __init__(self, daemons, customers, senders=4, pause=0.03):
        self.daemons, self.customers, self.pause = daemons, customers, pause
        self.sent = {}      # identity: event
        self.index = {}     # identity: where it stands in its log, as the answers said
        self.accepted = set()
        self.recent = deque(maxlen=2000)
        self.acknowledged = self.busy = self.lost = 0
        self.faults = []
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.now = datetime.now(timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
        self.senders = [threading.Thread(target=self.run, args=(n,), daemon=True) for n in range(senders)]

    def again(self):
        """A load that goes on where this one ended."""
        more = Load(self.daemons, self.customers, len(self.senders), self.pause)
        more.sent, more.index, more.accepted, more.recent = self.sent, self.index, self.accepted, self.recent
        return more

    def __enter__(self):
        for sender in self.senders:
            sender.start()
        return self

    def __exit__(self, failure, *_):
        self.stopping.set()
        for sender in self.senders:
            sender.join(PATIENCE + 60 if failure is None else 1)
        if failure is None:
            self.check()
            assert not any(sender.is_alive() for sender in self.senders), 'a sender did not end'

    def check(self):
        assert not self.faults, self.faults[:3]

    def wait(self, acknowledged, seconds=120):
        """Until so many more events are acknowledged."""
        goal, deadline = self.acknowledged + acknowledged, time.monotonic() + seconds
        while self.acknowledged < goal:
            self.check()
            assert time.monotonic() < deadline, f'only {self.acknowledged} of {goal} acknowledged'
            time.sleep(0.01)

    def wait_for(self, condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            self.check()
            assert time.monotonic() < deadline, what
            time.sleep(0.01)

    def run(self, number):
        chance = random.Random()
        try:
            while not self.stopping.is_set():
                self.deliver(number, self.compose(chance), chance)
                time.sleep(self.pause)
        except Exception as e:  # told by check(), in the scenario's own thread
            self.faults.append(f'{type(e).__name__}: {e}')

    def compose(self, chance):
        events = [self.event(chance) for _ in range(chance.randint(BATCH // 2, BATCH * 3 // 2) if chance.random() < 0.6 else 1)]
        with self.lock:
            for event in events:
                self.sent[identity(event)] = event
                if chance.random() < 0.1:
                    self.recent.append(event)
        return events

    def event(self, chance):
        if self.recent and chance.randrange(REPEAT_EVERY) == 0:
            return chance.choice(self.recent)  # stored, under way, or in this very request
        event = {'id': str(uuid.uuid4()) if chance.random() < 0.8 else letters(chance),
                 'customer': chance.choice(self.customers), 'type': 'call', 'time': self.now,
                 'properties': {'route': f'r-{chance.randrange(7)}'}}
        if chance.random() < 0.1:
            event['source'] = 'worklist'
        return event

    def deliver(self, number, events, chance):
        """Until it is acknowledged, wherever that may be."""
        body = json.dumps(events if len(events) > 1 else events[0])
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.post(self.daemons[(number + chance.randrange(2)) % len(self.daemons)], body)
            if answer is None:
                self.lost += 1
            elif answer.status == 503:
                self.busy += 1
                assert int(answer.headers['Retry-After']) >= 0, answer.headers
                assert answer.headers['Content-Type'] == 'application/problem+json', answer.headers
            else:
                return self.acknowledge(events, answer)
            self.check()
            assert time.monotonic() < deadline, f'not acknowledged in {PATIENCE} seconds; the last answer: {answer}'
            time.sleep(0.05)

    def post(self, daemon, body):
        """The answer, or None where there was none."""
        client = getattr(self.own, 'client', None)
        if client is None or client.address not in daemon.url:
            client = self.own.client = phial.Client(daemon.url, daemon.key, timeout=60)
        try:
            return client.send('POST', '/v1/events', body, Prefer='return=representation')
        except (OSError, http.client.HTTPException):
            client.connection = None
            return None

    own = threading.local()

    def acknowledge(self, events, answer):
        single = len(events) == 1
        told = answer.json
        statuses = [r['status'] for r in told['results']]
        refused = [r for r in told['results'] if r['status'] not in ('accepted', 'duplicate')]
        assert not refused, refused[:3]
        assert answer.status in ((200, 201) if single else (200,)), answer
        assert [r['position'] for r in told['results']] == list(range(len(events))), answer
        assert told['rejected'] == 0 and set(statuses) <= {'accepted', 'duplicate'}, answer
        assert told['accepted'] == statuses.count('accepted') and told['duplicates'] == statuses.count('duplicate'), answer
        assert not single or answer.status == (201 if statuses[0] == 'accepted' else 200), answer
        with self.lock:
            for event, result in zip(events, told['results']):
                key = identity(event)
                assert self.index.setdefault(key, result['index']) == result['index'], f'two indexes of {key}'
                if result['status'] == 'accepted':
                    assert key not in self.accepted, f'accepted twice: {key}'
                    self.accepted.add(key)
            self.acknowledged += len(events)


def root_of(hashes):
    """RFC 6962: the tree's head, from the hashes of its leaves."""
    if not hashes:
        return hashlib.sha256(b'').digest()
    while len(hashes) > 1:
        pairs = [hashlib.sha256(b'\1' + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes) - 1, 2)]
        hashes = pairs + (hashes[-1:] if len(hashes) % 2 else [])
    return hashes[0]


def check_signature(note, origin, public_key):
    body, signature = note.split(b'\n\n', 1)
    dash, name, coded = signature.decode().split('\n')[0].split(' ')
    assert (dash, name) == ('\u2014', origin), signature
    with tempfile.TemporaryDirectory() as folder:
        for part, content in (('body', body + b'\n'), ('sig', base64.b64decode(coded)[4:])):
            with open(os.path.join(folder, part), 'wb') as f:
                f.write(content)
        done = subprocess.run(['openssl', 'pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', public_key,
                               '-in', folder + '/body', '-sigfile', folder + '/sig'], capture_output=True, text=True)
        assert done.returncode == 0, (note, done.stdout, done.stderr)


def leaves_of(client, customer, public_key):
    """A log's leaves, once its checkpoint is signed and its root is theirs."""
    note = client.expect(200, 'GET', f'/v1/ledger/{customer}/checkpoint').bytes
    lines = note.decode().split('\n')
    check_signature(note, lines[0], public_key)
    assert lines[0].endswith('/ledger/' + customer), lines
    size, leaves = int(lines[1]), []
    while len(leaves) < size:
        to = min(size, len(leaves) + 10000)
        page = client.expect(200, 'GET', f'/v1/ledger/{customer}/entries?from={len(leaves)}&to={to}').bytes.split(b'\n')[:-1]
        assert len(page) == to - len(leaves), f'a gap in the log of {customer} before {to}'
        leaves += page
    root = root_of([hashlib.sha256(b'\0' + leaf).digest() for leaf in leaves])
    assert lines[2] == base64.b64encode(root).decode(), f'the root of {customer} is another than its entries have'
    return leaves


def reconcile(load, client, public_key):
    """Everything acknowledged stands in the ledger once, at its index; nothing else does."""
    load.check()
    assert load.index.keys() == load.sent.keys(), 'something sent was never acknowledged'
    stored = {}
    for customer in load.customers:
        for position, leaf in enumerate(leaves_of(client, customer, public_key)):
            entry = json.loads(leaf)
            event = dict(entry['event'], customer=customer)
            assert entry['customer'] == customer and entry['kind'] == 'usage', leaf
            key = identity(event)
            assert key not in stored, f'twice in the ledger: {key}'
            stored[key] = position
            sent = load.sent.get(key)
            assert sent is not None, f'never sent: {key}'
            assert (event['type'], event['properties']) == (sent['type'], sent['properties']), (event, sent)
    assert stored == load.index, 'what was acknowledged is not what is stored'
    return len(stored)


def settle(load, daemon, public_key, what):
    """Reconciles, and says how it went."""
    stored = reconcile(load, daemon.client, public_key)
    print('passed', what, f'{stored} events, {load.lost} requests without an answer, {load.busy} busy', flush=True)
