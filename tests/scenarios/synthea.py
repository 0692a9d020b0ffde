#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Synthetic patients sent at every opening of the door: afterwards nothing of them is in the data folder, the write-ahead log, the
logs, the metrics, or the memory of the daemon and of its PostgreSQL. What should be sent instead is taken whole.

PHIAL_SYNTHEA=FOLDER sends the whole population instead of the sample in tests/data/synthea."""
import csv
import gzip
import json
import os
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import memory  # noqa: E402
import phial  # noqa: E402

DATA = os.environ.get('PHIAL_SYNTHEA') or os.path.join(os.path.dirname(__file__), '..', 'data', 'synthea')
WINDOW = {'past': 'P400Y', 'future': 'P400Y'}
PERSON = {'patient': {'type': 'token', 'scope': 'period', 'required': True}, 'provider': {'type': 'code'}}
VERSION = {'type': 'version'}
AMOUNT = {'type': 'decimal', 'min': '0'}
CLASS = {'type': 'enum', 'values': ['ambulatory', 'emergency', 'home', 'hospice', 'inpatient', 'outpatient', 'snf', 'urgentcare',
                                    'virtual', 'wellness']}
TYPES = {
    'consultation.completed': {'encounter_class': CLASS, 'minutes': AMOUNT},
    'encounter.recorded': {'encounter_class': CLASS, 'claim_amount': AMOUNT},
    'image.analyzed': {'modality': {'type': 'enum', 'values': ['CR', 'CT', 'DX', 'MR', 'US']}, 'instances': {'type': 'integer'},
                       'algorithm_version': VERSION},
    'reading.transmitted': {'category': {'type': 'code'}, 'measures': {'type': 'integer', 'min': '1'}},
    'fhir.read': {'resource': {'type': 'code'}, 'interaction': {'type': 'code'}, 'fhir_version': VERSION, 'category': {'type': 'code'}},
    'prescription.processed': {'refills': {'type': 'integer'}, 'amount': AMOUNT},
    'risk.assessed': {'basis': {'type': 'enum', 'values': ['careplan', 'condition']}, 'model_version': VERSION},
}


def read(name):
    with open(os.path.join(DATA, name), encoding='utf-8') as f:
        return [json.loads(line) for line in f]


def patients():
    with open(os.path.join(DATA, 'patients.csv'), encoding='utf-8', newline='') as f:
        return list(csv.DictReader(f))


def traces(people):
    """Every text that may not be found again."""
    found = set()
    for p in people:
        found |= {p[k] for k in ('FIRST', 'LAST', 'MAIDEN', 'SSN', 'DRIVERS', 'PASSPORT', 'ADDRESS', 'BIRTHDATE', 'Id')}
        found |= {p['SSN'].replace('-', ''), '/'.join(p['BIRTHDATE'].split('-')[1:] + p['BIRTHDATE'].split('-')[:1])}
    found.discard('')
    return sorted(found)


def cloud(event):
    return {'specversion': '1.0', 'id': event['id'], 'source': event.get('source', 'ehr'), 'type': event['type'], 'time': event['time'],
            'subject': event['customer'], 'data': dict(event['properties'], quantity=event['quantity'])}


def zstd(data):
    return subprocess.run(['zstd', '-q', '-c'], input=data, stdout=subprocess.PIPE, check=True).stdout


def forms(events, single):
    """The same events in every body that carries them: (body, headers)."""
    def array(many):
        return json.dumps(many).encode()
    lines = '\n'.join(json.dumps(e) for e in events).encode()
    yield array(events), {'media': 'application/json'}
    yield gzip.compress(array(events)), {'media': 'application/json', 'Content_Encoding': 'gzip'}
    yield lines, {'media': 'application/x-ndjson'}
    yield zstd(lines), {'media': 'application/x-ndjson', 'Content_Encoding': 'zstd'}
    yield array([cloud(e) for e in events]), {'media': 'application/cloudevents-batch+json'}
    for event in events[:single]:
        yield array(event), {'media': 'application/json'}
        yield array(cloud(event)), {'media': 'application/cloudevents+json'}


def send_events(c, events, labelled, single):
    """Sends them in every form. Those of careless back ends are refused, the others are taken once."""
    refused = 0
    for n in range(0, len(events), 1000):
        batch = events[n:n + 1000]
        for body, how in forms(batch, single):
            answer = c.send('POST', '/v1/events', body, **how)
            assert answer.status in (200, 201, 207, 422), answer
            for value in SAMPLE:
                assert value not in answer.bytes, answer
            refused += answer.json['rejected']
            for r in answer.json['results']:
                assert r['status'] != 'rejected' or r.get('id') is None or r['id'] in labelled or labelled is None, r
    return refused


def declare(c, unknown):
    for key, properties in TYPES.items():
        made = c.send('PUT', '/v1/event-types/' + key, {'properties': dict(properties, **PERSON), 'window': WINDOW,
                                                        'unknown_properties': unknown}, If_Match='*')
        if made.status == 412:
            made = c.send('PUT', '/v1/event-types/' + key, {'properties': dict(properties, **PERSON), 'window': WINDOW,
                                                            'unknown_properties': unknown})
        assert made.status in (200, 201), made


def openings(person, customer, clean):
    """One patient at every opening but the properties: (method, path, body, headers) that must be refused or say nothing."""
    name = f'{person["FIRST"]} {person["LAST"]}'
    every = [name, person['LAST'], person['SSN'], person['SSN'].replace('-', ''), person['BIRTHDATE'], person['ADDRESS'], person['Id']]
    every += [v for v in (person['DRIVERS'], person['PASSPORT']) if v]
    for value in every:
        quoted = urllib.parse.quote(value, safe='')
        for field in ('customer', 'type', 'time'):
            yield 'POST', '/v1/events', dict(clean, **{field: value}), {}
            yield 'POST', '/v1/events/validate', [dict(clean, **{field: value})], {}
        yield 'POST', '/v1/events', dict(clean, quantity=value + '.'), {}
        yield 'POST', '/v1/events', dict(clean, note=value), {}
        yield 'POST', '/v1/events', dict(clean, **{value: 1}), {}
        yield 'POST', '/v1/events', dict(clean, properties={value: 1}), {}
        yield 'POST', '/v1/events', dict(clean, properties={'basis': value}), {}
        if not value[0].isdigit() or value == person['SSN'] or value == person['ADDRESS']:  # what may be a version, is taken for one
            yield 'POST', '/v1/events', dict(clean, properties={'model_version': value, 'patient': value}), {}
        yield 'POST', '/v1/events', '{"id": "' + value, {}
        yield 'POST', '/v1/events', dict(cloud(clean), subject=value), {'media': 'application/cloudevents+json'}
        yield 'POST', '/v1/events', dict(clean), {'media': 'text/' + quoted}
        for path in ('/v1/customers/', '/v1/event-types/', '/v1/metrics/', '/v1/plans/', '/v1/invoices/', '/v1/subscriptions/',
                     '/v1/exports/', '/v1/backfills/', f'/v1/events/{customer}/', '/problems/', '/', '/v1/patients/'):
            yield 'GET', path + quoted, None, {}
        yield 'GET', f'/v1/events/{quoted}/x', None, {}
        yield 'GET', f'/v1/ledger/{quoted}/checkpoint', None, {}
        yield 'GET', f'/v1/customers/{quoted}/usage?metric={quoted}&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z', None, {}
        yield 'GET', f'/v1/customers/{customer}/usage?metric={quoted}&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z', None, {}
        yield 'GET', f'/v1/events?customer={quoted}', None, {}
        yield 'GET', f'/v1/invoices?customer={quoted}&status={quoted}', None, {}
        yield 'GET', f'/v1/customers?cursor={quoted}', None, {}
        yield 'GET', f'/v1/customers?{quoted}=1', None, {}
        yield 'DELETE', '/v1/keys/' + quoted, None, {}
        yield 'DELETE', '/v1/customers/' + quoted, None, {}
        if value != person['Id']:
            yield 'PUT', '/v1/event-types/new', {'properties': {value: {'type': 'code'}}}, {}
        yield 'PUT', '/v1/event-types/new', {'properties': {'ok': {'type': value}}}, {}
        yield 'POST', '/v1/subscriptions', {'customer': value, 'plan': value, 'start': value}, {'Idempotency_Key': value.encode()}
        yield 'GET', '/v1/events', None, {'Authorization': b'Bearer ' + value.encode()}
        yield 'GET', '/v1/events', None, {'If_None_Match': value.encode(), 'User_Agent': value.encode(), 'traceparent': value.encode(),
                                          'Accept': value.encode(), 'Request_Id': value.encode(), 'X_Patient': value.encode(),
                                          'Cookie': value.encode(), 'Referer': value.encode(), 'Prefer': value.encode()}
    # what only its detector tells from an id, a source or a reason of work
    for value in (person['SSN'], 'ssn ' + person['SSN'], f'{name}, DOB {person["BIRTHDATE"]}'):
        yield 'POST', '/v1/events', dict(clean, id=value), {}
        yield 'POST', '/v1/events', dict(clean, source=value), {}
        yield 'POST', '/v1/events/x/y/void', {}, {'Phial_Reason': value.encode()}
        yield 'POST', '/v1/keys', {'name': value, 'scopes': ['events:write']}, {}
        yield 'POST', '/v1/backfills', {'customer': customer, 'from': '2020-01-01T00:00:00Z', 'to': '2020-02-01T00:00:00Z',
                                        'reason': value}, {}
        yield 'PUT', '/v1/event-types/' + urllib.parse.quote(value, safe=''), {}, {}
        yield 'PUT', '/v1/customers/' + urllib.parse.quote(value, safe=''), {'name': 'A', 'currency': 'USD', 'time_zone': 'UTC'}, {}
    for field in ('id',):
        yield 'POST', '/v1/events', dict(clean, **{field: person['SSN'].replace('-', '')}), {}


def look_in_files(server, values):
    names = [os.path.join(folder, n) for folder, _, files in os.walk(server.folder) for n in files] + [server.log_path]
    found = subprocess.run(['grep', '-aoFH', '-f', '-', *names], input='\n'.join(values).encode(), capture_output=True,
                           env={'LC_ALL': 'C'})
    return found.stdout.decode(errors='replace').splitlines()[:20]


def look_at(pid, values):
    """One process: its name, what is found in it, its size."""
    with open(f'/proc/{pid}/comm') as f:
        name = f.read().strip()
    with open(f'/proc/{pid}/limits') as f:
        assert [line for line in f if 'core file size' in line][0].split()[4] == '0', f'{name} may leave a core'
    with open(f'/proc/{pid}/coredump_filter') as f:
        assert int(f.read(), 16) == 0, f'a core of {name} would hold memory'
    return name, *memory.search(pid, values)


def look_in_memory(server, values):
    pids = memory.family(server.process.pid)
    with open(phial.PHIALD, 'rb') as f:
        if b'__asan_init' in f.read() or b'__tsan_init' in f.read():
            print('SKIPPED: a sanitizer keeps what was freed')
            return []
    if not memory.may_look(server.process.pid):
        print('SKIPPED: the memory of another process can be read by root alone')
        return []
    found, total = [], 0
    for pid in pids:
        try:
            name, hits, size = look_at(pid, values)
        except (FileNotFoundError, ProcessLookupError):
            assert pid != server.process.pid  # one of PostgreSQL's workers, which come and go
            continue
        found += [f'{name} {pid}: {hit}' for hit in hits]
        total += size
    print(f'looked at {total >> 20} MiB of {len(pids)} processes')
    return found


def main():
    people = patients()
    values = traces(people)
    SAMPLE.extend(v.encode() for v in values)
    clean, raw = read('events.clean.ndjson'), read('events.raw.ndjson')
    same = {json.dumps(e) for e in clean}
    labelled = {e['id'] for e in raw if json.dumps(e) not in same}
    whole = 'PHIAL_SYNTHEA' in os.environ
    server = phial.Server()
    c = server.client
    for key in sorted({e['customer'] for e in clean}):
        c.put('/v1/customers/' + key, {'name': key, 'currency': 'USD', 'time_zone': 'America/Los_Angeles'})
    declare(c, 'reject')

    refused = send_events(c, raw, labelled, 100000 if whole else 30)
    declare(c, 'drop')
    again = [dict(e, id='again-' + e['id']) for e in raw]
    refused += send_events(c, again, {e['id'] for e in again}, 30)
    sent = 0
    for person in people if whole else people[::9]:
        for method, path, body, headers in openings(person, clean[0]['customer'], dict(clean[0], id='opening')):
            answer = c.send(method, path, body, **headers)
            assert answer.status >= 400, (method, path, body, answer)
            for value in values:
                assert value.encode() not in answer.bytes, (method, path, answer)
            sent += 1
    print(f'{refused} events refused, {sent} other requests refused')
    metrics = c.send('GET', '/metrics').bytes
    assert not [v for v in values if v.encode() in metrics]
    found = look_in_memory(server, values)
    assert not found, f'{len(found)} found:\n' + '\n'.join(found[:40])

    fresh = [dict(e, id='clean-' + e['id']) for e in clean]
    taken = 0
    for n in range(0, len(fresh), 1000):
        taken += c.post('/v1/events', fresh[n:n + 1000], 200)['accepted']
    assert taken == len(clean), taken
    server.sql('CHECKPOINT')
    server.stop()
    found = look_in_files(server, values)
    assert not found, found
    server.remove()
    print('ok')


SAMPLE = []
main()
