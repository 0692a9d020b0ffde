#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each resource as its page promises: subscriptions, corrections of events, usage, invoices, the ledger, exports."""
import os
import sys
from datetime import datetime, timedelta, timezone

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

MONTH = (datetime.now(timezone.utc).replace(day=1) + timedelta(days=40)).replace(day=1, hour=12, minute=0, second=0, microsecond=0)
NEXT = (MONTH + timedelta(days=40)).replace(day=1, hour=6)
AFTER = (NEXT + timedelta(days=40)).replace(day=20)
TYPE = {'time_precision': 'second',
        'properties': {'modality': {'type': 'enum', 'values': ['ct', 'mri'], 'required': True},
                       'minutes': {'type': 'decimal', 'min': '0', 'max': '60'},
                       'patient': {'type': 'token', 'scope': 'period'}}}
PLAN = {'currency': 'USD', 'interval': 'month',
        'charges': [{'key': 'reads', 'name': 'Images read', 'metric': 'images', 'model': 'graduated', 'group_by': ['modality'],
                     'tiers': [{'up_to': '2', 'unit_amount': '0.75'}, {'up_to': None, 'unit_amount': '0.5'}]}],
        'fixed': [{'key': 'base', 'name': 'Base', 'amount': '10.00', 'timing': 'arrears'}]}


def stamp(t):
    return t.strftime('%Y-%m-%dT%H:%M:%SZ')


def refused(answer, status, code):
    assert answer.status == status and answer.json['code'] == code, answer
    return answer.json


def event(number, **more):
    return dict({'id': f'e{number}', 'customer': 'clinic', 'type': 'image.analyzed', 'time': stamp(MONTH + timedelta(minutes=number)),
                 'properties': {'modality': 'ct' if number % 2 else 'mri', 'minutes': '2.5', 'patient': f'MRN 00{number}'}}, **more)


def catalog(c):
    c.put('/v1/event-types/image.analyzed', TYPE)
    c.put('/v1/metrics/images', {'event_types': ['image.analyzed'], 'aggregation': 'count', 'group_by': ['modality']})
    c.put('/v1/plans/imaging', PLAN)
    for key in ('clinic', 'idle'):
        c.put('/v1/customers/' + key, {'name': 'Bay Clinic', 'currency': 'USD', 'time_zone': 'America/New_York',
                                       'tax': {'rates': [{'name': 'Tax', 'percent': '8.25'}]}})
    refused(c.send('PUT', '/v1/metrics/wrong', {'event_types': ['nothing'], 'aggregation': 'count'}), 422, 'invalid')


def identifiers(c):
    """A patient's in what a metric, a plan, a customer or a discount compares with or is named by."""
    ssn = '219-45-7731'
    metric = {'event_types': ['image.analyzed'], 'aggregation': 'count'}
    charge = {'key': 'c', 'metric': 'images', 'model': 'per_unit', 'unit_amount': '1'}
    plan = {'currency': 'USD', 'interval': 'month', 'charges': [charge]}
    clinic = {'name': 'Bay Clinic', 'currency': 'USD', 'time_zone': 'UTC'}
    for path, body, pointer in (
            ('metrics/x', {**metric, 'filters': [{'property': 'modality', 'eq': ssn}]}, '/filters/0/eq'),
            ('metrics/x', {**metric, 'filters': [{'property': 'modality', 'in': ['ct', ssn]}]}, '/filters/0/in/1'),
            ('metrics/x', {**metric, 'filters': [{'property': 'modality', 'not_in': [ssn]}]}, '/filters/0/not_in/0'),
            ('metrics/x', {**metric, 'aggregation': 'sum', 'weights': {'property': 'modality', 'values': {ssn: '2'}}}, '/weights/values'),
            ('plans/x', {**plan, 'charges': [{**charge, 'filters': [{'property': 'modality', 'eq': ssn}]}]}, '/charges/0/filters/0/eq'),
            ('plans/x', {**plan, 'entitlements': {'sla': 'SSN ' + ssn}}, '/entitlements'),
            ('plans/x', {**plan, 'entitlements': {ssn: True}}, '/entitlements'),
            ('customers/x', {**clinic, 'buyer_reference': 'SSN ' + ssn}, '/buyer_reference'),
            ('customers/clinic/discounts', {'percent': '5', 'charges': ['c', ssn]}, '/charges/1')):
        problem = refused(c.send('POST' if path.endswith('discounts') else 'PUT', '/v1/' + path, body), 422, 'phi_detected')
        assert pointer in [fault['pointer'] for fault in problem['errors']] and '45-77' not in str(problem), (path, problem)
    # as organisations' references are
    for number, reference in enumerate(('04011000-12345-39', '4500012345', 'PO-12345678', 'PO 2026/11/0047', 'Vertrag 47110815 vom Einkauf')):
        c.put(f'/v1/customers/referring-{number}', {**clinic, 'buyer_reference': reference})


def subscriptions(c):
    wanted = {'customer': 'clinic', 'plan': 'imaging', 'start': stamp(MONTH)}
    problem = refused(c.send('POST', '/v1/subscriptions', wanted, Phial_Reason='for patient 123-45-6789'), 422, 'phi_detected')
    assert problem['errors'][0]['pointer'] == '' and '123-45' not in str(problem)
    made = c.post('/v1/subscriptions', wanted, Phial_Reason='a new clinic')
    assert made['status'] == 'active' and made['version'] == 1 and made['start'] < stamp(MONTH)
    assert c.get('/v1/subscriptions/' + made['id']) == made
    assert c.get('/v1/subscriptions?customer=idle')['data'] == []
    return made['id']


def corrections(c):
    c.post('/v1/events', [event(n) for n in range(8)], 200)
    path = '/v1/events/clinic/'
    refused(c.send('POST', path + 'e0/void'), 422, 'reason_required')
    void = c.post(path + 'e0/void', None, Phial_Reason='a test image')
    assert void['event']['status'] == 'voided'
    refused(c.send('POST', path + 'e0/void', Phial_Reason='again'), 409, 'already_void')
    refused(c.send('POST', path + 'e0/amend', {'quantity': '2'}, Phial_Reason='again'), 409, 'already_void')
    amended = c.post(path + 'e1/amend', {'quantity': '3', 'properties': {'modality': 'mri'}}, Phial_Reason='miscounted')
    assert amended['index'] == void['index'] + 1 and amended['event']['effective']['properties']['modality'] == 'mri'
    for body, code in (({'properties': {'modality': 'pet'}}, 'property_invalid'), ({}, 'missing_member'), ({'quantity': 1.5}, 'decimal_expected'),
                       ({'quantity': '-1'}, 'quantity_out_of_range'), ({'time': stamp(MONTH - timedelta(days=400))}, 'time_too_old'),
                       ({'properties': {'modality': '123-45-6789'}}, 'phi_detected'), ({'properties': {'note': 'x'}}, 'property_unknown')):
        answer = c.expect(422, 'POST', path + 'e1/amend', body, Phial_Reason='miscounted').json
        assert code in {e['code'] for e in answer['errors']} and '123-45' not in str(answer) and 'note' not in str(answer['errors']), answer
    one = c.get(path + 'e1')
    assert [e['kind'] for e in one['corrections']] == ['amend'] and one['corrections'][0]['reason'] == 'miscounted', one
    assert one['quantity'] == '1' and one['effective']['quantity'] == '3' and one['effective']['properties']['minutes'] == '2.5'
    assert one['properties']['patient'].startswith('tok_') and c.get(path + 'e0')['effective'] is None
    c.get(path + 'unheard-of', 404)
    seen, cursor = [], ''
    while cursor is not None:
        page = c.get('/v1/events?customer=clinic&type=image.analyzed&limit=3' + (f'&cursor={cursor}' if cursor else ''))
        seen, cursor = seen + [(e['id'], e['status']) for e in page['data']], page['next_cursor']
    assert seen == [('e0', 'voided'), ('e1', 'amended')] + [(f'e{n}', 'live') for n in range(2, 8)], seen


def usage(c):
    path = f'/v1/customers/clinic/usage?metric=images&from={stamp(MONTH - timedelta(days=1))}&to={stamp(NEXT)}'
    answer = c.get(path + '&group_by=modality&window=month')
    assert answer['quantity'] == '7' and {g['group']['modality']: g['quantity'] for g in answer['groups']} == {'ct': '3', 'mri': '4'}, answer
    assert sum(int(w['quantity']) for w in answer['windows']) == 7
    refused(c.send('GET', '/v1/customers/clinic/usage?metric=images'), 400, 'bad_parameter')
    refused(c.send('GET', path + '&group_by=minutes'), 400, 'bad_parameter')
    refused(c.send('GET', path.replace(stamp(NEXT), stamp(NEXT + timedelta(days=420))) + '&window=hour'), 400, 'bad_parameter')
    refused(c.send('GET', path.replace('images', 'nothing')), 404, 'not_found')


def invoices(c, subscription):
    preview = c.post('/v1/invoices/preview', {'customer': 'clinic', 'at': stamp(MONTH + timedelta(days=3))}, 200)
    refused(c.send('POST', '/v1/billing/run', {'as_of': stamp(AFTER)}), 422, 'invalid')
    c.put('/v1/test-clock', {'now': stamp(NEXT)}, 200)
    c.put('/v1/test-clock', {'now': stamp(NEXT)}, 200)
    refused(c.send('PUT', '/v1/test-clock', {'now': stamp(NEXT - timedelta(seconds=1))}), 409, 'clock_backwards')
    rows = c.get('/v1/invoices?customer=clinic')['data']
    assert len(rows) == 1 and rows[0]['status'] == 'draft' and rows[0]['total'] == preview['total'], (rows, preview)
    assert rows[0]['number'] is None
    path = '/v1/invoices/' + rows[0]['id']
    issued = c.post(path + '/issue', None, 200)
    assert issued['status'] == 'issued' and issued['number'].endswith('-000001') and issued['total'] == preview['total']
    assert c.post(path + '/issue', {}, 200) == issued and c.get(path) == issued and c.get(path + '.json') == issued
    table = c.expect(200, 'GET', path, Accept='text/csv, application/json;q=0.5')
    assert table.headers['Content-Type'].startswith('text/csv') and table.bytes == c.expect(200, 'GET', path + '.csv').bytes
    refused(c.send('GET', path, Accept='image/png'), 406, 'not_acceptable')
    assert c.get('/v1/events/clinic/e2')['invoices'] == [{'id': rows[0]['id'], 'number': issued['number'], 'status': 'issued'}]
    change = f'/v1/subscriptions/{subscription}/change'
    refused(c.send('POST', change, {'plan': 'imaging', 'at': stamp(MONTH + timedelta(days=5))}), 409, 'conflict')
    before = c.get(f'/v1/subscriptions/{subscription}')
    later = {'plan': 'imaging', 'version': 1, 'at': stamp(NEXT + timedelta(days=5)), 'overrides': {'minimum': '0'}}
    booked = c.post(change, later, 200)
    assert later['at'][:10] == booked['at'][:10], booked
    later['at'] = booked['at']  # its local day's beginning
    now = c.get(f'/v1/subscriptions/{subscription}')
    assert later.items() <= booked.items() and now['changes'] == booked['changes'] == before['changes'] + [later], (booked, now)
    assert dict(now, changes=0) == dict(before, changes=0) and 'at' not in now and 'overrides' not in now, (before, now)
    assert [one for one in c.get('/v1/subscriptions?customer=clinic')['data'] if one['id'] == subscription] == [now]
    ended = c.post(f'/v1/subscriptions/{subscription}/cancel', {'at': stamp(AFTER)}, 200)
    assert ended['end'] <= stamp(AFTER)
    refused(c.send('DELETE', '/v1/customers/clinic'), 409, 'conflict')
    return path


def ledger(c):
    note = c.expect(200, 'GET', '/v1/ledger/clinic/checkpoint').bytes.decode().split('\n')
    size = int(note[1])
    assert note[0].endswith('/ledger/clinic') and note[3] == ''
    proof = c.get(f'/v1/ledger/clinic/inclusion?index=3&size={size}')
    assert proof['root'] == note[2] and proof['leaf'] == c.get('/v1/events/clinic/e1')['entry']['leaf']
    assert c.get('/v1/ledger/clinic/consistency?from=3')['to'] == size
    refused(c.send('GET', f'/v1/ledger/clinic/inclusion?index={size}'), 422, 'invalid')
    lines = c.expect(200, 'GET', '/v1/ledger/clinic/entries').bytes.splitlines()
    assert len(lines) == size and c.expect(200, 'GET', '/v1/ledger/clinic/entries?from=2&to=4').bytes.splitlines() == lines[2:4]


def exports(c, server):
    refused(c.send('POST', '/v1/exports', {'customer': 'clinic'}), 422, 'invalid')
    refused(c.send('POST', '/v1/exports', {'customer': 'clinic', 'purpose': 'for 123-45-6789'}), 422, 'phi_detected')
    archive = phial.export(c, server.folder if os.getuid() else '/tmp', {'customer': 'clinic', 'purpose': 'audit'})
    code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
    os.unlink(archive)
    assert code == 0 and 'VERIFIED' in said, said


def tags(c):
    """What changes by itself or by another's hand has an ETag that says so."""
    c.post('/v1/billing/run', {}, 200)  # what is voided is drafted again, and its events say where
    hold = c.post('/v1/holds', {'customer': 'clinic', 'matter': 'case 7'}, Phial_Reason='litigation')
    hook = c.post('/v1/webhooks', {'url': 'https://hooks.example/in', 'types': ['invoice.issued']})
    export = c.post('/v1/exports', {'customer': 'clinic', 'purpose': 'audit'}, 202)
    assert c.expect(200, 'GET', '/v1/exports/' + export['id']).headers['ETag']
    for path in ('/v1/holds/' + hold['id'], '/v1/webhooks/' + hook['id'], '/v1/test-clock', '/v1/events/clinic/e1'):
        c.expect(304, 'GET', path, If_None_Match=c.expect(200, 'GET', path).headers['ETag'])
    tag = c.send('GET', '/v1/holds/' + hold['id']).headers['ETag']
    released = c.expect(200, 'POST', f'/v1/holds/{hold["id"]}/release', Phial_Reason='settled')
    assert c.send('GET', '/v1/holds/' + hold['id'], If_None_Match=tag).headers['ETag'] == released.headers['ETag'] != tag


def refusals(c):
    """On a full hour the report has what was refused at that very instant."""
    full = NEXT + timedelta(days=3, hours=1)
    c.put('/v1/test-clock', {'now': stamp(full)}, 200)
    before = c.get('/v1/phi/report')['refused']
    c.expect(422, 'POST', '/v1/events', event(0, id='123-45-6789', time=stamp(full)))
    assert c.get('/v1/phi/report')['refused'] == before + 1 == c.get('/v1/phi/report?from=' + stamp(full - timedelta(days=30)))['refused']


def main():
    server = phial.Server('--test-clock')
    c = server.client
    c.put('/v1/test-clock', {'now': stamp(MONTH + timedelta(days=10))}, 200)
    catalog(c)
    identifiers(c)
    subscription = subscriptions(c)
    corrections(c)
    usage(c)
    invoice = invoices(c, subscription)
    ledger(c)
    exports(c, server)
    refused(c.send('POST', invoice + '/void'), 422, 'reason_required')
    assert c.post(invoice + '/void', None, 200, Phial_Reason='wrong plan')['status'] == 'void'
    tags(c)
    refusals(c)
    server.remove()
    print('ok')


main()
