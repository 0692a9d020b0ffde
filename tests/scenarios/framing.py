#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ambiguous framing on a raw socket: 400, a closed connection, and nothing after it is executed."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402


def talk(server, data):
    host, port = server.client.address.split(':')
    with socket.create_connection((host, int(port)), timeout=20) as s:
        s.sendall(data)
        got = b''
        while True:
            part = s.recv(65536)
            if not part:
                return got
            got += part


def main():
    server = phial.Server()
    auth = f'Authorization: Bearer {server.key}\r\nContent-Type: application/json\r\n'
    body = '{"name":"N","currency":"USD","time_zone":"UTC"}'

    def put(key):
        return f'PUT /v1/customers/{key} HTTP/1.1\r\nHost: h\r\n{auth}Content-Length: {len(body)}\r\n\r\n{body}'

    def bad(lines, rest=''):
        return f'PUT /v1/customers/bad HTTP/1.1\r\n{lines}\r\n{auth}\r\n{rest}'

    smuggled = put('smuggled')
    cases = {
        'two lengths': bad(f'Host: h\r\nContent-Length: {len(body)}\r\nContent-Length: 5', body),
        'both framings': bad(f'Host: h\r\nContent-Length: {len(body)}\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
        'no host': bad(f'Content-Length: {len(body)}', body),
        'two hosts': bad(f'Host: a\r\nHost: b\r\nContent-Length: {len(body)}', body),
        'unknown coding': bad('Host: h\r\nTransfer-Encoding: xchunked', '0\r\n\r\n'),
        'coding list': bad('Host: h\r\nTransfer-Encoding: gzip, chunked', '0\r\n\r\n'),
        'folded': bad(f'Host: h\r\nX-A: b\r\n c\r\nContent-Length: {len(body)}', body),
        'space before colon': bad(f'Host: h\r\nContent-Length : {len(body)}', body),
        'no token': bad(f'Host: h\r\nX(A): b\r\nContent-Length: {len(body)}', body),
        'nul': bad(f'Host: h\r\nX-A: b\0c\r\nContent-Length: {len(body)}', body),
        'bare cr': bad(f'Host: h\r\nX-A: b\rc\r\nContent-Length: {len(body)}', body),
        'signed length': bad(f'Host: h\r\nContent-Length: +{len(body)}', body),
        'list length': bad(f'Host: h\r\nContent-Length: {len(body)}, {len(body)}', body),
        'bad chunk size': bad('Host: h\r\nTransfer-Encoding: chunked', 'xyz\r\n' + body + '\r\n0\r\n\r\n'),
        'bad chunk end': bad('Host: h\r\nTransfer-Encoding: chunked', f'{len(body):x}\r\n{body}XX0\r\n\r\n'),
        'bad host': bad(f'Host: a b\r\nContent-Length: {len(body)}', body),
    }
    for name, request in cases.items():
        got = talk(server, (request + smuggled).encode('latin-1'))
        assert got.startswith(b'HTTP/1.1 400 ') and got.count(b'HTTP/1.1 ') == 1, (name, got[:300])
        assert b'application/problem+json' in got, (name, got[:300])
        server.client.get('/v1/customers/smuggled', 404)
        server.client.get('/v1/customers/bad', 404)
        # after a good request: that one is answered, the rest is not executed
        first = put('good-' + name.replace(' ', '-'))
        got = talk(server, (first + request + smuggled).encode('latin-1'))
        assert got.startswith(b'HTTP/1.1 201 ') and got.count(b'HTTP/1.1 ') == 2 and b'HTTP/1.1 400 ' in got, (name, got[:600])
        server.client.get('/v1/customers/smuggled', 404)
    # What is fine stays fine: pipelining, chunks with extensions and trailers, an absolute target.
    chunked = f'PUT /v1/customers/chunked HTTP/1.1\r\nHost: h\r\n{auth}Transfer-Encoding: chunked\r\n\r\n{len(body):x};a=b\r\n{body}\r\n0\r\nX-T: 1\r\n\r\n'
    got = talk(server, (put('one') + chunked + 'GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n').encode())
    assert got.count(b'HTTP/1.1 201 ') == 2 and got.count(b'HTTP/1.1 200 ') == 1, got
    long = talk(server, b'GET /' + b'a' * 9000 + b' HTTP/1.1\r\nHost: h\r\n\r\n')
    assert long.startswith(b'HTTP/1.1 414 '), long[:200]
    heavy = talk(server, b'GET /livez HTTP/1.1\r\nHost: h\r\nX-A: ' + b'a' * 40000 + b'\r\n\r\n')
    assert heavy.startswith(b'HTTP/1.1 431 '), heavy[:200]
    server.remove()
    print('ok')


main()
