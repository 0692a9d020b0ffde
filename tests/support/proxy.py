# SPDX-License-Identifier: Apache-2.0
"""A socket between the daemon and PostgreSQL that cuts a connection at a chosen message.

It reads the frontend's messages: a startup message of a length and no tag, then tag, length and body. Which message
commits is told by its bytes, so it does not matter how it is sent."""
import os
import selectors
import shutil
import socket
import struct
import tempfile
import threading

READ = 65536
PATIENCE = 10  # seconds for an answer that is awaited only to be kept back


def is_copy_data(tag, body):
    return tag == b'd'


def is_copy_end(tag, body):
    return tag == b'c'


def is_commit(tag, body):
    return tag == b'Q' and body == b'COMMIT\0'


class Cut:
    """One connection is cut, `wanted` times; one that has copied something, unless any may be."""

    def __init__(self, matches, moment, wanted, any_one=False):
        self.matches, self.moment, self.left, self.any_one = matches, moment, wanted, any_one


class CutOff(Exception):
    pass


class Connection(threading.Thread):
    def __init__(self, proxy, frontend):
        super().__init__(daemon=True)
        self.proxy, self.frontend = proxy, frontend
        self.backend = socket.socket(socket.AF_UNIX)
        self.pending = b''
        self.started = self.copied = self.commits = False

    def run(self):
        try:
            self.backend.connect(self.proxy.target)
            with selectors.DefaultSelector() as ready:
                ready.register(self.frontend, selectors.EVENT_READ, self.from_frontend)
                ready.register(self.backend, selectors.EVENT_READ, self.from_backend)
                while True:
                    for key, _ in ready.select():
                        key.data()
        except (OSError, CutOff):
            pass
        self.frontend.close()
        self.backend.close()

    def from_backend(self):
        self.frontend.sendall(self.read(self.backend))

    def read(self, side):
        piece = side.recv(READ)
        if not piece:
            raise CutOff
        return piece

    def from_frontend(self):
        self.pending += self.read(self.frontend)
        while True:
            head = 5 if self.started else 4
            if len(self.pending) < head:
                return
            size = struct.unpack('!I', self.pending[head - 4:head])[0] + head - 4
            if len(self.pending) < size:
                return
            message, self.pending = self.pending[:size], self.pending[size:]
            self.forward(message, message[:1] if self.started else b'', message[head:])
            self.started = True

    def forward(self, message, tag, body):
        self.copied = self.copied or tag == b'd'
        if tag == b'P' and body.startswith(b'\0COMMIT\0'):  # in a pipeline: the message that ends it commits
            self.commits = True
        elif tag == b'S' and self.commits:
            tag, body, self.commits = b'Q', b'COMMIT\0', False
        moment = self.proxy.cut_here(tag, body, self.copied)
        if self.copied and is_commit(tag, body):
            self.copied = False
        if moment == 'before':
            raise CutOff
        self.backend.sendall(message[:len(message) // 2] if moment == 'within' else message)
        if moment == 'after':  # PostgreSQL has answered, and nobody hears it
            self.backend.settimeout(PATIENCE)
            self.read(self.backend)
        if moment is not None:
            raise CutOff


class Proxy(threading.Thread):
    def __init__(self, cluster_socket, port):
        super().__init__(daemon=True)
        name = f'.s.PGSQL.{port}'
        self.target = os.path.join(cluster_socket, name)
        self.folder = tempfile.mkdtemp(prefix='phial-proxy-', dir='/tmp')
        os.chmod(self.folder, 0o755)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(self.folder, name))
        os.chmod(os.path.join(self.folder, name), 0o777)
        self.listener.listen(64)
        self.lock = threading.Lock()
        self.cut = None
        self.start()

    def run(self):
        while True:
            try:
                frontend, _ = self.listener.accept()
            except OSError:
                return
            Connection(self, frontend).start()

    def cut_here(self, tag, body, copied):
        with self.lock:
            cut = self.cut
            if cut is None or cut.left == 0 or not (copied or cut.any_one) or not cut.matches(tag, body):
                return None
            cut.left -= 1
            return cut.moment

    def remove(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        shutil.rmtree(self.folder)
