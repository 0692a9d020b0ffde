#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast a month closes: tests/bench/closing.py PHIALD PHIAL [--subscriptions N] [--customers N] [--events N] [--daemons N]

Subscriptions of a few customers with a month of events behind them; the test clock is then set past the grace, and every daemon closes.
Beside it pgbench's durable one-row transactions, one after the other. One JSON object; exits 1 where an invoice is missing, there twice,
or the numbers have a gap."""
import argparse
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

BATCH, PATIENCE_S = 5000, 3600


def catalog(c):
    c.put('/v1/event-types/read', {'time_precision': 'second', 'properties': {'modality': {'type': 'enum', 'values': ['ct', 'mri', 'xray']}}})
    c.put('/v1/metrics/reads', {'event_types': ['read'], 'aggregation': 'sum', 'group_by': ['modality']})
    c.put('/v1/metrics/studies', {'event_types': ['read'], 'aggregation': 'count'})
    c.put('/v1/plans/imaging', {'currency': 'USD', 'interval': 'month', 'grace': 'PT24H', 'fixed': [{'key': 'fee', 'amount': '100'}], 'charges': [
        {'key': 'reads', 'metric': 'reads', 'model': 'graduated', 'group_by': ['modality'],
         'tiers': [{'up_to': '1000', 'unit_amount': '0.75'}, {'up_to': None, 'unit_amount': '0.5'}]},
        {'key': 'studies', 'metric': 'studies', 'model': 'per_unit', 'unit_amount': '0.10'}]})


def send(c, customers, events):
    for first in range(0, events, BATCH):
        lines = ['{"id":"%x-e","customer":"c%d","type":"read","time":"2031-11-%02dT%02d:00:00Z","quantity":"2","properties":{"modality":"%s"}}'
                 % (n, n % customers, n % 28 + 1, n % 24, ('ct', 'mri', 'xray')[n % 3]) for n in range(first, min(first + BATCH, events))]
        c.send('POST', '/v1/events', '\n'.join(lines), media='application/x-ndjson')


def wait_for_sums(server):
    while int(server.sql('SELECT COALESCE(sum(size - COALESCE(folded_to, 0)), 0) FROM ledger_head LEFT JOIN usage_mark USING (customer_id) WHERE customer_id > 0')) > 0:
        time.sleep(1)


def reference(server):
    """Durable one-row transactions a second, of one connection."""
    server.sql('CREATE TABLE reference_row (id bigint)')
    script = server.folder + '/reference.sql'
    with open(script, 'w') as f:
        f.write('INSERT INTO reference_row VALUES (1);\n')
    done = server.as_owner(['pgbench', '-n', '-T', '3', '-f', script, server.database()])
    server.sql('DROP TABLE reference_row')
    return float(next(line for line in done.splitlines() if line.startswith('tps')).split()[2])


def core_seconds(server, others):
    """What the daemons and their PostgreSQL have used of the cores: as true on a busy machine as on a quiet one."""
    postmaster, ticks = server.postmaster(), 0
    wanted = {server.process.pid, postmaster, *(other.process.pid for other in others)}
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{name}/stat') as f:
                fields = f.read().rsplit(')', 1)[1].split()
        except OSError:
            continue
        if int(name) in wanted or int(fields[1]) == postmaster:
            ticks += sum(map(int, fields[11:13])) + (sum(map(int, fields[13:15])) if int(name) == postmaster else 0)
    return ticks / os.sysconf('SC_CLK_TCK')


def close(clients):
    """Drafts and their issue, by every daemon at once. What a killed one leaves is the next one's."""
    began = time.monotonic()
    for c in clients:
        c.timeout = PATIENCE_S
        c.connection = None
    threads = [threading.Thread(target=c.put, args=('/v1/test-clock', {'now': '2031-12-03T00:00:00Z'}, 200)) for c in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('programs', nargs=2)
    parser.add_argument('--subscriptions', type=int, default=2000)
    parser.add_argument('--customers', type=int, default=200)
    parser.add_argument('--events', type=int, default=200000)
    parser.add_argument('--daemons', type=int, default=2)
    options = parser.parse_args()
    server = phial.Server('--test-clock')
    c = server.client
    c.put('/v1/test-clock', {'now': '2031-11-30T12:00:00Z'}, 200)
    catalog(c)
    for n in range(options.customers):
        c.put(f'/v1/customers/c{n}', {'name': f'Clinic {n}', 'currency': 'USD', 'time_zone': 'UTC'})
    for n in range(options.subscriptions):
        c.post('/v1/subscriptions', {'customer': f'c{n % options.customers}', 'plan': 'imaging', 'start': '2031-11-01T00:00:00Z'})
    send(c, options.customers, options.events)
    wait_for_sums(server)
    others = [phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf', '--test-clock'], log=f'.{n}.log')
              for n in range(1, options.daemons)]
    used = core_seconds(server, others)
    seconds = close([c] + [other.client for other in others])
    used = core_seconds(server, others) - used
    numbers = server.sql("SELECT count(*), count(DISTINCT number), min(number), max(number) FROM invoice WHERE status = 'issued'").split('|')
    expected = [str(options.subscriptions)] * 2 + ['2031-000001', '2031-%06d' % options.subscriptions]
    transactions = reference(server)
    rate = options.subscriptions / seconds
    print(json.dumps({'bench': 'closing', 'subscriptions': options.subscriptions, 'customers': options.customers, 'events': options.events,
                      'daemons': options.daemons, 'seconds': round(seconds, 3), 'core_ms_an_invoice': round(1000 * used / options.subscriptions, 2), 'invoices_per_second': round(rate, 1),
                      'reference_transactions_per_second': round(transactions, 1), 'ratio': round(rate / transactions, 3)}))
    for other in others:
        other.stop()
    server.stop()
    server.remove()
    assert numbers == expected, numbers


main()
