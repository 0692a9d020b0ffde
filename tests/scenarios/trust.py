#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a daemon remembers of keys, types and customers holds only until somebody changes it, through whatever daemon: the
very next events are decided by the change. And senders who leave before their answer lose nothing and break nothing."""
import os
import socket
import struct
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402


def event(**more):
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    return {'id': str(uuid.uuid4()), 'customer': 'c0', 'type': 'call', 'time': now, **more}


def statuses(client, count=5, **more):
    return [client.send('POST', '/v1/events', event(**more)).status for _ in range(count)]


def a_revoked_key_stops_at_once(server, second):
    made = server.client.expect(201, 'POST', '/v1/keys', {'name': 'short-lived', 'scopes': ['events:write']}).json
    clients = [phial.Client(daemon.url, made['key']) for daemon in (server, second)]
    for client in clients:
        assert set(statuses(client)) == {201}
    second.client.expect(204, 'DELETE', '/v1/keys/' + made['id'])
    for client in clients:
        assert set(statuses(client)) == {401}
        batch = client.send('POST', '/v1/events', [event() for _ in range(300)])
        assert batch.status == 401, batch


def a_changed_type_holds_at_once(server, second):
    for wanted, document in ((422, {'properties': {'x': {'type': 'boolean', 'required': True}}}), (201, {'properties': {}})):
        second.client.expect(200, 'PUT', '/v1/event-types/call', document, If_Match='*')
        assert set(statuses(server.client)) == {wanted}
        assert set(statuses(second.client)) == {wanted}


def an_archived_customer_takes_no_more(server, second):
    server.client.expect(201, 'PUT', '/v1/customers/leaving', {'name': 'L', 'currency': 'USD', 'time_zone': 'UTC'})
    assert set(statuses(server.client, customer='leaving')) == {201}
    second.client.expect(204, 'DELETE', '/v1/customers/leaving')
    assert set(statuses(server.client, customer='leaving')) == {422}


def request_bytes(server, body):
    return (f'POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.key}\r\n'
            f'Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}').encode()


def leave_early(server, events):
    host, port = server.url.rsplit('/', 1)[1].split(':')
    for number, one in enumerate(events):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(request_bytes(server, phial.json.dumps(one)))
            if number % 3 == 0:  # a reset instead of an end
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def who_leaves_early_breaks_nothing(server, _):
    mine = [[event() for _ in range(150)] for _ in range(4)]
    threads = [threading.Thread(target=leave_early, args=(server, events)) for events in mine]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = server.client.expect(200, 'POST', '/v1/events', sum(mine, [])).json
    assert again['accepted'] + again['duplicates'] == 600 and again['rejected'] == 0, again


def pipelined_events_are_answered_in_order(server, _):
    events = [event() for _ in range(20)]
    host, port = server.url.rsplit('/', 1)[1].split(':')
    got = b''
    with socket.create_connection((host, int(port))) as connection:
        connection.settimeout(60)
        connection.sendall(b''.join(request_bytes(server, phial.json.dumps(e)) for e in events + events[:1]))
        while got.count(b'"results":[') < 21 or not got.endswith(b']}'):
            more = connection.recv(65536)
            assert more, got[-500:]
            got += more
    answers = got.split(b'HTTP/1.1 ')[1:]
    assert [a[:3] for a in answers] == [b'201'] * 20 + [b'200'], got


server = phial.Server()
second = phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf'], log='.second.log')
server.client.expect(201, 'PUT', '/v1/event-types/call', {'properties': {}})
server.client.expect(201, 'PUT', '/v1/customers/c0', {'name': 'C', 'currency': 'USD', 'time_zone': 'UTC'})
for story in (a_revoked_key_stops_at_once, a_changed_type_holds_at_once, an_archived_customer_takes_no_more,
              who_leaves_early_breaks_nothing, pipelined_events_are_answered_in_order):
    story(server, second)
    print('passed', story.__name__)
second.remove()
server.remove()
print('ok')
