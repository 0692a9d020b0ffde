#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an event type lets one claim, what was refused, counted without a value, and usage without its small cells."""
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

NOW = datetime.now(timezone.utc)
ISO = '%Y-%m-%dT%H:%M:%SZ'
SSN = '219-45-7731'


def event(n, **more):
    return dict({'id': f'e-{n}', 'customer': 'clinic', 'type': 'visit', 'time': NOW.strftime(ISO), 'properties': {'room': 'r-1'}}, **more)


def claims(c):
    def claim(key, document):
        c.put('/v1/event-types/' + key, document)
        return c.get(f'/v1/event-types/{key}/claim')

    plain = claim('c-plain', {'properties': {'room': {'type': 'code'}}})
    assert (plain['claim'], plain['next'], plain['further']) == ('no_person', None, []), plain
    assert [a['pointer'] for a in plain['assumes']] == ['/properties/room', ''], plain
    token = claim('c-token', {'properties': {'patient': {'type': 'token'}}})
    assert token['claim'] == 'pseudonymous' and token['next']['claim'] == 'limited_data_set', token
    assert [b['pointer'] for b in token['next']['blocked_by']] == ['/properties/patient'], token
    assert '164.514(c)' in token['next']['blocked_by'][0]['source'], token
    assert [f['claim'] for f in token['further']] == ['safe_harbor', 'no_person'], token
    assert '/time_precision' in [b['pointer'] for b in token['further'][0]['blocked_by']], token
    random = claim('c-surrogate', {'properties': {'patient': {'type': 'token', 'method': 'surrogate'}}})
    assert random['claim'] == 'limited_data_set' and random['next']['claim'] == 'safe_harbor', random
    assert [b['pointer'] for b in random['next']['blocked_by']] == ['/time_precision'], random
    off = claim('c-plain-numbers', {'plain_numbers': ['id']})
    assert off['claim'] == 'pseudonymous' and off['next']['blocked_by'][0]['pointer'] == '/plain_numbers', off

    # what was stored under an earlier version keeps that one's claim
    tag = c.send('GET', '/v1/event-types/c-token').headers['ETag']
    c.put('/v1/event-types/c-token', {'properties': {'room': {'type': 'code'}}}, 200, If_Match=tag)
    later = c.get('/v1/event-types/c-token/claim')
    assert later['claim'] == 'no_person' and later['earlier_versions'] == [{'version': 1, 'claim': 'pseudonymous'}], later
    assert c.get('/v1/event-types/c-token/claim?version=1')['claim'] == 'pseudonymous'
    c.expect(404, 'GET', '/v1/event-types/c-token/claim?version=3')
    c.expect(404, 'GET', '/v1/event-types/nothing/claim')


def refuse(c):
    c.put('/v1/customers/clinic', {'name': 'A', 'currency': 'USD', 'time_zone': 'UTC'})
    c.put('/v1/event-types/visit', {'properties': {'room': {'type': 'code'}}})
    c.put('/v1/event-types/loose', {'properties': {'room': {'type': 'code'}}, 'unknown_properties': 'drop'})
    many = [event(n, properties={'room': SSN}) for n in range(3)]
    many += [event(3, properties={'room': 'r', 'patient_name': 'Zoe Quux'}), event(4, type='Zoe Quux'), event(5, id='8834517290'), event(6)]
    answer = c.post('/v1/events', many, 207)
    assert answer['accepted'] == 1 and answer['rejected'] == 6, answer
    c.post('/v1/events/validate', event(7, properties={'room': SSN}), 422)  # counts nothing
    c.post('/v1/events', [event(8, type='loose', properties={'Zoe Quux': 1, 'b': 2}), event(9, type='loose', properties={'c': 3})], 200)
    c.expect(422, 'POST', '/v1/keys', {'name': 'for ' + SSN, 'scopes': ['events:write']})
    c.expect(422, 'PUT', '/v1/event-types/other', {'properties': {'patient_ssn': {'type': 'code'}}})
    c.expect(422, 'DELETE', '/v1/customers/clinic', Phial_Reason='SSN ' + SSN)


def rows(report, part='data'):
    return sorted((r['route'], r['type'] or '', r['pointer'] or '', r['code'], r['detector'] or '', r['count']) for r in report[part])


WANTED = sorted([
    ('DELETE /v1/customers/:customer', '', '', 'phi_detected', 'us_ssn', 1),
    ('POST /v1/events', '', '/type', 'unknown_type', '', 1),
    ('POST /v1/events', 'visit', '/id', 'phi_ambiguous_number', '', 1),
    ('POST /v1/events', 'visit', '/properties', 'property_unknown', '', 1),
    ('POST /v1/events', 'visit', '/properties/room', 'phi_detected', 'us_ssn', 3),
    ('POST /v1/keys', '', '', 'phi_detected', 'us_ssn', 1),
    ('PUT /v1/event-types/:key', '', '', 'phi_property_name', '', 1),
])


def reports(server):
    c = server.client
    refuse(c)
    answer = c.send('GET', '/v1/phi/report')
    for value in (SSN, 'Quux', '8834517290', 'patient'):
        assert value.encode() not in answer.bytes, answer
    assert rows(answer.json) == WANTED, rows(answer.json)
    assert answer.json['refused'] == sum(r[-1] for r in WANTED)
    assert rows(answer.json, 'dropped') == [('POST /v1/events', 'loose', '/properties', 'property_dropped', '', 3)], answer.json
    for by in ('hour', 'day'):
        one = c.get('/v1/phi/report?by=' + by)
        assert rows(one) == WANTED and all(r['at'] <= NOW.strftime(ISO) or by == 'hour' for r in one['data']), one
    past = f'?from={(NOW - timedelta(days=9)).strftime(ISO)}&to={(NOW - timedelta(days=8)).strftime(ISO)}'
    assert c.get('/v1/phi/report' + past)['data'] == []
    for bad in ('?by=week', '?from=x', '?customer=a', f'?from={NOW.strftime(ISO)}&to={NOW.strftime(ISO)}'):
        c.expect(400, 'GET', '/v1/phi/report' + bad)
    for scopes, status in ((['audit:read'], 200), (['usage:read', 'catalog:read'], 403)):
        key = c.post('/v1/keys', {'name': 'k', 'scopes': scopes})['key']
        phial.Client(server.url, key).expect(status, 'GET', '/v1/phi/report')
    bound = c.post('/v1/keys', {'name': 'k', 'scopes': ['audit:read'], 'customer': 'clinic'})['key']
    phial.Client(server.url, bound).expect(403, 'GET', '/v1/phi/report')

    # a restart loses nothing, and two daemons add up
    c.post('/v1/events', event(10, type='loose', properties={'d': 4}), 201)
    c.expect(422, 'POST', '/v1/keys', {'name': 'for ' + SSN, 'scopes': ['events:write']})
    server.stop()
    server.start()
    second = phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf'], log='.second.log')
    second.client.post('/v1/events', event(11, properties={'room': SSN}), 422)
    second.client.expect(422, 'POST', '/v1/keys', {'name': 'for ' + SSN, 'scopes': ['events:write']})
    second.client.post('/v1/events', event(12, type='loose', properties={'d': 4}), 201)
    second.stop()
    os.unlink(second.log_path)
    more = {('POST /v1/events', 'visit', '/properties/room'): 1, ('POST /v1/keys', '', ''): 2}
    wanted = sorted(r[:-1] + (r[-1] + more.get(r[:3], 0),) for r in WANTED)
    answer = server.client.get('/v1/phi/report')
    assert rows(answer) == wanted, rows(answer)
    assert answer['dropped'][0]['count'] == 5, answer


def privacy(server):
    """Usage about persons, for a key that sends no events."""
    c = server.client
    key = c.post('/v1/keys', {'name': 'reader', 'scopes': ['usage:read', 'billing:read', 'audit:read']})['key']
    reader = phial.Client(server.url, key)
    sender = phial.Client(server.url, c.post('/v1/keys', {'name': 's', 'scopes': ['usage:read', 'events:write']})['key'])
    window = {'past': 'P4000D'}
    kind = {'type': 'enum', 'values': ['ct', 'mr', 'us', 'xa']}
    c.put('/v1/event-types/seen', {'window': window, 'properties': {'who': {'type': 'token', 'scope': 'customer'}, 'kind': kind,
                                                                    'minutes': {'type': 'decimal'}}})
    c.put('/v1/event-types/machine', {'window': window, 'properties': {'kind': kind}})
    for name, document in (('persons', {'aggregation': 'unique', 'property': 'who'}), ('visits', {'aggregation': 'count'}),
                           ('minutes', {'aggregation': 'sum', 'property': 'minutes'})):
        c.put('/v1/metrics/' + name, dict(document, event_types=['seen'], group_by=['kind']))
    c.put('/v1/metrics/machines', {'event_types': ['machine'], 'aggregation': 'count', 'group_by': ['kind']})
    c.put('/v1/customers/small', {'name': 'S', 'currency': 'USD', 'time_zone': 'UTC', 'report_threshold': 5})
    c.put('/v1/customers/large', {'name': 'L', 'currency': 'USD', 'time_zone': 'UTC'})
    events = []
    for customer in ('small', 'large'):
        for n, (kind, day) in enumerate([('ct', 1)] * 7 + [('mr', 2)] * 20 + [('us', 3)] * 30):
            for type_ in ('seen', 'machine'):
                properties = {'kind': kind} if type_ == 'machine' else {'kind': kind, 'who': f'person {n}', 'minutes': '10'}
                events.append({'id': f'{customer}-{type_}-{n}', 'customer': customer, 'type': type_, 'time': f'2026-01-0{day}T10:00:00Z',
                               'properties': properties})
    c.post('/v1/events', events, 200)

    def ask(client, customer, metric, more='&window=day&group_by=kind', status=200):
        path = f'/v1/customers/{customer}/usage?metric={metric}&from=2026-01-01T00:00:00Z&to=2026-01-05T00:00:00Z'
        answer = client.get(path + more, status)
        if status != 200:
            return answer
        cells = [answer] + answer.get('windows', []) + answer.get('groups', [])
        return [cell['quantity'] for cell in cells], [cell['events'] for cell in cells]

    exact = (['57', '7', '20', '30', '0', '7', '20', '30'], [57, 7, 20, 30, 0, 7, 20, 30])
    for client in (c, sender):
        assert ask(client, 'large', 'persons') == exact, ask(client, 'large', 'persons')
    hidden = ['57', '<11', '*', '30', '0', '<11', '*', '30']
    for metric in ('persons', 'visits'):
        quantities, counts = ask(reader, 'large', metric)
        assert quantities == hidden, quantities
        assert [str(n) for n in counts] == hidden, counts
    quantities, counts = ask(reader, 'large', 'minutes')
    assert quantities == ['570', '*', '*', '300', '0', '*', '*', '300'] and [str(n) for n in counts] == hidden, (quantities, counts)
    assert ask(reader, 'small', 'persons') == exact  # 7 are enough for this customer
    assert ask(reader, 'large', 'machines') == exact  # and no persons here
    quantities, _ = ask(reader, 'large', 'persons', more='')
    assert quantities == ['57'], quantities
    one_day = reader.get('/v1/customers/large/usage?metric=persons&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&group_by=kind')
    assert (one_day['quantity'], one_day['events'], one_day['groups'][0]['quantity']) == ('<11', '<11', '<11'), one_day
    assert one_day['report_threshold'] == 11
    ask(reader, 'large', 'persons', '&window=hour', 400)  # stored by days
    ask(sender, 'large', 'persons', '&window=hour')
    ask(reader, 'large', 'machines', '&window=hour')


def approvals(server):
    """Detectors are switched off by two persons."""
    c = server.client
    def person(name, *scopes):
        return phial.Client(server.url, c.post('/v1/keys', {'name': name, 'scopes': list(scopes)})['key'])

    author, officer = person('author', 'catalog:write', 'catalog:read', 'billing:approve'), person('officer', 'billing:approve')
    outsider = person('outsider', 'catalog:write', 'usage:read')
    off = {'properties': {'ref': {'type': 'code', 'detectors_off': ['uk_nhs']}}}
    path, why = '/v1/event-types/approved', {'Phial_Reason': 'our references look like NHS numbers'}
    problem = author.expect(422, 'PUT', path, off).json
    assert problem['code'] == 'reason_required', problem
    author.expect(422, 'PUT', path, {'properties': {'ref': {'type': 'code', 'detectors_off': ['nothing']}}}, **why)
    asked = author.expect(202, 'PUT', path, off, **why)
    waiting = asked.json
    assert (waiting['status'], waiting['action'], waiting['subject']) == ('pending', 'phi_detectors_off', 'approved'), waiting
    assert waiting['reason'] == why['Phial_Reason'] and waiting['document']['declaration'] == off, waiting
    assert asked.headers['Location'] == '/v1/approvals/' + waiting['id']
    assert author.expect(202, 'PUT', path, off, **why).json['id'] == waiting['id']  # asked once
    c.expect(404, 'GET', path)  # nothing is in force

    here = '/v1/approvals/' + waiting['id']
    signed = {'meaning': 'I have looked at a month of references'}
    because = {'Phial_Reason': 'reviewed'}
    assert officer.get(here) == waiting and officer.get('/v1/approvals?status=pending')['data'] == [waiting]
    assert outsider.get('/v1/approvals')['data'] == []
    outsider.expect(404, 'GET', here)
    outsider.expect(403, 'POST', here + '/approve', signed, **because)
    author.expect(403, 'POST', here + '/approve', signed, **because)  # who asks cannot approve
    assert officer.expect(422, 'POST', here + '/approve', {}, **because).json['errors'][0]['pointer'] == '/meaning'
    assert officer.expect(422, 'POST', here + '/approve', signed).json['code'] == 'reason_required'
    assert officer.expect(422, 'POST', here + '/approve', {'meaning': 'SSN ' + SSN}, **because).json['errors'][0]['detector'] == 'us_ssn'
    officer.expect(404, 'POST', here[:-4] + '0000/approve', signed, **because)
    officer.expect(400, 'GET', '/v1/approvals?status=x')
    done = officer.post(here + '/approve', signed, 200, **because)
    assert (done['status'], done['meaning'], done['decision_reason']) == ('approved', signed['meaning'], 'reviewed'), done
    assert done['decided_by'] != done['requested_by'] and done['decided_at'], done
    officer.expect(409, 'POST', here + '/approve', signed, **because)
    officer.expect(409, 'POST', here + '/refuse', {}, **because)
    made = c.send('GET', path)
    assert made.json['version'] == 1 and made.json['properties'] == off['properties'], made
    assert c.get(path + '/claim')['claim'] == 'pseudonymous'
    stored = server.sql("SELECT actor, reason FROM catalog_version WHERE key = 'approved'")
    assert stored == f"{waiting['requested_by']}|{why['Phial_Reason']}", stored

    # no more than the version in force: no approval; another detector, another property, another type: one each
    tag = {'If_Match': made.headers['ETag']}
    same = dict(off, description='as before')
    tag['If_Match'] = author.expect(200, 'PUT', path, same, **tag).headers['ETag']
    for properties in ({'ref': {'type': 'code', 'detectors_off': ['uk_nhs', 'us_npi']}},
                       {'ref': off['properties']['ref'], 'more': {'type': 'code', 'detectors_off': ['us_npi']}},
                       {'ref': {'type': 'version', 'detectors_off': ['uk_nhs']}}):
        last = author.expect(202, 'PUT', path, {'properties': properties}, **why, **tag).json
        assert last['status'] == 'pending' and last['id'] != waiting['id'], last
    author.expect(428, 'PUT', path, {'properties': properties}, **why)
    refused = officer.post('/v1/approvals/' + last['id'] + '/refuse', {}, 200, **because)
    assert (refused['status'], refused['meaning']) == ('refused', None), refused

    # what was asked for no longer follows what is there
    other = officer.get('/v1/approvals?status=pending')['data'][0]
    author.expect(200, 'PUT', path, {'properties': {'ref': {'type': 'code'}}}, **tag)
    officer.expect(412, 'POST', f'/v1/approvals/{other["id"]}/approve', signed, **because)
    assert officer.get('/v1/approvals/' + other['id'])['status'] == 'pending'
    with open(server.folder + '/catalog.json', 'w') as f:
        json.dump({'event_types': {'applied': off}}, f)
    applied = subprocess.run([phial.PHIAL, 'apply', '-f', f.name, '--url', server.url, '--key', server.client.key], capture_output=True,
                             text=True)
    assert applied.returncode == 0 and '1 of it waits for a second person' in applied.stdout, applied
    denied = subprocess_sql(server, "UPDATE approval SET reason = 'x'")
    assert 'permission denied' in denied, denied


def subprocess_sql(server, text):
    try:
        return server.sql('SET ROLE phial_daemon; ' + text)
    except subprocess.CalledProcessError as failure:
        return failure.stderr


def main():
    server = phial.Server()
    claims(server.client)
    privacy(server)
    reports(server)
    approvals(server)
    server.remove()
    server = phial.Server(environment={'PHIAL_APPROVALS_PHI_DETECTORS_OFF': 'no'})
    server.client.put('/v1/event-types/alone', {'properties': {'ref': {'type': 'code', 'detectors_off': ['uk_nhs']}}})
    server.remove()
    print('ok')


main()
