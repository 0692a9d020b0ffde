#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prices as finance changes them: a plan goes from per session to per prescription to outcomes, each in
one `phial apply` that first shows the difference in money; and a month of every charge model, its
invoice worked out by hand, simulated from the same ledger, exported and verified offline."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import phial  # noqa: E402

NOW = '2026-11-20T15:00:00Z'
PERIOD = {'start': '2026-11-01T04:00:00Z', 'end': '2026-12-01T05:00:00Z'}
CARE = {'quantity': {'min': '-1000', 'max': '100000'}, 'time_precision': 'second', 'properties': {
    'kind': {'type': 'enum', 'values': ['session', 'prescription', 'read', 'claim']},
    'code': {'type': 'code'}, 'modality': {'type': 'enum', 'values': ['ct', 'mri', 'xray']},
    'amount': {'type': 'decimal', 'min': '-1000', 'max': '100000'},
    'patient': {'type': 'token', 'scope': 'customer'}}}


def metric(kind, **more):
    return dict({'event_types': ['care'], 'aggregation': 'count',
                 'filters': [{'property': 'kind', 'eq': kind}]}, **more)


METRICS = {
    'sessions': metric('session'), 'prescriptions': metric('prescription'),
    'reads': metric('read', aggregation='sum', group_by=['modality']),
    'claims': metric('claim', aggregation='sum', property='amount'),
    'coded': {'event_types': ['care'], 'aggregation': 'count', 'property': 'code'},
}


def event(number, kind, day=5, quantity='1', **properties):
    return {'id': f'e{number}', 'customer': 'clinic', 'type': 'care', 'time': f'2026-11-{day:02}T12:00:{number % 60:02}Z',
            'quantity': quantity, 'properties': dict({'kind': kind}, **properties)}


def month():
    """20 sessions, 6 prescriptions, 3 codes of 2 patients, reads in three modalities, 4 claims."""
    events = [event(n, 'session', patient=f'P{n % 4}') for n in range(20)]
    events += [event(20 + n, 'prescription', patient=f'P{n % 3}') for n in range(6)]
    events += [event(30, 'session', code='99445', patient='P1'), event(31, 'session', 6, code='99454', patient='P1'),
               event(32, 'session', code='99445', patient='P2')]
    events += [event(40, 'read', quantity='4', modality='ct'), event(41, 'read', quantity='2', modality='mri'),
               event(42, 'read', quantity='5', modality='xray'), event(43, 'read', quantity='3', modality='ct')]
    # Sent out of order: the free part of the sum goes by the time of the events.
    events += [event(52, 'claim', 9, amount='10'), event(50, 'claim', 7, amount='100'),
               event(51, 'claim', 8, amount='50'), event(53, 'claim', 10, amount='1000.005')]
    return events


# ---- per session, per prescription, outcomes

def plan(*charges, **more):
    return dict({'currency': 'USD', 'interval': 'month', 'charges': list(charges)}, **more)


PER_SESSION = plan({'key': 'sessions', 'metric': 'sessions', 'model': 'per_unit', 'unit_amount': '10.00'})
PER_PRESCRIPTION = plan({'key': 'scripts', 'metric': 'prescriptions', 'model': 'per_unit', 'unit_amount': '25.00'})
OUTCOMES = plan({'key': 'outcomes', 'metric': 'coded', 'model': 'outcome', 'subject': 'patient', 'exclusive': True,
                 'prices': [{'match': {'code': '99454'}, 'unit_amount': '50.00'},
                            {'match': {'code': '99445'}, 'unit_amount': '20.00'}]})
SUBSCRIPTIONS = {'main': {'customer': 'clinic', 'plan': 'care', 'start': '2026-11-01T12:00:00Z'}}


def apply(server, document, *options, code=0):
    path = server.folder + '/apply.json'
    with open(path, 'w') as f:
        json.dump(document, f)
    done = subprocess.run([phial.PHIAL, 'apply', '-f', path, '--url', server.url, '--key', server.key, *options],
                          capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stdout


def subscription_of(client):
    rows = client.get('/v1/subscriptions?customer=clinic')['data']
    assert len(rows) == 1, rows
    return rows[0]


def change_prices(server, client):
    catalog = {'event_types': {'care': CARE}, 'metrics': {'sessions': METRICS['sessions']},
               'plans': {'care': PER_SESSION}, 'subscriptions': SUBSCRIPTIONS,
               'customers': {'clinic': {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'America/New_York'}}}
    said = apply(server, catalog)
    assert '+ subscriptions/main' in said and 'applied' in said, said
    client.post('/v1/events', month(), 200)
    assert client.post('/v1/invoices/preview', {'customer': 'clinic'}, 200)['total'] == '230.00'

    # The metric is new in the same file: the difference is shown before any of it is there.
    second = {'metrics': {'prescriptions': METRICS['prescriptions']}, 'plans': {'care': PER_PRESCRIPTION},
              'subscriptions': SUBSCRIPTIONS}
    for options in (['--dry-run'], []):
        said = apply(server, second, *options)
        assert '2026-11-01 to 2026-12-01: 230.00 -> 150.00 USD (-80.00)' in said, said
        assert 'sessions: 230.00 -> -' in said and 'scripts: - -> 150.00' in said, said
        assert 'plan: care version 1 -> care new version, from today on' in said, said
        assert subscription_of(client)['version'] == (1 if options else 2)
    said = apply(server, second)
    assert said == '0 new, 0 changed, 3 the same\n', said

    # From the 20th on the new plan counts; a second change on the same day takes its place.
    third = {'metrics': {'coded': METRICS['coded']}, 'plans': {'care': OUTCOMES}, 'subscriptions': SUBSCRIPTIONS}
    said = apply(server, third)
    assert '150.00 -> 70.00 USD (-80.00)' in said, said
    assert subscription_of(client)['version'] == 3
    statement = client.post('/v1/invoices/preview', {'customer': 'clinic'}, 200)
    assert [(line['key'], line['amount']) for line in statement['lines']] == [('sessions', '230.00'), ('outcomes', '0.00')]
    client.post('/v1/events', [event(90, 'session', 20, code='99454', patient='P2'),
                               event(91, 'session', 20, code='99445', patient='P2')], 200)
    assert client.post('/v1/invoices/preview', {'customer': 'clinic'}, 200)['total'] == '280.00'

    # Another plan altogether, for the subscription that began that day.
    fourth = {'plans': {'flat': plan(fixed=[{'key': 'fee', 'amount': '99'}])},
              'subscriptions': {'main': dict(SUBSCRIPTIONS['main'], plan='flat')}}
    said = apply(server, fourth, '--dry-run')
    assert 'plan: care version 3 -> flat new version, from today on' in said, said
    assert '-> 99.00 USD' in said, said
    assert subscription_of(client)['plan'] == 'care'

    # A document that no server takes: nothing of the file is applied, and a dry run says so too.
    wrong = {'metrics': {'new': METRICS['coded']}, 'plans': {'flat': plan(fixed=[{'key': 'fee', 'amount': '99', 'every': 1}])}}
    for options in (['--dry-run'], []):
        said = apply(server, wrong, *options, code=1)
        assert said.startswith('  ! plans/flat/fixed/0') and len(said.splitlines()) == 1, said
    said = apply(server, {'metrics': wrong['metrics'], 'report_templates': {'payer': {'columns': [{'figure': 'guess'}]}}}, code=1)
    assert said.startswith('  ! report_templates/payer/columns/0'), said
    assert client.send('GET', '/v1/metrics/new').status == 404

    # A plan that the server has and the file leaves out.
    apply(server, {'plans': fourth['plans']})
    for options in (['--dry-run'], []):
        said = apply(server, {'subscriptions': fourth['subscriptions']}, *options)
        assert 'plan: care version 3 -> flat version 1, from today on' in said, said
        assert '-> 99.00 USD' in said, said
    assert subscription_of(client)['plan'] == 'flat'

    # What is booked for a later day is there already, and not made again.
    booked = {'subscriptions': {'main': dict(SUBSCRIPTIONS['main'], at='2026-11-25T12:00:00Z')}}
    said = apply(server, booked)
    assert 'plan: flat version 1 -> care version 3, from 2026-11-25' in said, said
    assert apply(server, booked) == '0 new, 0 changed, 1 the same\n'
    subscription = subscription_of(client)
    assert subscription['plan'] == 'flat' and subscription['changes'][-1]['plan'] == 'care', subscription


# ---- every model

ALL = plan(
    {'key': 'unit', 'metric': 'sessions', 'model': 'per_unit', 'unit_amount': '0.335', 'free_units': '3'},
    {'key': 'grad', 'metric': 'sessions', 'model': 'graduated', 'tiers': [
        {'up_to': '10', 'unit_amount': '2', 'flat_amount': '5'}, {'up_to': None, 'unit_amount': '1'}]},
    {'key': 'vol', 'metric': 'sessions', 'model': 'volume', 'tiers': [
        {'up_to': '10', 'unit_amount': '2'}, {'up_to': None, 'unit_amount': '1', 'flat_amount': '7'}]},
    {'key': 'pack', 'metric': 'prescriptions', 'model': 'package', 'package_size': '4', 'amount': '9', 'free_units': '1'},
    {'key': 'stair', 'metric': 'prescriptions', 'model': 'stairstep', 'tiers': [
        {'up_to': '5', 'flat_amount': '10'}, {'up_to': None, 'flat_amount': '30'}]},
    {'key': 'pct', 'metric': 'claims', 'model': 'percentage', 'rate': '2', 'fixed_amount': '0.10', 'free_units': '120',
     'maximum': '5'},
    {'key': 'gradpct', 'metric': 'claims', 'model': 'graduated_percentage', 'tiers': [
        {'up_to': '160', 'rate': '10', 'flat_amount': '1'}, {'up_to': None, 'rate': '1'}]},
    {'key': 'cells', 'metric': 'reads', 'model': 'matrix', 'property': 'modality', 'default': '0.10', 'prices': [
        {'match': {'modality': 'mri'}, 'unit_amount': '3'}, {'match': {'modality': 'ct'}, 'unit_amount': '2'}]},
    {'key': 'carried', 'metric': 'claims', 'model': 'dynamic', 'maximum': '1000'},
    {'key': 'outcome', 'metric': 'coded', 'model': 'outcome', 'subject': 'patient', 'exclusive': True, 'prices': [
        {'match': {'code': '99454'}, 'unit_amount': '50'}, {'match': {'code': '99445'}, 'unit_amount': '20'}]},
    {'key': 'groups', 'metric': 'reads', 'model': 'graduated', 'group_by': ['modality'], 'tiers': [
        {'up_to': '3', 'unit_amount': '1'}, {'up_to': None, 'unit_amount': '0.5'}]},
    fixed=[{'key': 'fee', 'amount': '100'}], minimum='2000')

# 23 sessions; 6 prescriptions; claims 100, 50, 10, 1000.005 in this order; reads ct 7, mri 2, xray 5.
EXPECTED = [
    ('unit', '6.70'),         # 20 x 0.335
    ('grad', '38.00'),        # 20 + 5 + 13
    ('vol', '30.00'),         # 23 + 7
    ('pack', '18.00'),        # 5 beyond the free one: 2 packages
    ('stair', '30.00'),
    ('pct', '6.00'),          # 30 x 2 % + 0.10, 10 x 2 % + 0.10, at most 5
    ('gradpct', '27.00'),     # 16 + 1 + 10.00005
    ('cells', '20.50'),       # 6 + 14 + 0.5
    ('carried', '1000.00'),   # 1160.005, at most 1000
    ('outcome', '70.00'),     # P1 by its 99454, P2 by its 99445
    ('groups', '5.00'), ('groups', '2.00'), ('groups', '4.00'),
    ('fee', '100.00'),
    ('minimum', '642.80'),
]


def amounts(statement):
    return [(line['key'], line['amount']) for line in statement['lines']]


def every_model(server, client):
    for key, document in METRICS.items():
        client.put('/v1/metrics/' + key, document, 200 if key in ('sessions', 'prescriptions', 'coded') else 201)
    client.put('/v1/customers/all', {'name': 'All', 'currency': 'USD', 'time_zone': 'America/New_York'})
    client.put('/v1/plans/all', ALL)
    client.post('/v1/subscriptions', {'customer': 'all', 'plan': 'all', 'start': '2026-11-01T12:00:00Z'})
    events = [dict(item, customer='all') for item in month()]
    # Split, repeated, voided and sent again: nothing of it changes what the month comes to.
    wrong = dict(event(60, 'claim', 6, amount='77'), customer='all')
    client.post('/v1/events', events[:17] + [wrong], 200)
    client.post('/v1/events', events[9:], 200)
    client.expect(201, 'POST', '/v1/events/all/e60/void', {}, Phial_Reason='sent in error')
    client.expect(201, 'POST', '/v1/events/all/e43/void', {}, Phial_Reason='sent in error')
    client.post('/v1/events', [dict(event(61, 'read', quantity='1', modality='ct'), customer='all')], 200)
    client.expect(201, 'POST', '/v1/events/all/e61/amend', {'quantity': '3'}, Phial_Reason='counted too few')

    preview = client.post('/v1/invoices/preview', {'customer': 'all'}, 200)
    assert amounts(preview) == EXPECTED, amounts(preview)
    simulated = client.post('/v1/plans/simulate', {'key': 'all', 'customer': 'all', 'period': PERIOD}, 200)
    assert amounts(simulated) == EXPECTED and simulated['total'] == preview['total'] == '2000.00'
    for line, other in zip(preview['lines'], simulated['lines']):
        for member in ('quantity', 'exact_amount', 'cells'):
            assert line.get(member) == other.get(member), (line, other)
    client.put('/v1/test-clock', {'now': '2026-12-03T00:00:00Z'}, 200)
    row, = client.get('/v1/invoices?customer=all')['data']
    issued = client.get('/v1/invoices/' + row['id'])
    assert row['status'] == 'issued' and amounts(issued) == EXPECTED
    behind = client.get(f'/v1/invoices/{row["id"]}/lines/cells/events')['data']
    assert sorted((e['quantity'], e['properties']['modality']) for e in behind) == \
        [('2', 'mri'), ('3', 'ct'), ('4', 'ct'), ('5', 'xray')], behind
    archive = phial.export(client, server.folder, {'customer': 'all', 'purpose': 'pricing scenario'})
    code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
    assert code == 0 and 'VERIFIED' in said, said


# ---- what is carried in

def carried(client):
    """Seats taken before the period are paid for all of it, in the simulation as in the preview."""
    client.put('/v1/metrics/seats', metric('session', aggregation='time_weighted'))
    seats = plan({'key': 'seats', 'metric': 'seats', 'model': 'per_unit', 'unit_amount': '2'})
    client.put('/v1/plans/seats', seats)
    client.put('/v1/customers/seated', {'name': 'Seated', 'currency': 'USD', 'time_zone': 'America/New_York'})
    client.post('/v1/subscriptions', {'customer': 'seated', 'plan': 'seats', 'start': '2026-11-01T12:00:00Z'})
    client.post('/v1/events', dict(event(70, 'session', quantity='5', patient='P1'), customer='seated', time='2026-10-28T12:00:00Z'))
    asked = {'customer': 'seated', 'period': PERIOD}
    preview = client.post('/v1/invoices/preview', asked, 200)
    stored = client.post('/v1/plans/simulate', dict(asked, key='seats'), 200)
    given = client.post('/v1/plans/simulate', dict(asked, plan=seats), 200)
    assert preview['total'] == stored['total'] == given['total'] == '10.00', (preview, stored, given)


# ---- what does not fit

def told(server, job):
    """What the log says of a job that fails, once it does: what stays the same is not said again at every turn."""
    def read():
        with open(server.log_path) as log:
            lines = [json.loads(line) for line in log if 'job_failed' in line]
        return [line['detail'] for line in lines if line['job'] == job]
    lines = []
    for _ in range(100):
        time.sleep(0.1)
        lines = read()
        if lines:
            break
    time.sleep(1)  # some turns more
    assert lines == read() and len(lines) == 1, lines
    return lines[0]


def too_much(server, client):
    """A draft that no amount can state, and credit that no balance can: neither keeps the others from being listed."""
    client.put('/v1/plans/endless', plan(fixed=[{'key': 'fee', 'amount': '999999999999999999', 'timing': 'arrears'}]))
    client.put('/v1/customers/rich', {'name': 'Rich', 'currency': 'USD', 'time_zone': 'America/New_York'})
    rich = client.post('/v1/subscriptions', {'customer': 'rich', 'plan': 'endless', 'start': '2026-11-01T12:00:00Z'})['id']
    refused = client.expect(422, 'POST', '/v1/billing/run', {}).json
    who = f'subscription {rich} of customer rich'
    assert refused['code'] == 'amount_overflow' and refused['detail'].endswith(f'Not billed: {who}.'), refused
    code, said = server.doctor()
    assert code == 1 and list(phial.failing(said)) == ['drafts_can_be_computed'] and who in said, said
    assert told(server, 'billing') == refused['detail']
    row, = client.get('/v1/invoices?customer=rich')['data']
    assert row['status'] == 'draft' and row['total'] is None, row
    assert len({row['customer'] for row in client.get('/v1/invoices')['data']}) > 1
    assert client.expect(422, 'GET', '/v1/invoices/' + row['id']).json['code'] == 'amount_overflow'
    credits = '/v1/customers/rich/credits'
    client.post(credits, {'amount': '92233720368547758.06'})
    refused = client.expect(422, 'POST', credits, {'amount': '0.02'}).json['errors'][0]
    assert refused['pointer'] == '/amount', refused
    client.post(credits, {'amount': '0.01'})
    assert client.get(credits)['balance'] == '92233720368547758.07'
    client.post(f'/v1/subscriptions/{rich}/change', {'plan': 'flat', 'at': '2026-11-01T12:00:00Z'}, 200)
    client.post('/v1/billing/run', {}, 200)
    client.put('/v1/event-types/wide', {'properties': {}})
    client.put('/v1/metrics/wide', {'event_types': ['wide'], 'aggregation': 'sum'})
    wide = [{'id': f'wide-{n}', 'customer': 'rich', 'type': 'wide', 'time': NOW, 'quantity': '999999999999999999'} for n in range(12)]
    client.post('/v1/events', wide, 200)
    assert told(server, 'sums').endswith('Not folded: customer rich.'), told(server, 'sums')
    for one in wide:
        client.post(f'/v1/events/rich/{one["id"]}/void', {}, Phial_Reason='more than there is')


# ---- simulate and compare

def refusals(client):
    asked = {'plan': PER_SESSION, 'quantities': {'sessions': '3'}}
    assert client.post('/v1/plans/simulate', asked, 200)['total'] == '30.00'
    stored = client.get('/v1/plans/care?version=1')
    assert client.post('/v1/plans/simulate', dict(asked, plan=stored), 200)['total'] == '30.00'
    named = client.post('/v1/plans/simulate', {'key': 'care', 'version': 1, 'quantities': {'sessions': 3}}, 200)
    assert named['total'] == '30.00'
    for body, pointer in (({'quantities': {}}, ''), ({'plan': 3}, '/plan'), (dict(asked, key='care'), ''),
                          (dict(asked, version=1), '/version'), (dict(asked, customer='clinic'), ''),
                          ({'plan': PER_SESSION, 'customer': 'clinic'}, '/period'),
                          (dict(asked, quantities={'other': '1'}), '/quantities/other'),
                          (dict(asked, quantities={'123-45-6789': '1'}), '/quantities'), (dict(asked, events={'a b': []}), '/events'),
                          (dict(asked, plan=dict(PER_SESSION, minimum='x')), '/plan/minimum'),
                          ({'plan': plan({'key': 'c', 'metric': 'absent', 'model': 'dynamic'}), 'customer': 'clinic',
                            'period': PERIOD}, '')):
        answer = client.send('POST', '/v1/plans/simulate', body)
        assert answer.status == 422 and answer.json['errors'][0]['pointer'] == pointer, (body, answer)
    client.expect(404, 'POST', '/v1/plans/simulate', {'key': 'nowhere'})
    both = client.post('/v1/plans/compare', {'a': {'key': 'care', 'version': 1}, 'b': {'plan': PER_PRESCRIPTION},
                                             'quantities': {'sessions': '10', 'scripts': '3'}}, 200)
    assert both['difference'] == {'subtotal': '-25.00', 'discounts': '0.00', 'tax': '0.00', 'total': '-25.00'}, both
    assert [(line['key'], line['a'], line['b']) for line in both['lines']] == \
        [('sessions', '100.00', None), ('scripts', None, '75.00')]
    client.expect(422, 'POST', '/v1/plans/compare', {'b': {'key': 'care'}, 'quantities': {}})
    # A short period has its share of the fees: 16th to 30th are 15 of 30 days.
    client.put('/v1/customers/late', {'name': 'Late', 'currency': 'USD', 'time_zone': 'America/New_York'})
    short = client.post('/v1/subscriptions', {'customer': 'late', 'plan': 'care', 'start': '2026-11-16T12:00:00Z'})
    flat = {'plan': plan(fixed=[{'key': 'fee', 'amount': '90'}])}
    half = client.post('/v1/plans/compare', {'subscription': short['id'], 'at': '2026-11-20T00:00:00Z', 'b': flat}, 200)
    assert half['difference']['total'] == '45.00' and half['period']['start'] == '2026-11-16T05:00:00Z', half

    def key(*scopes, **more):
        made = client.post('/v1/keys', dict({'name': 'k', 'scopes': list(scopes)}, **more))
        return phial.Client('http://' + client.address, made['key'])
    measured = {'key': 'care', 'version': 1, 'customer': 'clinic', 'period': PERIOD}
    key('catalog:read').expect(403, 'POST', '/v1/plans/simulate', measured)
    key('catalog:read').expect(200, 'POST', '/v1/plans/simulate', asked)
    bound = key('catalog:read', 'billing:read', customer='all')
    bound.expect(404, 'POST', '/v1/plans/simulate', measured)
    bound.expect(200, 'POST', '/v1/plans/simulate', dict(measured, customer='all'))
    bound.expect(404, 'POST', '/v1/plans/compare', {'subscription': subscription_of(client)['id'], 'b': {'key': 'care'}})


def main():
    server = phial.Server('--test-clock', environment={'PHIAL_BILLING_INTERVAL_MS': '200', 'PHIAL_USAGE_FOLD_INTERVAL_MS': '100'})
    client = server.client
    client.put('/v1/test-clock', {'now': NOW}, 200)
    change_prices(server, client)
    carried(client)
    every_model(server, client)
    refusals(client)
    too_much(server, client)
    server.remove()
    print('prices change with the difference shown; every model is billed, simulated and verified')


main()
