#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The audit trail: every route that changes something or tells of money and events leaves an entry, with what it was
before and after; its log is proved and exported as the ledger is; what cannot be recorded is not answered. And money
that waits for a second person, whose signature stays bound to what was signed."""
import csv
import hashlib
import http.client
import json
import os
import re
import sys
import tarfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import phial  # noqa: E402
from source import Source  # noqa: E402
from receiver import Receiver  # noqa: E402

ROUTES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'include', 'phial', 'api', 'routes.def')
RULES = {'PHIAL_APPROVALS_CREDIT_NOTE_ABOVE': '50.00 USD', 'PHIAL_APPROVALS_CREDITS_ABOVE': '1000.00 USD, 900.00 EUR',
         'PHIAL_APPROVALS_INVOICE_VOID': 'yes', 'PHIAL_APPROVALS_PAYMENT_REVERSAL': 'yes',
         'PHIAL_APPROVALS_PLAN_CHANGE': 'yes', 'PHIAL_APPROVALS_ERASURE': 'yes'}
WHY = {'Phial-Reason': 'asked for by the clinic'}
SIGNED = {'meaning': 'I have checked the figures'}


def recorded_routes():
    """What the table of routes says must be recorded: each with its action."""
    with open(ROUTES) as f:
        rows = re.findall(r'^ROUTE\("(\w+)", +"/v1/([^"]+)", +(\w+), *\w+, *"([^"]+)"', f.read(), re.M)
    wanted = {}
    for method, path, handler, scope in rows:
        if handler in ('post_events', 'post_events_validate'):
            continue
        if method == 'GET' and scope not in ('audit:read', 'billing:read', 'usage:read'):
            continue
        words = [part for part in path.split('/') if part[0] != ':']
        verb = {'GET': ['read'], 'PUT': ['put'], 'DELETE': ['delete'], 'POST': []}[method]
        if path.split('/')[-1].endswith('s') and method in ('GET', 'POST'):
            verb = ['list' if method == 'GET' else 'create']
        wanted.setdefault('.'.join(words + verb), []).append(f'{method} /v1/{path}')
    return wanted


def trail(c, **filters):
    """Everything, the newest first, over pages."""
    found, cursor = [], {}
    while True:
        query = '&'.join(f'{name}={value}' for name, value in {**filters, **cursor, 'limit': 500}.items())
        page = c.get('/v1/audit?' + query)
        found += page['data']
        if page['next_cursor'] is None:
            return found
        cursor = {'cursor': page['next_cursor']}


def person(server, name, *scopes, **more):
    made = server.client.post('/v1/keys', {'name': name, 'scopes': list(scopes), **more})
    client = phial.Client(server.url, made['key'])
    client.id = 'key:' + made['id']
    return client


def at(c, now):
    c.put('/v1/test-clock', {'now': now}, 200)


def catalog(c):
    c.put('/v1/event-types/read', {'properties': {}, 'window': {'past': 'P400D', 'future': 'PT5M'}}, **WHY)
    c.put('/v1/metrics/reads', {'event_types': ['read'], 'aggregation': 'sum'})
    plan = {'currency': 'USD', 'interval': 'month', 'late_usage': 'hold', 'charges': [
        {'key': 'reads', 'metric': 'reads', 'model': 'per_unit', 'unit_amount': '1.00'}], 'entitlements': {'seats': 5}}
    for key in ('basic', 'plus'):
        c.put('/v1/plans/' + key, plan)
    for key in ('clinic', 'other', 'third'):
        c.put('/v1/customers/' + key, {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'UTC'})


def month(c):
    """A subscription of each customer, a month of events, and its invoice."""
    ids = {}
    for key in ('clinic', 'other'):
        ids[key] = c.post('/v1/subscriptions', {'customer': key, 'plan': 'basic', 'start': '2031-01-01T00:00:00Z'})['id']
    events = [{'id': f'e{n}', 'customer': 'clinic', 'type': 'read', 'time': '2031-01-10T12:00:00Z', 'quantity': '60'} for n in range(4)]
    c.post('/v1/events', events, 200)
    c.post('/v1/events/clinic/e0/void', {}, **WHY)
    c.post('/v1/events/clinic/e1/amend', {'quantity': '50'}, **WHY)
    at(c, '2031-02-10T00:00:00Z')
    row, = c.get('/v1/invoices?customer=clinic&status=issued')['data']
    return ids, row['id']


def reads(server, c, invoice):
    base = '/v1/customers/clinic'
    window = 'from=2031-01-01T00:00:00Z&to=2031-02-01T00:00:00Z'
    c.get('/v1/invoices/' + invoice, Phial_Reason='yearly review')
    for suffix in ('.csv', '/proof', '/payments', '/lines/reads/events'):
        c.expect(200, 'GET', f'/v1/invoices/{invoice}{suffix}')
    for path in ('/usage?metric=reads&' + window, '/usage/current', '/credits', '/discounts', '/entitlements/seats'):
        c.expect(200, 'GET', base + path)
    for path in ('/v1/events?customer=clinic', '/v1/events/clinic/e2', '/v1/phi/report', '/v1/credit-notes', '/v1/webhooks', '/v1/backfills',
                 '/v1/alerts', '/v1/accounting/journal', '/v1/reports/aging', '/v1/reports/revenue',
                 '/v1/reports/utilization?customer=clinic&metric=reads&' + window, '/v1/ledger/clinic/checkpoint',
                 '/v1/ledger/clinic/entries?from=0&to=2', '/v1/ledger/clinic/inclusion?index=0',
                 '/v1/ledger/clinic/consistency?from=1', '/v1/audit/checkpoint', '/v1/audit/entries?from=0&to=2', '/v1/audit/inclusion?index=0',
                 '/v1/audit/consistency?from=1', '/v1/disclosures?customer=clinic', '/v1/ledger/checkpoint',
                 '/v1/heads/consistency?from=1'):
        c.expect(200, 'GET', path)
    server.sql("INSERT INTO heads_timestamp (epoch, size, reply, at) VALUES (1, 1, '\\x30', now())")  # nobody is asked here
    c.expect(200, 'GET', '/v1/heads/timestamp?size=1')
    asked = {'key': 'basic', 'customer': 'clinic', 'period': {'start': '2031-01-01T00:00:00Z', 'end': '2031-02-01T00:00:00Z'}}
    c.post('/v1/plans/simulate', asked, 200)
    c.post('/v1/plans/compare', {'customer': 'clinic', 'period': asked['period'], 'a': {'key': 'basic'}, 'b': {'key': 'plus'}}, 200)
    c.post('/v1/invoices/preview', {'customer': 'other'}, 200)
    c.get(base + '/entitlements/john-q-public')  # answered whatever the name: not one to keep
    stream = http.client.HTTPConnection(c.address, timeout=10)
    stream.request('GET', base + '/usage/stream', headers={'Authorization': 'Bearer ' + c.key})
    assert stream.getresponse().status == 200
    stream.close()


def changes(server, c, ids, invoice):
    """What needs no second person."""
    base = '/v1/customers/clinic'
    discount = c.post(base + '/discounts', {'percent': '10'})['id']
    c.get(f'{base}/discounts/{discount}')
    c.expect(204, 'DELETE', f'{base}/discounts/{discount}')
    alert = c.post('/v1/alerts', {'customer': 'clinic', 'on': 'amount', 'threshold': '9000'})['id']
    c.get('/v1/alerts/' + alert)
    c.expect(204, 'DELETE', '/v1/alerts/' + alert)
    load = {'customer': 'clinic', 'from': '2031-01-01T00:00:00Z', 'to': '2031-01-02T00:00:00Z', 'reason': 'outage'}
    for verb in ('abandon', 'commit'):
        made = c.post('/v1/backfills', load)['id']
        c.get('/v1/backfills/' + made)
        for _ in range(2):  # the second changes nothing
            c.post(f'/v1/backfills/{made}/{verb}', {}, 200)
    payment = c.post(f'/v1/invoices/{invoice}/payments', {'amount': '1.00'})['id']
    c.post('/v1/billing/run', {}, 200)
    for kind, document in (('metrics', {'event_types': ['read'], 'aggregation': 'count'}), ('plans', {'currency': 'USD', 'interval': 'month', 'charges': []}),
                           ('event-types', {'properties': {}}), ('report-templates', {'columns': [{'title': 'Reads', 'figure': 'count'}]}), ('customers', {'name': 'Gone', 'currency': 'USD', 'time_zone': 'UTC'})):
        c.put(f'/v1/{kind}/gone', document)
        c.expect(204, 'DELETE', f'/v1/{kind}/gone')
    shown = c.post('/v1/keys', {'name': 'leaving', 'scopes': ['audit:read', 'usage:read'], 'customer': 'clinic'})
    c.expect(204, 'DELETE', '/v1/keys/' + shown['id'])
    c.post(f'/v1/subscriptions/{ids["other"]}/cancel', {'at': '2031-03-01T00:00:00Z'}, 200)
    return payment, shown['key']


def without_second_persons(server, c, ids):
    """What RULES keeps for two, by another daemon on the same database, whose rules are none."""
    plain = phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf'], log='-plain.log',
                         environment={name: '' if value[0].isdigit() else 'no' for name, value in RULES.items()})
    p = plain.client
    row, = p.get('/v1/invoices?customer=other&status=issued')['data']
    here = '/v1/invoices/' + row['id']
    p.post('/v1/events', {'id': 'late', 'customer': 'other', 'type': 'read', 'time': '2031-01-20T00:00:00Z'})
    p.post(here + '/release', {}, 200, **WHY)
    p.post(f'/v1/subscriptions/{ids["other"]}/change', {'plan': 'plus', 'at': '2031-02-20T00:00:00Z'}, 200)
    p.post('/v1/erasures', {'customer': 'other', 'scope': 'all'})
    clinic, = p.get('/v1/invoices?customer=clinic&status=issued')['data']
    paid = p.post(f'/v1/invoices/{clinic["id"]}/payments', {'amount': '2.00'})['id']
    p.expect(200, 'DELETE', f'/v1/invoices/{clinic["id"]}/payments/{paid}', **WHY)
    p.post('/v1/subscriptions', {'customer': 'third', 'plan': 'basic', 'start': '2031-01-01T00:00:00Z'})
    p.post('/v1/billing/run', {}, 200)
    spare, = p.get('/v1/invoices?customer=third&status=issued')['data']
    p.post(f'/v1/invoices/{spare["id"]}/void', {}, 200, **WHY)
    plain.stop()


def webhooks(c, url):
    hook = c.post('/v1/webhooks', {'url': url, 'types': ['export.ready']})
    here = '/v1/webhooks/' + hook['id']
    c.get(here)
    c.post('/v1/exports', {'customer': 'other', 'purpose': 'to tell of'}, 202)
    for _ in range(100):
        told = c.get(here + '/deliveries')['data']
        if told and told[0]['status'] == 'delivered':
            break
        time.sleep(0.1)
    c.post(f'{here}/deliveries/{told[0]["id"]}/replay', {}, 202)
    c.post(here + '/rotate', {}, 200)
    c.post(here + '/enable', {}, 200)
    c.expect(204, 'DELETE', here)
    return hook['secret']


def settle(c, officer, method, path, body=None):
    """Asked for, then approved by the second person: the approval as it is then."""
    asked = c.expect(202, method, path, body, **WHY)
    assert asked.json['status'] == 'pending' and asked.headers['Location'] == '/v1/approvals/' + asked.json['id'], asked
    here = asked.headers['Location']
    assert c.expect(202, method, path, body, **WHY).json['id'] == asked.json['id']  # asked once
    assert c.expect(403, 'POST', here + '/approve', SIGNED, **WHY).json['code'] == 'forbidden'  # never who asked
    done = officer.post(here + '/approve', SIGNED, 200, **WHY)
    assert done['status'] == 'approved' and officer.get(here) == done, done
    check_signature(done, officer)
    return done


def check_signature(done, officer):
    signature = dict(done['signature'])
    document = json.dumps(done['document'], sort_keys=True, separators=(',', ':'), ensure_ascii=False)
    assert signature['document_sha256'] == hashlib.sha256(document.encode()).hexdigest(), done
    assert (signature['name'], signature['signer'], signature['meaning'], signature['time'][:10]) == (
        'officer', officer.id, SIGNED['meaning'], '2031-02-10'), signature
    assert signature['approval'] == done['id'] and signature['action'] == done['action'], signature
    said = signature.pop('sha256')
    whole = json.dumps(signature, sort_keys=True, separators=(',', ':'), ensure_ascii=False)
    assert said == hashlib.sha256(whole.encode()).hexdigest(), signature


def second_persons(server, c, officer, ids, invoice, payment):
    base = '/v1/customers/clinic'
    assert c.post(base + '/credits', {'amount': '1000.00'})['amount'] == '1000.00'  # up to the limit
    done = settle(c, officer, 'POST', base + '/credits', {'amount': '1000.01', 'paid': True})
    assert done['document']['outcome'] == {'customer': 'clinic', 'currency': 'USD', 'total': '1000.01', 'paid': True}, done
    assert c.get(base + '/credits')['balance'] == '2000.01'

    c.expect(422, 'POST', '/v1/credit-notes', {'invoice': invoice, 'lines': [{'key': 'nothing', 'amount': '999.00'}], 'reason_code': 'goodwill'}, **WHY)
    note = {'invoice': invoice, 'lines': [{'key': 'reads', 'amount': '20.00'}], 'reason_code': 'goodwill'}
    c.get('/v1/credit-notes/' + c.post('/v1/credit-notes', note, **WHY)['id'])
    above = dict(note, lines=[{'key': 'reads', 'amount': '60.00'}])
    done = settle(c, officer, 'POST', '/v1/credit-notes', above)
    assert sorted(n['total'] for n in c.get('/v1/credit-notes')['data']) == ['20.00', '60.00'], done

    # what it would come to has changed since: all that is left, of which more is credited meanwhile
    rest = c.expect(202, 'POST', '/v1/credit-notes', {'invoice': invoice, 'reason_code': 'goodwill'}, **WHY).json
    c.post('/v1/credit-notes', note, **WHY)
    refused = officer.expect(412, 'POST', f'/v1/approvals/{rest["id"]}/approve', SIGNED, **WHY)
    assert refused.json['code'] == 'precondition_failed' and c.get('/v1/approvals/' + rest['id'])['status'] == 'pending'
    gone = officer.post(f'/v1/approvals/{rest["id"]}/refuse', {}, 200, **WHY)
    assert (gone['status'], gone['signature']) == ('refused', None) and len(c.get('/v1/credit-notes')['data']) == 3

    settle(c, officer, 'DELETE', f'/v1/invoices/{invoice}/payments/{payment}')
    settle(c, officer, 'POST', f'/v1/subscriptions/{ids["clinic"]}/change', {'plan': 'plus', 'at': '2031-03-01T00:00:00Z'})
    settle(c, officer, 'POST', '/v1/erasures', {'customer': 'clinic', 'scope': 'all'})
    row, = c.get('/v1/invoices?customer=other&status=issued')['data']
    voided = row['id']
    settle(c, officer, 'POST', f'/v1/invoices/{voided}/void', {})
    assert c.get('/v1/invoices/' + voided)['status'] == 'void'
    c.expect(409, 'POST', f'/v1/invoices/{voided}/void', {}, **WHY)  # what makes no sense is not asked for

    for what in ('UPDATE signature SET sha256 = sha256', 'DELETE FROM signature'):
        try:
            server.sql(what)
            raise AssertionError(what)
        except phial.subprocess.CalledProcessError as refusal:
            assert 'append-only' in refusal.stderr, refusal.stderr
    return voided


def entries_tell(c, invoice, voided, secrets):
    entries = trail(c)
    text = json.dumps(entries)
    assert not any(secret in text for secret in [*secrets, 'john-q-public'])
    indexes = [entry['index'] for entry in entries]
    assert indexes == list(range(indexes[0], -1, -1)), indexes[:5]
    admin = entries[-1]['actor']
    assert all(entry['actor'] in (admin, 'system') or entry['actor'].startswith(('key:', 'system:')) for entry in entries)
    about = trail(c, object='invoices/' + invoice)
    actions = [entry['action'] for entry in about]
    assert {'invoice.draft', 'invoice.issued', 'invoices.read', 'invoices.proof.read'} <= set(actions), actions
    assert 'invoice.voided' in {entry['action'] for entry in trail(c, object='invoices/' + voided)}
    issued, = [entry for entry in about if entry['action'] == 'invoice.issued']
    assert issued['actor'] == 'system' and issued['customer'] == 'clinic' and 'address' not in issued, issued
    put, = trail(c, action='customers.put', object='customers/other')
    assert put['after']['currency'] == 'USD' and 'before' not in put and put['address'] == '127.0.0.1', put
    cut, = trail(c, action='customers.delete')
    assert ('archived' in cut['before'], cut['after']['archived']) == (False, True), cut
    signed = trail(c, action='approval.signed')
    assert len(signed) == 6 and all(entry['after']['document_sha256'] for entry in signed), signed
    asked = [entry for entry in trail(c, action='approvals.create') if not entry['read']]  # each was asked for twice
    assert len(asked) == 7 and all(entry['after']['status'] == 'pending' and entry['reason'] for entry in asked), asked
    stretch = trail(c, **{'from': '2031-02-10T00:00:00Z'})
    assert 0 < len(stretch) < len(entries) and all(entry['at'] >= '2031-02-10' for entry in stretch)
    assert trail(c, actor='key:nobody') == []
    return {entry['action'] for entry in entries}


def disclosures(server, c, invoice):
    auditor = person(server, 'auditor', 'audit:read', 'billing:read')
    auditor.get('/v1/invoices/' + invoice, Phial_Reason='complaint 17')
    seen = c.get('/v1/disclosures?customer=clinic&limit=3')['data']
    assert seen[0]['recipient'] == {'actor': auditor.id, 'name': 'auditor'} and seen[0]['purpose'] == 'complaint 17', seen[0]
    assert seen[0]['object'] == 'invoices/' + invoice and seen[0]['description'].startswith('Read an invoice'), seen[0]
    table = csv.DictReader(c.expect(200, 'GET', '/v1/disclosures?customer=clinic&limit=3&format=csv').bytes.decode().splitlines())
    told = next(row for row in table if row['purpose'] == 'complaint 17')
    assert json.loads(told['recipient'])['name'] == 'auditor' and int(told['index']) == seen[0]['index'], told
    page = c.expect(200, 'GET', '/v1/audit?limit=2&format=csv')
    assert page.headers['Content-Type'].startswith('text/csv') and 'rel="next"' in page.headers['Link'] and len(page.bytes.splitlines()) == 3, page
    c.expect(400, 'GET', '/v1/audit?format=xml')
    others = c.get('/v1/disclosures?customer=other&limit=500')['data']
    assert all(invoice not in row['object'] for row in others) and others, others
    assert c.expect(400, 'GET', '/v1/disclosures').json['code'] == 'bad_parameter'
    c.expect(404, 'GET', '/v1/disclosures?customer=nobody')
    bound = person(server, 'of the clinic', 'audit:read', customer='clinic')
    assert {entry['customer'] for entry in trail(bound)} == {'clinic'}
    bound.expect(404, 'GET', '/v1/audit?customer=other')
    bound.expect(403, 'GET', '/v1/audit/checkpoint')
    bound.expect(403, 'POST', '/v1/exports', {'trail': True, 'purpose': 'x'})
    person(server, 'outsider', 'billing:read').expect(403, 'GET', '/v1/audit')


def proofs(server, c):
    key = server.folder + '/ledger.pub.pem'
    size = int(c.expect(200, 'GET', '/v1/audit/checkpoint').bytes.split(b'\n')[1])
    c.post('/v1/exports', {'trail': True, 'customer': 'clinic', 'purpose': 'x'}, 422)
    c.post('/v1/exports', {'purpose': 'x'}, 422)
    first = phial.export(c, server.folder, {'trail': True, 'purpose': 'yearly audit'})
    whole = phial.export(c, server.folder, {'trail': True, 'purpose': 'yearly audit', 'since': size})
    for more in ((), ('--against', first)):
        code, said = phial.verify(whole, key, *more)
        assert code == 0 and 'VERIFIED' in said, said
    with tarfile.open(whole) as archive:
        manifest = json.load(archive.extractfile('manifest.json'))
        leaves = archive.extractfile('entries.ndjson').read().splitlines()
        assert archive.extractfile('checkpoint.body').read().split(b'\n')[0].endswith(b'/audit')
    assert manifest['customer'] == '' and len(leaves) == manifest['size'] > size, manifest
    proof = c.get(f'/v1/audit/inclusion?index=3&size={manifest["size"]}')
    assert proof['root'] == manifest['root'] and proof['leaf'] == phial_leaf(leaves[3]), proof
    with open(whole, 'rb') as f:
        forged = f.read().replace(b'customers.put', b'customers.get', 1)
    with open(whole, 'wb') as f:
        f.write(forged)
    code, said = phial.verify(whole, key)
    assert code == 1 and 'REFUSED' in said, said
    state = c.post('/v1/exports', {'customer': 'clinic', 'purpose': 'asked by the clinic'}, 202)
    purposes = trail(c, object='exports/' + state['id'])
    assert purposes[-1]['action'] == 'exports.create' and purposes[-1]['reason'] == 'asked by the clinic', purposes


def phial_leaf(line):
    import base64
    return base64.b64encode(hashlib.sha256(b'\0' + line).digest()).decode()


def ask_for_the_rest(c, officer, seen):
    """Routes that the story has no part for: lists are asked for as they are, and some others as their stories do."""
    for routes in (routes for action, routes in recorded_routes().items() if action not in seen):
        for path in (path for method, path in (route.split() for route in routes) if method == 'GET' and ':' not in path):
            c.send('GET', path)
            c.send('GET', path + '?customer=clinic')
    window = {'from': '2031-01-01T00:00:00Z', 'to': '2031-02-01T00:00:00Z'}
    c.send('GET', '/v1/customers/clinic/sources')
    c.send('GET', '/v1/reports/utilization?customer=clinic&metric=reads&' + '&'.join('='.join(bound) for bound in window.items()))
    made = c.send('POST', '/v1/reconciliations', dict(window, customer='clinic', metric='reads', staged=True, total='1'))
    if made.status == 201:
        here = '/v1/reconciliations/' + made.json['id']
        c.send('POST', here + '/ids', '"e1"\n', media='application/x-ndjson')
        c.send('GET', here)
        c.send('DELETE', here)
    made = officer.send('POST', '/v1/holds', {'customer': 'clinic', 'matter': 'case 7'}, **WHY)
    if made.status == 201:
        c.send('GET', '/v1/holds/' + made.json['id'])
        officer.send('POST', f'/v1/holds/{made.json["id"]}/release', {}, **WHY)
    made = c.send('POST', '/v1/retention/runs', {'customer': 'clinic'}, **WHY)
    if made.status == 202:
        c.send('GET', '/v1/retention/runs/' + made.json['id'])
    return {entry['action'] for entry in trail(c)}


# What concerns no customer, or everybody: any other action names whose records it was about.
OF_NOBODY = re.compile(r'(event-types|metrics|plans|report-templates|test-clock)\.(put|delete)|webhooks\..*|billing\.run|audit\..*|'
                       r'disclosures\..*|heads\..*|phi\..*')


def last(c, action, **filters):
    return trail(c, action=action, customer='clinic', **filters)[0]


def documents(c, invoice):
    """Before and after are what the API answers: its members, its money, its instants."""
    assert '+00:00' not in json.dumps([(entry.get('before'), entry.get('after')) for entry in trail(c)])
    again, first = trail(c, action='backfills.commit')
    assert (first['read'], first['before']['status'], first['after']) == (False, 'open', c.get('/' + 'v1/' + first['object'])), first
    assert again['read'] and 'before' not in again and 'after' not in again, again
    assert {entry['reason'] for entry in trail(c, action='backfills.create')} == {'outage'}
    told = last(c, 'events.void')
    assert (told['before']['effective']['quantity'], told['before']['status'], told['after'].get('effective'), told['after']['status']) == (
        '60', 'live', None, 'voided'), told
    told = last(c, 'events.amend')
    assert (told['before']['effective']['quantity'], told['after']['effective']['quantity']) == ('60', '50'), told
    assert told['after'].items() <= c.get('/v1/events/clinic/e1').items(), told
    told, = trail(c, action='erasures.create')
    assert told['after'] == {'customer': 'other', 'scope': 'all', 'index': told['after']['index']}, told
    credits = c.get('/v1/customers/clinic/credits')['data']
    told = trail(c, action='customers.credits.create')[-1]
    assert (told['after']['amount'], told['after']['currency'], told['after']['id']) == ('1000.00', 'USD', credits[0]['id']), told
    payments = {row['id']: row for row in c.get(f'/v1/invoices/{invoice}/payments')['data']}
    for told in trail(c, action='invoices.payments.delete'):
        assert told['before']['status'] == 'recorded' and told['after'] == payments[told['after']['id']], told
    told = last(c, 'keys.delete')
    assert told['before']['scopes'] == ['audit:read', 'usage:read'] and 'after' not in told, told
    told = last(c, 'subscriptions.create')
    assert {name: told['after'][name] for name in ('anchor', 'plan', 'plan_start')} == {
        'anchor': 'calendar', 'plan': 'basic', 'plan_start': '2031-01-01T00:00:00Z'}, told
    told = last(c, 'holds.release')
    assert told['before']['status'] == 'active' and told['after'] == c.get('/v1/' + told['object']), told
    told = trail(c, action='invoices.void')[0]
    assert (told['before']['status'], told['after']['status'], told['after']['total']) == ('issued', 'void', told['before']['total']), told
    told, = trail(c, action='invoices.issue')  # of an issued one
    assert told['read'] and 'after' not in told, told


def whose_it_was(server, c):
    """Every record but of these names its customer, and who is bound to that one sees it."""
    entries = trail(c)
    nameless = [entry for entry in entries if 'customer' not in entry and not OF_NOBODY.fullmatch(entry['action'])]
    for entry in nameless:  # of the trail's own exports, and of keys that are bound to nobody
        assert entry['action'].startswith('export') or 'customer' not in entry.get('after', entry.get('before', {'customer': ''})), entry
    bound = person(server, 'also of the clinic', 'audit:read', customer='clinic')
    seen = {entry['action'] for entry in trail(bound)}
    assert {'alerts.delete', 'approval.signed', 'approvals.approve', 'approvals.refuse', 'backfills.abandon', 'backfills.commit',
            'events.void', 'holds.release', 'keys.create', 'keys.delete', 'reconciliations.delete'} <= seen, seen


def the_doctor_finds(server):
    """What a superuser does to the log, to what it is searched by, and to what was signed."""
    server.copy('broken')
    server.sql("SET phial.migrating = 'on'", 'ALTER TABLE signature DISABLE TRIGGER signature_guard', 'ALTER TABLE trail_entry DISABLE TRIGGER trail_entry_guard',
               'ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_guard',
               """UPDATE ledger_entry SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'customers.put', 'customers.get'), 'UTF8')
                   WHERE customer_id = 0 AND entry_index = (SELECT min(entry_index) FROM trail_entry WHERE action = 'customers.put')""",
               "DELETE FROM ledger_entry WHERE customer_id = 0 AND entry_index = (SELECT max(entry_index) FROM trail_entry)",
               """UPDATE signature SET document = convert_to(replace(convert_from(document, 'UTF8'), 'figures', 'weather'), 'UTF8')
                   WHERE approval_id = (SELECT min(approval_id) FROM signature)""",
               "DELETE FROM signature WHERE approval_id = (SELECT max(approval_id) FROM signature)", database='broken')
    found = phial.failing(server.doctor('broken')[1])
    assert set(found) == {'heads_extend_what_was_signed', 'guards_stand', 'ledger_has_no_gap', 'roots_are_of_the_bytes',
                          'trail_is_its_log', 'approvals_are_signed'}, found
    assert found['ledger_has_no_gap'] == ['audit'] and len(found['approvals_are_signed']) == 2, found


def what_cannot_be_recorded(server, c):
    """Neither a change nor an answer; events go on, the ledger being their record."""
    server.sql("""CREATE FUNCTION full_trail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$;
                  CREATE TRIGGER full_trail BEFORE INSERT ON trail_staged FOR EACH ROW EXECUTE FUNCTION full_trail()""")
    for method, path, body in (('GET', '/v1/invoices', None), ('GET', '/v1/events?customer=clinic', None),
                               ('PUT', '/v1/customers/unseen', {'name': 'U', 'currency': 'USD', 'time_zone': 'UTC'})):
        answer = c.expect(503, method, path, body)
        assert answer.json['code'] == 'trail_away', answer
    c.post('/v1/events', {'id': 'unhindered', 'customer': 'other', 'type': 'read', 'time': '2031-02-09T00:00:00Z'})
    server.sql('DROP TRIGGER full_trail ON trail_staged')
    c.expect(404, 'GET', '/v1/customers/unseen')
    c.get('/v1/invoices')


def counts(server, c):
    """A customer's own count, and what a source signs."""
    month = {'customer': 'clinic', 'type': 'read', 'from': '2031-01-01T00:00:00Z', 'to': '2031-02-01T00:00:00Z'}
    c.post('/v1/reconciliations', dict(month, total='1'), 200)
    staged = '/v1/reconciliations/' + c.post('/v1/reconciliations', dict(month, staged=True))['id']
    c.post(staged + '/ids', '"e2"', 200, media='application/x-ndjson')
    c.get(staged)
    c.expect(204, 'DELETE', staged)
    source = Source(server.folder, 'pacs')
    sent = {'id': 'signed-1', 'customer': 'other', 'type': 'read', 'time': '2031-02-09T00:00:00Z', 'quantity': '1', 'source': 'pacs'}
    c.post('/v1/events', sent)
    c.post('/v1/customers/other/sources', {'source': 'pacs', 'public_key': source.public})
    manifest = source.manifest([sent], 1)
    c.post('/v1/attestations', {'customer': 'other', 'manifest': manifest, 'signature': source.sign(manifest, 'other'), 'ids': ['signed-1']})
    c.get('/v1/customers/other/sources')
    c.get('/v1/attestations?customer=other')


def main():
    receiver = Receiver()
    server = phial.Server('--test-clock', environment=dict(RULES, PHIAL_EGRESS_ALLOW=receiver.address))
    c = server.client
    at(c, '2031-01-15T00:00:00Z')
    officer = person(server, 'officer', 'billing:approve')
    catalog(c)
    ids, invoice = month(c)
    reads(server, c, invoice)
    payment, shown = changes(server, c, ids, invoice)
    secrets = [shown, webhooks(c, f'http://{receiver.address}/told')]
    without_second_persons(server, c, ids)
    voided = second_persons(server, c, officer, ids, invoice, payment)
    disclosures(server, c, invoice)
    proofs(server, c)
    counts(server, c)
    c.send('POST', f'/v1/invoices/{invoice}/issue', {})
    seen = ask_for_the_rest(c, officer, entries_tell(c, invoice, voided, secrets))
    missing = {action: routes for action, routes in recorded_routes().items() if action not in seen}
    assert not missing, missing
    documents(c, invoice)
    whose_it_was(server, c)
    the_doctor_finds(server)
    what_cannot_be_recorded(server, c)
    server.stop()
    print(f'trail: ok, {len(seen)} actions recorded')
    server.remove()


main()
