# SPDX-License-Identifier: Apache-2.0
"""A source of events that signs them."""
import base64
import hashlib
import json
import os
import subprocess


class Source:
    """Whoever sends events and signs them: a key of its own, made and used by openssl."""

    def __init__(self, folder, name):
        self.path, self.name = os.path.join(folder, name + '.pem'), name
        subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', self.path], check=True)
        self.public = subprocess.run(['openssl', 'pkey', '-in', self.path, '-pubout'], check=True, capture_output=True, text=True).stdout

    def manifest(self, events, first, **change):
        lines = [json.dumps({'id': e['id'], 'quantity': e['quantity'], 'type': e['type']}, separators=(',', ':')).encode() for e in events]
        return dict({'source': self.name, 'first_seq': first, 'last_seq': first + len(events) - 1, 'n': len(events),
                     'merkle_root': base64.b64encode(root(lines)).decode()}, **change)

    def sign(self, manifest, customer='clinic'):
        with open(self.path + '.text', 'w') as f:
            f.write(json.dumps(dict(manifest, customer=customer), separators=(',', ':'), sort_keys=True))
        done = subprocess.run(['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', self.path, '-in', self.path + '.text'], check=True, capture_output=True)
        return base64.b64encode(done.stdout).decode()

    def attest(self, events, first, **change):
        manifest = self.manifest(events, first)
        return dict({'customer': 'clinic', 'manifest': manifest, 'signature': self.sign(manifest), 'ids': [e['id'] for e in events]}, **change)


def root(lines):
    """RFC 6962, 2.1."""
    if len(lines) == 1:
        return hashlib.sha256(b'\0' + lines[0]).digest()
    split = 1 << (len(lines) - 1).bit_length() - 1
    return hashlib.sha256(b'\1' + root(lines[:split]) + root(lines[split:])).digest()
