#!/usr/bin/env python3
"""Make the demo's month out of a folder of usage events derived from Synthea.

  make.py FOLDER    reads events.clean.ndjson, events.raw.ndjson, events.raw.labels.ndjson, truth.json

events.ndjson   the month as a careful backend sends it
refused.ndjson  events with what a careless one plants: names, birth dates, numbers, addresses
planted.txt     every value planted, one a line: none may be found anywhere afterwards
truth.json      the true counts of the month, which were counted from the CSV files and not from events
"""
import json
import sys

MONTH = '2026-12'
TYPES = ('encounter.recorded', 'fhir.read', 'image.analyzed', 'prescription.processed')
folder = sys.argv[1]


def lines(name):
    with open(f'{folder}/{name}', encoding='utf-8') as f:
        return [json.loads(line) for line in f]


def wanted(e):
    return e['type'] in TYPES and e['time'].startswith(MONTH)


def value_at(event, pointer):
    for part in pointer.split('/')[1:]:
        event = event[part]
    return event


def write(name, rows):
    with open(name, 'w', encoding='utf-8', newline='\n') as f:
        f.writelines(json.dumps(r, ensure_ascii=False, separators=(',', ':')) + '\n' for r in rows)


clean = [e for e in lines('events.clean.ndjson') if wanted(e)]
labels = {row['id']: row['phi'] for row in lines('events.raw.labels.ndjson')}
raw = [e for e in lines('events.raw.ndjson') if wanted(e) and labels.get(e['id'])]

refused, planted = [], set()
for n, e in enumerate(raw):
    values = [value_at(e, p) for p in labels[e['id']]]
    if n % 6 == 0:  # as it was sent: names and numbers under names of their own
        refused.append(dict(e, id=f'raw_{n:05d}'))
    elif n % 6 == 3:  # hidden in a property that the type declares
        good = next(c for c in clean if c['id'] == e['id'])
        value = next((v for v in values if v.startswith('999-')), None)
        if value is None:
            continue
        refused.append(dict(good, id=f'raw_{n:05d}', properties=dict(good['properties'], provider=value)))
    else:
        continue
    planted.update(v for v in values if len(v) >= 8)

truth = json.load(open(f'{folder}/truth.json', encoding='utf-8'))
rows = [r for r in truth['per_customer_month'] if r['month'] == MONTH and r['type'] in TYPES]
write('events.ndjson', clean)
write('refused.ndjson', refused)
with open('planted.txt', 'w', encoding='utf-8', newline='\n') as f:
    f.writelines(v + '\n' for v in sorted(planted))
with open('truth.json', 'w', encoding='utf-8', newline='\n') as f:
    f.write('[\n ' + ',\n '.join(json.dumps(r, separators=(',', ':')) for r in rows) + '\n]\n')
print(len(clean), 'events,', len(refused), 'with PHI,', len(planted), 'values planted,', len(rows), 'true counts')
