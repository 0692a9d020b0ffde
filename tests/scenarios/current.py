#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Before the period's end: what it comes to so far, the same as a stream that follows every event within two seconds, and what is left of an
entitlement. The figures are those that the invoice will state."""
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

PLAN = {'currency': 'USD', 'interval': 'month',
        'charges': [{'key': 'reads', 'name': 'Images read', 'metric': 'images', 'model': 'graduated', 'group_by': ['modality'],
                     'tiers': [{'up_to': '2', 'unit_amount': '1'}, {'up_to': None, 'unit_amount': '0.5'}]}],
        'fixed': [{'key': 'base', 'amount': '30', 'timing': 'arrears'}],
        'entitlements': {'api': True, 'export': False, 'seats': 5, 'sla': '4h', 'images': {'metric': 'images', 'limit': '4'},
                         'free': {'metric': 'images', 'limit': None}, 'open': {'metric': 'images'}}}


def catalog(c):
    c.put('/v1/event-types/image', {'properties': {'modality': {'type': 'enum', 'values': ['ct', 'mr']}}})
    c.put('/v1/metrics/images', {'event_types': ['image'], 'aggregation': 'sum', 'group_by': ['modality']})
    c.put('/v1/plans/imaging', PLAN)
    c.put('/v1/customers/clinic', {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'Europe/Berlin'})
    c.put('/v1/customers/other', {'name': 'Other', 'currency': 'USD', 'time_zone': 'Europe/Berlin'})
    c.put('/v1/test-clock', {'now': '2031-11-10T12:00:00Z'}, 200)
    return c.post('/v1/subscriptions', {'customer': 'clinic', 'plan': 'imaging', 'start': '2031-11-01T00:00:00Z'})['id']


def send(c, number, modality='ct', quantity='1'):
    c.post('/v1/events', {'id': f'event-{number}', 'customer': 'clinic', 'type': 'image', 'time': '2031-11-10T11:00:00Z',
                          'quantity': quantity, 'properties': {'modality': modality}})


def left(c, name):
    found = c.get('/v1/customers/clinic/entitlements/' + name)
    return found['granted'], found['limit'], found['used'], found['remaining']


def entitlements(c):
    assert left(c, 'api') == (True, None, None, None) and left(c, 'export') == (False, None, None, None)
    assert left(c, 'seats') == (True, '5', None, '5') and left(c, 'nothing') == (False, None, None, None)
    assert c.get('/v1/customers/clinic/entitlements/sla')['value'] == '4h'
    assert left(c, 'images') == (True, '4', '3', '1'), left(c, 'images')
    assert left(c, 'free') == left(c, 'open') == (True, None, '3', None), left(c, 'free')
    for name, pointer, codes in (('seats', '/entitlements/seats/metric', ['unknown_metric']),
                                 ('123-45-6789', '/entitlements', ['phi_detected', 'unknown_metric'])):
        answer = c.expect(422, 'PUT', '/v1/plans/unknown', dict(PLAN, entitlements={name: {'metric': 'nothing', 'limit': '1'}})).json
        assert [(e['pointer'], e['code']) for e in answer['errors']] == [(pointer, code) for code in codes], answer
    send(c, 'last')
    assert left(c, 'images') == (False, '4', '4', '0')
    send(c, 'beyond', quantity='2')
    assert left(c, 'images') == (False, '4', '6', '0')
    c.expect(201, 'POST', '/v1/events/clinic/event-beyond/void', {}, Phial_Reason='counted twice')
    assert left(c, 'images') == (False, '4', '4', '0')
    assert c.get('/v1/customers/other/entitlements/api')['granted'] is False
    c.expect(404, 'GET', '/v1/customers/nobody/entitlements/api')
    c.expect(400, 'GET', '/v1/customers/clinic/entitlements/api?at=now')


class Stream:
    def __init__(self, url, key, path='/v1/customers/clinic/usage/stream'):
        host, port = url.split('//')[1].split(':')
        self.socket = socket.create_connection((host, int(port)), timeout=5)
        self.socket.sendall(f'GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n\r\n'.encode())
        self.file = self.socket.makefile('rb')
        self.status = self.file.readline().decode()
        self.headers = dict(line.decode().rstrip().split(': ', 1) for line in iter(self.file.readline, b'\r\n'))
        self.text = ''

    def event(self):
        """The next event's id and data; None at the end of the stream."""
        while '\n\n' not in self.text:
            size = int(self.file.readline() or b'0', 16)
            self.text += self.file.read(size).decode()
            self.file.readline()
            if size == 0:
                return None
        block, self.text = self.text.split('\n\n', 1)
        fields = dict(line.split(': ', 1) for line in block.splitlines() if not line.startswith(':'))
        return (int(fields['id']), json.loads(fields['data'])) if fields else self.event()

    def end(self):
        """Whatever is told before it."""
        while self.event() is not None:
            pass

    def close(self):
        self.file.close()
        self.socket.close()


def lines_of(current):
    return {(charge['group']['modality']): (charge['quantity'], charge['amount']) for charge in current['subscriptions'][0]['charges']}


def streams(server, c):
    key = c.post('/v1/keys', {'name': 'dashboard', 'scopes': ['usage:read'], 'customer': 'clinic'})
    stream, again = Stream(server.url, key['key']), Stream(server.url, c.key)
    assert '200' in stream.status and stream.headers['Content-Type'] == 'text/event-stream', stream.status
    index, first = stream.event()
    assert lines_of(first) == {'ct': ('3', '2.50'), 'mr': ('1', '1.00')}, first
    assert again.event()[1] == first and first['as_of']['index'] == index
    brief = Stream(server.url, c.post('/v1/keys', {'name': 'brief', 'scopes': ['usage:read'], 'expires': '2031-11-10T12:00:05Z'})['key'])
    assert brief.event()[1] == first
    c.put('/v1/test-clock', {'now': '2031-11-10T12:00:05Z'}, 200)
    assert brief.event() is None  # it has expired, though nothing else has happened
    brief.close()
    now = time.monotonic()
    send(c, 'streamed', 'mr', '2')
    found, then = stream.event()
    assert time.monotonic() - now < 2 and found == index + 1, (time.monotonic() - now, found, index)
    assert lines_of(then)['mr'] == ('3', '2.50') and again.event()[1] == then
    assert then == c.get('/v1/customers/clinic/usage/current')
    assert '404' in Stream(server.url, key['key'], '/v1/customers/other/usage/stream').status
    c.expect(204, 'DELETE', '/v1/keys/' + key['id'])
    assert stream.event() is None  # the key is revoked
    stream.close()
    assert again.event()[1] == then  # the catalog has changed: told again
    return again


def endings(server, c):
    """A customer whose figures cannot be had ends its own streams alone; a key that expires ends its own."""
    key = c.post('/v1/keys', {'name': 'for a day', 'scopes': ['usage:read'], 'customer': 'other', 'expires': '2031-12-02T00:00:00Z'})
    c.put('/v1/plans/dear', {'currency': 'USD', 'interval': 'month', 'charges': [
        {'key': 'reads', 'metric': 'images', 'model': 'per_unit', 'unit_amount': '9' * 18}]})
    c.put('/v1/customers/dear', {'name': 'Dear', 'currency': 'USD', 'time_zone': 'UTC'})
    c.post('/v1/subscriptions', {'customer': 'dear', 'plan': 'dear', 'start': '2031-12-01T00:00:00Z'})
    c.post('/v1/events', {'id': 'much', 'customer': 'dear', 'type': 'image', 'time': '2031-12-01T11:00:00Z', 'quantity': '9' * 18})
    assert c.get('/v1/customers/dear/usage/current', 422)['code'] == 'amount_overflow'
    stream = Stream(server.url, key['key'], '/v1/customers/other/usage/stream')
    assert stream.event() is not None
    Stream(server.url, c.key, '/v1/customers/dear/usage/stream').end()
    again = Stream(server.url, key['key'], '/v1/customers/other/usage/stream')
    assert again.event() is not None
    c.put('/v1/test-clock', {'now': '2031-12-02T12:00:00Z'}, 200)
    stream.end()
    again.end()


def persons(server, c):
    """Usage about persons, for keys that send events and for one that sends none."""
    kind = {'type': 'enum', 'values': ['ct', 'mr', 'us']}
    c.put('/v1/event-types/seen', {'properties': {'who': {'type': 'token', 'scope': 'customer'}, 'kind': kind, 'minutes': {'type': 'decimal'}}})
    c.put('/v1/metrics/persons', {'event_types': ['seen'], 'aggregation': 'unique', 'property': 'who', 'group_by': ['kind']})
    c.put('/v1/metrics/minutes', {'event_types': ['seen'], 'aggregation': 'sum', 'property': 'minutes'})
    c.put('/v1/plans/wards', {'currency': 'USD', 'interval': 'month', 'charges': [
        {'key': 'persons', 'metric': 'persons', 'model': 'per_unit', 'unit_amount': '1', 'group_by': ['kind']},
        {'key': 'minutes', 'metric': 'minutes', 'model': 'per_unit', 'unit_amount': '1'},
        {'key': 'scans', 'metric': 'minutes', 'model': 'per_unit', 'unit_amount': '1', 'filters': [{'property': 'kind', 'eq': 'ct'}]},
        {'key': 'reads', 'metric': 'images', 'model': 'per_unit', 'unit_amount': '1'}]})
    c.put('/v1/customers/ward', {'name': 'Ward', 'currency': 'USD', 'time_zone': 'UTC'})
    c.post('/v1/subscriptions', {'customer': 'ward', 'plan': 'wards', 'start': '2031-11-01T00:00:00Z'})
    c.post('/v1/events', [{'id': f'seen-{n}', 'customer': 'ward', 'type': 'seen', 'time': '2031-11-10T11:00:00Z',
                           'properties': {'who': f'person {n}', 'kind': 'ct' if n < 3 else 'mr' if n < 15 else 'us', 'minutes': '2'}}
                          for n in range(35)], 200)
    c.post('/v1/events', {'id': 'read', 'customer': 'ward', 'type': 'image', 'time': '2031-11-10T11:00:00Z', 'properties': {'modality': 'ct'}})
    path = '/v1/customers/ward/usage/'
    reader = phial.Client(server.url, c.post('/v1/keys', {'name': 'r', 'scopes': ['usage:read', 'billing:read']})['key'])
    sender = phial.Client(server.url, c.post('/v1/keys', {'name': 's', 'scopes': ['usage:read', 'events:write']})['key'])

    def cells(answer, *members):
        return [tuple(charge[member] for member in members) for charge in answer['subscriptions'][0]['charges']]

    exact, hidden = c.get(path + 'current'), reader.get(path + 'current')
    assert cells(exact, 'quantity', 'events') == [('3', 3), ('12', 12), ('20', 20), ('70', 35), ('6', 3), ('1', 1)], exact
    assert exact['subscriptions'][0]['total'] == '112.00' and sender.get(path + 'current') == exact and 'report_threshold' not in exact
    # of two charges on one metric neither is the difference between the other and the whole
    assert cells(hidden, 'quantity', 'events') == [('<11', '<11'), ('*', '*'), ('20', 20), ('*', '*'), ('*', '<11'), ('1', 1)], hidden
    assert cells(hidden, 'amount') == [('*',), ('*',), ('20.00',), ('*',), ('*',), ('1.00',)], hidden
    for cell in cells(hidden, 'projected_quantity', 'projected_amount')[:2]:
        assert cell == ('*', '*'), hidden
    shown = hidden['subscriptions'][0]
    assert (shown['subtotal'], shown['total'], shown['projected_total'], hidden['report_threshold']) == ('*', '*', '*', 11), shown
    for client, answer in ((reader, hidden), (c, exact)):  # at once, side by side
        stream = Stream(server.url, client.key, path + 'stream')
        assert stream.event()[1] == answer
        stream.close()


def main():
    server = phial.Server('--test-clock')
    c = server.client
    subscription = catalog(c)
    for number, (modality, quantity) in enumerate((('ct', '1'), ('ct', '1'), ('mr', '1'))):
        send(c, number, modality, quantity)
    entitlements(c)
    current = c.get('/v1/customers/clinic/usage/current')
    shown = current['subscriptions'][0]
    assert shown['subscription'] == subscription and shown['period']['end'] == '2031-11-30T23:00:00.000000Z', shown
    assert lines_of(current) == {'ct': ('3', '2.50'), 'mr': ('1', '1.00')} and shown['total'] == '33.50', shown
    # 9 days and 13 hours of 30 days have passed
    projected = {c['group']['modality']: (c['projected_quantity'], c['projected_amount']) for c in shown['charges']}
    assert projected == {'ct': ('9.43231441048', '5.72'), 'mr': ('3.144104803493', '2.57')} and shown['projected_total'] == '38.29', shown
    assert c.get('/v1/customers/other/usage/current')['subscriptions'] == []
    persons(server, c)
    stream = streams(server, c)
    c.put('/v1/test-clock', {'now': '2031-12-01T12:00:00Z'}, 200)
    assert stream.event()[1]['subscriptions'][0]['period']['start'] == '2031-11-30T23:00:00.000000Z'
    invoice = c.get('/v1/invoices/' + c.get('/v1/invoices?customer=clinic')['data'][0]['id'])
    assert [line['amount'] for line in invoice['lines']] == ['2.50', '2.50', '30.00'] and invoice['total'] == '35.00', invoice
    endings(server, c)
    began = time.monotonic()
    server.stop()  # while somebody listens
    stream.end()
    assert time.monotonic() - began < 8
    stream.close()
    server.remove()
    print('current: ok')


main()
