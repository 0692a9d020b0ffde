#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Thresholds on the running period: on a metric, on the amount, on a commitment; each fires once a period, whatever looks at it
how often, and is told of in the same transaction."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
from receiver import Receiver, opened  # noqa: E402

receiver = Receiver()
server = phial.Server('--test-clock', environment={'PHIAL_EGRESS_ALLOW': receiver.address, 'PHIAL_BILLING_INTERVAL_MS': '100'})
second = phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf'], log='-second.log')  # looks at them as well
c = server.client
sent = 0


def clock(now):
    c.put('/v1/test-clock', {'now': now}, 200)


def send(at, count=1, customer='clinic'):
    global sent
    for _ in range(count):
        sent += 1
        c.post('/v1/events', {'id': f'event-{sent}', 'customer': customer, 'type': 'image', 'time': at, 'properties': {'modality': 'ct'}})


def firings(alert):
    return [(f['period']['start'][:10], f['value']) for f in reversed(c.get('/v1/alerts/' + alert['id'])['firings'])]


def alert(**members):
    return c.post('/v1/alerts', dict({'customer': 'clinic'}, **members))


c.put('/v1/event-types/image', {'window': {'past': 'P60D'}, 'properties': {'modality': {'type': 'enum', 'values': ['ct', 'mr']}}})
c.put('/v1/metrics/images', {'event_types': ['image'], 'aggregation': 'sum'})
c.put('/v1/plans/imaging', {'currency': 'USD', 'interval': 'month', 'commitment': {'amount': '100', 'overage_factor': '1'},
                            'charges': [{'key': 'reads', 'metric': 'images', 'model': 'per_unit', 'unit_amount': '10'}]})
c.put('/v1/plans/plain', {'currency': 'USD', 'interval': 'month', 'charges': [{'key': 'reads', 'metric': 'images', 'model': 'per_unit', 'unit_amount': '10'}]})
for key in ('clinic', 'other'):
    c.put('/v1/customers/' + key, {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'UTC'})
clock('2031-04-10T12:00:00Z')
april = c.post('/v1/subscriptions', {'customer': 'clinic', 'plan': 'imaging', 'start': '2031-04-01T00:00:00Z'})['id']
hook = c.post('/v1/webhooks', {'url': f'http://{receiver.address}/alerts', 'types': ['alert.fired']})

reads = alert(on='metric', metric='images', threshold=3, name='three reads')
amount = alert(on='amount', threshold='120')
half = alert(on='commitment', threshold='50', subscription=april)
plain = alert(on='commitment', threshold='1', customer='other')
assert reads['threshold'] == '3' and reads['name'] == 'three reads' and half['subscription'] == april

# Below, at, beyond: once.
send('2031-04-10T10:00:00Z', 2)
clock('2031-04-10T12:00:01Z')
assert firings(reads) == []
send('2031-04-10T10:00:00Z')
clock('2031-04-10T12:00:02Z')
assert firings(reads) == [('2031-04-01', '3')] and firings(half) == [], (firings(reads), firings(half))
send('2031-04-10T10:00:00Z', 2)
clock('2031-04-10T12:00:03Z')
assert firings(reads) == [('2031-04-01', '3')] and firings(half) == [('2031-04-01', '50')]
assert firings(amount) == [], 'the commitment makes it 100 by itself'
send('2031-04-10T10:00:00Z', 7)
clock('2031-04-10T12:00:04Z')
assert firings(amount) == [('2031-04-01', '120')]

# What was sent by the period's end counts for that period, though nobody looked before it ended.
clock('2031-05-10T12:00:00Z')
send('2031-05-10T10:00:00Z', 3)
clock('2031-06-10T12:00:00Z')
assert firings(reads) == [('2031-04-01', '3'), ('2031-05-01', '3')], firings(reads)

# An alert that is made when it is reached already fires for the period that runs, and for none before.
send('2031-06-10T10:00:00Z', 4)
late = alert(on='metric', metric='images', threshold='4')
clock('2031-06-10T12:00:01Z')
assert firings(late) == [('2031-06-01', '4')] and len(firings(reads)) == 3

# A plan without a commitment has none to use; a subscription that begins is looked at from then on.
c.post('/v1/subscriptions', {'customer': 'other', 'plan': 'plain', 'start': '2031-06-15T00:00:00Z'})
clock('2031-06-20T12:00:00Z')
send('2031-06-20T10:00:00Z', 2, 'other')
eager = alert(on='amount', threshold='20', customer='other')
clock('2031-06-20T12:00:01Z')
assert firings(plain) == [] and firings(eager) == [('2031-06-15', '20')]
print('passed thresholds', flush=True)

# Prepaid credit that runs out: nothing before any was given, then at the threshold, here when a part of it expires.
low, gone = (alert(on='balance', threshold=t, customer='other') for t in ('30', '0'))
clock('2031-06-20T12:00:01.100Z')
assert firings(low) == [] and firings(gone) == []
for credit, expires in (('25.00', '2031-06-21T00:00:00Z'), ('20.00', '2031-06-22T00:00:00Z')):
    c.post('/v1/customers/other/credits', {'amount': credit, 'expires': expires, 'paid': True})
clock('2031-06-20T12:00:01.200Z')
assert firings(low) == []
clock('2031-06-21T00:00:00Z')
assert firings(low) == [('2031-06-15', '20')] and firings(gone) == [], (firings(low), firings(gone))
clock('2031-06-22T00:00:00Z')
assert firings(gone) == [('2031-06-15', '0')] and len(firings(low)) == 1
print('passed balances', flush=True)

# Many daemons and requests at once: one firing each.
racing = [alert(on='metric', metric='images', threshold=f'{5 + n % 2}') for n in range(6)]
send('2031-06-20T10:00:00Z', 2)
threads = [threading.Thread(target=lambda d=d: phial.Client(d.url, d.key).put('/v1/test-clock', {'now': '2031-06-22T12:00:02Z'}, 200))
           for d in (server, second) * 3]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert all(len(firings(a)) == 1 for a in racing)
total = int(server.sql('SELECT count(*) FROM alert_firing'))
messages = receiver.wait('/alerts', total)
time.sleep(0.6)
assert len(receiver.at('/alerts')) == total and len({m['headers']['webhook-id'] for m in messages}) == total
told = sorted(opened(hook['secret'], m)['data']['alert'] for m in messages)
assert told == sorted(server.sql('SELECT alert_id FROM alert_firing').split()), 'told of other firings than there are'
first = opened(hook['secret'], messages[0])
assert first['type'] == 'alert.fired' and set(first['data']) == {'alert', 'customer', 'subscription'}
print('passed races', flush=True)

# What is refused, and who sees what.
for body, pointer in (({'on': 'balance', 'threshold': '-1'}, '/threshold'), ({'on': 'mood'}, '/on'), ({'on': 'metric'}, '/metric'), ({'on': 'metric', 'metric': 'none'}, '/metric'),
                      ({'on': 'amount', 'metric': 'images'}, '/metric'), ({'on': 'amount', 'threshold': '0'}, '/threshold'),
                      ({'on': 'amount', 'threshold': 1.5}, '/threshold'), ({'on': 'amount', 'customer': 'nobody'}, '/customer'),
                      ({'on': 'amount', 'customer': 'other', 'subscription': april}, '/subscription'), ({'on': 'amount', 'name': 'SSN 123-45-6789'}, '/name')):
    refused = c.post('/v1/alerts', dict({'customer': 'clinic', 'threshold': '1'}, **body), 422)
    assert refused['errors'][0]['pointer'] == pointer, (body, refused)


def key(scopes, **more):
    return phial.Client(server.url, c.post('/v1/keys', dict({'name': 'k', 'scopes': scopes}, **more))['key'])


bound = key(['usage:read', 'billing:write'], customer='other')
assert [a['customer'] for a in bound.get('/v1/alerts')['data']] == ['other'] * 4
assert {a['id'] for a in c.get('/v1/alerts?customer=clinic')['data']} == {a['id'] for a in [reads, amount, half, late, *racing]}
bound.get('/v1/alerts?customer=clinic', 404)
bound.get('/v1/alerts/' + reads['id'], 404)
bound.expect(404, 'DELETE', '/v1/alerts/' + reads['id'])
bound.post('/v1/alerts', {'customer': 'clinic', 'on': 'amount', 'threshold': '1'}, 404)
key(['usage:read']).post('/v1/alerts', {'customer': 'clinic', 'on': 'amount', 'threshold': '1'}, 403)
bound.expect(204, 'DELETE', '/v1/alerts/' + eager['id'])
c.get('/v1/alerts/' + eager['id'], 404)
print('passed refusals', flush=True)
second.remove()
server.remove()
print('ok')
