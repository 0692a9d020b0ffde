#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Export, verification and reconciliation of one customer with many events: their rates, and the memory each takes.

    tests/bench/exports.py BUILD/src/phiald BUILD/src/phial [EVENTS]

A million by default. All events lie in a month of a plan, so that its invoice is recounted from every one of them.
Prints one JSON object. The daemon is started anew before the export and before the reconciliation: what it took to
receive the events is not counted. CPU seconds are the daemon's, without PostgreSQL's."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

EVENTS = int(sys.argv[3]) if len(sys.argv) > 3 else 1000000
BATCH, PART = 10000, 150000
MONTH = {'customer': 'big', 'from': '2031-11-01T04:00:00Z', 'to': '2031-12-01T05:00:00Z'}


def event(n):
    return (f'{{"id":"e-{n}","customer":"big","type":"read","time":"2031-11-{2 + n % 28:02}T10:{n % 60:02}:00Z","quantity":"{1 + n % 3}",'
            f'"properties":{{"modality":"{"ct" if n % 5 else "mri"}"}}}}')


def send(c):
    c.put('/v1/test-clock', {'now': '2031-12-02T00:00:00Z'}, 200)
    c.put('/v1/event-types/read', {'time_precision': 'second', 'properties': {'modality': {'type': 'enum', 'values': ['ct', 'mri']}}})
    c.put('/v1/metrics/reads', {'event_types': ['read'], 'aggregation': 'sum', 'group_by': ['modality']})
    c.put('/v1/plans/reads', {'currency': 'USD', 'interval': 'month', 'charges': [
        {'key': 'reads', 'metric': 'reads', 'model': 'graduated', 'group_by': ['modality'],
         'tiers': [{'up_to': '1000', 'unit_amount': '0.5'}, {'up_to': None, 'unit_amount': '0.1'}]}]})
    c.put('/v1/customers/big', {'name': 'Big', 'currency': 'USD', 'time_zone': 'America/New_York'})
    c.post('/v1/subscriptions', {'customer': 'big', 'plan': 'reads', 'start': '2031-11-01T00:00:00Z'})
    for first in range(0, EVENTS, BATCH):
        lines = '\n'.join(event(n) for n in range(first, min(EVENTS, first + BATCH)))
        c.post('/v1/events', lines, 200, media='application/x-ndjson')
    c.put('/v1/test-clock', {'now': '2031-12-05T00:00:00Z'}, 200)
    (usage,) = [i for i in c.get('/v1/invoices?customer=big')['data'] if i['total'] != '0.00']
    assert usage['status'] == 'issued', usage


def again(server):
    """The same daemon, with nothing in its memory."""
    server.process.send_signal(15)
    server.process.wait()
    server.start()
    return server.client


def peak(pid):
    with open(f'/proc/{pid}/status') as f:
        return int(next(line.split()[1] for line in f if line.startswith('VmHWM'))) // 1024


def processor(pid):
    """Seconds that a process has used so far."""
    with open(f'/proc/{pid}/stat') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def export(c, server):
    begun, used = time.monotonic(), processor(server.process.pid)
    state = c.post('/v1/exports', {'customer': 'big', 'purpose': 'bench'}, 202)
    while state['status'] not in ('ready', 'failed'):
        time.sleep(0.05)
        state = c.get('/v1/exports/' + state['id'])
    seconds = time.monotonic() - begun
    assert state['status'] == 'ready', state
    return {'export_per_second': int(EVENTS / seconds), 'export_cpu_seconds': round(processor(server.process.pid) - used, 2),
            'export_mib': peak(server.process.pid)}, server.sql(
        f"SELECT path FROM export WHERE export_id = '{state['id']}'")


def verify(archive, key):
    begun = time.monotonic()
    process = subprocess.Popen([phial.PHIAL, 'verify', archive, '--key', key], stdout=subprocess.PIPE, text=True)
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    assert status == 0 and 'VERIFIED' in said, said
    return {'verify_per_second': int(EVENTS / seconds), 'verify_cpu_seconds': round(used.ru_utime + used.ru_stime, 2),
            'verify_mib': used.ru_maxrss // 1024}


def reconcile(c, server):
    at = '/v1/reconciliations/' + c.post('/v1/reconciliations', dict(MONTH, type='read', staged=True))['id']
    ours = [n for n in range(min(EVENTS, 2000000)) if n % 100003 != 7]
    begun = time.monotonic()
    for first in range(0, len(ours), PART):
        c.post(at + '/ids', '\n'.join(f'"e-{n}"' for n in ours[first:first + PART]), 200, media='application/x-ndjson')
    sent = time.monotonic() - begun
    begun, used = time.monotonic(), processor(server.process.pid)
    answer = c.get(at)
    seconds, used = time.monotonic() - begun, processor(server.process.pid) - used
    assert EVENTS > 2000000 or answer['ids']['missing_there'] == EVENTS - len(ours) and answer['missing_here'] == [], answer['ids']
    return {'ids': len(ours), 'ids_sent_seconds': round(sent, 2), 'reconcile_seconds': round(seconds, 2),
            'reconcile_cpu_seconds': round(used, 2), 'reconcile_mib': peak(server.process.pid)}


def main():
    server = phial.Server('--test-clock')
    send(server.client)
    found = {'events': EVENTS}
    more, archive = export(again(server), server)
    found.update(more, archive_mib=os.path.getsize(archive) >> 20)
    found.update(verify(archive, server.folder + '/ledger.pub.pem'))
    found.update(reconcile(again(server), server))
    print(json.dumps(found, indent=1))
    server.process.send_signal(15)
    server.process.wait()
    server.remove()


main()
