#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What signing, the log of heads and the scrubber cost beside ingest: processor time of the daemon and PostgreSQL, not a clock's.

    tests/bench/signing.py BUILD/src/phiald BUILD/src/phial [EVENTS]

A million events by default, of 200 customers, after a few that warm every connection up. One after the other, with nothing else going on in the daemon: the events are taken in;
every customer is asked for the proof of its first entry, which is one request, one recorded reading and no signature; every customer's
checkpoint is signed, for which every entry is read and hashed again; all heads are entered, signed and published; the scrubber hashes
every entry. Prints one JSON object: microseconds an event of each, what signing is of ingest (with its requests and without), and what
publishing once a minute and scrubbing at the default rate are of one core."""
import glob
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

EVENTS = int(sys.argv[3]) if len(sys.argv) > 3 else 1000000
QUIET = {'PHIAL_WITNESS_INTERVAL_MS': '86400000', 'PHIAL_SCRUB_LEAVES_PER_SECOND': '0'}
WARMING, FIRST_PROOF = 20000, 'inclusion?index=0&size=1'
MINUTE, SCRUBBED_A_SECOND = 60, 5000  # the defaults of [witness] interval_ms and [scrub] leaves_per_second


def spent(pid):
    """Seconds of a process and of its children that have ended."""
    try:
        with open(f'/proc/{pid}/stat') as f:
            fields = f.read().rsplit(') ', 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / os.sysconf('SC_CLK_TCK')


def processor(server):
    """The daemon, its PostgreSQL and that one's children."""
    pids = {server.process.pid, server.postmaster()}
    for path in glob.glob('/proc/[0-9]*/stat'):
        try:
            with open(path) as f:
                if int(f.read().rsplit(') ', 1)[1].split()[1]) == server.postmaster():
                    pids.add(int(path.split('/')[2]))
        except (FileNotFoundError, ProcessLookupError):
            pass
    # The daemon's children are PostgreSQL, which lives: its share of ended ones is nothing.
    return sum(spent(pid) for pid in pids)


def ask(client, question):
    after = ''
    while after is not None:
        page = client.get('/v1/customers?limit=500' + (f'&cursor={after}' if after else ''))
        for customer in page['data']:
            client.expect(200, 'GET', f'/v1/ledger/{customer["key"]}/{question}')
        after = page['next_cursor']


def figure(client, name):
    text = client.expect(200, 'GET', '/metrics').bytes.decode()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith(name + ' ')))


def scrubbed(client):
    while figure(client, 'phial_scrub_leaves_total') < EVENTS + WARMING:
        time.sleep(0.2)


def cost(server, work):
    """Seconds of processor time, without what the daemon takes when it has nothing to do."""
    time.sleep(1)
    idle_from = processor(server)
    time.sleep(3)
    before, began = processor(server), time.monotonic()
    idle = (before - idle_from) / 3
    work()
    return processor(server) - before - idle * (time.monotonic() - began)


def started(server, rate, work):
    """Of a daemon from its start on, which reads what was written lately; the scrubber begins two seconds later."""
    phial.Daemon.stop(server)
    server.environment['PHIAL_SCRUB_LEAVES_PER_SECOND'] = rate
    server.start()
    before = processor(server)
    work()
    return processor(server) - before


def ingest(server, events=EVENTS):
    run = subprocess.run([phial.PHIAL, 'bench', 'ingest', '--url', server.url, '--key', server.key, '--events', str(events), '--duplicates', '0'],
                         check=True, capture_output=True, text=True)
    assert json.loads(run.stdout)['accepted'] == events, run.stdout


def main():
    server = phial.Server(environment=QUIET)
    ingest(server, WARMING)  # and every connection has read the catalog and planned what it asks
    for _ in range(2):
        ask(server.client, FIRST_PROOF)
        ask(server.client, 'checkpoint')
    taken = {'ingest': cost(server, lambda: ingest(server)), 'asking': cost(server, lambda: ask(server.client, FIRST_PROOF)),
             'signing': cost(server, lambda: ask(server.client, 'checkpoint')),
             'publishing': cost(server, lambda: server.client.expect(200, 'GET', '/v1/ledger/checkpoint'))}
    server.sql(phial.SCRUB_ALL)
    taken['scrubbing'] = -started(server, '0', lambda: time.sleep(10)) + started(server, '10000000', lambda: scrubbed(server.client))
    phial.Daemon.stop(server)
    server.remove()
    print(json.dumps({
        'events': EVENTS, 'us_per_event': {name: round(seconds * 1e6 / EVENTS, 3) for name, seconds in taken.items()},
        'signing_of_ingest': round((taken['signing'] - taken['asking']) / taken['ingest'], 4),
        'with_requests_of_ingest': round(taken['signing'] / taken['ingest'], 4), 'publishing_of_a_core': round(taken['publishing'] / MINUTE, 5),
        'scrubbing_of_a_core': round(taken['scrubbing'] / (EVENTS + WARMING) * SCRUBBED_A_SECOND, 4)}))


if __name__ == '__main__':
    main()
