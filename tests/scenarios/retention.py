#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Retention: seven years later what a class, a hold, an open period or a metric keeps stays, the rest goes after a second
person's word and a signed export; proofs, sums, identities and statements outlive it; what would need it says so."""
import base64
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
from archive import read, write  # noqa: E402
from tree import root_of  # noqa: E402

WHY = {'Phial_Reason': 'years are over'}
FAST = {'PHIAL_USAGE_FOLD_INTERVAL_MS': '50', 'PHIAL_BILLING_INTERVAL_MS': '200'}


def clock(client, now):
    client.put('/v1/test-clock', {'now': now}, 200)


def catalog(client):
    clock(client, '2026-01-01T00:00:00Z')
    wrong = client.expect(422, 'PUT', '/v1/event-types/x', {'retention': 'for-ever'}).json
    assert wrong['errors'][0]['pointer'] == '/retention', wrong
    classes = client.get('/v1/retention/classes')
    assert classes['default'] == 'standard-10y', classes
    years = {row['name']: row.get('years') for row in classes['data']}
    assert years == {'contract-10y': 10, 'device-10y': 10, 'hipaa-6y': 8, 'rpm-7y': 7, 'standard-10y': 10,
                     'trial-permanent': None}, years
    wide = {'window': {'past': 'P4000D', 'future': 'PT5M'}}
    for name, retention in (('visit', 'hipaa-6y'), ('call', 'rpm-7y'), ('trial', 'trial-permanent'), ('seat', 'hipaa-6y')):
        client.put('/v1/event-types/' + name, {'retention': retention, 'properties': {'n': {'type': 'integer'}}, **wide})
    client.put('/v1/event-types/plain', wide)
    client.put('/v1/metrics/visits', {'event_types': ['visit', 'call', 'trial', 'plain'], 'aggregation': 'count'})
    client.put('/v1/metrics/calls', {'event_types': ['call'], 'aggregation': 'count'})
    client.put('/v1/metrics/seats', {'event_types': ['seat'], 'aggregation': 'unique_new', 'property': 'n'})
    client.put('/v1/plans/plan', {'currency': 'USD', 'interval': 'month', 'charges': [
        {'key': 'visits', 'name': 'Visits', 'metric': 'visits', 'model': 'per_unit', 'unit_amount': '1.00'}]})
    for key in ('old', 'running', 'free'):
        client.put('/v1/customers/' + key, {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'UTC'})
    client.post('/v1/subscriptions', {'customer': 'old', 'plan': 'plan', 'start': '2026-01-01T00:00:00Z', 'end': '2026-04-01T00:00:00Z'})
    client.post('/v1/subscriptions', {'customer': 'running', 'plan': 'plan', 'start': '2026-01-01T00:00:00Z'})


def event(name, kind, at, customer='old', **properties):
    return {'id': name, 'customer': customer, 'type': kind, 'time': at, **({'properties': properties} if properties else {})}


def month(client, number):
    at = f'2026-{number:02}-10T12:00:00Z'
    clock(client, f'2026-{number:02}-20T00:00:00Z')
    names = [(f'{kind}-{number}-{i}', kind) for kind in ('visit', 'call', 'trial', 'plain') for i in range(3)]
    client.post('/v1/events', [event(name, kind, at) for name, kind in names] + [event(f'seat-{number}', 'seat', at, n=number)], 200)
    client.post('/v1/events', event(f'r-{number}', 'visit', at, 'running'))
    if number == 1:
        for n, kind, time_of_day in ((1, 'visit', '12:00:00'), (2, 'trial', '12:14:58'), (3, 'trial', '12:14:59'), (4, 'trial', '12:15:00')):
            client.post('/v1/events', event(f'free-{n}', kind, f'2026-01-10T{time_of_day}Z', 'free'))


def run(client, officer, **more):
    """Plans and approves; answers the run when it is over."""
    return ended(client, approved(client, officer, **more))


def approved(client, officer, **more):
    made = client.post('/v1/retention/runs', more, 202, **WHY)
    if made['status'] == 'done':
        return made
    assert made['status'] == 'waiting' and 'exports' not in json.dumps(made), made
    client.expect(403, 'POST', f'/v1/approvals/{made["approval"]}/approve', {'meaning': 'mine'}, **WHY)
    officer.post(f'/v1/approvals/{made["approval"]}/approve', {'meaning': 'it may go'}, 200, **WHY)
    return made


def ended(client, made):
    for _ in range(400):
        made = client.get('/v1/retention/runs/' + made['id'])
        if made['status'] == 'done':
            return made
        time.sleep(0.05)
    raise AssertionError(made)


def planned(made, customer='old'):
    """By type what is due and what keeps the rest."""
    rows = [row for row in made['plan']['customers'] if row['customer'] == customer]
    return {row['type']: (row['due'], row['kept']) for row in rows[0]['event_types']} if rows else {}


def leaf_hash(line):
    entry = json.loads(line)
    if entry['kind'] == 'removed':
        return base64.b64decode(entry['leaf'])
    return hashlib.sha256(b'\0' + line).digest()


def lines_of(client, customer='old'):
    return client.expect(200, 'GET', f'/v1/ledger/{customer}/entries').bytes.splitlines()


def root_holds(client, customer='old'):
    note = client.expect(200, 'GET', f'/v1/ledger/{customer}/checkpoint').bytes.split(b'\n')
    lines = lines_of(client, customer)
    assert int(note[1]) == len(lines)
    assert base64.b64decode(note[2]) == root_of([leaf_hash(line) for line in lines]), 'the root is not that of the lines'
    return lines


def holds(client, officer):
    scope = {'customer': 'old', 'event_types': ['visit'], 'from': '2026-02-01T00:00:00Z', 'to': '2026-03-01T00:00:00Z'}
    assert officer.expect(422, 'POST', '/v1/holds', {**scope, 'matter': 'x'}).json['code'] == 'reason_required'
    wrong = officer.expect(422, 'POST', '/v1/holds', {**scope, 'event_types': ['none'], 'matter': 'SSN 219-09-9999'}, **WHY).json
    assert {error['pointer'] for error in wrong['errors']} == {'/event_types/0', '/matter'} and '9999' not in json.dumps(wrong), wrong
    hold = officer.post('/v1/holds', {**scope, 'matter': 'case 7'}, **WHY)
    assert hold['status'] == 'active' and hold['event_types'] == ['visit'], hold
    assert client.get('/v1/holds?customer=old')['data'] == [hold] == client.get('/v1/holds?status=active')['data']
    entry = json.loads(lines_of(client)[hold['index']])
    assert entry['kind'] == 'retention' and entry['retention']['hold'] == hold['id'], entry
    return hold


def removed(client, server, before):
    """What stands after a removal: everything but the bodies."""
    after = root_holds(client)
    size = len(before)
    assert [leaf_hash(line) for line in after[:size]] == [leaf_hash(line) for line in before]
    all_gone = [n for n, line in enumerate(after) if json.loads(line)['kind'] == 'removed']
    gone = [n for n in all_gone if json.loads(before[n])['kind'] != 'removed']
    assert gone and all(json.loads(before[n])['kind'] in ('usage', 'void', 'amend') for n in gone)
    proof = client.get(f'/v1/ledger/old/inclusion?index={gone[0]}')
    assert base64.b64decode(proof['leaf']) == leaf_hash(before[gone[0]])
    client.get(f'/v1/ledger/old/consistency?from={gone[0] + 1}')
    told = json.loads(after[json.loads(after[gone[0]])['retention']])['retention']
    assert told['action'] == 'removal' and told['reason'] == 'years are over', told
    assert told['approved_by'] != told['requested_by'], told
    for part in told['parts']:
        inside = [leaf_hash(before[n]) for n in gone if part['from'] <= n < part['to']]
        assert len(inside) == part['entries'] and base64.b64decode(part['root']) == root_of(inside), part
        archive = client.expect(200, 'GET', f'/v1/exports/{part["export"]}/download').bytes
        assert hashlib.sha256(archive).hexdigest() == part['sha256'], part
        path = server.folder + '/part.tar'
        with open(path, 'wb') as f:
            f.write(archive)
        code, said = phial.verify(path, server.folder + '/ledger.pub.pem')
        assert code == 0, said
        kept = subprocess.run(['tar', 'xOf', path, 'entries.ndjson'], check=True, capture_output=True).stdout.splitlines()
        assert all(before[n] in kept for n in gone if part['from'] <= n < part['to']), 'not everything was exported'
    return told, all_gone


def usage(client, path):
    return client.get('/v1/customers/old/usage?metric=visits&' + path)['quantity']


def afterwards(client):
    gone = 'visit-1-0'
    assert client.expect(410, 'GET', f'/v1/events/old/{gone}').json['code'] == 'entry_removed'
    assert client.expect(410, 'POST', f'/v1/events/old/{gone}/void', {}, **WHY).json['code'] == 'entry_removed'
    for name in (gone, 'visit-1-1'):  # whatever is said of it now, it is not counted again
        answer = client.post('/v1/events', event(name, 'visit', '2026-01-10T12:00:00Z', n=9), 200)
        assert answer['duplicates'] == 1, answer
    # What is sealed is closed: a kept neighbour of January cannot be corrected either.
    client.get('/v1/events/old/trial-1-0')
    client.expect(410, 'POST', '/v1/events/old/trial-1-0/void', {}, **WHY)
    client.expect(410, 'POST', '/v1/backfills', {'customer': 'old', 'from': '2026-01-01T00:00:00Z', 'to': '2026-02-01T00:00:00Z', 'reason': 'x'})
    late = client.expect(422, 'POST', '/v1/subscriptions', {'customer': 'old', 'plan': 'plan', 'start': '2026-01-01T00:00:00Z'}).json
    assert late['errors'][0]['pointer'] == '/start', late
    names = [row['id'] for row in client.get('/v1/events?customer=old&limit=500')['data']]
    assert gone not in names and 'trial-1-0' in names, names


def pass_over(server, customer):
    """Whose log is not folded for some seconds."""
    folded(server)
    threading.Thread(target=server.sql, args=(
        f"BEGIN; SELECT FROM usage_mark JOIN customer USING (customer_id) WHERE key = '{customer}' FOR UPDATE OF usage_mark; SELECT pg_sleep(3); COMMIT",
    )).start()
    while server.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == '0':
        time.sleep(0.05)


HELD = 'export_is_held'


def hold_exports(server):
    """None becomes ready before they are let go: nothing is removed until then."""
    server.sql(f"""CREATE TABLE {HELD} (); INSERT INTO {HELD} DEFAULT VALUES; GRANT SELECT ON {HELD} TO PUBLIC;
        CREATE FUNCTION wait_while_held() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN WHILE EXISTS (SELECT FROM {HELD}) LOOP PERFORM pg_sleep(0.01); END LOOP; RETURN NEW; END $$;
        CREATE TRIGGER held BEFORE UPDATE ON export FOR EACH ROW WHEN (NEW.status = 'ready') EXECUTE FUNCTION wait_while_held()""")


def let_exports_go(server):
    server.sql(f'DELETE FROM {HELD}')


def forget_hold(server):
    server.sql(f'DROP TRIGGER held ON export; DROP FUNCTION wait_while_held; DROP TABLE {HELD}')


def kept_in_a_quarter(client, server, made):
    """Nothing was ever billed of the customer: what stays beside what is removed, in one quarter of an hour, is closed."""
    path = '/v1/customers/free/usage?metric=visits&from=2026-01-10T00:00:00Z&to=2026-01-11T00:00:00Z'
    assert planned(made, 'free') == {'trial': (0, {'permanent': 3}), 'visit': (1, {})}, made
    folded(server)
    assert client.get(path)['quantity'] == '3'
    client.expect(410, 'POST', '/v1/events/free/free-2/void', {}, **WHY)
    client.post('/v1/events/free/free-4/void', {}, **WHY)
    folded(server)
    assert client.get(path)['quantity'] == '2'


def by_months(invoices):
    return {row['period']['start'][:7]: row['id'] for row in invoices}


def statements(client, invoices):
    """Of January a removed event was billed. March billed none, but what was voided of January had to be rated with it."""
    by_month = by_months(invoices)
    assert client.expect(410, 'GET', f'/v1/invoices/{by_month["2026-01"]}/proof').json['code'] == 'entry_removed'
    client.expect(410, 'GET', f'/v1/invoices/{by_month["2026-03"]}/proof')
    client.get('/v1/invoices/' + by_month['2026-01'])


def from_nodes_and_lines(files):
    """The root by what the contract says of an export, and nothing else."""
    manifest, proof = json.loads(files['manifest.json']), json.loads(files['proof.json'])
    spans = {(node['from'], node['to']): base64.b64decode(node['hash']) for node in proof['nodes']}
    lines = files['entries.ndjson'].splitlines()
    assert len(lines) == manifest['entries'] == manifest['to_index'] - manifest['from_index']

    def root(begin, end):
        if (begin, end) in spans:
            return spans.pop((begin, end))
        if end - begin == 1:
            return hashlib.sha256(b'\0' + lines[begin - manifest['from_index']]).digest()
        half = 1
        while half * 2 < end - begin:
            half *= 2
        return hashlib.sha256(b'\1' + root(begin, begin + half) + root(begin + half, end)).digest()
    assert root(0, manifest['size']) == base64.b64decode(manifest['root']) and not spans
    return manifest


def exports(client, server, older):
    """What is left of the log is exported and verified; what needs removed bodies is a limit, not a fault."""
    key = server.folder + '/ledger.pub.pem'
    path = phial.export(client, server.folder, {'customer': 'old', 'purpose': 'what is left', 'since': older['size']})
    code, said = phial.verify(path, key, '--against', older['path'])
    assert code == 0 and 'VERIFIED' in said, said
    files = read(path)
    manifest = from_nodes_and_lines(files)
    gone = [n for n, line in enumerate(lines_of(client)) if json.loads(line)['kind'] == 'removed']
    assert manifest['from_index'] == gone[-1] + 1
    carried = json.loads(files['carried.json'])['entries']
    kinds = {json.loads(entry['leaf'])['kind'] for entry in carried}
    assert all(entry['index'] < manifest['from_index'] for entry in carried) and {'plan', 'subscription'} <= kinds, carried
    # Of a statement whose events are all there nothing is left out, though its plan stands before them.
    running = by_months(client.get('/v1/invoices?customer=running&to=2026-06-01T00:00:00Z')['data'])
    for month, recounted in (('2026-02', 0), ('2026-03', 1)):
        path = phial.export(client, server.folder, {'customer': 'running', 'invoice': running[month], 'purpose': 'x'})
        code, said = phial.verify(path, key)
        assert code == 0 and said.count('Limit: ') == 1 and f'invoices  {recounted} recounted' in said, (month, said)
        from_nodes_and_lines(read(path))
        tampered(path, key)


def tampered(path, key):
    """A carried entry that is another one has no proof."""
    files = read(path)
    files['carried.json'] = files['carried.json'].replace(b'1.00', b'2.00')
    changed = write(path + '.changed', files)
    code, said = phial.verify(changed, key)
    assert code == 1 and 'carried.json: entry' in said and 'is not proved to be in the log' in said, said


def refused(client, officer):
    made = client.post('/v1/retention/runs', {'customer': 'running'}, 202, **WHY)
    assert made['status'] == 'waiting' and made['plan']['due'] == 1, made
    officer.post(f'/v1/approvals/{made["approval"]}/refuse', {}, 200, **WHY)
    assert client.get('/v1/retention/runs/' + made['id'])['status'] == 'refused'
    # A hold counts up to the removal, whatever was planned before.
    late = client.post('/v1/retention/runs', {'customer': 'running'}, 202, **WHY)
    officer.post('/v1/holds', {'customer': 'running', 'matter': 'case 8'}, **WHY)
    officer.post(f'/v1/approvals/{late["approval"]}/approve', {'meaning': 'it may go'}, 200, **WHY)
    share = ended(client, late)['customers'][0]
    assert share['status'] == 'failed' and share['why'] == 'Nothing is due any more.' and 'removed' not in share, share
    client.get('/v1/events/running/r-3')
    assert client.expect(422, 'POST', '/v1/retention/runs', {'as_of': '2050-01-01T00:00:00Z'}, **WHY).json['errors'][0]['pointer'] == '/as_of'
    assert client.expect(422, 'POST', '/v1/retention/runs', {}).json['code'] == 'reason_required'
    assert made['id'] in [row['id'] for row in client.get('/v1/retention/runs')['data']]


# None of them is past anything: the database refuses its own superuser.
ATTEMPTS = [
    "UPDATE ledger_entry SET leaf = '' WHERE kind = 0 AND leaf <> ''",
    'DELETE FROM ledger_removed', "UPDATE ledger_removed SET leaf_hash = sha256('')", 'TRUNCATE ledger_removed',
    "INSERT INTO ledger_removed SELECT customer_id, entry_index, sha256('\\x00'::bytea || leaf), now(), 'trial', 0 FROM ledger_entry "
    "WHERE kind = 3 AND leaf <> ''",
    'SELECT ledger_remove(customer_id, ARRAY[entry_index], 0, now()) FROM ledger_entry WHERE kind = 0 AND leaf <> \'\'',
]


def superuser(server, client):
    for attempt in ATTEMPTS:
        try:
            server.sql(attempt)
        except subprocess.CalledProcessError as refusal:
            assert 'append-only' in refusal.stderr, refusal.stderr
        else:
            raise AssertionError(attempt)
    root_holds(client)


def restored(server):
    """Token keys that were destroyed after a backup do not come back with it."""
    c = server.client
    tokens = {'properties': {'patient': {'type': 'token', 'scope': 'customer'}, 'study': {'type': 'token', 'scope': 'period', 'method': 'surrogate'}}}
    c.put('/v1/event-types/read', tokens)
    c.put('/v1/customers/erased', {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'UTC'})
    one = {'id': 't-1', 'customer': 'erased', 'type': 'read', 'time': '2034-04-30T00:00:00Z', 'properties': {'patient': 'MRN 4711-anna', 'study': 'S 12'}}
    c.post('/v1/events', one)
    cluster = os.path.dirname(glob.glob(server.folder + '/*/postmaster.pid')[0])
    phial.Daemon.stop(server)
    state = server.folder + '/signer.state'  # goes with it here: a newer one refuses the backup until there is a new epoch
    for path in (cluster, state):
        subprocess.run(['cp', '-a', path, path + '.backup'], check=True)
    server.start()
    server.client.post('/v1/erasures', {'customer': 'erased', 'scope': 'all'})
    left = "SELECT count(*) FROM token_key WHERE sealed IS NOT NULL"
    assert server.sql(left) == '0' and server.sql('SELECT count(*) FROM token_code') == '0'
    phial.Daemon.stop(server)
    shutil.rmtree(cluster)
    for path in (cluster, state):
        os.rename(path + '.backup', path)
    for times in (1, 2):  # once: what is destroyed is not destroyed again
        server.start()
        assert server.sql(left) == '0' and (times == 2 or server.sql('SELECT count(*) FROM token_code') == '0')
        told = [entry for entry in map(json.loads, lines_of(server.client, 'erased')) if entry['kind'] == 'erasure']
        assert [entry['actor'] for entry in told] == ['system:restore'] * 2, told  # of the customer, and of the month
        if times == 1:
            again = dict(one, id='t-2')
            server.client.post('/v1/events', again)  # with a new key, which stays
            phial.Daemon.stop(server)
            left += " AND created_at < (SELECT max(erased_at) FROM token_key)"
    assert server.sql('SELECT count(*) FROM token_key WHERE sealed IS NOT NULL') != '0'


def folded(server):
    for _ in range(400):
        if server.sql('SELECT count(*) FROM ledger_head LEFT JOIN usage_mark USING (customer_id) WHERE customer_id <> 0 AND (size > COALESCE(folded_to, 0) '
                      'OR latest <> (SELECT max(series_id) FROM usage_series))') == '0':
            return
        time.sleep(0.05)
    raise AssertionError('not folded')


def measured(client, server):
    """Whole quarters of an hour are told by the sums; nothing is counted as none because it is gone."""
    january, march = '&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z', '&from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z'
    path = '/v1/customers/old/usage?metric='
    assert client.get(path + 'visits' + january)['quantity'] == '11' and client.get(path + 'visits' + march)['quantity'] == '12'
    client.expect(410, 'GET', path + 'visits&from=2026-01-01T00:00:01Z&to=2026-02-01T00:00:00Z')
    client.put('/v1/metrics/later', {'event_types': ['visit'], 'aggregation': 'count'})
    client.expect(410, 'GET', path + 'later' + january)
    folded(server)  # or not
    client.expect(410, 'GET', path + 'later' + january)
    assert client.get(path + 'later&from=2026-04-01T00:00:00Z&to=2027-01-01T00:00:00Z')['quantity'] == '0'
    # The sums of a metric that nobody wants any more are the only ones that know: they stay where bodies are gone.
    client.expect(204, 'DELETE', '/v1/metrics/calls')
    client.post('/v1/events', event('calls-1', 'plain', '2034-03-04T00:00:00Z'))
    held = "SELECT count(*) FROM usage_mark JOIN usage_series ON series_id = ANY (series) JOIN customer USING (customer_id) "
    folded(server)
    assert server.sql(held + "WHERE metric = 'calls' AND key = 'old'") == '1'


def main():
    server = phial.Server('--test-clock', environment={**FAST, 'PHIAL_RETENTION_HIPAA_6Y': '8'})
    c = server.client

    def person(name, *scopes):
        return phial.Client(server.url, c.post('/v1/keys', {'name': name, 'scopes': list(scopes)})['key'])
    officer = person('officer', 'billing:approve', 'audit:read')
    catalog(c)
    for number in (1, 2, 3):
        month(c, number)
    c.post('/v1/events/old/visit-1-2/void', {}, **WHY)
    c.post('/v1/events/old/visit-2-2/amend', {'quantity': '1'}, **WHY)
    clock(c, '2026-05-01T00:00:00Z')
    hold = holds(c, officer)
    counted = usage(c, 'from=2026-01-01T00:00:00Z&to=2026-04-01T00:00:00Z')
    invoices = c.get('/v1/invoices?customer=old')['data']
    assert len(invoices) == 3 and all(row['status'] == 'issued' for row in invoices), invoices

    path = phial.export(c, server.folder, {'customer': 'old', 'purpose': 'before'})
    older = {'path': path, 'size': len(lines_of(c))}

    # Six years later nothing is over; the configuration makes them eight, and seven of calls.
    clock(c, '2033-02-15T00:00:00Z')
    made = c.post('/v1/retention/runs', {'customer': 'old', 'as_of': '2032-06-01T00:00:00Z'}, 202, **WHY)
    assert made['status'] == 'done' and planned(made)['visit'] == (0, {'class': 9}), made  # the voided one too
    before = lines_of(c)
    made = run(c, officer, customer='old')
    assert planned(made) == {'call': (6, {'class': 3}), 'plain': (0, {'class': 9}), 'seat': (0, {'class': 3}),
                             'trial': (0, {'permanent': 9}), 'visit': (0, {'class': 9})}, planned(made)
    told, gone = removed(c, server, before)
    assert (told['classes'], told['entries'], len(gone)) == ({'rpm-7y': 6}, 6, 6), told
    assert told['before'] == '2026-03-01T00:00:00.000000Z', told  # the end of the last period of a removed event
    assert made['customers'][0]['removed'] == 6, made
    assert usage(c, 'from=2026-01-01T00:00:00Z&to=2026-04-01T00:00:00Z') == counted
    statements(c, invoices)

    # A year on the visits' eight years are over; one month is held, the seats are looked back at.
    clock(c, '2034-03-05T00:00:00Z')
    before = lines_of(c)
    hold_exports(server)
    pass_over(server, 'free')
    made = approved(c, officer)
    while server.sql("SELECT count(*) FROM retention_part JOIN customer USING (customer_id) WHERE key = 'free'") == '0':
        time.sleep(0.01)
    c.post('/v1/events/free/free-3/void', {}, **WHY)
    let_exports_go(server)
    made = ended(c, made)
    forget_hold(server)
    plan = planned(made)
    assert plan['visit'] == (2, {'class': 5, 'hold': 2}) and plan['seat'] == (0, {'carried': 2, 'class': 1}), plan
    assert plan['call'] == (3, {}) and planned(made, 'running') == {'visit': (2, {'class': 1})}, made['plan']
    told, gone = removed(c, server, before)
    assert told['classes'] == {'hipaa-6y': 2, 'rpm-7y': 3} and len(gone) == 11, told
    assert usage(c, 'from=2026-01-01T00:00:00Z&to=2026-04-01T00:00:00Z') == counted
    afterwards(c)
    kept_in_a_quarter(c, server, made)
    measured(c, server)
    running = by_months(c.get('/v1/invoices?customer=running&to=2026-06-01T00:00:00Z')['data'])
    c.expect(410, 'GET', f'/v1/invoices/{running["2026-02"]}/proof')
    c.expect(410, 'POST', f'/v1/invoices/{running["2026-02"]}/void', {}, **WHY)
    assert c.get(f'/v1/invoices/{running["2026-03"]}/proof')['matches'] is True
    exports(c, server, older)

    facts = c.get('/v1/audit?action=retention.removed')['data']
    assert [fact['after']['entries'] for fact in facts if fact['customer'] == 'old'] in ([6, 5], [5, 6]), facts

    # Released, what was held goes with the next run, with the amendment and the void that belong to events.
    clock(c, '2034-05-01T00:00:00Z')
    officer.post(f'/v1/holds/{hold["id"]}/release', {}, 200, **WHY)
    officer.expect(409, 'POST', f'/v1/holds/{hold["id"]}/release', {}, **WHY)
    before = lines_of(c)
    made = run(c, officer, customer='old')
    assert planned(made)['visit'] == (7, {}), planned(made)
    told, gone = removed(c, server, before)
    assert told['entries'] == 9 and len(gone) == 20, told
    assert usage(c, 'from=2026-01-01T00:00:00Z&to=2026-04-01T00:00:00Z') == counted
    afterwards(c)
    refused(c, officer)
    superuser(server, c)
    restored(server)
    server.stop()
    server.remove()


if __name__ == '__main__':
    main()
