#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Export, verification and reconciliation of one customer with many events: their rates, and the memory each takes.

    tests/bench/exports.py BUILD/src/phiald BUILD/src/phial [EVENTS]

A million by default. `phial bench ingest` sends them; all lie in a month of a plan, so that its invoice is recounted
from every one of them. The export is asked for, awaited and fetched over HTTP, and verified by `phial verify` and by
`phial-verify`, a target of its own that must have been built.
Prints one JSON object. The daemon is started anew before the export and before the reconciliation: what it took to
receive the events is not counted. CPU seconds are the process's own, without PostgreSQL's. A million events take
some 1.4 GB of /tmp."""
import datetime
import json
import os
import re
import subprocess
import sys
import tarfile
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

EVENTS = int(sys.argv[3]) if len(sys.argv) > 3 else 1000000
COMPARED, PART = min(EVENTS, 2000000), 150000
BEGUN = datetime.datetime.now(datetime.timezone.utc)


def at(months, day):
    """Midnight of a day, so many months after this one."""
    month = BEGUN.month - 1 + months
    return f'{BEGUN.year + month // 12}-{month % 12 + 1:02}-{day:02}T00:00:00Z'


def send(server):
    """All events are of the last hour: near the first of a month, some lie before it."""
    c = server.client
    c.put('/v1/test-clock', {'now': BEGUN.strftime('%Y-%m-%dT%H:%M:%SZ')}, 200)
    told = subprocess.run([phial.PHIAL, 'bench', 'ingest', '--events', str(EVENTS), '--batch', '10000', '--connections', '4',
                           '--customers', '1', '--duplicates', '0', '--url', server.url, '--key', server.key], capture_output=True, text=True)
    assert told.returncode == 0, told
    run = json.loads(told.stdout)
    assert run['ledger_events'] == EVENTS, run
    customer = run['run'] + '-000000'
    c.put('/v1/metrics/images', {'event_types': [run['run'] + '.image'], 'aggregation': 'sum', 'group_by': ['modality']})
    c.put('/v1/plans/images', {'currency': 'USD', 'interval': 'month', 'charges': [
        {'key': 'images', 'metric': 'images', 'model': 'graduated', 'group_by': ['modality'],
         'tiers': [{'up_to': '1000', 'unit_amount': '0.5'}, {'up_to': None, 'unit_amount': '0.1'}]}]})
    c.post('/v1/subscriptions', {'customer': customer, 'plan': 'images', 'start': at(0, 1)})
    c.put('/v1/test-clock', {'now': at(1, 6)}, 200)
    issued = [i for i in c.get('/v1/invoices?customer=' + customer)['data'] if i['total'] != '0.00']
    assert [i['status'] for i in issued] == ['issued'], issued
    return customer, run


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


def export(c, server, customer):
    begun, used = time.monotonic(), processor(server.process.pid)
    state = c.post('/v1/exports', {'customer': customer, 'purpose': 'bench'}, 202)
    while state['status'] not in ('ready', 'failed'):
        time.sleep(0.05)
        state = c.get('/v1/exports/' + state['id'])
    seconds = time.monotonic() - begun
    assert state['status'] == 'ready', state
    begun, archive = time.monotonic(), server.folder + '/downloaded.tar'
    asked = urllib.request.Request(f'{server.url}/v1/exports/{state["id"]}/download', headers={'Authorization': 'Bearer ' + server.key})
    with urllib.request.urlopen(asked) as answer, open(archive, 'wb') as file:
        while piece := answer.read(1 << 20):
            file.write(piece)
    return archive, {'export_per_second': int(EVENTS / seconds), 'download_seconds': round(time.monotonic() - begun, 2),
                     'export_cpu_seconds': round(processor(server.process.pid) - used, 2), 'export_mib': peak(server.process.pid),
                     'archive_mib': os.path.getsize(archive) >> 20}


def verify(name, command):
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    assert status == 0 and 'VERIFIED' in said, said
    return {name + '_per_second': int(EVENTS / seconds), name + '_cpu_seconds': round(used.ru_utime + used.ru_stime, 2),
            name + '_mib': used.ru_maxrss // 1024}


def ids(archive):
    """The first of those that were exported: a customer's own list, but for some."""
    with tarfile.open(archive, 'r|') as tar:
        entries = next(tar.extractfile(member) for member in tar if member.name == 'entries.ndjson')
        found = []
        for line in entries:
            id = re.search(rb'"event":{"id":"([^"]*)"', line)
            if id:
                found.append(id[1].decode())
            if len(found) == COMPARED:
                return found


def reconcile(c, server, customer, run, ours):
    asked = {'customer': customer, 'type': run['run'] + '.image', 'from': at(-1, 1), 'to': at(1, 1), 'staged': True}
    path = '/v1/reconciliations/' + c.post('/v1/reconciliations', asked)['id']
    ours = [f'"{id}"' for n, id in enumerate(ours) if n % 100003 != 7]
    begun = time.monotonic()
    for first in range(0, len(ours), PART):
        c.post(path + '/ids', '\n'.join(ours[first:first + PART]), 200, media='application/x-ndjson')
    sent = time.monotonic() - begun
    begun, used = time.monotonic(), processor(server.process.pid)
    answer = c.get(path)
    seconds, used = time.monotonic() - begun, processor(server.process.pid) - used
    assert answer['ids']['missing_there'] == EVENTS - len(ours) and answer['missing_here'] == [], answer['ids']
    return {'ids': len(ours), 'ids_sent_seconds': round(sent, 2), 'reconcile_seconds': round(seconds, 2),
            'reconcile_cpu_seconds': round(used, 2), 'reconcile_mib': peak(server.process.pid)}


def main():
    server = phial.Server('--test-clock')
    customer, run = send(server)
    found = {'events': EVENTS, 'sent_per_second': int(run['events_per_second'])}
    archive, more = export(again(server), server, customer)
    found.update(more)
    key = server.folder + '/ledger.pub.pem'
    found.update(verify('phial_verify', [phial.PHIAL, 'verify', archive, '--key', key]))
    found.update(verify('alone', [os.path.dirname(phial.PHIAL) + '/phial-verify', archive, '--key', key]))
    found.update(reconcile(again(server), server, customer, run, ids(archive)))
    print(json.dumps(found, indent=1))
    server.process.send_signal(15)
    server.process.wait()
    server.remove()


main()
