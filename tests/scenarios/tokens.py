#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokens of the PHI boundary: linkable exactly as far as their scope says, over months, zones, two daemons and restarts;
surrogates that are random codes; master keys that are wrong, and one that gives way to another under load and kill -9;
keys that are destroyed, after which a repeat is a duplicate whatever it says. And no raw value anywhere on the disk."""
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

ANNA, BERT = 'MRN 4711-anna-example', 'MRN 4712-bert-example'
TOKENS = {'patient': 'period', 'study': 'customer', 'once': 'event'}
LINKED = {'patient', 'spatient', 'study', 'sstudy'}  # within a month
NOW = '2026-12-10T12:00:00Z'
NEW_KEY = 'ab' * 32
number = 0


def catalog(client):
    client.put('/v1/test-clock', {'now': NOW}, 200)
    for key, zone in (('east', 'America/New_York'), ('utc', 'UTC'), *((f'c{n}', 'UTC') for n in range(40))):
        client.put('/v1/customers/' + key, {'name': 'Clinic', 'currency': 'USD', 'time_zone': zone})
    properties = {'mode': {'type': 'code'}}
    for name, scope in TOKENS.items():
        properties[name] = {'type': 'token', 'scope': scope}
        properties['s' + name] = {'type': 'token', 'scope': scope, 'method': 'surrogate'}
    client.put('/v1/event-types/visit', {'time_precision': 'second', 'window': {'past': 'P400D', 'future': 'PT5M'},
                                         'properties': properties})


def event(customer='utc', time='2026-12-01T10:00:00Z', value=ANNA, only=None, **more):
    global number
    number += 1
    names = [only] if only else [prefix + name for name in TOKENS for prefix in ('', 's')]
    return {'id': f'e-{number}', 'customer': customer, 'type': 'visit', 'time': time,
            'properties': dict.fromkeys(names, value), **more}


def tokens(client, one):
    read = client.get(f'/v1/events/{one["customer"]}/{one["id"]}')
    properties = read['properties']
    assert properties and all(re.fullmatch('tok_[a-z2-7]{26}', text) for text in properties.values()), read
    return properties


def send(client, *events):
    for one in events:
        client.post('/v1/events', one)
    return [tokens(client, one) for one in events]


def same(a, b):
    """The names of the tokens that are alike."""
    return {name for name in a if a[name] == b[name]}


def scopes(daemons):
    first, second = (daemon.client for daemon in daemons)
    always = {'study', 'sstudy'}
    a, b, c, d = send(first, event(), event(), event(value=BERT), event(time='2026-11-30T23:59:59Z'))
    assert same(a, b) == LINKED and same(a, c) == set() and same(a, d) == always, (a, b, c, d)
    assert len(set(a.values())) == len(a)
    assert same(a, send(second, event())[0]) == LINKED  # another daemon
    assert same(a, send(first, event('c0'))[0]) == set()  # another customer
    # The month is the customer's own: 03:30 UTC on the first is still October in New York.
    e, f, g = send(first, *(event('east', time) for time in
                            ('2026-10-20T12:00:00Z', '2026-11-01T03:30:00Z', '2026-11-01T04:30:00Z')))
    assert same(e, f) == LINKED and same(f, g) == always, (e, f, g)
    for one in (event(), event(value=BERT)):  # a retry is no second event, through whichever daemon
        assert first.send('POST', '/v1/events', one).status == 201
        assert second.send('POST', '/v1/events', one).status == 200
    other = event()
    assert first.send('POST', '/v1/events', other).status == 201
    other['properties']['spatient'] = BERT
    assert second.send('POST', '/v1/events', other).status == 409
    amended = event(only='spatient')
    first.post('/v1/events', amended)
    first.post(f'/v1/events/utc/{amended["id"]}/amend', {'properties': {'spatient': BERT, 'study': ANNA}},
               Phial_Reason='wrong person')
    effective = first.get(f'/v1/events/utc/{amended["id"]}')['effective']['properties']
    assert effective == {'spatient': c['spatient'], 'study': a['study']}, effective
    other_months(first)
    return a


def other_months(client):
    """Only an event that has a token of a month is kept in it, unless the token is sent again."""
    moved = {'time': '2026-11-30T10:00:00Z'}
    for only, again, status in (('study', {}, 201), ('patient', {}, 422), ('spatient', {}, 422), ('patient', {'patient': ANNA}, 201)):
        one = event(only=only)
        client.post('/v1/events', one)
        answer = client.expect(status, 'POST', f'/v1/events/utc/{one["id"]}/amend',
                               dict(moved, **({'properties': again} if again else {})), Phial_Reason='wrong day').json
        if status == 422:
            assert [(e['pointer'], e['code']) for e in answer['errors']] == [('/time', 'invalid_time')], answer
        else:
            assert answer['event']['effective']['time'] == moved['time'], answer


def bulk(daemons):
    """The same new values through two daemons at once, many of them twice in one request."""
    batches = [[event('c1', value=f'bulk-person-{n % 300}', only='sstudy') for n in range(600)] for _ in daemons]
    batches[1].reverse()
    threads = [threading.Thread(target=lambda d=d, b=b: d.client.post('/v1/events', b, 200))
               for d, b in zip(daemons, batches)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen, cursor = {}, ''
    while cursor is not None:
        page = daemons[0].client.get('/v1/events?customer=c1&limit=500' + ('&cursor=' + cursor if cursor else ''))
        cursor = page['next_cursor']
        for row in page['data']:
            seen[row['id']] = row['properties']['sstudy']
    codes = {}
    for one in batches[0] + batches[1]:
        codes.setdefault(one['properties']['sstudy'], set()).add(seen[one['id']])
    assert len(codes) == 300 and all(len(found) == 1 for found in codes.values())
    assert len(set.union(*codes.values())) == 300
    stored = ("SELECT count(*) FROM token_code JOIN customer USING (customer_id) WHERE scope = 'customer' AND key = 'c1'")
    assert daemons[0].sql(stored) == '300'
    daemons[0].client.post('/v1/events/validate', event('c1', value='bulk-person-of-nobody', only='sstudy'))
    assert daemons[0].sql(stored) == '300', 'validating stores nothing'


def refuses_to_start(folder, says, **environment):
    done = subprocess.run([phial.PHIALD, '--config', folder + '/phial.conf', '--port', '0'], text=True,
                          capture_output=True, env=dict(os.environ, **environment), timeout=60)
    lines = done.stderr.strip().split('\n')
    assert done.returncode == 1 and lines[-1].startswith('phiald: [phi] master_key') and says in lines[-1], done
    assert len([line for line in lines if line.startswith('phiald:')]) == 1, done


def wrong_keys(folder):
    refuses_to_start(folder, 'is not the key', PHIAL_PHI_MASTER_KEY='00' * 32)
    refuses_to_start(folder, 'is required', PHIAL_PHI_MASTER_KEY='')
    refuses_to_start(folder, 'no PKCS#11 URI', PHIAL_PHI_MASTER_KEY='pkcs11:nonsense')
    refuses_to_start(folder, 'no token is there', PHIAL_PHI_MASTER_KEY='pkcs11:token=nobody-has-this')
    checked = subprocess.run([phial.PHIALD, '--check-config', '--config', folder + '/phial.conf'], text=True,
                             capture_output=True, env=dict(os.environ, PHIAL_PHI_MASTER_KEY=''))
    assert checked.returncode == 1 and 'master_key: is required' in checked.stderr, checked


def until(what, holds):
    for _ in range(1500):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError(what)


def hold(server):
    """The kept answers, until somebody ends it."""
    try:
        server.sql('BEGIN; SELECT 1 FROM idempotency FOR UPDATE; SELECT pg_sleep(600); COMMIT')
    except subprocess.CalledProcessError:
        pass


def rotation(server, old):
    """While events arrive through a daemon that knows of the new key, another one takes it, dies and comes back."""
    client = server.client
    client.post('/v1/events', [event(f'c{n}', f'2026-{month}-03T00:00:00Z', only='patient')
                               for n in range(40) for month in ('10', '11', '12')], 200)
    kept = client.send('POST', '/v1/keys', {'name': 'kept', 'scopes': ['usage:read']}, Idempotency_Key='kept')
    assert kept.status == 201
    configured = ['--config', server.folder + '/phial.conf']
    files = {'PHIAL_PHI_MASTER_KEY': NEW_KEY, 'PHIAL_PHI_MASTER_KEY_PREVIOUS': old}
    going, sent = [True], []

    def load():
        mine = phial.Client(server.url, server.key)
        while going:
            one = event('c2', only=('patient', 'sstudy')[len(sent) % 2])
            mine.expect(201, 'POST', '/v1/events', one)
            sent.append(one)

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    by_new = 'SELECT count(*) FROM {} WHERE {} <> (SELECT key_id FROM master_key ORDER BY created_at LIMIT 1)'
    keys, answers = by_new.format('token_key', 'wrapped_by'), by_new.format('idempotency', 'sealed_by')
    # The token keys are wrapped anew, the answer is not yet: somebody holds it.
    lock = threading.Thread(target=hold, args=(server,), daemon=True)
    lock.start()
    until('a lock', lambda: server.sql("SELECT count(*) FROM pg_locks WHERE relation = 'idempotency'::regclass AND "
                                       "mode = 'RowShareLock'") == '1')
    third = subprocess.Popen([phial.PHIALD, *configured, '--port', '0'], env=dict(os.environ, **files),
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    until('keys wrapped anew', lambda: int(server.sql(keys)) > 100)
    third.kill()
    third.wait()
    assert server.sql(answers) == '0'
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND "
               'pid <> pg_backend_pid()')
    lock.join()
    third = phial.Daemon(server.folder, configured, files, log='-third.log')
    until('answers wrapped anew', lambda: int(server.sql(answers)) > 0)
    going.clear()
    thread.join()
    assert len(sent) > 10
    # What the daemon of before goes on to wrap is wrapped anew later.
    send(client, event('c3', '2026-09-03T00:00:00Z', only='patient'))
    assert third.client.send('POST', '/v1/keys', {'name': 'kept', 'scopes': ['usage:read']},
                             Idempotency_Key='kept').bytes == kept.bytes
    assert same(send(third.client, event())[0], send(client, event())[0]) == LINKED
    until('a key that came later', lambda: server.sql(keys.replace('<>', '=')) == '0')
    third.stop()
    os.unlink(third.log_path)
    refuses_to_start(server.folder, 'another key still wraps')


def results(client, one):
    answer = client.send('POST', '/v1/events', [one], Prefer='return=representation').json
    return answer['results'][0]['status'], answer['results'][0].get('index')


def erasure(daemons, before):
    first, second = (daemon.client for daemon in daemons)
    old, later, plain = event(time='2026-11-05T10:00:00Z'), event(), event(only='study')
    changed, changed_later = ({**one, 'quantity': '7'} for one in (old, later))
    tokens_before = send(first, old, later, plain)
    index = results(second, old)[1]
    assert results(second, changed) == ('conflict', index)
    done = second.post('/v1/erasures', {'customer': 'utc', 'scope': 'period', 'period': '2026-11'},
                       Phial_Reason='asked for')
    assert [(key['scope'], key['period'], key['method']) for key in done['keys']] == \
        [('period', '2026-11', 'surrogate'), ('period', '2026-11', 'hmac')], done
    for client in (first, second):
        assert results(client, old) == ('duplicate', index) and results(client, changed) == ('duplicate', index)
        assert client.send('POST', '/v1/events', changed).status == 200
        assert client.post('/v1/events?atomic=true', [changed], 200)['duplicates'] == 1
        assert client.post('/v1/events/validate', [changed], 200)['duplicates'] == 1
        moved = {**old, 'time': later['time'], 'properties': {}}
        assert results(client, moved) == ('duplicate', index), 'what is stored decides'
        assert results(client, changed_later)[0] == 'conflict' and results(client, later)[0] == 'duplicate'
    # A key of the next generation: nothing that came before is linked to what comes.
    fresh = event(time='2026-11-06T10:00:00Z')
    new = send(second, fresh)[0]
    assert same(new, tokens_before[0]) == {'study', 'sstudy'}, (new, tokens_before)
    assert same(new, send(first, event(time='2026-11-07T10:00:00Z'))[0]) == LINKED
    assert results(first, fresh)[0] == 'duplicate' and results(first, {**fresh, 'quantity': '2'})[0] == 'conflict'

    done = first.post('/v1/erasures', {'customer': 'utc', 'scope': 'customer'}, Phial_Reason='asked for')
    assert [key['scope'] for key in done['keys']] == ['customer'] * 2 and done['keys'][0]['codes'] >= 2, done
    assert results(second, {**plain, 'quantity': '9'})[0] == 'duplicate'
    assert same(send(second, event())[0], before) == {'patient', 'spatient'}
    done = first.post('/v1/erasures', {'customer': 'utc', 'scope': 'all'}, Phial_Reason='asked for')
    assert {key['scope'] for key in done['keys']} == {'customer', 'event', 'period'}, done
    assert first.post('/v1/erasures', {'customer': 'utc', 'scope': 'all'})['keys'] == []
    left = daemons[0].sql("SELECT count(*), (SELECT count(*) FROM token_code JOIN customer USING (customer_id) WHERE "
                          "key = 'utc') FROM token_key JOIN customer USING (customer_id) WHERE key = 'utc' AND sealed "
                          'IS NOT NULL')
    assert left == '0|0', left
    assert same(send(first, event())[0], before) == set()
    for body, status in (({'customer': 'utc', 'scope': 'patient'}, 422), ({'customer': 'none', 'scope': 'all'}, 422),
                         ({'customer': 'utc', 'scope': 'period', 'period': '2026-13'}, 422),
                         ({'customer': 'utc', 'scope': 'all', 'period': '2026-11'}, 422), ({'customer': 'utc'}, 422)):
        assert first.send('POST', '/v1/erasures', body).status == status, body
    writer = first.post('/v1/keys', {'name': 'writer', 'scopes': ['events:write']})['key']
    phial.Client(daemons[0].url, writer).expect(403, 'POST', '/v1/erasures', {'customer': 'utc', 'scope': 'all'})


def erasure_and_backfill(client):
    """Staged events hold tokens that no entry stands before yet: they go first."""
    load = client.post('/v1/backfills', {'customer': 'c6', 'from': '2026-10-01T00:00:00Z', 'to': '2026-12-01T00:00:00Z',
                                         'reason': 'outage'})
    client.post(f'/v1/backfills?backfill={load["id"]}'.replace('backfills?', 'events?'),
                event('c6', '2026-11-03T00:00:00Z', only='study'))
    client.expect(409, 'POST', '/v1/erasures', {'customer': 'c6', 'scope': 'all'})
    client.post(f'/v1/backfills/{load["id"]}/commit', {}, 200)
    assert len(client.post('/v1/erasures', {'customer': 'c6', 'scope': 'all'})['keys']) >= 1


def erasure_under_load(daemons):
    """What is answered 201 after an erasure was answered has a token of the key that followed."""
    first, second = daemons
    going, after, sent = [True], threading.Event(), []

    def load(daemon):
        mine = phial.Client(daemon.url, daemon.key)
        while going:
            one, late = event('c4', only='study'), after.is_set()
            mine.expect(201, 'POST', '/v1/events', one)
            sent.append((one, late))

    threads = [threading.Thread(target=load, args=(daemon,), daemon=True) for daemon in daemons]
    for thread in threads:
        thread.start()
    until('events before', lambda: len(sent) > 20)
    done = first.client.post('/v1/erasures', {'customer': 'c4', 'scope': 'customer'})
    after.set()
    until('events afterwards', lambda: sum(late for _, late in sent) > 20)
    going.clear()
    for thread in threads:
        thread.join()
    seen = {}
    for one, late in sent:
        read = second.client.get(f'/v1/events/c4/{one["id"]}')
        seen.setdefault(read['properties']['study'], set()).add(read['index'] > done['index'])
        assert not late or read['index'] > done['index']
    assert len(seen) == 2 and all(len(sides) == 1 for sides in seen.values()), seen


def due(server):
    """Months that ended more than so many days ago: their keys go, by the clock."""
    third = phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf'], {'PHIAL_PHI_PERIOD_KEY_DAYS': '35'},
                         '-third.log')
    client = third.client
    send(client, event('c5', '2026-11-30T23:00:00Z', only='patient'), event('c5', only='patient'))
    left = ("SELECT string_agg(scope, ' ' ORDER BY scope) FROM token_key JOIN customer USING (customer_id) WHERE "
            "key = 'c5' AND scope >= '2026-11' AND sealed IS NOT NULL")
    client.put('/v1/test-clock', {'now': '2027-01-05T00:00:00Z'}, 200)
    assert server.sql(left) == '2026-11 2026-12'
    client.put('/v1/test-clock', {'now': '2027-01-06T00:00:00Z'}, 200)
    assert server.sql(left) == '2026-12'
    third.stop()
    os.unlink(third.log_path)


def find(folder, texts):
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), 'rb') as file:
                data = file.read()
            for text in texts:
                assert text not in data, os.path.join(path, name)


def main():
    os.environ['PHIAL_BILLING_INTERVAL_MS'] = '200'
    server = phial.Server('--test-clock', environment={'PHIAL_PHI_MASTER_KEY_NEXT': NEW_KEY})
    with open(server.folder + '/master.key') as file:
        old = file.read().strip()
    catalog(server.client)
    configured = ['--config', server.folder + '/phial.conf']
    second = phial.Daemon(server.folder, configured, {'PHIAL_PHI_MASTER_KEY_NEXT': NEW_KEY}, log='-second.log')
    before = scopes((server, second))
    bulk((server, second))
    wrong_keys(server.folder)
    rotation(server, old)
    second.stop()
    server.stop()
    with open(server.folder + '/master.key', 'w') as file:
        file.write(NEW_KEY + '\n')
    server = phial.Server('--test-clock', folder=server.folder)
    second = phial.Daemon(server.folder, configured, log='-second.log')
    assert same(before, send(second.client, event())[0]) == LINKED
    erasure((server, second), before)
    erasure_and_backfill(second.client)
    erasure_under_load((server, second))
    due(server)
    archive = phial.export(server.client, tempfile.mkdtemp(dir=server.folder), {'customer': 'utc', 'purpose': 'audit'})
    code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
    assert code == 0 and 'VERIFIED' in said, said
    second.stop()
    server.sql('CHECKPOINT')
    server.stop()
    find(server.folder, [ANNA.encode(), BERT.encode(), b'bulk-person-'])
    for log in (second.log_path, server.log_path):
        with open(log, 'rb') as file:
            assert b'example' not in file.read()
    os.unlink(second.log_path)
    server.remove()


main()
