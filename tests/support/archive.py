# SPDX-License-Identifier: Apache-2.0
"""An export taken apart, changed, and put together again: by somebody without the key, or by one who has it."""
import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile

import tree

SIGNED = ('SHA256SUMS', 'SHA256SUMS.sig')


def read(path):
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def write(path, files, names=None):
    with tarfile.open(path, 'w', format=tarfile.USTAR_FORMAT) as tar:
        for name in names or files:
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            tar.addfile(member, io.BytesIO(files[name]))
    return path


def lines_of(files):
    return files['entries.ndjson'].split(b'\n')[:-1]


def joined(lines):
    return b''.join(line + b'\n' for line in lines)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()


def summed(files):
    """The sums made right again, without the key that signs them."""
    sums = ''.join(f'{hashlib.sha256(data).hexdigest()}  {name}\n' for name, data in sorted(files.items()) if name not in SIGNED)
    return dict(files, SHA256SUMS=sums.encode())


class Forger:
    """The operator himself: what he changes he signs, with the true key."""

    def __init__(self, key_path):
        self.key_path = key_path

    def sign(self, data):
        with tempfile.NamedTemporaryFile() as f:
            f.write(data)
            f.flush()
            return subprocess.run(['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', self.key_path, '-in', f.name], check=True,
                                  capture_output=True).stdout

    def signs(self, files):
        files = summed(files)
        return dict(files, **{'SHA256SUMS.sig': self.sign(files['SHA256SUMS'])})

    def checkpoint(self, files, size, root):
        """A note over another tree; the name and the id of the key are those of the note that was there."""
        origin = files['checkpoint.body'].split(b'\n')[0].decode()
        body = f'{origin}\n{size}\n{tree.base(root)}\n'.encode()
        signature = self.sign(body)
        line = files['checkpoint'].decode().split('\n\n')[1].split('\n')[0]
        key_id = tree.unbase(line.split(' ')[2])[:4]
        note = body + f'\n\u2014 {origin} {tree.base(key_id + signature)}\n'.encode()
        return {'checkpoint': note, 'checkpoint.body': body, 'checkpoint.sig': signature}

    def forge(self, files, lines, **manifest):
        """Other entries, of a log that is whole, and all that has to fit them."""
        root = tree.root_of([tree.leaf_hash(line) for line in lines])
        told = dict(json.loads(files['manifest.json']), size=len(lines), to_index=len(lines), entries=len(lines), root=tree.base(root))
        assert told['from_index'] == 0
        told.update(manifest)
        files = dict(files, **{'entries.ndjson': joined(lines), 'manifest.json': canonical(told) + b'\n'})
        files.update(self.checkpoint(files, len(lines), root))
        return self.signs(files)


def unpack(folder, files):
    for name, data in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(data)
