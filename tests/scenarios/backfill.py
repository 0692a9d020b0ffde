#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A backfill from opening to commit: old events are staged, judged, previewed and count for nothing; the daemon
is killed in between; the commit moves exactly what the preview said, and the log grows by exactly what was new."""
import json
import os
import sys
import threading
import time
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

FROM, TO = '2031-09-01T00:00:00Z', '2031-12-01T10:00:00Z'
PATIENT = 'MRN 00123456'


def event(n, time, customer='clinic', quantity=1):
    return {'id': f'old-{n}', 'customer': customer, 'type': 'image', 'time': time, 'quantity': str(quantity),
            'properties': {'modality': 'ct', 'patient': PATIENT}}


def month(number, n, quantity=1):
    return event(f'{number}-{n}', f'2031-{number:02}-{n % 27 + 1:02}T12:00:00Z', quantity=quantity)


def catalog(c):
    c.put('/v1/event-types/image', {'time_precision': 'second', 'properties': {
        'modality': {'type': 'enum', 'values': ['ct', 'mri'], 'required': True}, 'patient': {'type': 'token', 'scope': 'period'}}})
    c.put('/v1/metrics/images', {'event_types': ['image'], 'aggregation': 'sum', 'group_by': ['modality']})
    c.put('/v1/plans/imaging', {'currency': 'USD', 'interval': 'month', 'charges': [
        {'key': 'reads', 'metric': 'images', 'model': 'graduated',
         'tiers': [{'up_to': '50', 'unit_amount': '0.8'}, {'up_to': None, 'unit_amount': '0.5'}]}]})
    for key in ('clinic', 'other'):
        c.put('/v1/customers/' + key, {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'America/New_York',
                                       'tax': {'rates': [{'name': 'Sales tax', 'percent': '8.25'}]}})
        c.post('/v1/subscriptions', {'customer': key, 'plan': 'imaging', 'start': '2031-09-15T12:00:00Z'})


def open_one(c, **more):
    return c.post('/v1/backfills', dict({'customer': 'clinic', 'from': FROM, 'to': TO, 'reason': 'outage of the collector'}, **more))


def problem(answer, status, code, pointer=None):
    assert answer.status == status and answer.json['code'] == code, answer
    assert pointer is None or pointer in [e['pointer'] for e in answer.json['errors']], answer
    return answer.json


def wrong_inputs(c):
    good = {'customer': 'clinic', 'from': FROM, 'to': TO, 'reason': 'outage'}
    for change, code, pointer in (
            ({'customer': 'nobody'}, 'invalid', '/customer'), ({'from': TO, 'to': FROM}, 'invalid', '/to'), ({'to': FROM}, 'invalid', '/to'),
            ({'reason': ''}, 'invalid', '/reason'), ({'reason': 'x' * 501}, 'invalid', '/reason'), ({'reason': 'a\nb'}, 'invalid', '/reason'),
            ({'reason': 'for ssn 219-09-9999'}, 'phi_detected', '/reason'), ({'reason': None}, 'invalid', '/reason'),
            ({'from': 'yesterday'}, 'invalid', '/from'), ({'shoe': 1}, 'invalid', '')):
        answer = c.send('POST', '/v1/backfills', dict(good, **change))
        problem(answer, 422, code, pointer)
        assert b'219-09' not in answer.bytes and b'shoe' not in answer.bytes
    assert 'unknown_customer' in c.send('POST', '/v1/backfills', dict(good, customer='nobody')).bytes.decode()
    problem(c.send('POST', '/v1/backfills', '{'), 400, 'invalid_json')
    problem(c.send('GET', '/v1/backfills?status=shut'), 400, 'bad_parameter')
    problem(c.send('GET', '/v1/backfills/none'), 404, 'not_found')
    for verb in ('commit', 'abandon'):
        problem(c.send('POST', '/v1/backfills/none/' + verb, {}), 404, 'not_found')
    for path in ('/v1/events', '/v1/events/validate'):
        problem(c.send('POST', path + '?backfill=none', [month(10, 1)]), 404, 'not_found')
    assert c.get('/v1/backfills')['data'] == []


def size(c, customer='clinic'):
    return int(c.expect(200, 'GET', f'/v1/ledger/{customer}/checkpoint').bytes.decode().split('\n')[1])


def staging(c, server):
    """Answers the backfill's id. It holds 144 events: of September, October, November and, one, of December."""
    events = [month(9, n) for n in range(1, 41)] + [month(10, n) for n in range(1, 101)]
    assert {r['code'] for r in c.post('/v1/events', events, 422)['results']} == {'time_too_old'}
    before = size(c)
    made = c.expect(201, 'POST', '/v1/backfills', {'customer': 'clinic', 'from': FROM, 'to': TO, 'reason': ' outage of the collector '})
    load = made.json
    assert made.headers['Location'] == '/v1/backfills/' + load['id'] and load['status'] == 'open' and load['events'] == 0, load
    assert load['reason'] == 'outage of the collector' and (load['from'], load['to']) == (FROM, TO), load
    at = '/v1/events?backfill=' + load['id']
    # nothing is staged by these
    assert c.post('/v1/events/validate?backfill=' + load['id'], events, 200)['accepted'] == 140
    refused = c.expect(422, 'POST', at + '&atomic=true', events + [event('late', TO)]).json
    assert (refused['accepted'], refused['rejected']) == (0, 141) and refused['results'][-1]['code'] == 'time_in_future', refused
    assert c.get('/v1/backfills/' + load['id'])['events'] == 0
    # staged, one by one and many at once; again they are duplicates
    assert c.post(at, events[0], 201) == {'accepted': 1, 'duplicates': 0, 'rejected': 0, 'results': []}
    assert c.post(at, events[0], 200)['results'] == [{'position': 0, 'id': 'old-9-1', 'status': 'duplicate'}]
    assert c.post(at + '&atomic=true', events[:3], 200)['duplicates'] == 1
    answer = c.post(at, events, 200, Prefer='return=representation')
    assert (answer['accepted'], answer['duplicates']) == (137, 3) and not any('index' in r for r in answer['results'])
    lines = '\n'.join(json.dumps(e) for e in events)
    assert c.post(at, lines, 200, media='application/x-ndjson')['duplicates'] == 140
    # other content is a conflict, in one request too; what lies outside, and others' events, are refused alone
    assert c.post(at, dict(events[5], quantity='9'), 409)['results'][0] == {
        'position': 0, 'id': 'old-9-6', 'status': 'conflict', 'code': 'conflict', 'pointer': '/id'}
    recent = [month(11, 2), month(11, 3), event('now', '2031-12-01T06:00:00Z')]
    mixed = c.post(at, recent + [event('x', '2031-11-05T00:00:00Z'), event('x', '2031-11-05T00:00:00Z', quantity=2), event('early', '2031-08-31T23:59:59Z'),
                                 event('late', TO), event('theirs', '2031-10-05T00:00:00Z', 'other'), event('nobodys', '2031-10-05T00:00:00Z', 'nobody')], 207)
    assert [r['code'] for r in mixed['results']] == ['conflict', 'time_too_old', 'time_in_future', 'unknown_customer', 'unknown_customer'], mixed
    # the ledger is a judge as well: old-11-1 stands there
    known = c.post(at, [month(11, 1), month(11, 1, quantity=5)], 207)
    assert [(r['status'], 'index' in r) for r in known['results']] == [('duplicate', True), ('conflict', True)], known
    assert c.get('/v1/backfills/' + load['id'])['events'] == 144
    # none of it counts
    assert size(c) == before and [e['id'] for e in c.get('/v1/events?customer=clinic')['data']] == ['old-11-1']
    assert c.get('/v1/customers/clinic/usage?metric=images&from=2031-09-01T00:00:00Z&to=2031-12-01T00:00:00Z')['quantity'] == '1'
    dump = server.sql('SELECT convert_from(event, \'UTF8\') FROM staged_event') + server.sql('SELECT * FROM backfill')
    assert 'tok_' in dump and PATIENT not in dump and '00123456' not in dump
    return load['id']


def totals(c):
    """Of every period of the clinic's subscription: its invoice's total, or the preview's, by the period's start."""
    found = {}
    for row in c.get('/v1/invoices?customer=clinic')['data']:
        days = {k: row['period'][k] for k in ('start', 'end')}
        found[days['start']] = c.post('/v1/invoices/preview', {'subscription': row['subscription'], 'period': days}, 200)['total']
    current = c.post('/v1/invoices/preview', {'customer': 'clinic'}, 200)
    found[current['period']['start'].replace('.000000Z', 'Z')] = current['total']
    return found


def preview(c, ident):
    """By now the ledger has two of the events, one with other content: they move nothing any more."""
    assert c.post('/v1/events', [month(11, 2), month(11, 3, quantity=5)], 200)['accepted'] == 2
    before = totals(c)
    shown = c.get('/v1/backfills/' + ident)
    rows = shown['preview']
    assert shown['preview_complete'] and shown['currency'] == 'USD', shown
    assert [(r['period']['start'], r.get('invoice', {}).get('status')) for r in rows] == [
        ('2031-09-15T04:00:00Z', 'issued'), ('2031-10-01T04:00:00Z', 'issued'), ('2031-11-01T04:00:00Z', 'draft'),
        ('2031-12-01T05:00:00Z', None)], rows
    assert [r['invoice']['number'] is None for r in rows[:3]] == [False, False, True], rows
    assert all(r['total_before'] == before[r['period']['start']] for r in rows), (rows, before)
    assert all(Decimal(r['difference']) == Decimal(r['total_after']) - Decimal(r['total_before']) for r in rows), rows
    assert Decimal(shown['difference']) == sum(Decimal(r['difference']) for r in rows) > 0, shown
    # 13 of September lie behind the subscription's start; 100 of October are 50 at 0.8 and 50 at 0.5; and the tax
    assert [(r['total_before'], r['total_after']) for r in rows] == [
        ('0.00', '11.26'), ('0.00', '70.36'), ('6.06', '6.93'), ('0.00', '0.87')], rows
    assert totals(c) == before
    return rows, before


def commit(c, ident, rows, before):
    log, answers = size(c), []

    def again():
        client = phial.Client('http://' + c.address, c.key)
        answers.append(client.send('POST', f'/v1/backfills/{ident}/commit', {}, Phial_Reason='checked with the clinic'))

    threads = [threading.Thread(target=again) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    done = c.post(f'/v1/backfills/{ident}/commit', {}, 200)
    assert [a.status for a in answers] == [200] * 4 and all(a.json == done for a in answers), answers
    assert done['status'] == 'committed' and (done['events'], done['accepted'], done['duplicates'], done['conflicts']) == (144, 142, 1, 1), done
    assert (done['from_index'], done['to_index']) == (log, log + 142) and size(c) == log + 142, done
    assert done['closing_reason'] == 'checked with the clinic' and done == c.get('/v1/backfills/' + ident) and 'preview' not in done
    after = totals(c)
    draft = c.get('/v1/invoices?customer=clinic&status=draft')['data']
    # what September and October came short is on the next statement: the draft, or a later one were it issued first
    short = sum(Decimal(row['difference']) for row in rows[:2])
    assert [r['total'] for r in draft] == [str(Decimal(rows[2]['total_after']) + short)], draft
    for row in rows:
        wanted = row['total_after'] if row in rows[:2] else str(Decimal(row['total_after']) + short)
        assert after[row['period']['start']] == wanted, (row, after)
        del after[row['period']['start']], before[row['period']['start']]
    assert after == before
    problem(c.send('POST', f'/v1/backfills/{ident}/abandon', {}), 409, 'backfill_closed')
    problem(c.send('POST', '/v1/events?backfill=' + ident, [month(10, 1)]), 409, 'backfill_closed')
    entries = [json.loads(line) for line in c.expect(200, 'GET', f'/v1/ledger/clinic/entries?from={log}&to={log + 142}').bytes.splitlines()]
    assert {e['kind'] for e in entries} == {'usage'} and len({e['actor'] for e in entries}) == 1, entries[0]
    ids = [e['event']['id'] for e in entries]
    assert ids[0] == 'old-9-1' and len(set(ids)) == 142 and 'old-11-2' not in ids and 'old-11-3' not in ids, ids


def corrections(c):
    """A committed event is an event: it is read, voided and amended as others are."""
    assert len(c.get('/v1/events?customer=clinic&limit=500')['data']) == 145
    before = totals(c)['2031-10-01T04:00:00Z']
    c.post('/v1/events/clinic/old-10-3/void', {}, 201, Phial_Reason='a test image')
    c.post('/v1/events/clinic/old-10-4/amend', {'quantity': '3'}, 201, Phial_Reason='three images')
    assert c.get('/v1/events/clinic/old-10-3')['effective'] is None
    assert Decimal(totals(c)['2031-10-01T04:00:00Z']) > Decimal(before)


def abandon(c, server):
    ident = open_one(c)['id']
    assert c.post('/v1/events?backfill=' + ident, [event(f'drop-{n}', '2031-10-20T00:00:00Z') for n in range(70)], 200)['accepted'] == 70
    log = size(c)
    dropped = c.post(f'/v1/backfills/{ident}/abandon', None, 200, Phial_Reason='sent twice')
    assert dropped['status'] == 'abandoned' and dropped['events'] == 70 and 'accepted' not in dropped, dropped
    assert c.post(f'/v1/backfills/{ident}/abandon', {}, 200) == dropped == c.get('/v1/backfills/' + ident)
    problem(c.send('POST', f'/v1/backfills/{ident}/commit', {}), 409, 'backfill_closed')
    problem(c.send('POST', '/v1/events/validate?backfill=' + ident, [month(10, 1)]), 409, 'backfill_closed')
    assert size(c) == log and server.sql('SELECT count(*) FROM staged_event') == '0'
    empty = open_one(c)['id']
    assert c.get('/v1/backfills/' + empty)['preview'] == []
    done = c.post(f'/v1/backfills/{empty}/commit', {}, 200)
    assert (done['accepted'], done['from_index'], done['to_index']) == (0, log, log)


def keys(c, server):
    """A bound key sees its own customer's alone; money is for who may read bills."""
    theirs = open_one(c, customer='other')['id']
    made = c.post('/v1/keys', {'name': 'bound', 'scopes': ['events:write', 'usage:read'], 'customer': 'clinic'})
    bound = phial.Client(server.url, made['key'])
    own = open_one(bound)['id']
    assert 'preview' not in bound.get('/v1/backfills/' + own) and 'preview' in c.get('/v1/backfills/' + own)
    for method, path, body in (('GET', '/v1/backfills/' + theirs, None), ('POST', f'/v1/backfills/{theirs}/commit', {}),
                               ('POST', f'/v1/backfills/{theirs}/abandon', {}), ('POST', '/v1/events?backfill=' + theirs, [month(10, 1)]),
                               ('GET', '/v1/backfills?customer=other', None),
                               ('POST', '/v1/backfills', {'customer': 'other', 'from': FROM, 'to': TO, 'reason': 'r'}),
                               ('POST', '/v1/backfills', {'customer': 'nobody', 'from': FROM, 'to': TO, 'reason': 'r'})):
        problem(bound.send(method, path, body), 404, 'not_found')
    assert {b['customer'] for b in bound.get('/v1/backfills')['data']} == {'clinic'}
    reader = phial.Client(server.url, c.post('/v1/keys', {'name': 'reader', 'scopes': ['usage:read', 'billing:read']})['key'])
    problem(reader.send('POST', f'/v1/backfills/{own}/commit', {}), 403, 'forbidden')
    assert reader.get('/v1/backfills/' + own)['preview'] == []
    # lists, and a repeated opening
    assert [b['id'] for b in c.get('/v1/backfills?customer=other&status=open')['data']] == [theirs]
    everything, cursor = [], ''
    while cursor is not None:
        page = c.get('/v1/backfills?limit=2' + (cursor and '&cursor=' + cursor))
        everything += page['data']
        cursor = page['next_cursor']
    assert everything == c.get('/v1/backfills')['data'] and len({b['id'] for b in everything}) == len(everything) == 5
    wanted = {'customer': 'other', 'from': FROM, 'to': TO, 'reason': 'once'}
    once = [c.expect(201, 'POST', '/v1/backfills', wanted, Idempotency_Key='k-1') for _ in range(2)]
    assert once[0].json == once[1].json and once[1].headers['Idempotent-Replayed'] == 'true'


def crash(c, server):
    """Killed in the middle of a commit: all of it is in the log or nothing is, and a second attempt makes it once."""
    ident = open_one(c)['id']
    for at in range(0, 20000, 5000):
        lines = '\n'.join(json.dumps(event(f'crash-{n}', '2031-10-20T00:00:00Z')) for n in range(at, at + 5000))
        c.post('/v1/events?backfill=' + ident, lines, 200, media='application/x-ndjson')
    log = size(c)

    def cut_off():
        try:
            phial.Client(server.url, server.key).send('POST', f'/v1/backfills/{ident}/commit')
        except (OSError, phial.http.client.HTTPException):
            pass

    thread = threading.Thread(target=cut_off)
    thread.start()
    time.sleep(0.15)
    server.kill()
    thread.join()
    server.start()
    c = server.client
    status = c.get('/v1/backfills?status=open&customer=clinic')['data']
    assert size(c) == log + (0 if ident in [b['id'] for b in status] else 20000)
    done = c.post(f'/v1/backfills/{ident}/commit', None, 200)
    assert (done['accepted'], done['from_index'], done['to_index']) == (20000, log, log + 20000) and size(c) == log + 20000, done
    return c


def exports(c, server):
    archive = phial.export(c, server.folder if os.getuid() else '/tmp', {'customer': 'clinic', 'purpose': 'audit'})
    code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
    os.unlink(archive)
    assert code == 0 and 'VERIFIED' in said, said


def main():
    server = phial.Server('--test-clock')
    c = server.client
    c.put('/v1/test-clock', {'now': '2031-11-02T16:00:00Z'}, 200)
    catalog(c)
    c.post('/v1/events', month(11, 1))
    c.put('/v1/test-clock', {'now': '2031-12-01T16:00:00Z'}, 200)
    wrong_inputs(c)
    ident = staging(c, server)
    server.kill()
    server.start()
    c = server.client
    assert c.get('/v1/backfills/' + ident)['events'] == 144
    rows, before = preview(c, ident)
    commit(c, ident, rows, before)
    corrections(c)
    abandon(c, server)
    keys(c, server)
    c = crash(c, server)
    exports(c, server)
    server.remove()
    print('ok')


main()
