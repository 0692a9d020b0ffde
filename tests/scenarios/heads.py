#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The log of all customers' heads: a customer finds his own in it, checked here by what RFC 6962 says and openssl."""
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402


def leaf_hash(line):
    return hashlib.sha256(b'\0' + line).digest()


def node(left, right):
    return hashlib.sha256(b'\1' + left + right).digest()


def root_of(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b'').digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node(root_of(leaves[:half]), root_of(leaves[half:]))


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


def unbase(text):
    return base64.b64decode(text, validate=True)


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
    assert newer.size == older.size + 1
    lines = client.expect(200, 'GET', '/v1/heads/entries').bytes.splitlines()
    assert root_of([leaf_hash(line) for line in lines[:older.size]]) == older.root
    answer = client.get(f'/v1/heads/consistency?from={older.size}')
    assert answer['to'] == newer.size and answer['proof']
    assert checkpoint(client).text == newer.text  # nothing has changed: nothing is signed
    for path in ('inclusion', 'inclusion?customer=c0&index=0', 'consistency', 'consistency?from=x', 'entries?from=2&to=1'):
        client.get('/v1/heads/' + path, 400)
    for path in ('inclusion?index=99999', 'inclusion?customer=c0&size=99999', 'consistency?from=0', 'consistency?from=99999'):
        client.get('/v1/heads/' + path, 422)


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
server.remove()
print('ok')
