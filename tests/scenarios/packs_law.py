#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the law asks of each pack, from the outside: what the gate refuses, what stays of a person, what an auditor or a payer
can be shown, and a contract that moves in mid-year by configuration alone."""
import collections
import datetime
import json
import os
import socket
import subprocess
import sys
import tarfile
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import pack_months  # noqa: E402
import phial  # noqa: E402
from table_attack import Table  # noqa: E402

YEAR = pack_months.YEAR
ASSESSED = (40, 3, 25, 7)  # on the first four days: less than eleven on two of them
ZONES = {'rpm': 'Pacific/Auckland'}  # where a day begins on the day before in UTC
number = 0


def clock(c, text):
    c.put('/v1/test-clock', {'now': f'{YEAR}-{text}'}, 200)


def event(pack, kind, day='11-05', quantity='1', id=None, **properties):
    global number
    number += 1
    return {'id': id or f'law-{number}', 'customer': pack + '-customer', 'type': kind, 'time': f'{YEAR}-{day}T10:00:00Z', 'quantity': quantity,
            'properties': properties}


def take(c, *events):
    answer = c.post('/v1/events', list(events), 200)
    assert answer['accepted'] == len(events), answer
    return events[0]


def refuse(c, code, pointer, one):
    answer = c.expect(422, 'POST', '/v1/events', one)
    result = answer.json['results'][0]
    assert (result['code'], result['pointer']) == (code, pointer), (one, result)
    for value in one['properties'].values():
        assert str(value) not in answer.bytes.decode() or len(str(value)) < 4, answer


def read(c, one):
    return c.get(f'/v1/events/{one["customer"]}/{one["id"]}')


def is_token(text):
    return text.startswith('tok_') and len(text) == 30


def behind(c, invoice, key):
    """All events behind a line."""
    found, cursor = [], ''
    while cursor is not None:
        page = c.get(f'/v1/invoices/{invoice}/lines/{key}/events?limit=500{cursor and "&cursor=" + cursor}')
        found += page['data']
        cursor = page['next_cursor']
    return found


def invoice_of(c, pack, number=-1):
    rows = sorted(c.get(f'/v1/invoices?customer={pack}-customer&status=issued')['data'], key=lambda i: i['period']['start'])
    return c.get('/v1/invoices/' + rows[number]['id'])


def line_of(invoice, key):
    return next(Decimal(line['quantity']) for line in invoice['lines'] if line['key'] == key)


def apply_pack(server, name):
    subprocess.run([phial.PHIAL, 'pack', 'apply', name, '--url', server.url, '--key', server.key], check=True, stdout=subprocess.DEVNULL)


def apply_file(server, document):
    path = server.folder + '/apply.json'
    with open(path, 'w', encoding='utf-8') as f:
        json.dump(document, f)
    subprocess.run([phial.PHIAL, 'apply', '-f', path, '--url', server.url, '--key', server.key], check=True, stdout=subprocess.DEVNULL)


# ---- in the running month


def telehealth(c):
    said = {'minutes': '20', 'region': 'us-east', 'provider': 'Dr Grace Example', 'patient': 'MRN 00123456'}
    properties = read(c, take(c, event('telehealth', 'consultation.completed', **said)))['properties']
    assert is_token(properties['provider']) and is_token(properties['patient']) and properties['region'] == 'us-east', properties
    refuse(c, 'property_missing', '/properties/region', event('telehealth', 'consultation.completed', minutes='20', provider='a', patient='b'))
    refuse(c, 'property_missing', '/properties/region', event('telehealth', 'message.answered'))
    refuse(c, 'property_unknown', '/properties', event('telehealth', 'consultation.completed', reason='checkup for Ms Example', **said))
    # Told of nothing: the address is outside the allow-list, which is empty, and somebody listens there.
    stranger = socket.create_server(('127.0.0.1', 0))
    stranger.setblocking(False)
    hook = c.post('/v1/webhooks', {'url': f'https://127.0.0.1:{stranger.getsockname()[1]}/in', 'types': ['invoice.issued']})
    assert hook['egress'] == 'not_allowed', hook
    return hook['id'], stranger


def reconcile(c, pack, about, **count):
    return c.post('/v1/reconciliations', {'customer': pack + '-customer', 'from': f'{YEAR}-11-01T00:00:00Z', 'to': f'{YEAR}-12-01T00:00:00Z',
                                          **about, **count}, 200)


def ehr(c):
    """One practice sends nothing but its counts, another each encounter."""
    take(c, event('ehr-counting', 'encounter.recorded', quantity='1247'), event('ehr-counting', 'practice.counted', quantity='412'),
         event('ehr-counting', 'prescription.transmitted', quantity='318'), event('ehr-counting', 'api.called', quantity='48210', interface='fhir'))
    ids = [f'encounter-{n}' for n in range(31)]
    take(c, *(event('ehr', 'encounter.recorded', id=id, patient=f'chart {n % 9}', encounter_class='ambulatory') for n, id in enumerate(ids)))
    return ids


def practices_own_count(c, ids):
    """Billed and reconciled from counts alone; and to the id, where there are ids."""
    invoice = invoice_of(c, 'ehr-counting')
    billed = {line['key']: Decimal(line['quantity']) for line in invoice['lines'] if line['kind'] == 'usage'}
    assert billed == {'encounters': 1247, 'active-patients': 0, 'active-patients-counted': 412, 'prescriptions': 318, 'api-calls': 48210}, billed
    said = reconcile(c, 'ehr-counting', {'metric': 'ehr-encounters'}, total='1247')
    assert said['matches'] and said['ledger'] == '1247', said
    assert not reconcile(c, 'ehr-counting', {'metric': 'ehr-encounters'}, total='1248')['matches']
    said = reconcile(c, 'ehr', {'metric': 'ehr-encounters'}, ids=[{'id': id, 'quantity': '1'} for id in ids])
    assert said['matches'] and said['ledger'] == said['yours'] == '31' == str(line_of(invoice_of(c, 'ehr'), 'encounters')), said
    said = reconcile(c, 'ehr', {'metric': 'ehr-encounters'}, ids=ids[1:] + ['encounter-never-sent'])
    assert (said['missing_here'], said['missing_there']) == (['encounter-never-sent'], ['encounter-0']) and not said['matches'], said


def kept_by_class(c):
    """Seven years for readings, ten and more for a device, for ever in a trial, and nothing said of what is controlled."""
    classes = c.get('/v1/retention/classes')['data']
    years = {row['name']: row.get('years') for row in classes}
    for pack, name, wanted in (('rpm', 'rpm-7y', 7), ('samd', 'device-10y', 15), ('imaging', 'device-10y', 15), ('trials', 'trial-permanent', None),
                               ('exchange', 'hipaa-6y', 6), ('pharmacy', 'contract-10y', 10)):
        with open(os.path.join(os.path.dirname(__file__), '..', '..', 'config', 'packs', pack + '.json'), encoding='utf-8') as f:
            types = json.load(f)['event_types']
        assert {c.get('/v1/event-types/' + key)['retention'] for key in types} == {name} and years[name] == wanted, (pack, years)
    said = json.dumps([row for row in classes if row['name'] == 'contract-10y']).lower()
    assert not any(word in said for word in ('controlled', 'substance', 'drug', 'schedule', 'opioid')), said


def imaging(c):
    study = '1.2.840.113619.2.55.3.604688119.971'
    for kind, more in (('image.analyzed', {'modality': 'ct'}), ('finding.reported', {'result': 'positive'})):
        refuse(c, 'property_missing', '/properties/model_version', event('imaging', kind, study=study, **more))
        one = take(c, event('imaging', kind, study=study, model_version='2.4.1', **more))
        assert is_token(read(c, one)['properties']['study'])
    refuse(c, 'phi_detected', '/properties/model_version', event('imaging', 'image.analyzed', modality='ct', study=study, model_version=study))
    for n in range(12):
        take(c, event('imaging', 'image.analyzed', quantity=str(n + 1), modality='mri', study=f'{study}.{n}', model_version=f'3.{n % 3}'))


def pharmacy(c):
    with open(os.path.join(os.path.dirname(__file__), '..', '..', 'config', 'packs', 'pharmacy.json'), encoding='utf-8') as f:
        types = json.load(f)['event_types']
    names = {name for declared in types.values() for name in declared['properties']}
    assert not names & {'drug', 'name', 'ndc', 'schedule', 'category', 'class', 'code', 'amount', 'strength'}, names
    assert len({declared['retention'] for declared in types.values()}) == 1  # so that it says nothing of a single one
    for name, value in (('drug', 'oxycodone'), ('drug_name', 'Adderall XR'), ('ndc', '0002-1433-80'), ('schedule', 'II'), ('dea_schedule', 'C2'),
                        ('category', 'opioid'), ('rxnorm', '1049621')):
        refuse(c, 'property_unknown', '/properties', event('pharmacy', 'prescription.processed', patient='RX patient 1', **{name: value}))
    refuse(c, 'phi_detected', '/id', event('pharmacy', 'prescription.processed', id='NDC 0002-1433-80', patient='RX patient 1'))
    for name in ('drug', 'drug_name', 'ndc', 'dea_schedule'):
        c.put('/v1/event-types/pharmacy.other', {'properties': {name: {'type': 'code'}}}, 422)
    take(c, event('pharmacy', 'prescription.processed', patient='RX patient 1', refills=2))


def samd(c):
    for kind, more in (('treatment.completed', {'patient': 'a'}), ('prescription.changed', {'operation': 'add', 'prescription': 'a'}),
                       ('milestone.reached', {'milestone': 'first', 'patient': 'a'}), ('order.placed', {'provider': 'a'})):
        refuse(c, 'property_missing', '/properties/software_version', event('samd', kind, **more))


def analytics(c):
    """A cohort below eleven is not even taken; and no person stands in what is counted of one."""
    for small in ('0', '1', '10'):
        refuse(c, 'quantity_out_of_range', '/quantity', event('analytics', 'cohort.counted', quantity=small, cohort='diabetes-2031'))
    refuse(c, 'property_unknown', '/properties', event('analytics', 'cohort.counted', quantity='50', cohort='a', patient='Life 1'))
    take(c, event('analytics', 'cohort.counted', quantity='11', cohort='a'))
    take(c, *(event('analytics', 'risk.assessed', day=f'11-{day:02}', quantity=str(quantity), model_version='1.0')
              for day, quantity in enumerate(ASSESSED, 1)))
    assert c.get('/v1/event-types/cohort.counted/claim')['claim'] == 'no_person'
    take(c, *(event('analytics', 'life.attributed', patient=f'Life {n}') for n in range(7)))
    reader = phial.Client('http://' + c.address, c.post('/v1/keys', {'name': 'reader', 'scopes': ['usage:read']})['key'])
    query = f'/v1/customers/analytics-customer/usage?metric=analytics-lives&from={YEAR}-11-01T00:00:00Z&to={YEAR}-12-01T00:00:00Z&window=day'
    answer = reader.get(query)
    assert answer['quantity'] == '<11' and {w['quantity'] for w in answer['windows']} == {'<11', '0'}, answer
    assert c.get(query)['quantity'] == '7'


def trials(c):
    """A correction keeps the original, and says who, when and why."""
    one = take(c, event('trials', 'form.submitted', quantity='3', form='crf-1', site='site-1', participant='Subject 0001'))
    path = f'/v1/events/trials-customer/{one["id"]}/amend'
    c.post(path, {'quantity': '2'}, 422)  # no reason
    c.post(path, {'quantity': '2'}, 201, Phial_Reason='page 3 was sent twice by the site')
    seen = read(c, one)
    assert (seen['quantity'], seen['effective']['quantity']) == ('3', '2'), seen
    correction = seen['corrections'][0]
    return one['id'], seen['entry']['leaf'], correction['index']


# ---- after the close


def told_nobody(c, hook, stranger):
    """The issue of all invoices was to be told to an address that is not allowed: no delivery left, nobody so much as knocked there."""
    deliveries = c.get(f'/v1/webhooks/{hook}/deliveries?limit=500')['data']
    assert deliveries and not any(d['status'] == 'delivered' for d in deliveries), deliveries
    try:
        raise AssertionError(stranger.accept())
    except BlockingIOError:
        stranger.close()


def nothing_by_subtraction(c):
    """Reports of times that lie in each other: what is shown is true, and no two of them leave a small figure."""
    shown, withheld = {}, 0
    reader = phial.Client('http://' + c.address, c.post('/v1/keys', {'name': 'payer', 'scopes': ['usage:read']})['key'])
    for first, last in ((1, 5), (1, 4), (1, 3), (1, 2), (2, 5), (2, 4), (3, 5), (3, 4)):
        answer = reader.get(f'/v1/reports/utilization?customer=analytics-customer&template=analytics&from={YEAR}-11-{first:02}T00:00:00Z'
                            f'&to={YEAR}-11-{last:02}T00:00:00Z')
        label = next(cell['count'] for cell in answer['cells'] if not cell['by'])
        truth = sum(ASSESSED[first - 1:last - 1])
        assert label in (str(truth), '*') or truth < 11 and label == '<11', (first, last, label, truth)
        withheld += label == '*'
        if label.isdigit():
            shown[first, last] = int(label)
    for (a, b), figure in shown.items():
        for (x, y), other in shown.items():
            assert not (a <= x and y <= b and 0 < figure - other < 11), (shown, (a, b), (x, y))
    assert shown[1, 5] == sum(ASSESSED) and withheld and len(shown) > 2, (shown, withheld)


def edc(c):
    """What the EDC has, form by form: one was taken back since."""
    forms = [event('trials', 'form.submitted', quantity=str(n % 2 + 1), id=f'edc-form-{n}', form='crf-2', site=f'site-{n % 3}', participant=f'Subject {n % 7}')
             for n in range(25)]
    take(c, *forms)
    c.post('/v1/events/trials-customer/edc-form-3/void', {}, 201, Phial_Reason='entered for another participant')
    return [{'id': form['id'], 'quantity': form['quantity']} for form in forms if form['id'] != 'edc-form-3']


def edc_agrees(c, rows, corrected):
    """After the corrections the counts are equal, on the invoice too; what the EDC would still have otherwise is named."""
    rows = rows + [{'id': corrected, 'quantity': '2'}]
    said = reconcile(c, 'trials', {'metric': 'trials-submissions'}, ids=rows)
    total = sum(int(row['quantity']) for row in rows)
    assert said['matches'] and said['ledger'] == said['yours'] == str(total) == str(line_of(invoice_of(c, 'trials'), 'submissions')), said
    rows[-1] = {'id': corrected, 'quantity': '3'}  # as it was before the correction
    said = reconcile(c, 'trials', {'metric': 'trials-submissions'}, ids=rows + [{'id': 'edc-form-3', 'quantity': '2'}])
    assert [row['id'] for row in said['different']] == [corrected] and said['voided'] == ['edc-form-3'] and not said['matches'], said


def versions_behind_the_line(c):
    """From the invoice line to the model's versions, and the usage by version says the same."""
    invoice = invoice_of(c, 'imaging')
    counted = collections.Counter()
    for one in behind(c, invoice['id'], 'images'):
        counted[one['properties']['model_version']] += int(one['quantity'])
    query = f'metric=imaging-images&from={YEAR}-11-01T00:00:00Z&to={YEAR}-12-01T00:00:00Z&group_by=model_version'
    groups = c.get('/v1/customers/imaging-customer/usage?' + query)['groups']
    by_usage = {group['group']['model_version']: int(group['quantity']) for group in groups}
    assert counted == by_usage == {'2.4.1': 1, '3.0': 22, '3.1': 26, '3.2': 30}, (counted, by_usage)
    assert sum(counted.values()) == line_of(invoice, 'images')


def qualification(c, m):
    """Which days counted, by token; and why a reading did not."""
    invoice = invoice_of(c, 'rpm', 0)
    by_token = collections.defaultdict(set)
    for one in behind(c, invoice['id'], '99454'):
        by_token[one['properties']['patient']].add(one['day'])
    expected = {patient: {day.isoformat() for day in days} for patient, days in m.days(10, 'patient', 'reading.transmitted').items()}
    assert sorted(map(sorted, by_token.values())) == sorted(map(sorted, expected.values())), by_token
    assert sum(len(days) >= 16 for days in by_token.values()) == line_of(invoice, '99454') == 3
    assert sum(2 <= len(days) <= 15 for days in by_token.values()) == line_of(invoice, '99445') == 3
    # The denied one: patient 4 has readings on 15 days. By the event's id, without the patient.
    denied = m.of(10, 'reading.transmitted', patient='Patient 4')[0]
    seen = c.get(f'/v1/events/{m.customer}/{denied["id"]}')
    assert seen['status'] == 'live' and seen['invoices'][0]['number'] == invoice['number'], seen
    assert len(by_token[seen['properties']['patient']]) == 15
    # One that was taken back: why, by whom, and behind no line of the invoice of its time.
    seen = c.get(f'/v1/events/{m.customer}/taken-back')
    assert seen['status'] == 'voided' and seen['effective'] is None, seen
    assert 'taken-back' not in {one['id'] for one in behind(c, seen['invoices'][0]['id'], 'transmissions')}
    assert seen['corrections'][0]['reason'] == 'the cuff was on somebody else' and seen['corrections'][0]['actor'].startswith('key:'), seen


def entries_of(server, customer):
    archive = phial.export(server.client, server.folder, {'customer': customer, 'purpose': 'audit'})
    code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
    assert code == 0 and 'VERIFIED' in said, said
    with tarfile.open(archive) as tar:
        return [json.loads(line) for line in tar.extractfile('entries.ndjson')]


def what_was_accessed(server, m):
    """What, when, by whom: out of a signed export, each access once."""
    found = [e['event'] for e in entries_of(server, m.customer) if e['kind'] == 'usage' and e['event']['type'] == 'fhir.called']
    accesses = [sorted((e['time'][:19], e['properties']['resource'], e['properties']['connection'], e['properties']['purpose']) for e in events)
                for events in (found, [m.body(e) for e in m.of(None, 'fhir.called')])]
    assert accesses[0] == accesses[1]
    assert all(is_token(e['properties']['accessor']) and is_token(e['properties']['patient']) for e in found)
    assert len({e['properties']['accessor'] for e in found}) == 7


def correction_in_export(server, kept):
    id, leaf, place = kept
    entries = entries_of(server, 'trials-customer')
    original = next(e for e in entries if e['kind'] == 'usage' and e['event']['id'] == id)
    amendment = next(e for e in entries if e['kind'] == 'amend')
    assert original['event']['quantity'] == '3' and amendment['set']['quantity'] == '2', (original, amendment)
    assert amendment['ref']['leaf'] == leaf and amendment['actor'].startswith('key:') and amendment['at'].startswith(f'{YEAR}-11'), amendment
    assert amendment['reason'] == 'page 3 was sent twice by the site' and entries.index(amendment) == place


def signed(c):
    """The sponsor's invoice is voided by a second person alone, whose signature says who, when, what for, and of which document."""
    invoice, why = invoice_of(c, 'trials', 0)['id'], {'Phial_Reason': 'the site was billed twice'}
    waiting = c.post(f'/v1/invoices/{invoice}/void', {}, 202, **why)
    path = f'/v1/approvals/{waiting["id"]}'
    c.post(path + '/approve', {'meaning': 'by whom asked for it'}, 403, **why)
    second = c.post('/v1/keys', {'name': 'Quality lead', 'scopes': ['billing:approve', 'billing:read', 'billing:write']})['key']
    approver = phial.Client('http://' + c.address, second)
    approver.post(path + '/approve', {'meaning': 'I have checked the figures'}, 200, **why)
    signature = c.get(path)['signature']
    assert (signature['name'], signature['meaning']) == ('Quality lead', 'I have checked the figures'), signature
    assert signature['time'].startswith(f'{YEAR}-12-02') and len(signature['document_sha256']) == 64, signature
    assert c.get('/v1/invoices/' + invoice)['status'] == 'void'


def disclosed(server, c, m):
    """Who has read the customer's records is accounted for, with the purpose that was given."""
    key = c.post('/v1/keys', {'name': 'State registry', 'scopes': ['events:write', 'usage:read', 'audit:read']})['key']
    registry = phial.Client('http://' + c.address, key)
    one = m.of(11, 'fhir.called')[0]
    registry.get(f'/v1/events/{m.customer}/{one["id"]}', Phial_Reason='public health inquiry 17')
    rows = c.get(f'/v1/disclosures?customer={m.customer}')['data']
    assert any('public health inquiry 17' in json.dumps(row) and 'State registry' in json.dumps(row) for row in rows), rows
    # And handed over: the whole trail, signed, verified without the server.
    archive = phial.export(c, server.folder, {'trail': True, 'purpose': 'accounting of disclosures'})
    code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
    assert code == 0 and 'VERIFIED' in said, said
    with tarfile.open(archive) as tar:
        assert any(b'public health inquiry 17' in tar.extractfile(member).read() for member in tar if member.isfile())


def unlinkable(c, m):
    """A member of two months is two tokens; once the key is gone a repeat is a duplicate, whatever it says."""
    first, second = (m.of(month, 'session.held', member='Member 5')[0] for month in pack_months.MONTHS)
    tokens = [read(c, m.body(one))['properties']['member'] for one in (first, second)]
    assert is_token(tokens[0]) and tokens[0] != tokens[1]
    c.post('/v1/erasures', {'customer': m.customer, 'scope': 'period', 'period': f'{YEAR}-11'}, 201, Phial_Reason='the month is closed')
    again = dict(m.body(second), properties=dict(second['properties'], member='Member 6'))
    answer = c.post('/v1/events', [again], 200)
    assert answer['duplicates'] == 1, answer
    assert read(c, m.body(second))['properties']['member'] == tokens[1]


def employers(c, m):
    """An employer with few active users is not told how few, and cannot subtract."""
    key = c.post('/v1/keys', {'name': 'employer', 'scopes': ['usage:read'], 'customer': m.customer})['key']
    query = f'metric=behavioral-sessions&from={YEAR}-11-01T00:00:00Z&to={YEAR}-12-01T00:00:00Z&group_by=employer'
    answer = phial.Client('http://' + c.address, key).get(f'/v1/customers/{m.customer}/usage?' + query)
    shown = {group['group']['employer']: group['quantity'] for group in answer['groups']}
    exact = {name: len(m.of(11, 'session.held', employer=name)) for name in shown}
    assert exact['employer-small'] == 4 and shown['employer-small'] == '<11', shown
    assert '*' in shown.values() or answer['quantity'] == '*', answer
    report = c.get(f'/v1/reports/utilization?customer={m.customer}&template=behavioral&from={YEAR}-11-01T00:00:00Z&to={YEAR}-12-01T00:00:00Z&members=500')
    table = Table(report)
    assert table.labels['employer-small',] == '<11' and table.broken() == [] and table.share()[0] == 1, table.labels
    row = next(row for row in report['rows'] if 'employer-small' in row)
    assert row[report['columns'].index('Sessions')] == '<11' and row[report['columns'].index('Per 1,000 employees')] in ('', '*'), row


def moved_contract(server):
    """Per session to the 15th, then per prescription, from 11 November for outcomes: three files, no code."""
    c = server.client
    with open(os.path.join(os.path.dirname(__file__), '..', '..', 'config', 'packs', 'samd.json'), encoding='utf-8') as f:
        charges = {charge['key']: charge for charge in json.load(f)['plans']['samd']['charges']}
    steps = (('samd-by-session', 'sessions', '10-01'), ('samd-by-prescription', 'active-prescriptions', '10-16'), ('samd-by-outcome', 'milestones', '11-11'))
    for plan, key, day in steps:
        clock(c, day + 'T06:00:00Z')
        apply_file(server, {
            'plans': {plan: {'currency': 'USD', 'interval': 'month', 'charges': [charges[key]]}},
            'customers': {'clinic-moving': {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'UTC'}},
            'subscriptions': {'clinic': {'customer': 'clinic-moving', 'plan': plan, 'start': f'{YEAR}-10-01T00:00:00Z',
                                         'at': f'{YEAR}-{day}T00:00:00Z'}}})
        yield plan


def moving_events():
    """Each day a session, every third day a prescription more, and on three days a milestone of one patient."""
    m = pack_months.Month('clinic-moving', 'UTC')
    m.customer = 'clinic-moving'
    for day in range(31 + 30):
        local = datetime.datetime(YEAR, 10, 1, 12, tzinfo=m.zone) + datetime.timedelta(days=day)
        m.add('treatment.completed', local, software_version='4.1', patient=f'p{day % 7}')
        if day % 3 == 0:
            m.add('prescription.changed', local, software_version='4.1', operation='add', prescription=f'rx{day}')
        if day in (5, 35, 50, 55):
            m.add('milestone.reached', local, software_version='4.1', milestone='second', patient=f'p{day}')
    return m


def check_moved(c):
    october, november = sorted(c.get('/v1/invoices?customer=clinic-moving&status=issued')['data'], key=lambda i: i['period']['start'])
    amounts = [{line['key']: (Decimal(line['quantity']), Decimal(line['amount'])) for line in c.get('/v1/invoices/' + row['id'])['lines']}
               for row in (october, november)]
    # 15 sessions at 6.00; on from the 16th: 5 begun before, 6 after (16, 19, 22, 25, 28 and 31 October).
    assert amounts[0] == {'sessions': (15, 90), 'active-prescriptions': (11, 825)}, amounts
    # To the 10th: 11 carried over, and 3, 6 and 9 November; two milestones lie in the days for outcomes.
    assert amounts[1] == {'active-prescriptions': (14, 1050), 'milestones': (2, 360)}, amounts


server = phial.Server('--test-clock', environment={'PHIAL_APPROVALS_INVOICE_VOID': 'yes', 'PHIAL_RETENTION_DEVICE_10Y': '15'})
c = server.client
clock(c, '10-01T00:00:00Z')
names = ('telehealth', 'ehr', 'imaging', 'rpm', 'exchange', 'trials', 'behavioral', 'pharmacy', 'analytics', 'samd')
for name in names:
    apply_pack(server, name)
    c.put(f'/v1/customers/{name}-customer', {'name': name, 'currency': 'USD', 'time_zone': ZONES.get(name, 'UTC')})
    c.post('/v1/subscriptions', {'customer': name + '-customer', 'plan': name, 'start': f'{YEAR}-10-01T00:00:00Z'})
kept_by_class(c)
c.put('/v1/customers/ehr-counting-customer', {'name': 'counts alone', 'currency': 'USD', 'time_zone': 'UTC'})
c.post('/v1/subscriptions', {'customer': 'ehr-counting-customer', 'plan': 'ehr', 'start': f'{YEAR}-10-01T00:00:00Z'})
moving = moved_contract(server)
next(moving)
next(moving)
months = {name: pack_months.Month(name, ZONES.get(name, 'UTC')) for name in ('rpm', 'exchange', 'behavioral')}
for name, m in months.items():
    pack_months.PACKS[name](m)
for n in range(4):
    months['behavioral'].add('session.held', months['behavioral'].day(11), member=f'Few {n}', employer='employer-small')
clinic = moving_events()
for month in pack_months.MONTHS:
    if month == 11:
        clock(c, '11-05T12:00:00Z')
        hook = telehealth(c)
        encounters = ehr(c)
        corrected, forms = trials(c), edc(c)
        take(c, event('rpm', 'reading.transmitted', id='taken-back', category='vital-signs', patient='Patient 1'))
        c.post('/v1/events/rpm-customer/taken-back/void', {}, 201, Phial_Reason='the cuff was on somebody else')
        for law in (imaging, pharmacy, samd, analytics):
            law(c)
        next(moving)
    clock(c, f'{month + 1}-01T06:00:00Z')
    for m in (*months.values(), clinic):
        take(c, *(m.body(e) for e in m.events if e['local'].month == month))
    clock(c, f'{month + 1}-02T12:00:00Z')
told_nobody(c, *hook)
practices_own_count(c, encounters)
edc_agrees(c, forms, corrected[0])
nothing_by_subtraction(c)
versions_behind_the_line(c)
qualification(c, months['rpm'])
what_was_accessed(server, months['exchange'])
correction_in_export(server, corrected)
employers(c, months['behavioral'])
signed(c)
disclosed(server, c, months['exchange'])
unlinkable(c, months['behavioral'])
check_moved(c)
server.stop()
server.remove()
