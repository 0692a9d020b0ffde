# SPDX-License-Identifier: Apache-2.0
"""Who is told: an HTTP server that keeps what it gets and answers as its script says. Standard library only."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import ssl
import subprocess
import tempfile
import threading
import time


class Receiver:
    """`script` of a path: the statuses of its answers, one after the other; the last one stays. A number below 100 is
    seconds that it sleeps before 200. `headers` go with every answer."""

    def __init__(self, tls=False):
        self.script, self.headers, self.got, self.lock = {}, {}, [], threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                status = receiver.keep(self.path, dict(self.headers), body)
                if status < 100:
                    time.sleep(status)
                    status = 200
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header('Content-Length', '2')
                self.end_headers()
                self.wfile.write(b'{}')

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a daemon that is killed, or gives up, hangs up

        self.server = Quiet(('127.0.0.1', 0), Handler)
        if tls:
            self.server.socket = self_signed().wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.address = f'127.0.0.1:{self.port}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keep(self, path, headers, body):
        with self.lock:
            self.got.append({'path': path, 'headers': {k.lower(): v for k, v in headers.items()}, 'body': body, 'at': time.time()})
            script = self.script.get(path, [200])
            return script.pop(0) if len(script) > 1 else script[0]

    def at(self, path):
        with self.lock:
            return [m for m in self.got if m['path'] == path]

    def wait(self, path, count, seconds=10):
        """The messages of a path, once there are `count`."""
        end = time.time() + seconds
        while len(self.at(path)) < count:
            assert time.time() < end, f'{path}: {len(self.at(path))} of {count} messages'
            time.sleep(0.02)
        return self.at(path)


def self_signed():
    """A certificate for 127.0.0.1 that no authority vouches for."""
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = os.path.join(folder, 'key.pem'), os.path.join(folder, 'certificate.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-keyout', key,
                        '-out', certificate, '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context


def signatures(secret, message):
    """Which of the message's signatures the secret makes; as the specification says, in other code than the daemon's."""
    assert secret.startswith('whsec_')
    head = message['headers']
    signed = f'{head["webhook-id"]}.{head["webhook-timestamp"]}.'.encode() + message['body']
    mac = hmac.new(base64.b64decode(secret[6:], validate=True), signed, hashlib.sha256).digest()
    return [s for s in head['webhook-signature'].split(' ') if s == 'v1,' + base64.b64encode(mac).decode()]


def opened(secret, message):
    """The body of a message that is signed and fresh."""
    assert signatures(secret, message), 'no signature holds'
    assert abs(int(message['headers']['webhook-timestamp']) - message['at']) < 60
    assert message['headers']['content-type'] == 'application/json'
    body = json.loads(message['body'])
    assert set(body) == {'type', 'timestamp', 'data'}, body
    return body
