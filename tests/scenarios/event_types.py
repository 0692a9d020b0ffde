#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a declaration means, value by value, as a sender sees it."""
import itertools
import os
import re
import sys
from datetime import datetime, timedelta, timezone

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

NOW = datetime.now(timezone.utc)
ISO = '%Y-%m-%dT%H:%M:%SZ'
NUMBERS = itertools.count()
OK, BAD, PHI, PLAIN, DECIMAL = None, 'property_invalid', 'phi_detected', 'phi_ambiguous_number', 'decimal_expected'

# A declaration, and values of it: what is sent, the code it gets (None: accepted), and what is stored where that differs.
VALUES = [
    ({'type': 'enum', 'values': ['ct', 'MRI', 'x-1.b_c']},
     [('ct', OK), ('MRI', OK), ('x-1.b_c', OK), ('mri', BAD), ('', BAD), ('ct ', BAD), (1, BAD), (True, BAD), (None, BAD), (['ct'], BAD),
      ({'ct': 1}, BAD), ('219-45-7731', PHI)]),
    ({'type': 'boolean'}, [(True, OK), (False, OK), ('true', BAD), (1, BAD), (0, BAD), (None, BAD)]),
    ({'type': 'integer'},
     [(7, OK, '7'), ('7', OK), (-7, OK, '-7'), ('-7', OK), (0, OK, '0'), ('007', BAD), ('1.0', BAD), ('1.5', BAD), ('1e3', BAD), (1.5, DECIMAL),
      ('', BAD), ('x', BAD), (True, BAD), (None, BAD), ('999999999999999999', OK), ('9999999999999999999', BAD), ('+7', BAD), ('219-45-7731', PHI)]),
    ({'type': 'integer', 'min': '1', 'max': '10'}, [(1, OK, '1'), (10, OK, '10'), (0, BAD), (11, BAD), ('-1', BAD)]),
    ({'type': 'integer', 'min': 1, 'max': 10}, [(1, OK, '1'), (11, BAD)]),
    ({'type': 'decimal'},
     [('1.5', OK), ('12.50', OK, '12.5'), (12, OK, '12'), ('-0.5', OK), (1.5, DECIMAL), ('1e3', BAD), ('', BAD), ('.5', BAD), ('5.', BAD),
      ('0.123456789012', OK), ('0.1234567890123', BAD), ('123456789012345678', OK), ('1234567890123456789', BAD), ('219-45-7731', PHI)]),
    ({'type': 'decimal', 'min': '0', 'max': '1440'}, [('0', OK), ('1440', OK), ('1440.000', OK, '1440'), ('1440.001', BAD), ('-0.001', BAD)]),
    ({'type': 'version'},
     [('2', OK), ('2.4', OK), ('2.4.1', OK), ('4.9.79.8', OK), ('1.2.3.4.5', BAD), ('2.4.1-rc.1', OK), ('2.4.1+build.7', OK), ('2.4-', BAD),
      ('2..4', BAD), ('v2', BAD), ('', BAD), ('2.', BAD), (2, BAD), ('2.4 1', BAD), ('219-45-7731', PHI)]),
    ({'type': 'code'},
     [('a', OK), ('A-b_c.9', OK), ('x' * 64, OK), ('x' * 65, BAD), ('', BAD), ('a b', BAD), ('a/b', BAD), ('\u00e4', BAD), (5, BAD), (None, BAD),
      ('123456', OK), ('1234567', PLAIN), ('8834517290', PLAIN), ('123456789012', PLAIN), ('1234567890123', OK), ('a8834517290', OK),
      ('219-45-7731', PHI), ('quentin.oldacre@example.org', PHI)]),
    ({'type': 'token'},
     [('MRN 00123456', OK, 'tok'), ('Zo\u00eb \u00d6sterreich', OK, 'tok'), ('x' * 256, OK, 'tok'), ('x' * 257, BAD), ('\u00e4' * 128, OK, 'tok'),
      ('\u00e4' * 129, BAD), ('', BAD), (5, BAD), (None, BAD), (True, BAD), ({'a': 1}, BAD)]),
]

# What a type may not declare: its document, the pointer and the code of the first fault.
DECLARATIONS = [
    ({'properties': {'n': {'type': 'text'}}}, '/properties/n/type', 'invalid'),
    ({'properties': {'n': {}}}, '/properties/n/type', 'missing_member'),
    ({'properties': {'n': 'code'}}, '/properties', 'invalid'),
    ({'properties': {'Name': {'type': 'boolean'}}}, '/properties', 'invalid'),
    ({'properties': {'1st': {'type': 'boolean'}}}, '/properties', 'invalid'),
    ({'properties': {'n' * 65: {'type': 'boolean'}}}, '/properties', 'invalid'),
    ({'properties': {'n': {'type': 'enum'}}}, '/properties/n/values', 'missing_member'),
    ({'properties': {'n': {'type': 'enum', 'values': []}}}, '/properties/n/values', 'invalid'),
    ({'properties': {'n': {'type': 'enum', 'values': ['a', 'a']}}}, '/properties/n/values', 'invalid'),
    ({'properties': {'n': {'type': 'enum', 'values': ['a b']}}}, '/properties/n/values/0', 'invalid'),
    ({'properties': {'n': {'type': 'enum', 'values': ['ok', '219-45-7731']}}}, '/properties/n/values/1', 'phi_detected'),
    ({'properties': {'n': {'type': 'code', 'values': ['a']}}}, '/properties/n/values', 'invalid'),
    ({'properties': {'n': {'type': 'code', 'min': '1'}}}, '/properties/n/min', 'invalid'),
    ({'properties': {'n': {'type': 'integer', 'min': '5', 'max': '4'}}}, '/properties/n', 'invalid'),
    ({'properties': {'n': {'type': 'integer', 'min': '0.5'}}}, '/properties/n', 'invalid'),
    ({'properties': {'n': {'type': 'decimal', 'min': 0.5}}}, '/properties/n/min', 'decimal_expected'),
    ({'properties': {'n': {'type': 'token', 'scope': 'week'}}}, '/properties/n/scope', 'invalid'),
    ({'properties': {'n': {'type': 'token', 'method': 'rot13'}}}, '/properties/n/method', 'invalid'),
    ({'properties': {'n': {'type': 'code', 'detectors_off': ['nothing']}}}, '/properties/n/detectors_off/0', 'invalid'),
    ({'properties': {'n': {'type': 'code', 'required': 'yes'}}}, '/properties/n/required', 'invalid'),
    ({'unknown_properties': 'keep'}, '/unknown_properties', 'invalid'),
    ({'time_precision': 'month'}, '/time_precision', 'invalid'),
    ({'quantity': {'min': '5', 'max': '4'}}, '/quantity', 'invalid'),
    ({'quantity': {'integer': True, 'max': '1.5'}}, '/quantity', 'invalid'),
    ({'window': {'past': '35 days'}}, '/window/past', 'invalid'),
    ({'window': {'past': '-P1D'}}, '/window/past', 'invalid'),
    ({'window': {'future': 'P'}}, '/window/future', 'invalid'),
    ({'plain_numbers': ['nothing']}, '/plain_numbers/0', 'invalid'),
    ({'plain_numbers': ['b'], 'properties': {'b': {'type': 'boolean'}}}, '/plain_numbers/0', 'invalid'),
    ({'description': 'For SSN 219-45-7731'}, '/description', 'phi_detected'),
    ({'something': 1}, '', 'unknown_member'),
] + [({'properties': {name: {'type': type_}}}, None, 'phi_property_name') for name in (
    'ssn', 'SSN', 'date_of_birth', 'dateOfBirth', 'DateOfBirth', 'date-of-birth', 'dob', 'patient_name', 'patientName', 'diagnosis',
    'dea_schedule', 'mrn', 'PatientID', 'email') for type_ in ('code', 'enum')]

QUANTITIES = [  # a declaration, a quantity, its code, what is stored
    (None, None, OK, '1'), (None, '0', OK, '0'), (None, '1.50', OK, '1.5'), (None, 3, OK, '3'), (None, 1.5, DECIMAL, None),
    (None, '-1', 'quantity_out_of_range', None), (None, 'x', DECIMAL, None), (None, '1e3', DECIMAL, None), (None, True, DECIMAL, None),
    ({'min': '-5'}, '-5', OK, '-5'), ({'min': '-5'}, '-5.1', 'quantity_out_of_range', None),
    ({'max': '10'}, '10', OK, '10'), ({'max': '10'}, '10.000000000001', 'quantity_out_of_range', None),
    ({'integer': True}, '7', OK, '7'), ({'integer': True}, '7.0', OK, '7'), ({'integer': True}, '7.5', 'quantity_out_of_range', None),
    ({'integer': True, 'min': '2', 'max': '4'}, '1', 'quantity_out_of_range', None),
]

TIMES = [  # precision, the time sent, the time stored of a customer in New York
    ('second', '2026-11-01T05:30:15.987654Z', '2026-11-01T05:30:15Z'),
    ('second', '2026-11-01T00:30:15+02:00', '2026-10-31T22:30:15Z'),
    ('hour', '2026-11-01T05:30:15Z', '2026-11-01T05:00:00Z'),  # 01:30, the first time
    ('hour', '2026-11-01T06:30:15Z', '2026-11-01T06:00:00Z'),  # 01:30, the second time
    ('day', '2026-11-01T05:30:15Z', '2026-11-01T04:00:00Z'),
    ('day', '2026-11-02T04:59:59Z', '2026-11-01T04:00:00Z'),  # 25 hours long
    ('day', '2026-11-02T05:00:00Z', '2026-11-02T05:00:00Z'),
    ('day', '2026-03-08T12:00:00Z', '2026-03-08T05:00:00Z'),  # 23 hours long
    ('day', '2026-03-09T03:59:59Z', '2026-03-08T05:00:00Z'),
    ('day', '2026-03-09T04:00:00Z', '2026-03-09T04:00:00Z'),
]


class Catalog:
    def __init__(self, client):
        self.client = client
        client.put('/v1/customers/clinic', {'name': 'A', 'currency': 'USD', 'time_zone': 'America/New_York'})

    def declare(self, document):
        key = f'type-{next(NUMBERS)}'
        self.client.put('/v1/event-types/' + key, document)
        return key

    def send(self, key, **event):
        """The code and the event as it is stored."""
        event = dict({'id': f'e-{next(NUMBERS)}', 'customer': 'clinic', 'type': key, 'time': NOW.strftime(ISO)}, **event)
        answer = self.client.send('POST', '/v1/events', event)
        if answer.status == 422:
            return answer.json['results'][0], None
        assert answer.status == 201, (event, answer)
        return {'code': None}, self.client.get(f'/v1/events/clinic/{event["id"]}?source={event.get("source", "")}')


def values(catalog):
    for declaration, cases in VALUES:
        key = catalog.declare({'properties': {'p': declaration}})
        for value, code, *stored in cases:
            result, event = catalog.send(key, properties={'p': value})
            assert result['code'] == code, (declaration, value, result)
            if code is None and stored == ['tok']:
                assert re.fullmatch('tok_[a-z2-7]{26}', event['properties']['p']), event
            elif code is None:
                assert event['properties']['p'] == (stored[0] if stored else value), (declaration, value, event)
            else:
                assert result['pointer'] == '/properties/p', (declaration, value, result)
    key = catalog.declare({'properties': {'p': {'type': 'code', 'required': True}, 'q': {'type': 'code'}}})
    for properties, code, pointer in (({'p': 'a'}, None, None), ({'q': 'a'}, 'property_missing', '/properties/p'),
                                      ({}, 'property_missing', '/properties/p'), (None, 'property_missing', '/properties/p'),
                                      ([], BAD, '/properties'), ({'p': 'a', 'r': 1}, 'property_unknown', '/properties')):
        result, _ = catalog.send(key, properties=properties)
        assert (result['code'], result.get('pointer')) == (code, pointer), (properties, result)


def declarations(catalog):
    for document, pointer, code in DECLARATIONS:
        answer = catalog.client.expect(422, 'PUT', '/v1/event-types/refused', document).json
        fault = answer['errors'][0]
        assert fault['code'] == code and pointer in (None, fault['pointer']), (document, answer)
    for name in ('patient_name', 'ssn', 'date_of_birth'):  # as a token any name may stand
        catalog.declare({'properties': {name: {'type': 'token'}}})
    catalog.declare({'properties': {'n' * 64: {'type': 'boolean'}, 'ssn_checks': {'type': 'integer'}}})


def plain_numbers(catalog):
    key = catalog.declare({'plain_numbers': ['id', 'order'], 'properties': {'order': {'type': 'code'}, 'other': {'type': 'code'}}})
    assert catalog.send(key, id='8834517290', properties={'order': '8834517290'})[0]['code'] is None
    assert catalog.send(key, properties={'other': '8834517290'})[0]['code'] == PLAIN
    assert catalog.send(key, properties={'order': '219-45-7731'})[0]['code'] == PHI
    bare = catalog.declare({})
    for id_, code in (('8834517290', PLAIN), ('123456', OK), ('1234567890123', OK), ('x' * 128, OK), ('x' * 129, 'invalid_id'), ('', 'invalid_id'),
                      ('\u00e4', 'invalid_id'), ('ssn-218-36-9041', PHI)):
        result, _ = catalog.send(bare, id=id_)
        assert result['code'] == code and (code is None or result['pointer'] == '/id'), (id_, result)
    for source, code in (('', OK), ('worklist-eu', OK), ('x' * 129, 'invalid_id'), ('mrn-70044519', PHI)):
        assert catalog.send(bare, source=source, id=f's-{next(NUMBERS)}')[0]['code'] == code, source


def quantities(catalog):
    for declaration, quantity, code, stored in QUANTITIES:
        key = catalog.declare({} if declaration is None else {'quantity': declaration})
        result, event = catalog.send(key, **({} if quantity is None else {'quantity': quantity}))
        assert result['code'] == code, (declaration, quantity, result)
        assert code is not None or event['quantity'] == stored, (declaration, quantity, event)
        assert code is None or result['pointer'] == '/quantity'


def times(catalog):
    for precision, sent, stored in TIMES:
        key = catalog.declare({'time_precision': precision, 'window': {'past': 'P100Y', 'future': 'P100Y'}})
        _, event = catalog.send(key, time=sent)
        assert event['time'] == stored, (precision, sent, event)
    window = {'past': 'P100Y', 'future': 'P100Y'}
    for document, stored in (({'properties': {'p': {'type': 'token'}}}, '2026-11-01T04:00:00Z'), ({}, '2026-11-01T05:30:15Z'),
                             ({'properties': {'p': {'type': 'code'}}}, '2026-11-01T05:30:15Z'),
                             ({'time_precision': 'second', 'properties': {'p': {'type': 'token'}}}, '2026-11-01T05:30:15Z')):
        _, event = catalog.send(catalog.declare(dict(document, window=window)), time='2026-11-01T05:30:15.5Z')
        assert event['time'] == stored, (document, event)


def windows(catalog):
    def at(**more):
        return (NOW + timedelta(**more)).strftime(ISO)

    old, new = 'time_too_old', 'time_in_future'
    for window, time, code in (
            (None, at(days=-34), OK), (None, at(days=-36), old), (None, at(minutes=3), OK), (None, at(minutes=8), new),
            ({'past': 'PT1H'}, at(minutes=-30), OK), ({'past': 'PT1H'}, at(minutes=-90), old), ({'past': 'PT1H'}, at(minutes=8), new),
            ({'future': 'P1D'}, at(hours=23), OK), ({'future': 'P1D'}, at(hours=26), new), ({'future': 'P1D'}, at(days=-36), old),
            ({'past': 'P1W'}, at(days=-6), OK), ({'past': 'P1W'}, at(days=-8), old), ({'past': 'P1M'}, at(days=-27), OK),
            ({'past': 'P1Y2M3DT4H5M6S'}, at(days=-400), OK), ({'past': 'P100Y'}, '1930-01-01T00:00:00Z', OK),
            ({'past': 'P100Y'}, '1900-01-01T00:00:00Z', old), ({'past': 'P9999Y', 'future': 'P9999Y'}, '0001-01-01T00:00:00Z', OK),
            ({'past': 'P9999Y', 'future': 'P9999Y'}, '9999-12-31T00:00:00Z', OK), ({'past': 'P1000000Y'}, '0001-01-01T00:00:00Z', OK),
            ({'past': 'PT0S', 'future': 'PT0S'}, at(minutes=-1), old), ({'past': 'P36D'}, '2026-01-01 00:00:00', 'invalid_time'),
            (None, '2026-02-30T00:00:00Z', 'invalid_time'), (None, at().replace('Z', ''), 'invalid_time'), (None, 5, 'invalid_time')):
        result, _ = catalog.send(catalog.declare({} if window is None else {'window': window}), time=time)
        assert result['code'] == code and (code is None or result['pointer'] == '/time'), (window, time, result)


def unknown(catalog):
    reject = catalog.declare({'properties': {'p': {'type': 'code'}}})
    drop = catalog.declare({'properties': {'p': {'type': 'code'}}, 'unknown_properties': 'drop'})
    more = {'p': 'a', 'Patient Name': 'Zoe Quux', 'deep': {'list': [1, {'a': None}], 'n': 1.5}}
    assert catalog.send(reject, properties=more)[0]['code'] == 'property_unknown'
    _, event = catalog.send(drop, id='dropped', properties=more)
    assert event['properties'] == {'p': 'a'}, event
    again = catalog.client.send('POST', '/v1/events', {'id': 'dropped', 'customer': 'clinic', 'type': drop, 'time': NOW.strftime(ISO),
                                                       'properties': {'p': 'a', 'other': 2}})
    assert again.status == 200, again  # the same once it is dropped
    for text in ('{"a": 1, "a": 2}', '"\\ud800"', '[' * 70 + ']' * 70):  # not even there
        body = f'{{"id": "d", "customer": "clinic", "type": "{drop}", "time": "{NOW.strftime(ISO)}", "properties": {{"x": {text}}}}}'
        answer = catalog.client.send('POST', '/v1/events', body)
        assert answer.status == 422, (text, answer)
    report = catalog.client.get('/v1/phi/report')['dropped']
    assert [r['count'] for r in report if r['type'] == drop] == [3], report


def tokens(catalog):
    window = {'past': 'P100Y', 'future': 'P100Y'}
    scopes = {scope: {'type': 'token', 'scope': scope} for scope in ('period', 'customer', 'event')}
    key = catalog.declare({'properties': scopes, 'window': window})

    def of(who, time, **more):
        return catalog.send(key, properties={s: who for s in scopes}, time=time, **more)[1]['properties']

    first = of('P1', '2026-10-05T12:00:00Z', id='t-1')
    later = of('P1', '2026-11-01T03:59:59Z')  # still October in New York
    month = of('P1', '2026-11-01T04:00:00Z')
    other = of('P2', '2026-10-05T12:00:00Z')
    assert first['period'] == later['period'] != month['period']
    assert first['customer'] == later['customer'] == month['customer'] != other['customer']
    assert len({e['event'] for e in (first, later, month, other)}) == 4
    assert len(set(first.values())) == 3
    repeat = catalog.client.send('POST', '/v1/events', {'id': 't-1', 'customer': 'clinic', 'type': key, 'time': '2026-10-05T12:00:00Z',
                                                        'properties': {s: 'P1' for s in scopes}})
    assert repeat.status == 200, repeat
    conflict = catalog.client.send('POST', '/v1/events', {'id': 't-1', 'customer': 'clinic', 'type': key, 'time': '2026-10-05T12:00:00Z',
                                                          'properties': {s: 'P9' for s in scopes}})
    assert conflict.status == 409, conflict


def versions(catalog):
    document = {'properties': {'p': {'type': 'code'}}}
    put = catalog.client.expect(201, 'PUT', '/v1/event-types/v', document)
    assert put.json['version'] == 1 and put.json['key'] == 'v' and put.json['properties'] == document['properties'], put
    same = catalog.client.expect(200, 'PUT', '/v1/event-types/v', document)
    assert same.json == put.json
    catalog.client.expect(428, 'PUT', '/v1/event-types/v', {})
    catalog.client.expect(412, 'PUT', '/v1/event-types/v', {}, If_Match='"x"')
    new = catalog.client.expect(200, 'PUT', '/v1/event-types/v', {}, If_Match=put.headers['ETag'])
    assert new.json['version'] == 2 and catalog.client.get('/v1/event-types/v?version=1') == put.json


def main():
    server = phial.Server()
    catalog = Catalog(server.client)
    for check in (values, declarations, plain_numbers, quantities, times, windows, unknown, tokens, versions):
        check(catalog)
    server.remove()
    print('ok')


main()
