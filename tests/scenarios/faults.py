#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What can happen between the daemon and its PostgreSQL under load: connections cut in the middle of COPY and COMMIT,
answers lost, a restart, sessions ended and statements cancelled, a database that turns read-only. After each, what was acknowledged
is in the ledger exactly once, and nothing else is. PHIAL_FAULT_ROUNDS sets how often each happens."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import postgres  # noqa: E402
import proxy  # noqa: E402
from load import Load, prepare, settle  # noqa: E402

ROUNDS = int(os.environ.get('PHIAL_FAULT_ROUNDS', '3'))
CUSTOMERS = [f'c{n}' for n in range(12)]


# name, which message of a connection that copies, what of it reaches PostgreSQL
CUTS = [
    ('before the rows', proxy.is_copy_data, 'before'),
    ('within the rows', proxy.is_copy_data, 'within'),
    ('behind the rows', proxy.is_copy_end, 'before'),
    ('after the copy, its answer lost', proxy.is_copy_end, 'after'),
    ('before the commit', proxy.is_commit, 'before'),
    ('within the commit', proxy.is_commit, 'within'),
    ('after the commit, its answer lost', proxy.is_commit, 'after'),
    ('anywhere', lambda tag, body: random.random() < 0.05, 'within'),
]


def cut_connections():
    place = postgres.Installation()
    place.start()
    between = proxy.Proxy(place.cluster.socket, postgres.PORT)
    daemon = place.daemon(place.cluster.url().replace(place.cluster.socket, between.folder))
    prepare(daemon.client, CUSTOMERS)
    load = Load([daemon], CUSTOMERS)
    for name, matches, moment in CUTS:
        with load:
            load.wait(300)
            between.cut = proxy.Cut(matches, moment, 2 * ROUNDS)
            load.wait_for(lambda: between.cut.left == 0, 'nothing was cut ' + name)
            load.wait(300)
        settle(load, daemon, place.public_key, 'cut ' + name)
        load = load.again()
    between.remove()
    place.remove()


def give(client, path, key):
    """Asked for again where nothing was done, which is safe with a key alone."""
    answer = client.send('POST', path, {'amount': '1.00'}, **key)
    while key and answer.status == 503:
        answer = client.send('POST', path, {'amount': '1.00'}, **key)
    assert answer.status == 201, answer


def lose_answers():
    """A credit, which has no key that keeps it from being given twice, is given once: asked for without and with an
    Idempotency-Key, the answer to one of its commits lost."""
    place = postgres.Installation()
    place.start()
    between = proxy.Proxy(place.cluster.socket, postgres.PORT)
    daemon = place.daemon(place.cluster.url().replace(place.cluster.socket, between.folder))
    prepare(daemon.client, CUSTOMERS[:1])
    credits = f'/v1/customers/{CUSTOMERS[0]}/credits'
    given = 0
    for name, moment in (('one that has copied', 'after'), ('any', 'after'), ('any', 'before')):
        for n in range(2 * ROUNDS):
            key = {} if n % 2 == 0 else {'Idempotency_Key': f'{name}-{moment}-{n}'}
            between.cut = proxy.Cut(proxy.is_commit, moment, 1, any_one=name == 'any')
            give(daemon.client, credits, key)
            given += 1
            found = daemon.client.get(credits)
            assert len(found['data']) == given and found['balance'] == f'{given}.00', (name, moment, n, found)
    between.remove()
    place.remove()


def restart_postgres():
    place = postgres.Installation()
    place.start()
    daemon = place.daemon()
    prepare(daemon.client, CUSTOMERS)
    load = Load([daemon], CUSTOMERS)
    for mode in (['fast', 'immediate'] * ROUNDS)[:ROUNDS]:
        with load:
            load.wait(random.randrange(500, 3000))
            place.cluster.stop(mode)
            load.wait_for(lambda: daemon.client.send('GET', '/readyz').status == 503, 'ready without a database')
            busy = load.busy
            load.wait_for(lambda: load.busy > busy, 'no 503 without a database')
            place.cluster.start()
            load.wait(500)
        settle(load, daemon, place.public_key, mode + ' restart')
        load = load.again()
    place.remove()


SESSIONS = "FROM pg_stat_activity WHERE application_name = 'phial'"


def end_sessions(cluster, load):
    cluster.sql('SELECT pg_terminate_backend(pid) ' + SESSIONS)


def cancel_statements(cluster, load):
    """As often as it takes to hit some."""
    cancelled = 0
    while cancelled < 5:
        cancelled += int(cluster.sql(f"SELECT count(*) FROM (SELECT pg_cancel_backend(pid) {SESSIONS} AND state = 'active') AS hit"))


def become_read_only(cluster, load):
    """As a primary that has moved is, to those who are still connected."""
    busy = load.busy
    cluster.set({'default_transaction_read_only': 'on'})
    load.wait_for(lambda: load.busy > busy, 'no 503 from a database that takes nothing')
    cluster.set({'default_transaction_read_only': None})


def disturb_sessions():
    place = postgres.Installation()
    place.start()
    daemon = place.daemon()
    prepare(daemon.client, CUSTOMERS)
    load = Load([daemon], CUSTOMERS, pause=0.005)
    for disturb in (end_sessions, cancel_statements, become_read_only):
        with load:
            for _ in range(ROUNDS):
                load.wait(random.randrange(200, 1000))
                disturb(place.cluster, load)
            load.wait(300)
        settle(load, daemon, place.public_key, disturb.__name__)
        load = load.again()
    place.remove()


def main():
    for story in (lose_answers, cut_connections, restart_postgres, disturb_sessions):
        story()
    print('ok')


main()
