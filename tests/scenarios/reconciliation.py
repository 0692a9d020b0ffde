#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A customer's own count beside the ledger's: every missing, extra and different event is named, with ids in one
request, in parts and as CSV; voids and amendments count as a bill counts them; a customer's key sees its own alone."""
import csv
import io
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
from source import Source  # noqa: E402

FROM, TO = '2031-11-01T00:00:00Z', '2031-12-01T00:00:00Z'
TIME = {'from': FROM, 'to': TO}
MANY = 20000  # in parts


def event(n, day=3, customer='clinic', kind='read', quantity='2', source='', **properties):
    return {'id': f'e-{n}', 'customer': customer, 'type': kind, 'time': f'2031-11-{day:02}T10:20:30.5Z', 'quantity': quantity,
            'source': source, 'properties': properties or {'modality': 'ct'}}


def catalog(c):
    for key, precision in (('read', 'second'), ('visit', 'day'), ('order', 'second')):
        c.put('/v1/event-types/' + key, {'time_precision': precision, 'quantity': {'min': '-10'}, 'plain_numbers': ['id'] if key == 'order' else [],
                                         'properties': {'patient': {'type': 'token'}} if key == 'visit' else {'modality': {'type': 'enum', 'values': ['ct', 'mri']}}})
    c.put('/v1/metrics/reads', {'event_types': ['read'], 'aggregation': 'count'})
    c.put('/v1/metrics/ct', {'event_types': ['read'], 'aggregation': 'sum', 'filters': [{'property': 'modality', 'in': ['ct']}]})
    c.put('/v1/metrics/visits', {'event_types': ['visit'], 'aggregation': 'unique', 'property': 'patient'})
    for key in ('clinic', 'other', 'big'):
        c.put('/v1/customers/' + key, {'name': key, 'currency': 'USD', 'time_zone': 'America/New_York'})


def ask(c, customer='clinic', status=200, **more):
    return c.post('/v1/reconciliations', dict(TIME, customer=customer, **more), status)


def problem(answer, status, code, pointer=None):
    assert answer.status == status and answer.json['code'] == code, answer
    assert pointer is None or pointer in [e['pointer'] for e in answer.json['errors']], answer


def lists(answer):
    return [answer[name] for name in ('missing_here', 'missing_there', 'voided', 'elsewhere')] + [[d['id'] for d in answer['different']]]


def by_id(c):
    """Ten events e-0 to e-9 of three days; e-8 is voided, e-9 amended; e-20 is an mri, e-30 of another month and e-40 of a source."""
    c.post('/v1/events', [event(n, 3 + n % 3) for n in range(10)] + [event(20, modality='mri')] +
           [dict(event(30), time='2031-12-01T00:00:00Z'), event(40, source='pacs', kind='order'),
            dict(event(0, kind='order'), id='12345678')], 200)
    c.post('/v1/events/clinic/e-8/void', {}, Phial_Reason='sent twice')
    c.post('/v1/events/clinic/e-9/amend', {'quantity': '5', 'time': '2031-11-09T00:00:00Z'}, Phial_Reason='wrong day')
    ours = [f'e-{n}' for n in range(8)] + ['e-9', 'e-20']
    good = ask(c, type='read', ids=ours, total='10', windows=[{'start': FROM, 'end': '2031-11-04T00:00:00Z', 'quantity': '4'},
                                                              {'start': '2031-11-09T00:00:00Z', 'quantity': '1'}])
    assert good['matches'] and lists(good) == [[]] * 5 and good['windows'] == [] and good['complete'], good
    assert (good['ledger'], good['yours'], good['difference'], good['events']) == ('10', '10', '0', 10), good
    log = c.expect(200, 'GET', '/v1/ledger/clinic/checkpoint').bytes.decode().split('\n')
    assert good['as_of'] == {'index': int(log[1]), 'root': log[2]}, (good, log)
    # one of each kind of difference
    bad = ask(c, type='read', ids=ours[2:] + ['e-8', 'e-30', 'e-99', 'e-9'], windows=[{'start': '2031-11-03T00:00:00Z', 'end': '2031-11-04T00:00:00Z', 'quantity': '7'},
                                                                                      {'start': '2031-11-04T00:00:00Z', 'end': '2031-11-05T00:00:00Z', 'quantity': '3'}])
    assert not bad['matches'] and lists(bad) == [['e-8', 'e-30', 'e-99'], ['e-0', 'e-1'], ['e-8'], ['e-30'], []], bad
    assert bad['windows'] == [{'start': '2031-11-03T00:00:00Z', 'end': '2031-11-04T00:00:00Z', 'ledger': '4', 'yours': '7', 'difference': '-3'}], bad
    assert (bad['ledger'], bad['yours'], bad['difference']) == ('10', '12', '-2') and bad['ids']['repeated'] == 1 and bad['ids']['sent'] == 12, bad
    # quantity and time: of the effective values, cut as they are stored
    rows = [{'id': f'e-{n}', 'quantity': '2', 'time': f'2031-11-{3 + n % 3:02}T10:20:30.9Z'} for n in range(8)] + [
        {'id': 'e-9', 'quantity': 2, 'time': '2031-11-09T00:00:00Z'}, {'id': 'e-20', 'time': '2031-11-03T10:21:30Z'}]
    told = ask(c, type='read', ids=rows)
    assert [(d['id'], d['ledger'], d['yours']) for d in told['different']] == [
        ('e-9', {'quantity': '5', 'time': '2031-11-09T00:00:00Z'}, {'quantity': '2', 'time': '2031-11-09T00:00:00Z'}),
        ('e-20', {'quantity': '2', 'time': '2031-11-03T10:20:30Z'}, {'time': '2031-11-03T10:21:30Z'})], told
    assert not told['matches'] and told['missing_here'] == told['missing_there'] == []
    # a sum with a filter: e-20 counts elsewhere
    ct = ask(c, metric='ct', ids=[dict(r, quantity='5') if r['id'] == 'e-9' else dict(r, quantity='2') for r in rows])
    assert (ct['ledger'], ct['yours'], ct['difference']) == ('21', '23', '-2') and ct['missing_here'] == ct['elsewhere'] == ['e-20'], ct
    assert ask(c, metric='ct', ids=ours[:9], total='21')['matches'] and ask(c, metric='ct', ids=ours[:9])['yours'] is None
    # a bare id stands for one of any source; one with a source for that alone
    assert ask(c, type='order', ids=['e-40', '12345678'])['matches']
    assert ask(c, type='order', ids=['12345678', {'id': 'e-40', 'source': 'pacs'}])['matches']
    wrong = ask(c, type='order', ids=[{'id': '12345678', 'source': ''}, {'id': 'e-40', 'source': 'ris'}])
    assert wrong['missing_here'] == wrong['missing_there'] == ['e-40'], wrong
    assert ask(c, type='order', source='pacs', ids=['e-40'])['missing_there'] == ['12345678']


def windows(c):
    """The windows that usage answers are taken as they are; others are measured one by one."""
    usage = c.get('/v1/customers/clinic/usage?metric=ct&from=' + FROM + '&to=' + TO + '&window=day')
    same = ask(c, metric='ct', total=usage['quantity'], windows=usage['windows'])
    assert same['matches'] and same['ledger'] == '21', same
    usage['windows'][3]['quantity'] = '1'
    (found,) = ask(c, metric='ct', windows=usage['windows'])['windows']
    assert found['start'] == usage['windows'][3]['start'] and found['yours'] == '1', found
    whole = ask(c, metric='ct', windows=[{'start': FROM, 'quantity': '1'}, {'start': '2031-11-04T00:00:00Z', 'quantity': '19'}])
    assert (whole['yours'], whole['difference']) == ('20', '1') and [w['ledger'] for w in whole['windows']] == ['6', '15'], whole
    odd = ask(c, metric='ct', windows=[{'start': '2031-11-03T01:00:00Z', 'end': '2031-11-05T01:00:00Z', 'quantity': '9'}])
    assert [w['ledger'] for w in odd['windows']] == ['12'] and odd['yours'] is None, odd


def refusals(c):
    for change, pointer in (({'customer': 'nobody', 'total': 1}, '/customer'), ({'type': 'nothing', 'total': 1}, '/type'), ({'type': 'read', 'metric': 'reads'}, ''), ({'from': TO, 'to': FROM}, '/to'),
                            ({'ids': [5]}, '/ids/0'), ({'ids': ['a', {'source': 'x'}]}, '/ids/1/id'), ({'ids': [{'id': 'a', 'quantity': 1.5}]}, '/ids/0/quantity'),
                            ({'ids': [{'id': 'a', 'time': 'noon'}]}, '/ids/0/time'), ({'windows': [{'start': TO, 'end': FROM, 'quantity': '1'}]}, '/windows/0'),
                            ({'windows': [{'start': FROM, 'quantity': '1'}, {'start': FROM, 'quantity': '1'}]}, '/windows/0'), ({'staged': True, 'ids': []}, '/ids'), ({}, '')):
        problem(c.send('POST', '/v1/reconciliations', dict(TIME, customer='clinic', type='read') | change), 422, 'invalid', pointer)
    problem(c.send('POST', '/v1/reconciliations', dict(TIME, customer='clinic', metric='none', total='1')), 422, 'invalid', '/metric')
    unknown = c.expect(422, 'POST', '/v1/reconciliations', dict(TIME, customer='nobody', metric='reads', total='1')).json['errors']
    assert [(e['pointer'], e['code']) for e in unknown] == [('/customer', 'unknown_customer')], unknown
    problem(c.send('POST', '/v1/reconciliations', dict(TIME, customer='clinic', type='read', ids=[], source='219-09-9999')), 422, 'phi_detected', '/source')
    problem(c.send('POST', '/v1/reconciliations', '{'), 400, 'invalid_json')
    problem(c.send('POST', '/v1/reconciliations', 'x', media='text/plain'), 415, 'unsupported_media_type')
    for method, path in (('GET', '/none'), ('DELETE', '/none'), ('POST', '/none/ids')):
        problem(c.send(method, '/v1/reconciliations' + path, '"a"' if method == 'POST' else None, media='application/x-ndjson'), 404, 'not_found')
    # what could be no event's id is counted, and not said again
    answer = c.expect(200, 'POST', '/v1/reconciliations', dict(TIME, customer='clinic', type='read', ids=['219-09-9999', '12345678', 'x' * 129, 'é', '']))
    assert answer.json['ids']['refused'] == 5 and answer.json['missing_here'] == [] and not answer.json['matches'], answer
    assert b'219-09' not in answer.bytes and b'12345678' not in answer.bytes


def table(answer):
    return list(csv.DictReader(io.StringIO(answer.bytes.decode())))


def comma_separated(c):
    body = 'id,quantity,time\r\n' + ''.join(f'e-{n},{2 if n else 3},2031-11-{3 + n % 3:02}T10:20:30Z\r\n' for n in range(8)) + '"=e-""x",1,\r\n'
    path = '/v1/reconciliations?customer=clinic&type=read&from=' + FROM + '&to=' + TO
    answer = c.expect(200, 'POST', path, body, media='text/csv', Accept='text/csv')
    assert answer.headers['Content-Type'].startswith('text/csv'), answer
    rows = table(answer)
    assert rows[0] == {'what': 'differs', 'id': '', 'source': '', 'start': FROM, 'end': TO, 'ledger': '10', 'yours': '9', 'difference': '1'}, rows
    assert [(r['what'], r['id']) for r in rows[1:]] == [('missing_here', '\'=e-"x'), ('missing_there', 'e-9'), ('missing_there', 'e-20'), ('different', 'e-0')], rows
    assert (rows[-1]['ledger'], rows[-1]['yours']) == ('2', '3')
    for wrong in ('e-0\n', 'id,id\na,b\n', 'name\na\n', ''):
        problem(c.send('POST', path, wrong, media='text/csv'), 422, 'invalid')
    for wrong, row in (('id\na,b\n', 2), ('id,quantity\nb,1\na,many\n', 3), ('id,time\na,219-09-9999\n', 2), ('id\n"a\n', 2), ('id\na"b\n', 2)):
        refused = c.send('POST', path, wrong, media='text/csv')
        problem(refused, 422, 'invalid', f'/{row}')
        assert b'219-09' not in refused.bytes, refused
    # as a spreadsheet writes it; a quoted line end is no id; format= asks as Accept does
    spread = '\ufeff"id","quantity"\r\n"e-0","2"\r\n"e\n1",""\r\n'.encode()
    told = c.expect(200, 'POST', path + '&format=json', spread, media='text/csv', Accept='text/csv').json
    assert (told['ids']['sent'], told['ids']['refused'], told['missing_here'], told['different']) == (2, 1, [], []), told
    assert table(c.expect(200, 'POST', path + '&format=csv', spread, media='text/csv'))[0]['what'] == 'differs'
    asked = dict(TIME, customer='clinic', type='read', total='10')
    assert table(c.expect(200, 'POST', '/v1/reconciliations?format=csv', asked))[0]['what'] == 'matches'
    problem(c.send('POST', '/v1/reconciliations?format=xml', asked), 400, 'bad_parameter')
    problem(c.send('POST', '/v1/reconciliations', asked, Accept='application/pdf'), 406, 'not_acceptable')


def in_parts(c):
    """Twenty thousand ids in four parts; a million take some seconds in the same way."""
    for start in range(0, MANY, 10000):
        c.post('/v1/events', [event(n, 1 + n % 28, customer='big') for n in range(start, start + 10000)], 200)
    opened = c.expect(201, 'POST', '/v1/reconciliations', dict(TIME, customer='big', metric='reads', staged=True, total=str(MANY)))
    at = '/v1/reconciliations/' + opened.json['id']
    assert opened.headers['Location'] == at and opened.json['status'] == 'open', opened
    theirs = [n for n in range(MANY) if n % 5000 != 77] + [MANY + 1, MANY + 2]
    for part in range(3):
        sent = c.post(at + '/ids', '\n'.join(json.dumps(f'e-{n}') for n in theirs[part::4]) + '\n', 200, media='application/x-ndjson')
    sent = c.post(at + '/ids', 'id,quantity\n' + ''.join(f'e-{n},{3 if n == 1003 else 2}\n' for n in theirs[3::4]), 200, media='text/csv')
    assert sent['sent'] == len(theirs) and sent['refused'] == 0, sent
    problem(c.send('POST', at + '/ids', '"a"\n{', media='application/x-ndjson'), 400, 'invalid_json')
    problem(c.send('POST', at + '/ids', '["a"]', media='application/json'), 415, 'unsupported_media_type')
    begun = time.monotonic()
    answer = c.get(at)
    print(f'{MANY} compared in {time.monotonic() - begun:.2f} s')
    assert answer['missing_here'] == ['e-20001', 'e-20002'] and answer['missing_there'] == ['e-77', 'e-5077', 'e-10077', 'e-15077'], answer
    assert [d['id'] for d in answer['different']] == (['e-1003'] if 1003 in theirs[3::4] else []) and answer['id'] == opened.json['id'], answer
    assert answer['ledger'] == answer['yours'] == str(MANY) and not answer['matches']
    assert table(c.expect(200, 'GET', at, Accept='text/csv')) == table(c.expect(200, 'GET', at + '?format=csv'))
    return at


def own_alone(c, url, at):
    def key(customer, *scopes):
        made = c.post('/v1/keys', {'name': 'own', 'scopes': list(scopes), 'customer': customer})
        return phial.Client(url, made['key'])
    clinic, big, writer = key('clinic', 'usage:read'), key('big', 'usage:read'), key('clinic', 'events:write')
    assert ask(clinic, metric='reads', total='10')['matches']
    problem(clinic.send('POST', '/v1/reconciliations', dict(TIME, customer='big', type='read', total='1')), 404, 'not_found')
    problem(writer.send('POST', '/v1/reconciliations', dict(TIME, customer='clinic', type='read', total='1')), 403, 'forbidden')
    problem(clinic.send('GET', at), 404, 'not_found')
    problem(clinic.send('POST', at + '/ids', '"a"', media='application/x-ndjson'), 404, 'not_found')
    problem(clinic.send('DELETE', at), 404, 'not_found')
    # few persons are not guessed by comparing
    c.post('/v1/events', [event(100, kind='visit', patient='MRN 00123456')], 200)
    problem(clinic.send('POST', '/v1/reconciliations', dict(TIME, customer='clinic', metric='visits', total='1')), 403, 'forbidden')
    assert ask(c, metric='visits', total='1')['matches']
    assert ask(c, type='visit', ids=[{'id': 'e-100', 'time': '2031-11-03T23:59:00Z'}])['matches']
    assert big.get(at)['missing_here'] != []
    assert big.expect(204, 'DELETE', at) and big.send('GET', at).status == 404


def signed(c, server):
    """A source signs what it sent: numbers, ids, quantities, types. What nobody signed is told apart."""
    source, other = Source(server.folder, 'pacs'), Source(server.folder, 'other')
    events = [event(200 + n, source='pacs', kind='order', quantity=str(n + 1)) for n in range(7)]
    c.post('/v1/events', events + [event(299, source='pacs', kind='order')], 200)
    path, at = '/v1/attestations', '/v1/customers/clinic/sources'
    problem(c.send('POST', path, source.attest(events, 1)), 422, 'invalid', '/manifest/source')
    for wrong in ('none', other.public.replace('BEGIN', 'BEGUN'), 7):
        problem(c.send('POST', at, {'source': 'pacs', 'public_key': wrong}), 422, 'invalid', '/public_key')
    assert c.post(at, {'source': 'pacs', 'public_key': other.public})['number'] == 1
    problem(c.send('POST', path, source.attest(events, 1)), 422, 'invalid', '/signature')
    assert c.post(at, {'source': 'pacs', 'public_key': source.public})['number'] == 2  # the newest is in force
    assert c.post(at, {'source': 'pacs', 'public_key': source.public}, 200)['number'] == 2
    good = source.attest(events[:4], 1)
    for change, pointer in (({'signature': 'AAAA'}, '/signature'), ({'signature': other.sign(good['manifest'])}, '/signature'),
                            ({'signature': source.sign(good['manifest'], 'other')}, '/signature'), ({'ids': good['ids'][:3]}, '/manifest/n'),
                            ({'ids': good['ids'][:3] + ['e-999']}, '/ids/3'), ({'ids': good['ids'][::-1]}, '/manifest/merkle_root'),
                            ({'manifest': dict(good['manifest'], n=3)}, '/manifest/n'), ({'manifest': dict(good['manifest'], merkle_root='AA==')}, '/manifest/merkle_root'),
                            ({'ids': []}, '/ids')):
        problem(c.send('POST', path, dict(good, **change)), 422, 'invalid', pointer)
    more = [dict(events[0], quantity='100')] + events[1:4]
    problem(c.send('POST', path, source.attest(more, 1)), 422, 'invalid', '/manifest/merkle_root')
    assert c.get(path)['data'] == []
    made = c.post(path, good)
    assert (made['n'], made['merkle_root']) == (4, good['manifest']['merkle_root']), made
    problem(c.send('POST', path, good), 409, 'conflict')                          # the numbers
    problem(c.send('POST', path, source.attest(events[3:5], 7)), 409, 'conflict')  # an event
    c.post(path, source.attest(events[5:], 6))
    assert c.get(at)['data'] == [{'source': 'pacs', 'first_seq': 1, 'last_seq': 7, 'absent': 1}]
    assert [a['first_seq'] for a in c.get(path + '?customer=clinic')['data']] == [1, 6] and c.get(path + '?customer=big')['data'] == []
    told = ask(c, type='order', total='10')
    assert told['matches'] and told['attested'] == {'covered': 6, 'uncovered': 4, 'sources': c.get(at)['data']}, told
    assert 'attested' not in ask(c, customer='big', type='read', total=str(MANY))
    for table in ('source_key', 'attestation', 'attested_entry'):
        for statement in (f'DELETE FROM {table}', f'TRUNCATE {table} CASCADE', f'UPDATE {table} SET customer_id = 0'):
            try:
                server.sql(statement)
            except subprocess.CalledProcessError as refused:
                assert 'append-only' in refused.stderr, refused.stderr
            else:
                raise AssertionError(statement)


def downloads(c, server):
    """An archive comes in parts as well; a run that a crash cut off is made again, and gives the same entries."""
    path = phial.export(c, server.folder, {'customer': 'clinic', 'purpose': 'reconciliation'})
    with open(path, 'rb') as f:
        whole = f.read()
    for customer in ('', 'nobody'):  # '' is not the trail
        refused = c.send('POST', '/v1/exports', {'customer': customer, 'purpose': 'reconciliation'})
        problem(refused, 422, 'invalid', '/customer')
        assert refused.json['errors'] == [{'pointer': '/customer', 'code': 'unknown_customer', 'detail': 'There is no such customer.'}], refused
    at = '/v1/exports/' + os.path.basename(path)[:-4]
    first = c.expect(206, 'GET', at + '/download', Range='bytes=0-999')
    tag = first.headers['ETag']
    assert first.headers['Content-Range'] == f'bytes 0-999/{len(whole)}' and first.headers['Content-Length'] == '1000', first.headers
    rest = c.expect(206, 'GET', at + '/download', Range='bytes=1000-', If_Range=tag)
    assert first.bytes + rest.bytes == whole and rest.headers['Accept-Ranges'] == 'bytes'
    assert c.expect(206, 'GET', at + '/download', Range='bytes=-512').bytes == whole[-512:]
    assert c.expect(200, 'GET', at + '/download', Range='bytes=1000-', If_Range='"other"').bytes == whole
    assert c.expect(200, 'GET', at + '/download', Range='bytes=0-1,5-6').bytes == whole
    none = c.send('GET', at + '/download', Range=f'bytes={len(whole)}-')
    problem(none, 416, 'range_not_satisfiable')
    assert none.headers['Content-Range'] == f'bytes */{len(whole)}', none.headers
    os.unlink(server.sql(f"SELECT path FROM export WHERE export_id = '{at[12:]}'"))
    server.sql("UPDATE export SET status = 'running', path = NULL, bytes = NULL, finished_at = NULL, started_at = now() - interval '2 minutes'")
    problem(c.send('GET', at + '/download'), 409, 'not_ready')
    again = phial.export(c, server.folder, {'customer': 'clinic', 'purpose': 'wakes the job'})
    for _ in range(100):
        if c.get(at)['status'] == 'ready':
            break
        time.sleep(0.1)
    with open(path, 'wb') as f:
        f.write(c.expect(200, 'GET', at + '/download').bytes)
    told = subprocess.run([phial.PHIAL, 'export', '--customer', 'big', '-o', path + '.big', '--url', server.url, '--key', server.key],
                          capture_output=True, text=True)
    assert told.returncode == 0 and os.listdir(server.folder).count(os.path.basename(path) + '.big.part') == 0, told
    with open(path + '.pipe', 'wb') as f:
        piped = subprocess.run([phial.PHIAL, 'export', '--customer', 'big', '-o', '-', '--url', server.url, '--key', server.key],
                               check=True, stdout=subprocess.PIPE).stdout
        f.write(piped)
    for archive in (path, again, path + '.big', path + '.pipe'):
        code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
        assert code == 0 and 'VERIFIED' in said, said


def main():
    server = phial.Server('--test-clock')
    c = server.client
    c.put('/v1/test-clock', {'now': '2031-12-02T00:00:00Z'}, 200)
    catalog(c)
    by_id(c)
    windows(c)
    refusals(c)
    comma_separated(c)
    at = in_parts(c)
    signed(c, server)
    own_alone(c, server.url, at)
    assert server.sql('SELECT count(*) FROM reconciled_id') == '0'
    c.expect(201, 'POST', '/v1/reconciliations', dict(TIME, customer='big', type='read', staged=True))
    c.put('/v1/test-clock', {'now': '2031-12-10T00:00:00Z'}, 200)
    c.expect(201, 'POST', '/v1/reconciliations', dict(TIME, customer='big', type='read', staged=True))
    assert server.sql('SELECT count(*) FROM reconciliation') == '1'
    downloads(c, server)
    server.stop()
    server.remove()


main()
