#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What questions about switches cost: tests/bench/switches.py PHIALD PHIAL [--switches N] [--values N]

One customer whose N values are added and removed in turn within 30 days, one switch in twenty late, in four groups; `active` and
`time_weighted` of them over a day, a day between two clocks' hours, and four weeks, whole, by group and by the day. A JSON line a
question: milliseconds until the answer, the daemon's processor time, and the most memory that it held meanwhile."""
import argparse
import datetime
import json
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

BATCH, DAYS, METRICS = 5000, 30, (('active', 'active'), ('time_on', 'time_weighted'))
SENT_WITHIN = (DAYS - 1) * 86400  # seconds: none is in the future
KINDS = ('ct', 'mri', 'xray', 'us')


def catalog(c):
    c.put('/v1/event-types/seat', {'time_precision': 'second', 'properties': {
        'seat': {'type': 'code'}, 'kind': {'type': 'enum', 'values': list(KINDS)}, 'operation': {'type': 'enum', 'values': ['add', 'remove']}}})
    for key, aggregation in METRICS:
        c.put('/v1/metrics/' + key, {'event_types': ['seat'], 'aggregation': aggregation, 'property': 'seat', 'group_by': ['kind']})
    c.put('/v1/customers/large', {'name': 'Load', 'currency': 'USD', 'time_zone': 'America/New_York'})


def switch(number, switches, values, begins):
    value, at = number * 7919 % values, number if number % 20 else number * 7919 % (number + 1)
    moment = begins + datetime.timedelta(seconds=at * SENT_WITHIN // switches)
    return ('{"id":"s-%x-e","customer":"large","type":"seat","time":"%s","properties":{"seat":"s%d","kind":"%s","operation":"%s"}}'
            % (number, moment.strftime('%Y-%m-%dT%H:%M:%SZ'), value, KINDS[value % 4], ('add', 'remove')[number // values % 2]))


def send(c, switches, values, begins):
    for first in range(0, switches, BATCH):
        lines = [switch(n, switches, values, begins) for n in range(first, min(switches, first + BATCH))]
        answer = c.send('POST', '/v1/events', '\n'.join(lines), media='application/x-ndjson')
        assert answer.status == 200 and answer.json['accepted'] == len(lines), answer


def wait_until_folded(c):
    for key, _ in METRICS:
        while True:
            entries = c.get(f'/v1/metrics/{key}/folding')['entries']
            if entries['folded'] == entries['of']:
                break
            time.sleep(0.3)


def processor_s(pid):
    with open(f'/proc/{pid}/stat') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def peak_mb(pid):
    with open(f'/proc/{pid}/status') as f:
        return next(int(line.split()[1]) // 1024 for line in f if line.startswith('VmHWM'))


def forget_peak(pid):
    with open(f'/proc/{pid}/clear_refs', 'w') as f:
        f.write('5')


def ask(server, metric, name, span, more):
    pid = server.process.pid
    forget_peak(pid)
    started, spent = time.monotonic(), processor_s(pid)
    server.client.get('/v1/customers/large/usage?' + urllib.parse.urlencode({'metric': metric, **span, **more}))
    print(json.dumps({'query': metric, 'over': name, **more, 'ms': round((time.monotonic() - started) * 1000),
                      'processor_ms': round((processor_s(pid) - spent) * 1000), 'peak_mb': peak_mb(pid)}), flush=True)


def spans(now, begins):
    day = (now - datetime.timedelta(days=2)).replace(hour=0, minute=0, second=0)
    between = {'day': (day, day + datetime.timedelta(days=1)),
               'day, cut': (day + datetime.timedelta(seconds=1234), day + datetime.timedelta(seconds=87777)),
               '28 days': ((begins + datetime.timedelta(days=1)).replace(hour=5, minute=0, second=0),
                           (now - datetime.timedelta(days=1)).replace(hour=5, minute=0, second=0))}
    return {name: {'from': begin.isoformat() + 'Z', 'to': end.isoformat() + 'Z'} for name, (begin, end) in between.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('phiald')
    parser.add_argument('phial')
    parser.add_argument('--switches', type=int, default=1000000)
    parser.add_argument('--values', type=int, default=20000)
    options = parser.parse_args()
    now = datetime.datetime.utcnow().replace(microsecond=0)
    begins = now - datetime.timedelta(days=DAYS)
    server = phial.Server()
    catalog(server.client)
    send(server.client, options.switches, options.values, begins)
    wait_until_folded(server.client)
    print(json.dumps({'switches': options.switches, 'values': options.values, 'peak_mb_of_folding': peak_mb(server.process.pid)}), flush=True)
    for metric, _ in METRICS:
        for name, span in spans(now, begins).items():
            for more in ({}, {'group_by': 'kind'}) + (({'window': 'day'},) if name == '28 days' else ()):
                ask(server, metric, name, span, more)
    server.remove()


main()
