#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A disk that is full under load: 503 with Retry-After for what cannot be stored, and once there is room again the
daemon goes on by itself. What was acknowledged is in the ledger exactly once, and nothing else is."""
import atexit
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
import postgres  # noqa: E402
from load import Load, prepare, settle  # noqa: E402

CUSTOMERS = [f'c{n}' for n in range(12)]


class SmallDisk:
    """A file system of its own, and what fills it."""

    def __init__(self, megabytes):
        self.folder = tempfile.mkdtemp(prefix='phial-disk-', dir='/tmp')
        self.mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={megabytes}m,mode=755', 'phial-test', self.folder],
                                      capture_output=True).returncode == 0
        self.ballast = self.folder + '/ballast'
        atexit.register(self.remove)

    def fill(self, leave):
        """While others take room too."""
        with open(self.ballast, 'wb') as f, contextlib.suppress(OSError):
            while (room := self.room() - leave) > 0:
                os.posix_fallocate(f.fileno(), f.tell(), min(room, 1 << 20))
                f.seek(0, os.SEEK_END)

    def room(self):
        free = os.statvfs(self.folder)
        return free.f_bavail * free.f_frsize

    def relieve(self):
        os.unlink(self.ballast)

    def remove(self):
        if self.mounted:
            subprocess.run(['umount', '--lazy', self.folder], check=True)
            self.mounted = False
        if os.path.isdir(self.folder):
            os.rmdir(self.folder)


def move(path, to):
    """As it is, with a link left behind."""
    subprocess.run(['cp', '-a', path, to], check=True)
    shutil.rmtree(path)
    os.symlink(to, path)


class WholeFolder:
    """Everything that phiald --dev keeps is on the disk that fills."""
    leave = 1 << 20

    def __init__(self, disk):
        self.daemon = phial.Server(folder=disk.folder + '/data')
        self.public_key = self.daemon.folder + '/ledger.pub.pem'

    def exhaust(self):
        pass

    def recover(self):
        pass  # the daemon has to start its PostgreSQL again by itself

    def remove(self):
        self.daemon.remove()


class TablesAlone(WholeFolder):
    """The tables are on the disk that fills, the write-ahead log is not: statements fail, the server goes on."""

    def __init__(self, disk):
        self.place = postgres.Installation()
        self.lay_out(disk)
        self.place.start()
        self.daemon = self.place.daemon()
        self.public_key = self.place.public_key

    def lay_out(self, disk):
        move(self.place.cluster.data + '/base', disk.folder + '/base')

    def remove(self):
        self.place.remove()


class LogAlone(TablesAlone):
    """The write-ahead log is on the disk that fills: the server gives up, and so does its recovery."""
    leave = 20 << 20

    def lay_out(self, disk):
        move(self.place.cluster.data + '/pg_wal', disk.folder + '/pg_wal')

    def exhaust(self):
        """Each call leaves the rest of a segment of 16 MB unused."""
        with contextlib.suppress(subprocess.CalledProcessError):
            for n in range(20):
                self.place.cluster.sql(f"CREATE TABLE unused_{n} (); SELECT pg_switch_wal()")
            raise AssertionError('the write-ahead log has not filled its disk')
        deadline = time.monotonic() + 30
        while not self.place.cluster.is_gone():
            assert time.monotonic() < deadline, 'PostgreSQL goes on without room for its log'
            time.sleep(0.1)

    def recover(self):
        self.place.cluster.start()


class Pretended(TablesAlone):
    """Where nothing may be mounted PostgreSQL is made to say that its disk is full."""

    def lay_out(self, disk):
        print('nothing can be mounted here: the full disk is pretended by a trigger', flush=True)

    def exhaust(self):
        self.place.cluster.sql('''CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION full_disk()''')

    def recover(self):
        self.place.cluster.sql('DROP FUNCTION full_disk CASCADE')


def fill_disk():
    for kind in (WholeFolder, TablesAlone, LogAlone):
        disk = SmallDisk(400)
        if not disk.mounted:
            kind = Pretended
        place = kind(disk)
        prepare(place.daemon.client, CUSTOMERS)
        load = Load([place.daemon], CUSTOMERS)
        with load:
            load.wait(1000)
            if disk.mounted:
                disk.fill(place.leave)
            place.exhaust()
            busy = load.busy
            load.wait_for(lambda: load.busy > busy + 8, 'no 503 with a full disk')
            head = place.daemon.client.send('GET', '/v1/ledger/c0/checkpoint')
            assert head.status in (200, 503), head  # its state may lie on that disk too
            assert place.daemon.client.send('GET', '/livez').status == 200
            if disk.mounted:
                disk.relieve()
            place.recover()
            load.wait(1000)
        settle(load, place.daemon, place.public_key, f'{kind.__name__} on a full disk')
        place.remove()
        disk.remove()
        if kind is Pretended:
            break


fill_disk()
print('ok')
