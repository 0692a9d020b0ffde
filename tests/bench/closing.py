#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast a month closes: tests/bench/closing.py PHIALD PHIAL [--subscriptions N] [--customers N] [--events N] [--daemons N] [--kill]

Subscriptions of a few customers with a month of events behind them; the test clock is then set past the grace, and every daemon closes.
Beside it pgbench's durable one-row transactions, one after the other. One JSON object; exits 1 where an invoice is missing, there twice,
or the numbers have a gap. With --kill every daemon is killed with signal 9 when a third is issued, and started again; and the invoices are
compared, subscription by subscription, with those of a close of a copy that nobody disturbed."""
import argparse
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

BATCH, PATIENCE_S = 5000, 3600
CLOSED = {'now': '2031-12-03T00:00:00Z'}
ISSUED = "SELECT count(*) FROM invoice WHERE status = 'issued'"


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


def ask(c):
    try:
        c.put('/v1/test-clock', CLOSED, 200)
    except (OSError, phial.http.client.HTTPException):
        pass  # it was killed


def close(daemons, kill_at=None):
    """Drafts and their issue, by every daemon at once. How many were issued when they were killed, if they are."""
    killed = None
    for daemon in daemons:
        daemon.client = phial.Client(daemon.url, daemon.key, timeout=PATIENCE_S)
    threads = [threading.Thread(target=ask, args=(daemon.client,)) for daemon in daemons]
    for thread in threads:
        thread.start()
    while kill_at is not None and killed is None:
        count = int(daemons[0].sql(ISSUED))
        if count >= kill_at:
            killed = count
            for daemon in daemons:
                daemon.kill()
    for thread in threads:
        thread.join()
    if killed is not None:
        for daemon in daemons:
            daemon.start()
        close(daemons)
    return killed


def billed(server):
    return set(server.sql("SELECT subscription_id, period_number, total FROM invoice WHERE status = 'issued'").split())


def undisturbed(server):
    """What a close of a copy makes."""
    server.stop()
    folder = server.folder + '-copy'
    subprocess.run(['cp', '-a', server.folder, folder], check=True)
    copy = phial.Server('--test-clock', folder=folder)
    close([copy])
    made = billed(copy)
    copy.remove()
    server.start()
    return made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('programs', nargs=2)
    parser.add_argument('--subscriptions', type=int, default=2000)
    parser.add_argument('--customers', type=int, default=200)
    parser.add_argument('--events', type=int, default=200000)
    parser.add_argument('--daemons', type=int, default=2)
    parser.add_argument('--kill', action='store_true')
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
    wanted = undisturbed(server) if options.kill else None
    others = [phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf', '--test-clock'], log=f'.{n}.log')
              for n in range(1, options.daemons)]
    used, began = core_seconds(server, others), time.monotonic()
    killed = close([server, *others], options.subscriptions / 3 if options.kill else None)
    used, seconds = core_seconds(server, others) - used, time.monotonic() - began
    numbers = server.sql("SELECT count(*), count(DISTINCT number), min(number), max(number) FROM invoice WHERE status = 'issued'").split('|')
    expected = [str(options.subscriptions)] * 2 + ['2031-000001', '2031-%06d' % options.subscriptions]
    same = wanted is None or billed(server) == wanted
    transactions = reference(server)
    rate = options.subscriptions / seconds
    said = {'bench': 'closing', 'subscriptions': options.subscriptions, 'customers': options.customers, 'events': options.events,
            'daemons': options.daemons, 'seconds': round(seconds, 3), 'core_ms_an_invoice': round(1000 * used / options.subscriptions, 2),
            'invoices_per_second': round(rate, 1), 'reference_transactions_per_second': round(transactions, 1),
            'ratio': round(rate / transactions, 3)}
    if options.kill:  # what processes have used that are gone is not known
        del said['core_ms_an_invoice']
        said.update(issued_when_killed=killed, same_as_undisturbed=same)
    print(json.dumps(said))
    for other in others:
        other.stop()
    server.stop()
    server.remove()
    assert numbers == expected, numbers
    assert same, 'not what an undisturbed close makes'


main()
