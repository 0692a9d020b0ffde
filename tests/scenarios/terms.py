#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a subscription is made of: the canonical plan in its log, overrides, opening statements, previews of any days, an end at the start.
The export of it all verifies, as does what somebody else computes from it."""
import hashlib
import json
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

ADDED = ('key', 'version', 'sha256', 'metrics')
PLAN = {'currency': 'USD', 'interval': 'month', 'minimum': 5, 'maximum': None,
        'charges': [{'key': 'reads', 'metric': 'images', 'model': 'graduated',
                     'tiers': [{'up_to': 100, 'unit_amount': '0.800'}, {'up_to': None, 'unit_amount': '0.5'}]}],
        'fixed': [{'key': 'base', 'amount': '300', 'timing': 'advance'}]}


def catalog(c):
    c.put('/v1/event-types/image', {'properties': {}})
    c.put('/v1/metrics/images', {'event_types': ['image'], 'aggregation': 'count'})
    made = c.put('/v1/plans/imaging', PLAN)
    same = json.loads(json.dumps(PLAN).replace('"0.800"', '"0.8"').replace('"300"', '"300.00"').replace('"up_to": 100', '"up_to": "100.0"'))
    again = c.put('/v1/plans/imaging', same, 200)
    assert again == made and again['fixed'][0]['amount'] == '300', again
    canonical = json.loads(json.dumps(same).replace('"100.0"', '"100"'))
    canonical['minimum'] = '5.00'
    del canonical['maximum'], canonical['charges'][0]['tiers'][1]['up_to']
    assert digest(canonical) == made['sha256'], made
    c.put('/v1/plans/free', {'currency': 'USD', 'interval': 'month', 'charges': []})
    for key, pointer in (('reads', '/fixed/0/key'), ('minimum', '/fixed/0/key')):
        wrong = dict(PLAN, fixed=[{'key': key, 'amount': '1'}])
        assert c.expect(422, 'PUT', '/v1/plans/wrong', wrong).json['errors'][0]['pointer'] == pointer
    for key in ('first', 'second', 'third'):
        c.put('/v1/customers/' + key, {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'America/New_York'})


def digest(document):
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(',', ':')).encode()).hexdigest()


def entries(c, customer, kind):
    lines = c.expect(200, 'GET', f'/v1/ledger/{customer}/entries').bytes.splitlines()
    return [e[kind] for e in map(json.loads, lines) if e['kind'] == kind]


def opening(c):
    wanted = {'customer': 'first', 'plan': 'imaging', 'start': '2031-11-01T12:00:00Z',
              'overrides': {'minimum': None, 'charges': [{'key': 'reads', 'free_units': '10.0'}], 'fixed': {'base': {'amount': '150.0'}}}}
    made = c.post('/v1/subscriptions', wanted)
    assert made['overrides'] == wanted['overrides'] and c.get('/v1/subscriptions/' + made['id']) == made
    rows = c.get('/v1/invoices?customer=first')['data']
    assert len(rows) == 1 and rows[0]['period']['number'] == 0 and rows[0]['total'] == '150.00', rows
    plan = entries(c, 'first', 'plan')[0]
    assert 'minimum' not in plan and plan['fixed'][0]['amount'] == '150.00' and plan['charges'][0]['free_units'] == '10', plan
    assert digest({k: v for k, v in plan.items() if k not in ADDED}) == plan['sha256']
    assert entries(c, 'first', 'subscription')[0]['overrides']['fixed'] == {'base': {'amount': '150.00'}}
    c.expect(422, 'POST', '/v1/subscriptions', dict(wanted, overrides={'currency': 'EUR'}))
    for overrides, pointer in (({'charges': {'reads': {'free_units': 'x'}}}, '/charges/reads/free_units'),
                               ({'charges': [{'key': 'reads', 'free_units': 'x'}]}, '/charges/0/free_units'),
                               ({'fixed': {'base': {'amount': 1.5}}}, '/fixed/base/amount'),
                               ({'commitment': {'amount': 'x'}}, '/commitment/amount'), ({'minimum': 'x'}, '/minimum')):
        answer = c.expect(422, 'POST', '/v1/subscriptions', dict(wanted, overrides=overrides)).json
        assert [e['pointer'] for e in answer['errors']] == ['/overrides' + pointer], answer
    return made['id']


def previews(c):
    c.post('/v1/events', [{'id': f'e{n}', 'customer': 'first', 'type': 'image', 'time': f'2031-11-{n:02}T12:00:00Z'} for n in range(1, 21)], 200)
    whole = c.post('/v1/invoices/preview', {'customer': 'first'}, 200)
    bounds = {'start': whole['period']['start'], 'end': whole['period']['end']}
    assert c.post('/v1/invoices/preview', {'customer': 'first', 'period': bounds}, 200) == whole
    assert [line['amount'] for line in whole['lines']] == ['8.00', '150.00'], whole
    days = c.post('/v1/invoices/preview', {'customer': 'first', 'period': {'start': '2031-11-02T04:00:00Z', 'end': '2031-11-14T10:00:00Z'}}, 200)
    assert [(line['key'], line['quantity'], line['amount']) for line in days['lines']] == [('reads', '12', '1.60')], days
    for period, status in (({'start': '2031-11-14T10:00:00Z'}, 422), ({'start': '2031-11-14T10:00:00Z', 'end': '2031-11-14T10:00:00Z'}, 422),
                           ({'start': '2031-11-14T10:00:00Z', 'end': '2031-12-14T10:00:00Z'}, 422),
                           ({'start': '2030-11-14T10:00:00Z', 'end': '2030-12-14T10:00:00Z'}, 404)):
        c.expect(status, 'POST', '/v1/invoices/preview', {'customer': 'first', 'period': period})


def end_at_the_start(c):
    made = c.post('/v1/subscriptions', {'customer': 'second', 'plan': 'imaging', 'start': '2031-11-21T12:00:00Z'})
    rows = c.get('/v1/invoices?customer=second')['data']
    assert c.post(f'/v1/invoices/{rows[0]["id"]}/issue', None, 200)['total'] == '100.00'
    c.post(f'/v1/subscriptions/{made["id"]}/cancel', {'at': '2031-11-21T12:00:00Z'}, 200)
    c.put('/v1/test-clock', {'now': '2031-11-23T12:00:00Z'}, 200)
    rows = sorted(c.get('/v1/invoices?customer=second')['data'], key=lambda row: row['period']['number'])
    assert [(row['status'], row['total']) for row in rows] == [('issued', '100.00'), ('issued', '-100.00')], rows

    made = c.post('/v1/subscriptions', {'customer': 'third', 'plan': 'imaging', 'start': '2031-11-23T12:00:00Z'})
    c.post(f'/v1/subscriptions/{made["id"]}/cancel', {'at': '2031-11-23T12:00:00Z'}, 200)
    rows = c.get('/v1/invoices?customer=third')['data']
    assert [(row['status'], row['total']) for row in rows] == [('draft', '0.00')], rows


def sizes(c):
    for path in ('consistency?from=0', 'consistency?from=1000', 'consistency?from=1&to=1000', 'inclusion?index=1000', 'inclusion?index=0&size=1000'):
        c.expect(422, 'GET', '/v1/ledger/first/' + path)
    for since in (0, 1000):
        problem = c.expect(422, 'POST', '/v1/exports', {'customer': 'first', 'purpose': 'test', 'since': since}).json
        assert problem['errors'][0]['pointer'] == '/since', problem


def without_a_font(c, server):
    """No font has the character: no PDF, and an export that holds the statement all the same."""
    c.put('/v1/customers/fifth', {'name': 'Clinic \u0378', 'currency': 'USD', 'time_zone': 'America/New_York'})
    c.post('/v1/subscriptions', {'customer': 'fifth', 'plan': 'free', 'start': '2031-12-04T12:00:00Z'})
    c.put('/v1/test-clock', {'now': '2032-01-04T12:00:00Z'}, 200)
    invoice = c.get('/v1/invoices?customer=fifth')['data'][0]
    assert c.expect(500, 'GET', f'/v1/invoices/{invoice["id"]}.pdf').json['code'] == 'font_missing'
    archive = phial.export(c, server.folder if os.getuid() else '/tmp', {'customer': 'fifth', 'purpose': 'audit'})
    with tarfile.open(archive) as tar:
        names = [name for name in tar.getnames() if name.startswith('invoices/')]
    assert names == [f'invoices/{invoice["number"]}.json'], names
    code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
    os.unlink(archive)
    assert code == 0 and 'VERIFIED' in said, said


def limits_of_a_late_fee(c):
    """A plan that begins within the first period asks for its fee in advance then: the maximum counts it less its discount."""
    c.put('/v1/customers/fourth', {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'America/New_York'})
    c.put('/v1/plans/capped', {'currency': 'USD', 'interval': 'month', 'charges': [], 'maximum': '40',
                               'fixed': [{'key': 'base', 'name': 'Base', 'amount': '100', 'timing': 'advance', 'prorate': False}]})
    c.post('/v1/customers/fourth/discounts', {'percent': '50'})
    made = c.post('/v1/subscriptions', {'customer': 'fourth', 'plan': 'free', 'start': '2031-12-04T12:00:00Z'})
    c.post(f'/v1/subscriptions/{made["id"]}/change', {'plan': 'capped', 'at': '2031-12-20T12:00:00Z'}, 200)
    c.put('/v1/test-clock', {'now': '2032-01-03T12:00:00Z'}, 200)
    row = c.get('/v1/invoices?customer=fourth')['data'][0]
    lines = [(line['key'], line['amount'], line['discount']) for line in c.get('/v1/invoices/' + row['id'])['lines']]
    assert lines == [('base', '100.00', '50.00'), ('base', '100.00', '50.00'), ('maximum', '-34.52', '0.00')], lines


def exports(c, server):
    c.put('/v1/test-clock', {'now': '2031-12-03T12:00:00Z'}, 200)
    for customer in ('first', 'second', 'third'):
        archive = phial.export(c, server.folder if os.getuid() else '/tmp', {'customer': customer, 'purpose': 'audit'})
        code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
        os.unlink(archive)
        assert code == 0 and 'VERIFIED' in said, said


def main():
    server = phial.Server('--test-clock')
    c = server.client
    c.put('/v1/test-clock', {'now': '2031-11-21T16:00:00Z'}, 200)
    catalog(c)
    opening(c)
    previews(c)
    end_at_the_start(c)
    sizes(c)
    exports(c, server)
    limits_of_a_late_fee(c)
    without_a_font(c, server)
    server.remove()
    print('ok')


main()
