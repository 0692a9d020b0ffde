#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What was refused is nowhere: not in the data folder, the write-ahead log, the logs or the metrics."""
import os
import sys
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

NOW = datetime.now(timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def event(n, **more):
    e = {'id': f'ok-{n}', 'customer': 'clinic-a', 'type': 'visit', 'time': NOW, 'properties': {'room': 'r-1'}}
    e.update(more)
    return e


# What is sent, the code it must get, and the value that may never be found again.
CASES = [
    (event(1, properties={'room': '219-45-7731'}), 'phi_detected', '219-45-7731'),
    (event(2, properties={'room': 'quentin.oldacre@example.org'}), None, 'quentin.oldacre'),
    (event(3, id='ssn-218-36-9041'), 'phi_detected', '218-36-9041'),
    (event(4, id='8834517290'), 'phi_ambiguous_number', '8834517290'),
    (event(5, properties={'room': 'r-1', 'patient_name': 'Wilhelmina Trask'}), 'property_unknown', 'Wilhelmina'),
    (event(6, properties={'room': 'r-1', 'Zebediah Unfug 1961-04-17': 'x'}), 'property_unknown', 'Zebediah'),
    (event(7, source='mrn-70044519'), 'phi_detected', '70044519'),
    (event(8, note='Mr. Barnaby Quill'), 'unknown_member', 'Barnaby Quill'),
    (event(9, properties={'room': '4556737586899855'}), 'phi_detected', '4556737586899855'),
    (event(10, properties={'room': 'tel+1-415-555-2671'}), None, '415-555-2671'),
    (event(11, customer='Ottoline Frayne'), 'unknown_customer', 'Ottoline'),
    (event(12, type='Peregrine Holt'), 'unknown_type', 'Peregrine'),
    (event(13, time='born 1954-02-28T00:00'), 'invalid_time', 'born 1954'),
    (event(14, quantity='DOB19620713'), None, 'DOB19620713'),
]


def main():
    server = phial.Server()
    c = server.client
    c.put('/v1/event-types/visit', {'properties': {'room': {'type': 'code'}, 'who': {'type': 'token', 'scope': 'customer'}}})
    c.put('/v1/customers/clinic-a', {'name': 'A', 'currency': 'USD', 'time_zone': 'UTC'})
    planted = []
    for sent, code, value in CASES:
        for answer in (c.send('POST', '/v1/events', sent), c.send('POST', '/v1/events', [sent]), c.send('POST', '/v1/events/validate', sent)):
            assert answer.status == 422, (sent, answer)
            got = answer.json['results'][0]['code']
            assert code is None or got == code, (sent, got)
            assert value.encode() not in answer.bytes, (value, answer)
        planted.append(value)
    c.post('/v1/events', event(20, properties={'room': 'r-1', 'who': 'MRN 55120098 Thaddeus Okafor'}))
    planted += ['55120098', 'Thaddeus']
    # the door's other openings
    for method, path, body, headers in (
            ('GET', '/v1/events/clinic-a/Leopold-Wexcombe-1949-03-02', None, {}),
            ('GET', '/v1/customers/clinic-a?name=Leopold-Wexcombe', None, {}),
            ('POST', '/v1/events/clinic-a/ok-20/void', {}, {'Phial_Reason': 'patient SSN 217-33-8190 complained'}),
            ('POST', '/v1/keys', {'name': 'for SSN 217-33-8190', 'scopes': ['events:write']}, {}),
            ('PUT', '/v1/event-types/other', {'properties': {'leopold_wexcombe_ssn': {'type': 'code'}}}, {}),
            ('POST', '/v1/events', '{"id": "Leopold-Wexcombe', {}),
            ('POST', '/v1/events', 'x', {'User_Agent': 'Leopold-Wexcombe', 'Request_Id': 'Leopold-Wexcombe'})):
        answer = c.send(method, path, body, **headers)
        assert answer.status >= 400, (method, path, answer)
        assert b'Wexcombe' not in answer.bytes and b'8190' not in answer.bytes, answer
    planted += ['Wexcombe', '217-33-8190']
    metrics = c.send('GET', '/metrics').bytes
    server.sql('CHECKPOINT')
    server.stop()
    for folder, _, names in os.walk(server.folder):
        for name in [os.path.join(folder, n) for n in names] + [server.folder + '.log']:
            with open(name, 'rb') as f:
                data = f.read()
            for value in planted:
                assert value.encode() not in data, f'{value} found in {name}'
    for value in planted:
        assert value.encode() not in metrics
    server.remove()
    print('ok')


main()
