#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two daemons on one database, sent the same customers' events and partly the same ids at once: each id is accepted by
exactly one answer, every other one is a duplicate with its index, and both tell of the same conflicts."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
from load import Load, prepare, reconcile  # noqa: E402

CUSTOMERS = [f'c{n}' for n in range(8)]
ROUNDS = int(os.environ.get('PHIAL_FAULT_ROUNDS', '30'))


def at_once(daemons, bodies):
    """One body to each daemon, at the same moment; the answers."""
    answers, gate = [None] * len(daemons), threading.Barrier(len(daemons))

    def send(n):
        client = phial.Client(daemons[n].url, daemons[n].key)
        client.get('/v1/customers/c0')  # connected
        gate.wait()
        answers[n] = client.send('POST', '/v1/events', bodies[n], Prefer='return=representation')

    threads = [threading.Thread(target=send, args=(n,)) for n in range(len(daemons))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def event(load, number, customer, route):
    return {'id': f'both-{number}', 'customer': customer, 'type': 'call', 'time': load.now, 'properties': {'route': route}}


def different_events(daemons, load):
    with load:
        load.wait(5000)


def same_ids(daemons, load):
    """In opposite orders and of many customers, so that heads are asked for in any order."""
    for number in range(ROUNDS):
        events = [event(load, f'{number}-{n}', CUSTOMERS[n % len(CUSTOMERS)], 'r') for n in range((1, 20, 300)[number % 3])]
        load.sent.update({(e['customer'], '', e['id']): e for e in events})
        bodies = [events, events[::-1]]
        for body, answer in zip(bodies, at_once(daemons, [b if len(b) > 1 else b[0] for b in bodies])):
            load.acknowledge(body, answer)


def same_ids_other_content(daemons, load):
    for number in range(ROUNDS):
        events = [event(load, f'conflict-{number}', 'c0', f'r-{n}') for n in range(2)]
        answers = at_once(daemons, events)
        assert sorted(a.status for a in answers) == [201, 409], answers
        first = [a.status for a in answers].index(201)
        load.sent['c0', '', events[0]['id']] = events[first]
        load.acknowledge([events[first]], answers[first])
        for e in events:  # the same on both from now on
            told = [d.client.send('POST', '/v1/events', [e], Prefer='return=representation') for d in daemons]
            assert told[0].status == told[1].status and told[0].json == told[1].json, told
            assert told[0].json['results'][0]['status'] == ('duplicate' if e is events[first] else 'conflict'), told
            assert e is not events[first] or told[0].json['results'][0]['index'] == load.index['c0', '', e['id']], told


def what_one_makes_the_other_knows(daemons, load):
    for maker, user in (daemons, daemons[::-1]):
        key = f'new-{daemons.index(maker)}'
        one = event(load, key, key, 'r')
        assert user.client.post('/v1/events', one, 422)['results'][0]['code'] == 'unknown_customer'
        maker.client.put('/v1/customers/' + key, {'name': 'New', 'currency': 'USD', 'time_zone': 'UTC'})
        assert user.client.post('/v1/events', one)['accepted'] == 1


def main():
    first = phial.Server()
    second = phial.Daemon(first.folder, ['--config', first.folder + '/phial.conf'], log='-second.log')
    daemons = [first, second]
    prepare(first.client, CUSTOMERS)
    load = Load(daemons, CUSTOMERS)
    for story in (different_events, same_ids, same_ids_other_content, what_one_makes_the_other_knows):
        story(daemons, load)
        print('passed', story.__name__, flush=True)
    assert load.accepted == load.index.keys(), 'stored, and no answer accepted it'
    for daemon in daemons:
        print('passed reconcile', reconcile(load, daemon.client, first.folder + '/ledger.pub.pem'), 'events')
    second.remove()
    first.remove()
    print('ok')


main()
