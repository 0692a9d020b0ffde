#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A synthetic population through the packs ehr, imaging, pharmacy, rpm and telehealth: what is billed is what was counted in SQL
from the population's tables, where the events played no part.

The samples in tests/data: a month. PHIAL_SYNTHEA=FOLDER sends a whole population's year, events.clean.ndjson, against its truth.json."""
import collections
import json
import os
import subprocess
import sys
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

DATA = os.path.join(os.path.dirname(__file__), '..', 'data')
WHOLE = os.environ.get('PHIAL_SYNTHEA')
YEAR, BATCH = 2031, 5000
WEIGHTS = {'CR': 1, 'DX': 1, 'US': Decimal('1.5'), 'CT': 3, 'MR': 5}


def read(*path):
    with open(os.path.join(*path), encoding='utf-8') as f:
        return [json.loads(line) for line in f] if path[-1].endswith('.ndjson') else json.load(f)


def of_year(text):
    return f'{YEAR}{text[4:]}'


def population():
    """Events, and the truth by (customer, type, month)."""
    if WHOLE:
        events = [dict(e, time=of_year(e['time'])) for e in read(WHOLE, 'events.clean.ndjson')]
        rows = read(WHOLE, 'truth.json')['per_customer_month']
    else:
        events, rows = read(DATA, 'demo', 'events.ndjson'), read(DATA, 'demo', 'truth.json')
        sample = [e for e in read(DATA, 'synthea', 'events.clean.ndjson')
                  if e['type'] in ('consultation.completed', 'reading.transmitted') and e['time'][5:7] == '01']
        events = [dict(e, time=f'{YEAR}-12{e["time"][7:]}') for e in events + sample]
        rows += counted([e for e in events if e['type'] in ('consultation.completed', 'reading.transmitted')])
    return events, {(row['customer'], row['type'], of_year(row['month'])): row for row in rows}


def counted(events):
    """The sample has no tables to count in."""
    groups = collections.defaultdict(list)
    for e in events:
        groups[e['customer'], e['type'], e['time'][:7]].append(e['properties'])
    return [{'customer': customer, 'type': kind, 'month': month, 'count': len(all), 'unique_providers': len({p['provider'] for p in all}),
             'minutes': str(sum(Decimal(p.get('minutes', '0')) for p in all))} for (customer, kind, month), all in groups.items()]


def without(properties, *names, **more):
    return {**{name: value for name, value in properties.items() if name not in names}, **more}


# By type: what a back end sends to the packs of it, as (pack, type, quantity, properties).
def sent(e):
    p = e['properties']
    who = {name: p[name] for name in ('patient', 'provider')}
    if e['type'] == 'consultation.completed':
        yield 'telehealth', e['type'], 1, without(p, region='us-west')
    if e['type'] == 'encounter.recorded':
        yield 'ehr', e['type'], 1, p
    if e['type'] == 'fhir.read':
        yield 'ehr', 'api.called', 1, {'interface': 'fhir'}
    if e['type'] == 'image.analyzed':
        yield 'imaging', e['type'], int(p['instances']), without(p, 'instances', 'algorithm_version', model_version=p['algorithm_version'], study=e['id'])
    if e['type'] == 'prescription.processed':
        yield 'ehr', 'prescription.transmitted', 1, who
        yield 'pharmacy', e['type'], e['quantity'], without(p, 'amount')
    if e['type'] == 'reading.transmitted':
        yield 'rpm', e['type'], e['quantity'], p


NEEDED = {'consultation.completed': {'region': 'us-west'}, 'image.analyzed': {'model_version': '1.0.0', 'study': 'a'}, 'encounter.recorded': {},
          'prescription.processed': {}, 'reading.transmitted': {}}


def careless(c):
    """The same events as back ends send that think of nothing, with all that the packs ask for: not one is taken."""
    folder = WHOLE or os.path.join(DATA, 'synthea')
    clean = {json.dumps(e) for e in read(folder, 'events.clean.ndjson')}
    events = [dict(e, customer='careless', time=f'{YEAR}-01-01T00:00:00Z', properties={**e['properties'], **NEEDED[e['type']]})
              for e in read(folder, 'events.raw.ndjson') if e['type'] in NEEDED and json.dumps(e) not in clean]
    c.put('/v1/customers/careless', {'name': 'Careless', 'currency': 'USD', 'time_zone': 'UTC'})
    for n in range(0, len(events), BATCH):
        answer = c.post('/v1/events', events[n:n + BATCH], 422)
        assert answer['accepted'] == 0, answer
        assert {r['code'] for r in answer['results']} <= {'property_unknown', 'property_invalid', 'phi_detected'}, answer
    return len(events)


def figures(truth, customer, month):
    """By pack and charge: what the tables say."""
    def row(kind):
        return truth.get((customer, kind, month), collections.defaultdict(int))
    images = row('image.analyzed')
    by_modality = images['by']['modality'] if images['count'] else {}
    return {
        'telehealth': {'sessions': row('consultation.completed')['count'], 'minutes': row('consultation.completed')['minutes'],
                       'active-providers': row('consultation.completed')['unique_providers']},
        'ehr': {'encounters': row('encounter.recorded')['count'], 'active-patients': row('encounter.recorded')['unique_patients'],
                'prescriptions': row('prescription.processed')['count'], 'api-calls': row('fhir.read')['count']},
        'imaging': {'images': images['instances'], 'studies': images['count'],
                    'credits': sum(WEIGHTS[name] * cell['instances'] for name, cell in by_modality.items())},
        'pharmacy': {'prescriptions': row('prescription.processed')['count'], 'refills': row('prescription.processed')['refills']},
        'rpm': {'transmissions': row('reading.transmitted')['count']}}


def months_of(days):
    """By (customer, month): how many patients have readings on so many days. The tables are not by patient; the events are."""
    found = collections.defaultdict(collections.Counter)
    for (customer, month, _), seen in days.items():
        found[customer, month]['99454'] += len(seen) >= 16
        found[customer, month]['99445'] += 2 <= len(seen) <= 15
    return found


server = phial.Server('--test-clock')
c = server.client
c.put('/v1/test-clock', {'now': f'{YEAR}-01-01T00:00:00Z'}, 200)
events, truth = population()
by_month, subscribed, days = collections.defaultdict(list), set(), collections.defaultdict(set)
for e in events:
    for pack, kind, quantity, properties in sent(e):
        subscribed.add((e['customer'], pack))
        by_month[e['time'][:7]].append({'id': f'{pack}-{e["id"]}', 'customer': e['customer'], 'type': kind, 'time': e['time'],
                                        'quantity': str(quantity), 'properties': properties})
        if pack == 'rpm':
            days[e['customer'], e['time'][:7], properties['patient']].add(e['time'][:10])
for pack in sorted({pack for _, pack in subscribed}):
    subprocess.run([phial.PHIAL, 'pack', 'apply', pack, '--url', server.url, '--key', server.key], check=True, stdout=subprocess.DEVNULL)
refused = careless(c)
for customer in sorted({customer for customer, _ in subscribed}):
    c.put('/v1/customers/' + customer, {'name': customer, 'currency': 'USD', 'time_zone': 'UTC'})
first = min(by_month)
for customer, pack in sorted(subscribed):
    c.post('/v1/subscriptions', {'customer': customer, 'plan': pack, 'start': first + '-01T00:00:00Z'})
compared = 0
on_days = months_of(days)
for month in sorted(by_month):
    year, number = int(month[:4]), int(month[5:])
    after = f'{year + number // 12}-{number % 12 + 1:02d}'
    c.put('/v1/test-clock', {'now': after + '-01T00:10:00Z'}, 200)
    for n in range(0, len(by_month[month]), BATCH):
        batch = by_month[month][n:n + BATCH]
        answer = c.post('/v1/events', batch, 200)
        assert answer['accepted'] == len(batch), answer
    c.put('/v1/test-clock', {'now': after + '-02T00:10:00Z'}, 200)
    cursor = ''
    while cursor is not None:
        page = c.get(f'/v1/invoices?status=issued&from={month}-01T00:00:00Z&to={after}-01T00:00:00Z&limit=500{cursor and "&cursor=" + cursor}')
        cursor = page['next_cursor']
        for row in page['data']:
            statement = c.get('/v1/invoices/' + row['id'])
            pack, billed = statement['plan']['key'], {line['key']: Decimal(line['quantity']) for line in statement['lines']}
            wanted = figures(truth, row['customer'], month)[pack]
            if pack == 'rpm':
                wanted.update({key: on_days[row['customer'], month][key] for key in ('99454', '99445')})
            for key, quantity in wanted.items():
                assert billed[key] == Decimal(str(quantity)), (row['customer'], month, pack, key, billed[key], quantity)
            compared += len(wanted)
print(f'{sum(map(len, by_month.values()))} events, {len(subscribed)} subscriptions, {compared} figures as the tables say; {refused} careless ones refused')
assert compared >= len(subscribed)
server.stop()
server.remove()
