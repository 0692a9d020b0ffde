#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of both daemons while they close a month: in the middle of the drafts, of the issues, and with statements computed and
numbers not yet taken. What is left when they have been started again is what a close that nobody disturbed makes of a copy."""
import os
import pwd
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import phial  # noqa: E402

CUSTOMERS, EACH = 4, 12
CLOSED = {'now': '2031-12-03T00:00:00Z'}
PLAN = {'currency': 'USD', 'interval': 'month', 'grace': 'PT24H', 'fixed': [{'key': 'fee', 'amount': '100'}], 'charges': [
    {'key': 'reads', 'metric': 'reads', 'model': 'graduated', 'tiers': [{'up_to': '10', 'unit_amount': '0.75'}, {'up_to': None, 'unit_amount': '0.5'}]}]}


class Held:
    """A row that another session has locked; let go at the end of the block."""

    def __init__(self, server, select):
        command = ['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', server.database()]
        if os.getuid() == 0:
            command = ['runuser', '-u', pwd.getpwuid(os.stat(server.folder).st_uid).pw_name, '--', *command]
        self.session = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd='/')
        self.session.stdin.write(f'BEGIN;\n{select} FOR UPDATE;\n\\echo held\n')
        self.session.stdin.flush()
        while self.session.stdout.readline().strip() not in ('held', ''):
            pass
        assert self.session.poll() is None, 'not held'

    def let_go(self):
        self.session.communicate('ROLLBACK;\n')


def prepare(client):
    client.put('/v1/test-clock', {'now': '2031-11-30T12:00:00Z'}, 200)
    client.put('/v1/event-types/read', {'properties': {}})
    client.put('/v1/metrics/reads', {'event_types': ['read'], 'aggregation': 'sum'})
    client.put('/v1/plans/imaging', PLAN)
    for n in range(CUSTOMERS):
        client.put(f'/v1/customers/c{n}', {'name': f'Clinic {n}', 'currency': 'USD', 'time_zone': 'UTC'})
        for _ in range(EACH):
            client.post('/v1/subscriptions', {'customer': f'c{n}', 'plan': 'imaging', 'start': '2031-11-01T00:00:00Z'})
        for k in range(5 + n):
            client.post('/v1/events', {'id': f'e{k}', 'customer': f'c{n}', 'type': 'read', 'time': f'2031-11-{k + 1:02}T12:00:00Z', 'quantity': str(n + k)})


def issued(server):
    return set(server.sql("SELECT subscription_id, period_number, total FROM invoice WHERE status = 'issued'").split())


def undisturbed(server):
    """What a close of a copy makes."""
    folder = server.folder + '-copy'
    subprocess.run(['cp', '-a', server.folder, folder], check=True)
    copy = phial.Server('--test-clock', folder=folder)
    copy.client.put('/v1/test-clock', CLOSED, 200)
    made = issued(copy)
    assert len(made) == CUSTOMERS * EACH, made
    copy.remove()
    return made


def wait_for(server, wanted, *queries):
    for _ in range(600):
        found = [server.sql(query) for query in queries]
        if found == wanted:
            return
        time.sleep(0.05)
    raise AssertionError(f'wanted {wanted}, found {found}')


def close(daemons):
    """Asked of each; nobody waits for an answer, which a killed one does not give."""
    def ask(client):
        try:
            client.put('/v1/test-clock', CLOSED, 200)
        except (OSError, phial.http.client.HTTPException):
            pass

    for daemon in daemons:
        threading.Thread(target=ask, args=(phial.Client(daemon.url, daemon.key),), daemon=True).start()


def kill_and_start(daemons, held):
    for daemon in daemons:
        daemon.kill()
    held.let_go()
    for daemon in daemons:
        daemon.start()


DRAFTS = 'SELECT count(*) FROM invoice'
ISSUED = "SELECT count(*) FROM invoice WHERE status = 'issued'"
NUMBERED = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO invoice_series%'"


def main():
    server = phial.Server('--test-clock')
    prepare(server.client)
    server.stop()
    wanted = undisturbed(server)
    server.start()
    daemons = [server, phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf', '--test-clock'], log='-second.log')]
    count, first = CUSTOMERS * EACH, "(SELECT customer_id FROM customer WHERE key = 'c0')"

    held = Held(server, f'SELECT 1 FROM subscription WHERE subscription_id = (SELECT min(subscription_id) FROM subscription)')
    close(daemons)
    wait_for(server, [str(count - 1), '0'], DRAFTS, ISSUED)
    issues = Held(server, f'SELECT 1 FROM ledger_head WHERE customer_id = {first}')
    kill_and_start(daemons, held)
    print('passed killed in the middle of the drafts', flush=True)

    close(daemons)
    wait_for(server, [str(count), str(count - EACH)], DRAFTS, ISSUED)
    numbers = Held(server, 'SELECT 1 FROM invoice_series')
    kill_and_start(daemons, issues)
    print('passed killed in the middle of the issues', flush=True)

    close(daemons)
    wait_for(server, [str(count - EACH), 't'], ISSUED, NUMBERED)
    kill_and_start(daemons, numbers)
    print('passed killed before the numbers', flush=True)

    for daemon in daemons:
        daemon.client.put('/v1/test-clock', CLOSED, 200)
    assert issued(server) == wanted, issued(server) ^ wanted
    said = server.sql('SELECT count(*), count(DISTINCT number), min(number), max(number) FROM invoice')
    assert said == f'{count}|{count}|2031-000001|2031-{count:06}', said
    for row in server.client.get('/v1/invoices?limit=500')['data']:
        proof = server.client.get(f'/v1/invoices/{row["id"]}/proof')
        assert proof['matches'] is True, proof
    daemons[1].remove()
    server.remove()
    print('ok')


main()
