#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What running sums cost and what they save: tests/bench/sums.py PHIALD PHIAL [--events N] [--metrics A,B,...] [--ingest N] [--rounds N]

One customer with N events of the last 30 days and one with 10,000, both asked the same; the database time of folding beside that of
ingest; the rate of ingest with folding and without. One JSON object a line. `docs/performance.md` says what to read in it."""
import argparse
import datetime
import json
import os
import statistics
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

BATCH, SENDERS, SMALL, SWITCHES = 5000, 4, 10000, 1000
METRICS = {
    'count': {'aggregation': 'count'},
    'sum': {'aggregation': 'sum', 'group_by': ['modality']},
    'weighted': {'aggregation': 'sum', 'weights': {'property': 'modality', 'values': {'ct': '3', 'mri': '5'}}},
    'max': {'aggregation': 'max', 'property': 'minutes'},
    'latest': {'aggregation': 'latest'},
    'time_weighted': {'aggregation': 'time_weighted'},
    'unique': {'aggregation': 'unique', 'property': 'reader'},
    'percentile': {'aggregation': 'percentile', 'property': 'minutes', 'percent': '95'},
    'active': {'event_types': ['seat'], 'aggregation': 'active', 'property': 'seat'},
    'time_on': {'event_types': ['seat'], 'aggregation': 'time_weighted', 'property': 'seat'},
}


def catalog(c, metrics):
    c.put('/v1/event-types/read', {'time_precision': 'second', 'properties': {
        'modality': {'type': 'enum', 'values': ['ct', 'mri', 'xray', 'us']}, 'minutes': {'type': 'integer'}, 'reader': {'type': 'code'}}})
    c.put('/v1/event-types/seat', {'properties': {'seat': {'type': 'code'}, 'operation': {'type': 'enum', 'values': ['add', 'remove']}}})
    for key in metrics:
        c.put('/v1/metrics/' + key, dict({'event_types': ['read']}, **METRICS[key]))


def switch(server, customer):
    """As many additions and removals for either customer."""
    now = datetime.datetime.utcnow().replace(microsecond=0)
    lines = ['{"id":"seat-%x-e","customer":"%s","type":"seat","time":"%s","properties":{"seat":"s%d","operation":"%s"}}'
             % (n, customer, (now - datetime.timedelta(minutes=40 * n)).strftime('%Y-%m-%dT%H:%M:%SZ'), n % 50, ('add', 'remove')[n // 50 % 2])
             for n in range(SWITCHES)]
    answer = server.client.send('POST', '/v1/events', '\n'.join(lines), media='application/x-ndjson')
    assert answer.status == 200, answer


def body(customer, prefix, first, count, total, begins):
    """In the order of time, one in twenty late; cheap to make, and never a number that looks like somebody's."""
    lines = []
    for n in range(first, first + count):
        at = n if n % 20 else n * 7919 % (n + 1)
        moment = begins + datetime.timedelta(seconds=at * 2505600 // total)
        lines.append('{"id":"%s-%x-e","customer":"%s","type":"read","time":"%s","quantity":"%d","properties":{"modality":"%s","minutes":"%d","reader":"r%d"}}'
                     % (prefix, n, customer, moment.strftime('%Y-%m-%dT%H:%M:%SZ'), n % 7 + 1, ('ct', 'mri', 'xray', 'us')[n % 4], n % 60, n * 31 % 40))
    return '\n'.join(lines)


def send(server, customers, total, prefix):
    """Seconds that it took; customers in turn, a batch each."""
    begins = (datetime.datetime.utcnow() - datetime.timedelta(days=30)).replace(microsecond=0)
    work, lock, faults = list(range(0, total, BATCH)), threading.Lock(), []

    def run():
        client = phial.Client(server.url, server.key)
        while True:
            with lock:
                if not work or faults:
                    return
                first = work.pop(0)
            count = min(BATCH, total - first)
            text = body(customers[first // BATCH % len(customers)], prefix, first, count, total, begins)
            answer = client.send('POST', '/v1/events', text, media='application/x-ndjson')
            if answer.status != 200 or answer.json['accepted'] != count:
                faults.append(answer)

    started = time.monotonic()
    threads = [threading.Thread(target=run) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    return time.monotonic() - started


def behind(server):
    return int(server.sql("SELECT COALESCE(sum(size - COALESCE(folded_to, 0)), 0) FROM ledger_head LEFT JOIN usage_mark USING (customer_id) WHERE customer_id > 0"))


def wait_until_folded(server):
    started = time.monotonic()
    while behind(server):
        time.sleep(0.2)
    return time.monotonic() - started


def backends(server):
    """Processor seconds of PostgreSQL: of the connection that folds, and of those that write events."""
    rows = server.sql("SELECT pid, application_name = 'phial sums' AS folds FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
    seconds = {'t': 0.0, 'f': 0.0}
    for pid, folds in (row.split('|') for row in rows.splitlines()):
        with open(f'/proc/{pid}/stat') as f:
            fields = f.read().rsplit(')', 1)[1].split()
        seconds[folds] += (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
    return seconds


def median_ms(c, customer, times, **query):
    taken = []
    for _ in range(times):
        started = time.monotonic()
        c.get(f'/v1/customers/{customer}/usage?' + urllib.parse.urlencode(query))
        taken.append((time.monotonic() - started) * 1000)
    return round(statistics.median(taken), 2)


def queries(server, total, metrics):
    c = server.client
    now = datetime.datetime.utcnow().replace(minute=0, second=0, microsecond=0) + datetime.timedelta(hours=1)
    span = {'from': (now - datetime.timedelta(days=30)).isoformat() + 'Z', 'to': now.isoformat() + 'Z'}
    for metric in metrics:
        for more in ({}, {'window': 'day'}, {'window': 'hour'}) + (({'group_by': 'modality'},) if metric == 'sum' else ()):
            small, large = (median_ms(c, customer, 21, metric=metric, **span, **more) for customer in ('small', 'large'))
            print(json.dumps({'query': metric, **more, 'events': [SMALL, total], 'median_ms': [small, large], 'ratio': round(large / small, 2)}), flush=True)


def sizes(total, metrics):
    server = phial.Server()
    catalog(server.client, metrics)
    for customer in ('small', 'large'):
        server.client.put('/v1/customers/' + customer, {'name': 'Load', 'currency': 'USD', 'time_zone': 'America/New_York'})
    for customer in ('small', 'large'):
        switch(server, customer)
    send(server, ['small'], SMALL, 'a')
    seconds = send(server, ['large'], total, 'b')
    left = behind(server)
    waited = wait_until_folded(server)
    processor = backends(server)
    print(json.dumps({'events': total, 'metrics': len(metrics), 'sent_in_s': round(seconds, 1), 'not_folded_then': left, 'folded_after_s': round(waited, 1),
                      'fold_processor_s': processor['t'], 'ingest_processor_s': processor['f'],
                      'share': round(processor['t'] / processor['f'], 3)}), flush=True)
    queries(server, total, metrics)
    rows = server.sql("SELECT (SELECT count(*) FROM usage_sum), (SELECT count(*) FROM usage_value), (SELECT count(*) FROM usage_place)")
    print(json.dumps({'rows': dict(zip(('usage_sum', 'usage_value', 'usage_place'), map(int, rows.split('|'))))}))
    server.remove()


def rates(total, rounds):
    """With folding, and without, in turn, each on a server of its own."""
    ratios = []
    for _ in range(rounds):
        rate = {}
        for name, interval in (('without', '3600000'), ('with', '1000')):
            server = phial.Server(environment={'PHIAL_USAGE_FOLD_INTERVAL_MS': interval})
            catalog(server.client, ('count', 'sum'))
            customers = [f'c{n}' for n in range(50)]
            for key in customers:
                server.client.put('/v1/customers/' + key, {'name': 'Load', 'currency': 'USD', 'time_zone': 'America/New_York'})
            time.sleep(1)
            rate[name] = total / send(server, customers, total, 'x')
            rate['behind_' + name] = behind(server)
            server.remove()
        ratios.append(rate['with'] / rate['without'])
        print(json.dumps({'ingest': {k: round(v) for k, v in rate.items()}, 'ratio': round(ratios[-1], 2)}), flush=True)
    print(json.dumps({'ingest_ratio': round(statistics.median(ratios), 2)}))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('phiald')
    parser.add_argument('phial')
    parser.add_argument('--events', type=int, default=10000000)
    parser.add_argument('--metrics', default=','.join(METRICS))
    parser.add_argument('--ingest', type=int, default=500000)
    parser.add_argument('--rounds', type=int, default=3)
    options = parser.parse_args()
    if options.events:
        sizes(options.events, options.metrics.split(','))
    if options.ingest:
        rates(options.ingest, options.rounds)


main()
