#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A month from the outside: catalog, 10,000 events with repeats and conflicts, close, issue, export; an
independent verification; and an archive changed in every way, in PHIAL_MUTATIONS places too, which phial verify must refuse."""
import base64
import json
import os
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
from archive import canonical, read, summed, unpack, write  # noqa: E402
from tree import leaf_hash, root_of  # noqa: E402

MUTATIONS = int(os.environ.get('PHIAL_MUTATIONS', '500'))
rng = random.Random(7)
NEXT = (datetime.now(timezone.utc).replace(day=1) + timedelta(days=40)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
START = (NEXT - timedelta(days=1)).replace(day=1)


CUSTOMERS = ('clinic-a', 'clinic-b', 'clinic-c')


def stamp(t):
    return t.strftime('%Y-%m-%dT%H:%M:%SZ')


def catalog(c):
    c.put('/v1/event-types/image.analyzed', {
        'quantity': {'integer': True, 'min': '0', 'max': '1000'}, 'time_precision': 'second',
        'properties': {'modality': {'type': 'enum', 'values': ['ct', 'mri', 'xray'], 'required': True},
                       'patient': {'type': 'token', 'scope': 'period'}}})
    c.put('/v1/metrics/images', {'event_types': ['image.analyzed'], 'aggregation': 'sum', 'group_by': ['modality']})
    c.put('/v1/metrics/patients', {'event_types': ['image.analyzed'], 'aggregation': 'unique', 'property': 'patient'})
    c.put('/v1/metrics/mri', {'event_types': ['image.analyzed'], 'aggregation': 'count',
                              'filters': [{'property': 'modality', 'in': ['mri']}]})
    c.put('/v1/plans/imaging', {
        'currency': 'USD', 'interval': 'month', 'grace': 'PT24H',
        'charges': [
            {'key': 'reads', 'name': 'Images read', 'metric': 'images', 'model': 'graduated',
             'tiers': [{'up_to': '1000', 'unit_amount': '0.75', 'flat_amount': '0'},
                       {'up_to': None, 'unit_amount': '0.5', 'flat_amount': '10'}]},
            {'key': 'patients', 'name': 'Patients', 'metric': 'patients', 'model': 'per_unit', 'unit_amount': '0.333'},
            {'key': 'mri', 'name': 'MRI packs', 'metric': 'mri', 'model': 'package', 'package_size': '100',
             'amount': '7.5', 'free_units': '50'}],
        'fixed': [{'key': 'platform', 'name': 'Platform', 'amount': '49.00', 'timing': 'arrears', 'prorate': True}]})
    for k in CUSTOMERS:
        c.put('/v1/customers/' + k, {'name': 'Clinic ' + k, 'currency': 'USD', 'time_zone': 'UTC',
                                     'tax': {'rates': [{'name': 'Sales tax', 'percent': '8.25'}]}})
        c.post('/v1/subscriptions', {'customer': k, 'plan': 'imaging', 'start': stamp(START)})


def send_events(c):
    """10,000 events, a hundredth sent again, a hundredth as conflicts; answers the true counts."""
    events = []
    for i in range(10000):
        events.append({'id': f'event-{i:05d}-{rng.getrandbits(40):010x}', 'customer': CUSTOMERS[2 if i % 250 == 0 else i % 4 == 0],
                       'type': 'image.analyzed', 'time': stamp(START + timedelta(seconds=rng.randrange(int((NEXT - START).total_seconds())))),
                       'quantity': str(rng.randrange(1, 4)),
                       'properties': {'modality': rng.choice(['ct', 'mri', 'xray']), 'patient': f'MRN {rng.randrange(400):08d}'}})
    accepted = duplicates = rejected = 0
    for at in range(0, 10000, 1000):
        batch = events[at:at + 1000]
        again = [dict(e) for e in rng.sample(batch, 10)]
        other = [dict(e, quantity=str(int(e['quantity']) + 1)) for e in rng.sample(batch, 10)]
        answer = c.send('POST', '/v1/events', batch + again + other)
        assert answer.status == 207, answer
        accepted += answer.json['accepted']
        duplicates += answer.json['duplicates']
        rejected += answer.json['rejected']
        codes = {r.get('code') for r in answer.json['results'] if r['status'] != 'duplicate'}
        assert codes == {'conflict'}, answer
    assert (accepted, duplicates, rejected) == (10000, 100, 100), (accepted, duplicates, rejected)
    answer = c.post('/v1/events', events[:500], 200)
    assert (answer['accepted'], answer['duplicates']) == (0, 500)
    return events


def money(exact):
    from decimal import ROUND_HALF_UP
    return exact.quantize(Decimal('0.01'), ROUND_HALF_UP)


def expected_lines(events, customer, voided):
    mine = [e for e in events if e['customer'] == customer and e['id'] not in voided]
    reads = Decimal(sum(int(e['quantity']) for e in mine))
    patients = Decimal(len({e['properties']['patient'] for e in mine}))
    mri = Decimal(sum(1 for e in mine if e['properties']['modality'] == 'mri'))
    first = min(reads, Decimal(1000)) * Decimal('0.75')
    second = (reads - 1000) * Decimal('0.5') + 10 if reads > 1000 else Decimal(0)
    packs = (max(mri - 50, Decimal(0)) + 99) // 100
    return {'reads': (reads, money(first + second)), 'patients': (patients, money(patients * Decimal('0.333'))),
            'mri': (mri, money(packs * Decimal('7.5'))), 'platform': (Decimal(1), Decimal('49.00'))}


def check_invoice(statement, events, voided):
    lines = {line['key']: line for line in statement['lines']}
    want = expected_lines(events, statement['customer'], voided)
    assert set(lines) == set(want), lines.keys()
    for key, (quantity, amount) in want.items():
        assert Decimal(lines[key]['quantity']) == quantity, (key, lines[key], quantity)
        assert lines[key]['amount'] == str(amount), (key, lines[key], amount)
    subtotal = sum(a for _, a in want.values())
    tax = money(subtotal * Decimal('8.25') / 100)
    assert statement['subtotal'] == str(subtotal)
    assert statement['tax'][0]['amount'] == str(tax)
    assert statement['total'] == str(subtotal + tax) == statement['amount_due']


def by_hand(folder, files, key):
    """sha256sum and openssl, as VERIFY.md says."""
    unpack(folder, files)
    run = lambda command: subprocess.run(command, shell=True, check=True, cwd=folder, capture_output=True, text=True).stdout
    run('sha256sum -c SHA256SUMS')
    for body, signature in (('SHA256SUMS', 'SHA256SUMS.sig'), ('checkpoint.body', 'checkpoint.sig')):
        run(f'openssl pkeyutl -verify -rawin -pubin -inkey {key} -in {body} -sigfile {signature}')
    fifth = run("{ printf '\\0'; sed -n 5p entries.ndjson | tr -d '\\n'; } | sha256sum").split()[0]
    assert fifth == leaf_hash(files['entries.ndjson'].split(b'\n')[4]).hex()


def independent(files, statements):
    manifest = json.loads(files['manifest.json'])
    lines = files['entries.ndjson'].split(b'\n')[:-1]
    assert manifest['format'] == 'phial-export/1' and manifest['entries'] == len(lines)
    assert (manifest['from_index'], manifest['to_index'], manifest['size']) == (0, len(lines), len(lines))
    hashes = [leaf_hash(line) for line in lines]
    root = base64.b64encode(root_of(hashes)).decode()
    assert manifest['root'] == root
    origin, size, note_root = files['checkpoint.body'].decode().split('\n')[:3]
    assert (origin, int(size), note_root) == (f'{manifest["server"]}/ledger/{manifest["customer"]}', len(lines), root)
    seen, last = set(), ''
    for n, line in enumerate(lines):
        entry = json.loads(line)
        assert canonical(entry) == line, line
        assert entry['at'] >= last and entry['customer'] == manifest['customer'] and entry['v'] == 1
        last = entry['at']
        if entry['kind'] == 'usage':
            identity = (entry['event']['source'], entry['event']['id'])
            assert identity not in seen
            seen.add(identity)
            assert entry['event']['properties']['patient'].startswith('tok_') and len(entry['event']['properties']['patient']) == 30
        if entry['kind'] == 'void':
            assert entry['ref']['leaf'] == base64.b64encode(hashes[entry['ref']['index']]).decode() and entry['reason']
        if entry['kind'] == 'invoice':
            statement = entry['invoice']
            served = dict(statements[statement['id']])
            served.pop('payment_status', None)
            assert served == statement, (served, statement)
            prefix = statement['ledger']['size']
            assert statement['ledger']['root'] == base64.b64encode(root_of(hashes[:prefix])).decode()
            copies = [json.loads(d) for name, d in files.items() if name.startswith('invoices/') and name.endswith('.json')]
            assert any({k: v for k, v in copy.items() if k != 'payment_status'} == statement for copy in copies)
    assert json.loads(files['proof.json'])['nodes'] == []


def mutations(files):
    lines = files['entries.ndjson'].split(b'\n')[:-1]
    join = lambda rows: b''.join(row + b'\n' for row in rows)
    usage = [n for n, line in enumerate(lines) if b'"kind":"usage"' in line]
    a, b = usage[10], usage[20]
    swapped = list(lines)
    swapped[a], swapped[b] = swapped[b], swapped[a]
    invoice = next(n for n in files if n.startswith('invoices/'))
    flipped = bytearray(files['entries.ndjson'])
    flipped[len(flipped) // 2] ^= 1
    yield 'one byte changed', dict(files, **{'entries.ndjson': bytes(flipped)})
    yield 'an entry dropped', dict(files, **{'entries.ndjson': join(lines[:a] + lines[a + 1:])})
    yield 'two entries swapped', dict(files, **{'entries.ndjson': join(swapped)})
    yield 'an invoice edited', dict(files, **{invoice: files[invoice].replace(b'"total":"', b'"total":"9')})
    yield 'another root', dict(files, **{'checkpoint.body': files['checkpoint.body'].replace(b'/ledger/', b'/ledger/x')})
    yield 'a file more', dict(files, **{'extra.txt': b'x'})
    yield 'a file less', {n: d for n, d in files.items() if n != 'proof.json'}


def main():
    server = phial.Server('--test-clock')
    c = server.client
    catalog(c)
    c.put('/v1/test-clock', {'now': stamp(NEXT + timedelta(minutes=10))}, 200)
    events = send_events(c)
    run = c.post('/v1/billing/run', {}, 200)
    assert run['drafted'] + run['issued'] >= 0
    drafts = c.get('/v1/invoices?status=draft')['data']
    assert [d['customer'] for d in sorted(drafts, key=lambda d: d['customer'])] == list(CUSTOMERS), drafts
    for d in drafts:
        check_invoice(c.get('/v1/invoices/' + d['id']), events, set())

    voided = next(e for e in events if e['customer'] == 'clinic-a' and e['properties']['modality'] == 'mri')
    path = f'/v1/events/clinic-a/{voided["id"]}/void'
    c.expect(422, 'POST', path, {})  # no reason
    c.post(path, {}, Phial_Reason='sent by mistake')
    assert c.expect(409, 'POST', path, {}, Phial_Reason='again').json['code'] == 'already_void'
    for d in drafts:
        check_invoice(c.get('/v1/invoices/' + d['id']), events, {voided['id']})

    one = next(d for d in drafts if d['customer'] == 'clinic-a')
    issued = c.expect(200, 'POST', f'/v1/invoices/{one["id"]}/issue', {}).json
    again = c.expect(200, 'POST', f'/v1/invoices/{one["id"]}/issue', {}).json
    assert issued['number'] == again['number'] == f'{NEXT.year}-000001', issued
    c.put('/v1/test-clock', {'now': stamp(NEXT + timedelta(hours=25))}, 200)
    c.expect(409, 'PUT', '/v1/test-clock', {'now': stamp(NEXT)})
    rows = c.get('/v1/invoices?status=issued')['data']
    assert sorted(r['number'] for r in rows) == [f'{NEXT.year}-00000{n}' for n in (1, 2, 3)], rows
    statements = {r['id']: c.get('/v1/invoices/' + r['id']) for r in rows}
    for s in statements.values():
        check_invoice(s, events, {voided['id']})
    csv = c.expect(200, 'GET', f'/v1/invoices/{one["id"]}.csv')
    assert csv.headers['Content-Type'].startswith('text/csv') and csv.bytes.count(b'\r\n') == 5, csv

    usage = c.get(f'/v1/customers/clinic-a/usage?metric=images&from={stamp(START)}&to={stamp(NEXT)}&window=day&group_by=modality')
    mine = [e for e in events if e['customer'] == 'clinic-a' and e['id'] != voided['id']]
    assert Decimal(usage['quantity']) == sum(int(e['quantity']) for e in mine)
    assert sum(Decimal(w['quantity']) for w in usage['windows']) == Decimal(usage['quantity'])
    assert sum(Decimal(g['quantity']) for g in usage['groups']) == Decimal(usage['quantity'])

    folder = tempfile.mkdtemp(prefix='phial-month-', dir='/tmp')
    key = server.folder + '/ledger.pub.pem'
    archive = phial.export(c, folder, {'customer': 'clinic-a', 'purpose': 'test'})
    files = read(archive)
    code, said = phial.verify(archive, key)
    assert code == 0 and 'VERIFIED' in said, said
    independent(files, statements)
    by_hand(folder + '/hand', files, key)
    code, said = phial.verify(write(folder + '/again.tar', files), key)  # Python's tar of the same files
    assert code == 0, said
    small = phial.export(c, folder, {'customer': 'clinic-c', 'purpose': 'test'})  # a look at it takes no time
    assert phial.verify(small, key)[0] == 0
    for name, changed in mutations(read(small)):
        for label, variant in ((name, changed), (name + ', sums made right', summed(changed))):
            code, said = phial.verify(write(folder + '/changed.tar', variant), key)
            assert code == 1 and 'REFUSED: ' in said and 'VERIFIED' not in said, (label, said)
    with open(small, 'rb') as f:
        whole = f.read()
    for n in range(MUTATIONS):
        at = rng.randrange(len(whole))
        with open(folder + '/flipped.tar', 'wb') as f:
            f.write(whole[:at] + bytes([whole[at] ^ 1 << n % 8]) + whole[at + 1:])
        assert phial.verify(folder + '/flipped.tar', key)[0] == 1, (at, n)
    with open(folder + '/cut.tar', 'wb') as f:
        f.write(whole[:len(whole) // 2])
    assert phial.verify(folder + '/cut.tar', key)[0] == 1
    subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', folder + '/k.pem'], check=True)
    subprocess.run(['openssl', 'pkey', '-in', folder + '/k.pem', '-pubout', '-out', folder + '/other.pem'], check=True)
    assert phial.verify(archive, folder + '/other.pem')[0] == 1

    size = json.loads(files['manifest.json'])['size']
    c.post('/v1/events', [dict(events[0], id='late-1', customer='clinic-a')], 200)
    newer = phial.export(c, folder, {'customer': 'clinic-a', 'since': size, 'purpose': 'test'})
    code, said = phial.verify(newer, key, '--against', archive)
    assert code == 0, said
    part = phial.export(c, folder, {'customer': 'clinic-a', 'invoice': issued['id'], 'purpose': 'test'})
    code, said = phial.verify(part, key)
    assert code == 0, said
    recent = phial.export(c, folder, {'customer': 'clinic-a', 'from': stamp(NEXT + timedelta(hours=24)), 'purpose': 'test'})
    code, said = phial.verify(recent, key)
    assert code == 0, said

    c.post(f'/v1/invoices/{issued["id"]}/void', {}, 200, Phial_Reason='made in error')
    voided_at = {'from': stamp(NEXT + timedelta(hours=25))}
    code, said = phial.verify(phial.export(c, folder, dict(voided_at, customer='clinic-a', purpose='test')), key)
    assert code == 0, said  # reaches back to the invoice
    c.post('/v1/billing/run', {}, 200)
    second = next(r for r in c.get('/v1/invoices?status=issued&customer=clinic-a')['data'])
    assert second['number'] == f'{NEXT.year}-000004', second
    for wanted in ({}, {'invoice': second['id']}, voided_at):
        code, said = phial.verify(phial.export(c, folder, dict(wanted, customer='clinic-a', purpose='test')), key)
        assert code == 0 and '2 recounted' in said, (wanted, said)
    server.stop()
    server.remove()
    subprocess.run(['rm', '-rf', folder], check=True)
    print('ok')


main()
