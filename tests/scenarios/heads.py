#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The log of all customers' heads: a customer finds his own in it, checked here by what RFC 6962 says and openssl."""
import base64
import glob
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
from tree import leaf_hash, node, root_of, unbase  # noqa: E402


def root_from_inclusion(leaf, index, size, proof):
    if size == 1:
        assert not proof
        return leaf
    half = 1
    while half * 2 < size:
        half *= 2
    if index < half:
        return node(root_from_inclusion(leaf, index, half, proof[:-1]), proof[-1])
    return node(proof[-1], root_from_inclusion(leaf, index - half, size - half, proof[:-1]))


class Note:
    """A signed note taken apart; its signature is openssl's to judge."""

    def __init__(self, text):
        self.text = text
        self.body, lines = text.split('\n\n', 1)
        self.body += '\n'
        self.origin, size, root = self.body.split('\n')[:3]
        self.size, self.root = int(size), unbase(root)
        self.lines = [line.split(' ') for line in lines.splitlines()]

    def signed_by(self, pem):
        with tempfile.TemporaryDirectory() as folder:
            for name, data in (('body', self.body.encode()),):
                with open(f'{folder}/{name}', 'wb') as f:
                    f.write(data)
            for _, name, blob in self.lines:
                with open(folder + '/sig', 'wb') as f:
                    f.write(unbase(blob)[4:])
                done = subprocess.run(['openssl', 'pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', pem, '-in', folder + '/body',
                                       '-sigfile', folder + '/sig'], capture_output=True)
                if name == self.origin and done.returncode == 0:
                    return True
        return False


def checkpoint(client, path='/v1/ledger/checkpoint'):
    return Note(client.expect(200, 'GET', path).bytes.decode())


def fill(client, customer, count):
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    events = [{'id': str(uuid.uuid4()), 'customer': customer, 'type': 'call', 'time': now} for _ in range(count)]
    assert client.post('/v1/events', events, 200)['accepted'] == count


def published_again(client, size):
    """The checkpoint once a head has been entered: the last one is kept for a second."""
    for _ in range(40):
        note = checkpoint(client)
        if note.size > size:
            return note
        time.sleep(0.1)
    raise AssertionError('the log of heads does not grow')


def a_customer_finds_his_head(server):
    client = server.client
    note = published_again(client, 1)
    assert note.origin == 'phial.local/heads' and note.signed_by(server.folder + '/ledger.pub.pem'), note.text
    lines = client.expect(200, 'GET', f'/v1/heads/entries?to={note.size}').bytes.splitlines()
    assert len(lines) == note.size and root_of([leaf_hash(line) for line in lines]) == note.root
    for customer in ('c0', 'c1'):
        own = checkpoint(client, f'/v1/ledger/{customer}/checkpoint')
        proof = client.get(f'/v1/heads/inclusion?customer={customer}&size={note.size}')
        head = json.loads(proof['entry'])
        assert head == {'origin': own.origin, 'root': base64.b64encode(own.root).decode(), 'size': own.size}, (head, own.text)
        leaf = leaf_hash(proof['entry'].encode())
        assert unbase(proof['leaf']) == leaf and proof['entry'].encode() == lines[proof['index']]
        found = root_from_inclusion(leaf, proof['index'], proof['size'], [unbase(h) for h in proof['proof']])
        assert found == note.root == unbase(proof['root'])


def what_a_bound_key_sees(server):
    made = server.client.post('/v1/keys', {'name': 'clinic', 'scopes': ['audit:read'], 'customer': 'c0'})
    bound = phial.Client(server.url, made['key'])
    checkpoint(bound)
    bound.get('/v1/heads/inclusion?customer=c0')
    bound.get('/v1/heads/inclusion?customer=c1', 404)
    bound.get('/v1/heads/inclusion?index=0', 403)
    bound.expect(403, 'GET', '/v1/heads/entries')


def it_only_grows(server):
    client = server.client
    older = checkpoint(client)
    fill(client, 'c0', 3)
    newer = published_again(client, older.size)
    assert newer.size > older.size  # the audit trail's head is among them
    lines = client.expect(200, 'GET', '/v1/heads/entries').bytes.splitlines()
    assert root_of([leaf_hash(line) for line in lines[:older.size]]) == older.root
    answer = client.get(f'/v1/heads/consistency?from={older.size}')
    assert answer['to'] >= newer.size and answer['proof']
    again = checkpoint(client)
    assert again.size > newer.size or again.text == newer.text  # nothing has changed: nothing is signed
    for path in ('inclusion', 'inclusion?customer=c0&index=0', 'consistency', 'consistency?from=x', 'entries?from=2&to=1'):
        client.get('/v1/heads/' + path, 400)
    for path in ('inclusion?index=99999', 'inclusion?customer=c0&size=99999', 'consistency?from=0', 'consistency?from=99999'):
        client.get('/v1/heads/' + path, 422)


def key_id(name, kind, public):
    return hashlib.sha256(name.encode() + b'\n' + bytes([kind]) + public).digest()[:4]


def public_of(pem):
    der = subprocess.run(['openssl', 'pkey', '-pubin', '-in', pem, '-outform', 'DER'], capture_output=True, check=True).stdout
    return der[-32:]


def verifier_key(name, pem):
    public = public_of(pem)
    return f'{name}+{key_id(name, 1, public).hex()}+{base64.b64encode(bytes([1]) + public).decode()}'


def pem_of(vkey, path):
    """The key of a witness, as openssl reads it."""
    raw = unbase(vkey.split('+', 2)[2])[1:]
    der = bytes.fromhex('302a300506032b6570032100') + raw
    with open(path, 'w') as f:
        f.write('-----BEGIN PUBLIC KEY-----\n' + base64.b64encode(der).decode() + '\n-----END PUBLIC KEY-----\n')


def run(*command, **more):
    return subprocess.run(command, capture_output=True, check=True, **more)


class Authority:
    """A time stamp authority: openssl ts behind an HTTP server."""

    def __init__(self, folder):
        self.folder = folder
        with open(folder + '/tsa.cnf', 'w') as f:
            f.write(f"""[req]
distinguished_name = dn
[dn]
[tsa]
extendedKeyUsage = critical,timeStamping
basicConstraints = critical,CA:true
[ts]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
""")
        with open(folder + '/serial', 'w') as f:
            f.write('01\n')
        run('openssl', 'req', '-new', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=tsa.test', '-days', '2', '-config',
            folder + '/tsa.cnf', '-extensions', 'tsa', '-keyout', folder + '/tsa.key', '-out', folder + '/tsa.pem')
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                assert self.headers['Content-Type'] == 'application/timestamp-query'
                reply = authority.stamp(self.rfile.read(int(self.headers['Content-Length'])))
                self.send_response(200)
                self.send_header('Content-Type', 'application/timestamp-reply')
                self.send_header('Content-Length', str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_address[1]}/tsa'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stamp(self, query):
        with open(self.folder + '/query', 'wb') as f:
            f.write(query)
        return run('openssl', 'ts', '-reply', '-config', self.folder + '/tsa.cnf', '-section', 'ts', '-queryfile',
                   self.folder + '/query', '-signer', self.folder + '/tsa.pem', '-inkey', self.folder + '/tsa.key').stdout

    def verify(self, body, reply):
        for name, data in (('body', body), ('reply', reply)):
            with open(f'{self.folder}/{name}', 'wb') as f:
                f.write(data)
        run('openssl', 'ts', '-verify', '-data', self.folder + '/body', '-in', self.folder + '/reply', '-CAfile',
            self.folder + '/tsa.pem')


def wait_for(what, seconds=15):
    until = time.time() + seconds
    while time.time() < until:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(what.__name__)


def request_of(note, old, proof=()):
    return f'old {old}\n' + ''.join(h + '\n' for h in proof) + '\n' + note


def as_witness(client, status, body):
    return client.expect(status, 'POST', '/witness/add-checkpoint', body, media='text/plain')


def a_witness_sees_one_history(server, witness):
    """The checkpoint goes to the witness, the folder and the authority by itself."""
    key = phial.Client(witness.url, None).expect(200, 'GET', '/witness/key').bytes.decode().strip()
    authority = Authority(tempfile.mkdtemp(prefix='phial-tsa-', dir='/tmp'))
    kept = server.folder + '/kept'
    server.stop()
    server.environment.update({
        'PHIAL_WITNESS_URLS': witness.url + '/witness', 'PHIAL_WITNESS_KEYS': key, 'PHIAL_EGRESS_ALLOW': '127.0.0.1',
        'PHIAL_WITNESS_INTERVAL_MS': '200', 'PHIAL_WITNESS_FOLDER': kept, 'PHIAL_WITNESS_TIMESTAMP_URL': authority.url})
    server.start()
    fill(server.client, 'c1', 2)
    size = server.client.get('/v1/heads/consistency?from=1')['to']
    published_again(server.client, size)

    def cosigned():
        note = checkpoint(server.client)
        return note if any(name == 'witness.test/witness' for _, name, _ in note.lines) else None
    note = wait_for(cosigned)
    blob = unbase(next(blob for _, name, blob in note.lines if name == 'witness.test/witness'))
    with tempfile.TemporaryDirectory() as folder:
        pem_of(key, folder + '/w.pem')
        with open(folder + '/text', 'w') as f:
            f.write(f'cosignature/v1\ntime {int.from_bytes(blob[4:12], "big")}\n' + note.body)
        with open(folder + '/sig', 'wb') as f:
            f.write(blob[12:])
        run('openssl', 'pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', folder + '/w.pem', '-in', folder + '/text', '-sigfile',
            folder + '/sig')

    def latest():
        try:
            with open(kept + '/latest.note') as f:
                return Note(f.read()).size >= note.size
        except FileNotFoundError:
            return False
    wait_for(latest)
    names = sorted(os.path.basename(path) for path in glob.glob(kept + '/*/*'))
    assert f'heads-1-{note.size}.note' in names, names
    stamped = wait_for(lambda: glob.glob(kept + '/*/*.tsr'))[0]
    with open(stamped, 'rb') as f:
        reply = f.read()
    with open(stamped[:-3] + 'note') as f:
        body = f.read().split('\n\n')[0] + '\n'
    authority.verify(body.encode(), reply)
    size = stamped.rsplit('-', 1)[1][:-4]
    assert server.client.expect(200, 'GET', '/v1/heads/timestamp?size=' + size).bytes == reply
    figures = server.client.expect(200, 'GET', '/metrics').bytes.decode()
    witnessed = int(figures.split('\nphial_heads_witnessed_size ')[1].split('\n')[0])
    assert witnessed >= note.size and 'phial_heads_timestamps_total 1\n' in figures, figures
    shutil.rmtree(authority.folder)


def a_stalled_request_rolls_nothing_back(server, witness):
    """T16: an older request that comes late finds the newer size, and changes nothing; of many at once one wins."""
    client = phial.Client(witness.url, None)
    server.stop()  # it sends nothing more by itself
    server.environment['PHIAL_WITNESS_INTERVAL_MS'] = '3600000'
    server.environment['PHIAL_WITNESS_URLS'] = ''
    server.start()
    base = int(as_witness(client, 409, request_of(checkpoint(server.client).text, 1)).bytes)
    old = published_again(server.client, base - 1)
    notes = [old]
    for _ in range(3):
        fill(server.client, 'c0', 1)
        notes.append(published_again(server.client, notes[-1].size))
    proofs = [server.client.get(f'/v1/heads/consistency?from={base}&to={note.size}')['proof'] for note in notes]
    answers = []

    def send(note, proof):
        answer = phial.Client(witness.url, None).send('POST', '/witness/add-checkpoint', request_of(note.text, base, proof),
                                                      media='text/plain')
        answers.append((answer.status, note.size))
    threads = [threading.Thread(target=send, args=(notes[1 + i % 3], proofs[1 + i % 3])) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = {size for status, size in answers if status == 200}
    assert len(won) == 1 and {status for status, _ in answers} == {200, 409}, answers
    now = won.pop()
    answer = as_witness(client, 409, request_of(notes[1].text, base, proofs[1]))
    assert int(answer.bytes) == now and answer.headers['Content-Type'] == 'text/x.tlog.size'
    last = notes[-1]
    proof = server.client.get(f'/v1/heads/consistency?from={now}&to={last.size}')['proof'] if now != last.size else []
    as_witness(client, 200, request_of(last.text, now, proof))
    as_witness(client, 422, request_of(notes[-1].text, last.size, [base64.b64encode(bytes(32)).decode()]))
    as_witness(client, 400, request_of(old.text, last.size + 5))
    as_witness(client, 400, 'old x\n\n' + last.text)
    as_witness(client, 403, request_of(last.text.replace(last.lines[0][2][:12], base64.b64encode(bytes(9)).decode()), last.size))
    as_witness(client, 404, request_of(last.text.replace('phial.local/heads', 'other.test/heads'), 0))
    server.client.get('/witness/key', 404)


def prepare(server):
    server.client.put('/v1/event-types/call', {'properties': {}})
    for customer in ('c0', 'c1'):
        server.client.put('/v1/customers/' + customer, {'name': 'C', 'currency': 'USD', 'time_zone': 'UTC'})
        fill(server.client, customer, 5)


server = phial.Server()
prepare(server)
for story in (a_customer_finds_his_head, what_a_bound_key_sees, it_only_grows):
    story(server)
    print('passed', story.__name__)
witness = phial.Server(environment={
    'PHIAL_SERVER_NAME': 'witness.test', 'PHIAL_WITNESS_LOGS': verifier_key('phial.local/heads', server.folder + '/ledger.pub.pem')})
for story in (a_witness_sees_one_history, a_stalled_request_rolls_nothing_back):
    story(server, witness)
    print('passed', story.__name__)
witness.remove()
server.remove()
print('ok')
