#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP in general: keys and scopes, problems, preconditions, idempotency, lists, compressed bodies, limits."""
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

NOW = datetime.now(timezone.utc)
CUSTOMER = {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'America/New_York'}


def stamp(t):
    return t.strftime('%Y-%m-%dT%H:%M:%SZ')


def problem(answer, status, code):
    assert answer.status == status, answer
    assert answer.headers['Content-Type'] == 'application/problem+json', answer.headers
    document = answer.json
    assert document['code'] == code and document['type'] == '/problems/' + code and document['status'] == status, document
    assert document['request_id'] == answer.headers['Request-Id']
    return document


def keys(server):
    c = server.client
    problem(phial.Client(server.url, None).send('GET', '/v1/customers'), 401, 'unauthenticated')
    for bad in ('x', 'phk_', server.key[:-1] + ('a' if server.key[-1] != 'a' else 'b'), server.key + 'x'):
        problem(phial.Client(server.url, bad).send('GET', '/v1/customers'), 401, 'unauthenticated')
    made = c.post('/v1/keys', {'name': 'reader', 'scopes': ['catalog:read']})
    assert made['key'].startswith('phk_') and made['id'] in made['key']
    reader = phial.Client(server.url, made['key'])
    reader.get('/v1/customers')
    problem(reader.send('PUT', '/v1/customers/x', CUSTOMER), 403, 'forbidden')
    problem(reader.send('GET', '/v1/keys'), 403, 'forbidden')
    listed = c.get('/v1/keys')['data']
    assert made['key'] not in json.dumps(listed) and made['id'] in [k['id'] for k in listed]
    c.expect(204, 'DELETE', '/v1/keys/' + made['id'])
    problem(reader.send('GET', '/v1/customers'), 401, 'unauthenticated')
    problem(c.send('DELETE', '/v1/keys/nothing'), 404, 'not_found')
    expired = c.post('/v1/keys', {'name': 'old', 'scopes': ['catalog:read'], 'expires': stamp(datetime.now(timezone.utc) + timedelta(seconds=3))})
    time.sleep(3)
    problem(phial.Client(server.url, expired['key']).send('GET', '/v1/customers'), 401, 'unauthenticated')
    assert server.key not in server.sql('SELECT * FROM api_key')
    problem(c.send('POST', '/v1/keys', {'name': 'n', 'scopes': ['all']}), 422, 'invalid')


def trace(server):
    """A caller's trace is in the log beside our own id; its own Request-Id is not."""
    named = '4bf92f3577b34da6a3ce929d0e0e4736'
    answer = server.client.send('GET', '/v1/customers', traceparent=f'00-{named}-00f067aa0ba902b7-01', Request_Id='mine-1')
    own = answer.headers['Request-Id']
    assert own not in (named, 'mine-1')
    server.client.get('/livez')  # the line before is written by then
    with open(server.log_path) as log:
        lines = [json.loads(line) for line in log if own in line]
    assert [line['trace_id'] for line in lines] == [named] and 'mine-1' not in json.dumps(lines), lines


def bound_key(server):
    c = server.client
    c.put('/v1/customers/other', CUSTOMER)
    made = c.post('/v1/keys', {'name': 'bound', 'scopes': ['events:write', 'usage:read', 'catalog:read', 'billing:read', 'audit:read'],
                               'customer': 'clinic'})
    bound = phial.Client(server.url, made['key'])
    bound.get('/v1/customers/clinic')
    for path in ('/v1/customers/other', '/v1/ledger/other/checkpoint', '/v1/events/other/x',
                 '/v1/customers/other/usage?metric=calls&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z'):
        problem(bound.send('GET', path), 404, 'not_found')
    assert [k['key'] for k in bound.get('/v1/customers')['data']] == ['clinic']
    for _ in range(4):
        c.post('/v1/keys', {'name': 'theirs', 'scopes': ['usage:read'], 'customer': 'other'})
    holder = c.post('/v1/keys', {'name': 'bound', 'scopes': ['admin'], 'customer': 'clinic'})
    mine, cursor = [], ''
    while cursor is not None:  # whatever keys others have between them, no page ends the list too early
        page = phial.Client(server.url, holder['key']).get('/v1/keys?limit=1' + (f'&cursor={cursor}' if cursor else ''))
        mine, cursor = mine + [k['id'] for k in page['data']], page['next_cursor']
    assert mine == sorted([made['id'], holder['id']]), mine
    # what there is of others cannot be told from what there is not
    c.put('/v1/event-types/seen', {'properties': {}})
    assert c.post('/v1/events', {'id': 'o-1', 'customer': 'other', 'type': 'seen', 'time': stamp(NOW)})['accepted'] == 1

    def anonymous(answer):
        return answer.status, answer.bytes.replace(answer.headers['Request-Id'].encode(), b'ID')

    for method, path, body in (
            ('GET', '/v1/customers/CUSTOMER', None),
            ('GET', '/v1/customers/CUSTOMER/usage?metric=calls&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z', None),
            ('GET', '/v1/events?customer=CUSTOMER', None),
            ('GET', '/v1/events/CUSTOMER/o-1', None),
            ('POST', '/v1/events/CUSTOMER/o-1/void', {}),
            ('POST', '/v1/events/CUSTOMER/o-1/amend', {'quantity': '2'}),
            ('GET', '/v1/invoices?customer=CUSTOMER', None),
            ('POST', '/v1/invoices/preview', {'customer': 'CUSTOMER'}),
            ('GET', '/v1/ledger/CUSTOMER/checkpoint', None),
            ('GET', '/v1/ledger/CUSTOMER/consistency?from=0', None),
            ('GET', '/v1/ledger/CUSTOMER/entries', None),
            ('GET', '/v1/ledger/CUSTOMER/inclusion?index=0', None),
            ('GET', '/v1/subscriptions?customer=CUSTOMER', None),
            ('POST', '/v1/exports', {'customer': 'CUSTOMER', 'purpose': 'audit'})):
        answers = []
        for customer in ('other', 'nobody'):
            sent = None if body is None else json.dumps(body).replace('CUSTOMER', customer)
            answers.append(anonymous(bound.send(method, path.replace('CUSTOMER', customer), sent, Phial_Reason='none')))
        assert answers[0] == answers[1], (method, path, answers)
        assert answers[0][0] == 404 and b'"detail":"No such resource."' in answers[0][1], (method, path, answers)
    event = {'id': 'b-1', 'type': 'call', 'time': stamp(NOW)}
    assert bound.post('/v1/events', dict(event, customer='clinic'))['accepted'] == 1
    assert bound.post('/v1/events', dict(event, customer='other'), 422)['results'][0]['code'] == 'unknown_customer'


def preconditions(server):
    c = server.client
    made = c.expect(201, 'PUT', '/v1/customers/clinic', CUSTOMER)
    tag = made.headers['ETag']
    problem(c.send('PUT', '/v1/customers/clinic', dict(CUSTOMER, name='New')), 428, 'precondition_required')
    problem(c.send('PUT', '/v1/customers/clinic', dict(CUSTOMER, name='New'), If_Match='"stale"'), 412, 'precondition_failed')
    problem(c.send('PUT', '/v1/customers/clinic', CUSTOMER, If_None_Match='*'), 412, 'precondition_failed')
    c.expect(200, 'PUT', '/v1/customers/clinic', CUSTOMER)  # the same content, with or without If-Match
    changed = c.expect(200, 'PUT', '/v1/customers/clinic', dict(CUSTOMER, name='New'), If_Match=tag)
    assert changed.headers['ETag'] != tag
    c.expect(304, 'GET', '/v1/customers/clinic', If_None_Match=changed.headers['ETag'])
    kind = {'properties': {'route': {'type': 'code'}}}
    first = c.expect(201, 'PUT', '/v1/event-types/call', kind)
    assert first.json['version'] == 1 and len(first.json['sha256']) == 64
    assert c.expect(200, 'PUT', '/v1/event-types/call', kind).json['version'] == 1
    problem(c.send('PUT', '/v1/event-types/call', dict(kind, description='Calls')), 428, 'precondition_required')
    second = c.expect(200, 'PUT', '/v1/event-types/call', dict(kind, description='Calls'), If_Match=first.headers['ETag'])
    assert second.json['version'] == 2
    got = c.get('/v1/event-types/call')
    assert got['description'] == 'Calls' and got['key'] == 'call' and got['version'] == 2 and got['created_at'].endswith('Z')
    c.put('/v1/metrics/calls', {'event_types': ['call'], 'aggregation': 'count'})
    problem(c.send('PUT', '/v1/customers/UPPER', CUSTOMER), 422, 'invalid')
    deletions(c)


def deletions(c):
    """What has an ETag is deleted as what it was, or unasked."""
    made = [c.expect(201, 'PUT', path, body) for path, body in (
        ('/v1/customers/gone', CUSTOMER), ('/v1/event-types/gone', {'properties': {}}),
        ('/v1/metrics/gone', {'event_types': ['call'], 'aggregation': 'count'}))]
    made += [c.expect(201, 'POST', path, body) for path, body in (
        ('/v1/alerts', {'customer': 'clinic', 'on': 'metric', 'metric': 'calls', 'threshold': '5'}),
        ('/v1/customers/clinic/discounts', {'percent': '5'}),
        ('/v1/webhooks', {'url': 'https://93.184.216.34/hook', 'types': ['invoice.issued']}))]
    paths = ['/v1/customers/gone', '/v1/event-types/gone', '/v1/metrics/gone', '/v1/alerts/ID', '/v1/customers/clinic/discounts/ID',
             '/v1/webhooks/ID']
    for path, answer in zip(paths, made):
        path = path.replace('ID', answer.json.get('id', ''))
        tag = c.expect(200, 'GET', path).headers['ETag']
        assert tag == answer.headers['ETag'], path
        problem(c.send('DELETE', path, If_Match='"stale"'), 412, 'precondition_failed')
        problem(c.send('DELETE', path, If_Match='stale'), 400, 'bad_header')
        c.expect(200, 'GET', path)
        c.expect(204, 'DELETE', path, If_Match=tag)
    c.put('/v1/event-types/gone', {'properties': {}})
    c.expect(204, 'DELETE', '/v1/event-types/gone')


def faults(server):
    c = server.client
    answer = problem(c.send('PUT', '/v1/customers/bad', {'name': 'N', 'currency': 'XXX', 'time_zone': 'Mars/Olympus', 'shoe': 1}), 422, 'invalid')
    pointers = {e['pointer'] for e in answer['errors']}
    assert {'/currency', '/time_zone', ''} <= pointers and 'shoe' not in json.dumps(answer), answer
    for path, body, expected in (  # once each
            ('/v1/keys', {'name': 'k', 'scopes': ['admin'], 'expires': 'tomorrow'}, [('/expires', 'invalid_time')]),
            ('/v1/exports', {'customer': 'clinic', 'purpose': 'audit', 'since': '5'}, [('/since', 'invalid')]),
            ('/v1/subscriptions', {'customer': 'clinic', 'plan': 'p', 'start': stamp(NOW), 'version': '1'}, [('/version', 'invalid')]),
            ('/v1/alerts', {'customer': 'clinic', 'on': 'metric', 'metric': 5, 'threshold': '5'}, [('/metric', 'invalid')])):
        answer = problem(c.send('POST', path, body), 422, 'invalid')
        assert [(e['pointer'], e['code']) for e in answer['errors']] == expected, answer
    problem(c.send('PUT', '/v1/customers/bad', '{"name":'), 400, 'invalid_json')
    problem(c.send('PUT', '/v1/customers/bad', '{"name":"a","name":"b"}'), 400, 'invalid_json')
    problem(c.send('PUT', '/v1/customers/bad', 'x', media='text/plain'), 415, 'unsupported_media_type')
    problem(c.send('GET', '/v1/nowhere'), 404, 'not_found')
    wrong = c.send('PATCH', '/v1/customers/clinic', {})
    problem(wrong, 405, 'method_not_allowed')
    assert {'GET', 'PUT', 'DELETE'} <= {m.strip() for m in wrong.headers['Allow'].split(',')}
    for limit in ('501', '0', '-1', 'x', '', '9' * 30):
        assert '1 to 500' in problem(c.send('GET', '/v1/customers?limit=' + limit), 400, 'bad_parameter')['detail'], limit
    problem(c.send('GET', '/v1/customers?colour=red'), 400, 'bad_parameter')
    problem(c.send('GET', '/v1/customers?cursor=zzz'), 400, 'bad_cursor')
    problem(c.send('GET', '/v1/customers/%00'), 400, 'bad_request')
    for name, body, code in (
            ('no currency', {'interval': 'month', 'charges': []}, 'missing_member'),
            ('float', '{"currency": "USD", "interval": "month", "minimum": 1.5, "charges": []}', 'decimal_expected'),
            ('closed tiers', {'currency': 'USD', 'interval': 'month', 'charges': [
                {'key': 'c', 'name': 'C', 'metric': 'calls', 'model': 'graduated', 'tiers': [{'up_to': '5', 'unit_amount': '1'}]}]}, None)):
        answer = problem(c.send('PUT', '/v1/plans/bad', body), 422, 'invalid')
        assert code is None or code in {e['code'] for e in answer['errors']}, (name, answer)
    for name in ('dateOfBirth', 'ssn', 'patient_name', 'diagnosis', 'dea_schedule', 'PatientNames', 'e-mail'):
        answer = c.send('PUT', '/v1/event-types/bad', {'properties': {name: {'type': 'code'}}})
        assert answer.status == 422 and 'phi_property_name' in {e['code'] for e in answer.json['errors']}, (name, answer)


def idempotency(server):
    c = server.client
    body = {'name': 'once', 'scopes': ['catalog:read']}
    first = c.expect(201, 'POST', '/v1/keys', body, Idempotency_Key='"8e03978e"')
    second = c.expect(201, 'POST', '/v1/keys', body, Idempotency_Key='"8e03978e"')
    assert first.json == second.json and second.headers['Idempotent-Replayed'] == 'true' and 'Idempotent-Replayed' not in first.headers
    reasoned = c.expect(201, 'POST', '/v1/keys', body, Idempotency_Key='"8e03978e"', Phial_Reason='told the second time')
    assert reasoned.json == first.json and reasoned.headers['Idempotent-Replayed'] == 'true'
    problem(c.send('POST', '/v1/keys', dict(body, name='twice'), Idempotency_Key='"8e03978e"'), 422, 'idempotency_key_reused')
    assert len([k for k in c.get('/v1/keys')['data'] if k['name'] == 'once']) == 1
    assert '8e03978e' not in server.sql("SELECT key_id, encode(sha256, 'escape') FROM idempotency")


def lists(server):
    c = server.client
    for n in range(25):
        c.put(f'/v1/customers/list-{n:02d}', CUSTOMER)
    seen, path, pages = [], '/v1/customers?limit=10', 0
    while path:
        answer = c.expect(200, 'GET', path)
        seen += [d['key'] for d in answer.json['data']]
        pages += 1
        cursor = answer.json['next_cursor']
        assert (cursor is None) == ('Link' not in answer.headers)
        path = f'/v1/customers?limit=10&cursor={cursor}' if cursor else None
    assert seen == sorted(set(seen)) and len(seen) == 27 and pages == 3, (seen, pages)
    c.expect(204, 'DELETE', '/v1/customers/list-00')
    assert 'list-00' not in [d['key'] for d in c.get('/v1/customers?limit=500')['data']]
    assert c.post('/v1/events', {'id': 'x', 'customer': 'list-00', 'type': 'call', 'time': stamp(NOW)}, 422)['results'][0]['code'] == 'unknown_customer'


def bodies(server):
    c = server.client
    lines = '\n'.join(json.dumps({'id': f'z-{n}', 'customer': 'clinic', 'type': 'call', 'time': stamp(NOW)}) for n in range(100)).encode()
    assert c.post('/v1/events', gzip.compress(lines), 200, media='application/x-ndjson', Content_Encoding='gzip')['accepted'] == 100
    if shutil.which('zstd'):
        squeezed = subprocess.run(['zstd', '-c'], input=lines, capture_output=True, check=True).stdout
        assert c.post('/v1/events', squeezed, 200, media='application/x-ndjson', Content_Encoding='zstd')['duplicates'] == 100
    problem(c.send('POST', '/v1/events', gzip.compress(lines)[:-9], media='application/x-ndjson', Content_Encoding='gzip'), 400, 'bad_encoding')
    problem(c.send('POST', '/v1/events', b'x', media='application/x-ndjson', Content_Encoding='br'), 415, 'unsupported_coding')
    problem(c.send('POST', '/v1/events', gzip.compress(b' ' * (9 << 20)), media='application/x-ndjson', Content_Encoding='gzip'), 413, 'body_too_large')
    problem(c.send('POST', '/v1/events', b'', media='application/x-ndjson'), 422, 'no_events')
    problem(c.send('POST', '/v1/events', '[]'), 422, 'no_events')
    problem(c.send('POST', '/v1/events', '[{]'), 400, 'invalid_json')
    problem(c.send('POST', '/v1/events', json.dumps([{}] * 10001)), 413, 'too_many_events')
    ce = {'specversion': '1.0', 'id': 'ce-1', 'source': '/ehr', 'type': 'call', 'time': stamp(NOW), 'subject': 'clinic',
          'traceparent': 'x', 'data': {'route': 'r-1', 'quantity': '2'}}
    assert c.post('/v1/events', ce, 201, media='application/cloudevents+json')['accepted'] == 1
    assert c.post('/v1/events', dict(ce, data_base64=None), 200, media='application/cloudevents+json')['duplicates'] == 1
    binary = c.post('/v1/events', dict(ce, data_base64='AA=='), 422, media='application/cloudevents+json')
    assert binary['results'][0]['pointer'] == '/data_base64', binary
    for number in ('1e400', '9' * 20, '-' + '9' * 20):
        answer = problem(c.send('POST', '/v1/customers/clinic/credits', f'{{"amount": {number}}}'), 422, 'invalid')
        assert [(e['pointer'], e['code']) for e in answer['errors']] == [('', 'decimal_expected')], answer
    assert b'NUL' in c.expect(400, 'PUT', '/v1/customers/nul', '{"name": "a\\u0000b"}').bytes
    assert c.post('/v1/events', [ce, dict(ce, id='ce-2')], 200, media='application/cloudevents-batch+json') == {
        'accepted': 1, 'duplicates': 1, 'rejected': 0,
        'results': [{'position': 0, 'id': 'ce-1', 'status': 'duplicate', 'index': c.get('/v1/events/clinic/ce-1?source=%2Fehr')['entry']['index']}]}
    mixed = json.dumps({'id': 'n-1', 'customer': 'clinic', 'type': 'call', 'time': stamp(NOW)}) + '\n\nnot json\n' + \
        json.dumps({'id': 'n-2', 'customer': 'clinic', 'type': 'call', 'time': stamp(NOW), 'quantity': 1.5}) + '\n'
    answer = c.post('/v1/events', mixed, 207, media='application/x-ndjson')
    assert (answer['accepted'], answer['rejected']) == (1, 2)
    assert [(r['position'], r['code']) for r in answer['results']] == [(1, 'invalid_json'), (2, 'decimal_expected')], answer
    good, bad = ({'id': 'at-1', 'customer': 'clinic', 'type': 'call', 'time': stamp(NOW)},
                 {'id': 'at-2', 'customer': 'clinic', 'type': 'nothing', 'time': stamp(NOW)})
    assert c.post('/v1/events?atomic=true', [good, bad], 422)['accepted'] == 0
    c.get('/v1/events/clinic/at-1', 404)
    full = c.post('/v1/events', [good, dict(good)], 200, Prefer='return=representation')
    assert [r['status'] for r in full['results']] == ['accepted', 'duplicate'] and full['results'][0]['index'] == full['results'][1]['index']
    for prefer in ('Return="representation"; x="a,b"', 'wait=1, return=representation'):
        answer = c.expect(200, 'POST', '/v1/events', [good], Prefer=prefer)
        assert len(answer.json['results']) == 1 and answer.headers['Preference-Applied'] == 'return=representation', (prefer, answer)
    problem(c.send('POST', '/v1/events', [good], media='application/json; charset=latin1'), 415, 'unsupported_media_type')
    c.expect(200, 'POST', '/v1/events', [good], media='application/json; charset="UTF-8"')
    for when, code in ((NOW - timedelta(days=36), 'time_too_old'), (NOW + timedelta(minutes=7), 'time_in_future')):
        assert c.post('/v1/events', dict(good, id='w', time=stamp(when)), 422)['results'][0]['code'] == code


def operations(server):
    c = phial.Client(server.url, None)
    assert c.send('GET', '/livez').status == 200 and c.send('GET', '/readyz').status == 200
    text = c.send('GET', '/metrics').bytes.decode()
    assert '# TYPE' in text and 'phial_' in text
    figures = dict(line.rsplit(' ', 1) for line in text.splitlines() if not line.startswith('#'))
    kinds = dict(line.split()[2:] for line in text.splitlines() if line.startswith('# TYPE'))
    assert kinds['phial_http_connections_total'] == 'counter' and kinds['phial_http_open_connections'] == 'gauge', kinds
    assert 1 <= int(figures['phial_http_open_connections']) < int(figures['phial_http_connections_total']), figures
    assert figures['phial_http_queue_length'] == '0' and int(figures['phial_http_queued_total']) > 100, figures
    assert all((kind == 'counter') == name.endswith('_total') for name, kind in kinds.items()), kinds
    c.expect(404, 'GET', '/problems/nothing')
    document = c.get('/openapi.json')
    assert document['openapi'].startswith('3.1') and '/v1/events' in document['paths']
    assert server.client.expect(400, 'GET', '/v1/events').json['code'] == 'bad_parameter'
    for path, operations in document['paths'].items():
        for method, operation in operations.items():
            required = {p['name'] for p in operation['parameters'] if p['required'] and p['in'] != 'path'}
            assert required == {'customer'} if (method, path) == ('get', '/v1/events') else required <= {'Phial-Reason'}, (path, required)
            if not required or method == 'get':
                continue
            bodies = operation.get('requestBody', {}).get('content')
            answer = server.client.send(method.upper(), re.sub('{[a-z]+}', 'x', path), bodies and {'meaning': 'I have looked at it'})
            assert (answer.status, answer.json['code']) == (422, 'reason_required'), (method, path, answer)
    head = c.send('HEAD', '/livez')
    assert head.status == 200 and head.bytes == b''
    assert c.send('GET', '/livez', Request_Id='mine').headers['Request-Id'] != 'mine'
    assert c.send('GET', '/docs').status == 200
    problem(server.client.send('GET', '/v1/test-clock'), 404, 'not_found')
    assert c.send('GET', '/problems/not_found').status == 200


def rates():
    server = phial.Server(environment={'PHIAL_LIMITS_REQUESTS_PER_SECOND': '1', 'PHIAL_LIMITS_BURST': '5'})
    first = server.client.post('/v1/keys', {'name': 'second', 'scopes': ['catalog:read']}, Idempotency_Key='k')
    again = server.client.expect(201, 'POST', '/v1/keys', {'name': 'second', 'scopes': ['catalog:read']}, Idempotency_Key='k')
    assert again.json == first and len(again.headers.get_all('RateLimit')) == 1
    c = phial.Client(server.url, first['key'])
    left = []
    while True:
        answer = c.send('GET', '/v1/customers')
        assert answer.headers['RateLimit-Policy'] == '"requests";q=5;w=5', answer.headers
        limit = dict(p.split('=') for p in answer.headers['RateLimit'].split(';')[1:])
        if answer.status == 429:
            break
        assert answer.status == 200 and 0 <= int(limit['t']) <= 5, answer
        left.append(int(limit['r']))
        assert len(left) < 50
    problem(answer, 429, 'too_many_requests')
    assert left[0] == 4 and left[-1] == 0 and int(limit['r']) == 0, (left, limit)
    wait = int(answer.headers['Retry-After'])
    assert 1 <= wait <= 5
    problem(phial.Client(server.url, None).send('GET', '/v1/customers'), 401, 'unauthenticated')
    assert phial.Client(server.url, None).send('GET', '/livez').headers['RateLimit'] is None
    assert server.client.send('GET', '/v1/customers').status == 200  # each key has its own
    time.sleep(wait)
    c.get('/v1/customers')
    server.remove()
    print('passed rates')


def main():
    server = phial.Server()
    for story in (preconditions, keys, trace, bound_key, faults, idempotency, bodies, operations):
        story(server)
        print('passed', story.__name__)
    lists(server)
    server.remove()
    rates()
    print('ok')


main()
