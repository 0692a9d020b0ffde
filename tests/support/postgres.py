# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL clusters that a scenario starts, stops, kills and copies itself, and the daemons on them."""
import atexit
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import phial

PROGRAMS = sorted(glob.glob('/usr/lib/postgresql/*/bin'), key=lambda path: int(path.split('/')[4]))[-1]
PORT = 5432


def trust_local(data):
    """Whoever reaches the socket may be anybody, so that a proxy may stand between; its folder is private."""
    with open(data + '/pg_hba.conf', 'w') as f:
        f.write('local all all trust\nlocal replication all trust\n')


def works_in(folder):
    """The processes whose working folder it is, as a server's and all of its children's is."""
    found = []
    for path in glob.glob('/proc/[0-9]*/cwd'):
        try:
            if os.readlink(path) == folder:
                found.append(int(path.split('/')[2]))
        except OSError:
            pass  # gone meanwhile
    return found


class Cluster:
    def __init__(self, data, socket, options=()):
        self.data, self.socket, self.options = data, socket, options
        self.user = pwd.getpwuid(os.stat(data).st_uid).pw_name
        atexit.register(self.remove)

    def program(self, name, *arguments, check=True):
        command = [f'{PROGRAMS}/{name}', *arguments]
        if os.getuid() == 0:
            command = ['runuser', '-u', self.user, '--', *command]
        with open(self.data + '.control.log', 'ab') as log:
            return subprocess.run(command, check=check, stdout=log, stderr=log, cwd='/').returncode == 0

    def control(self, *arguments, check=True):
        return self.program('pg_ctl', '-D', self.data, '-w', '-t', '60', *arguments, check=check)

    def start(self, check=True):
        options = ' '.join(f'-c {option}' for option in ('listen_addresses=', 'max_connections=100', *self.options))
        return self.control('start', '-l', self.data + '.log', '-o', f'-k {self.socket} -p {PORT} {options}', check=check)

    def stop(self, mode='fast', check=True):
        return self.control('stop', '-m', mode, check=check)

    def kill(self):
        """Without a word; its children find out."""
        with open(self.data + '/postmaster.pid') as f:
            os.kill(int(f.readline()), signal.SIGKILL)

    def is_gone(self):
        return not works_in(self.data)

    def url(self, *others):
        """With the sockets of other servers, one of which may be the primary instead."""
        sockets = (self.socket, *others)
        text = f'host={",".join(sockets)} port={",".join([str(PORT)] * len(sockets))} dbname=phial user={self.user}'
        return text + (' target_session_attrs=read-write' if others else '')

    def sql(self, text):
        done = subprocess.run(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', self.url(), '-c', text],
                              check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def set(self, options):
        """For all sessions from now on; None sets one back."""
        for name, value in options.items():
            self.sql(f'ALTER SYSTEM RESET {name}' if value is None else f"ALTER SYSTEM SET {name} = '{value}'")
        self.sql('SELECT pg_reload_conf()')

    def standby(self, data, socket, options=()):
        """A copy that follows this one, not yet started."""
        os.makedirs(socket, 0o700, exist_ok=True)
        own(socket, self.user)
        self.program('pg_basebackup', '-h', self.socket, '-p', str(PORT), '-U', self.user, '-D', data, '-R', '-c', 'fast')
        return Cluster(data, socket, options)

    def remove(self):
        """At exit too: nothing is left running."""
        if os.path.exists(self.data) and works_in(self.data):
            self.stop('immediate', check=False)
            for process in works_in(self.data):
                os.kill(process, signal.SIGKILL)
            while works_in(self.data):
                time.sleep(0.05)


def own(path, user):
    entry = pwd.getpwnam(user)
    os.chown(path, entry.pw_uid, entry.pw_gid)


class Installation:
    """What phiald --dev made, then served by a cluster that is the scenario's own and a daemon on phial.conf."""

    def __init__(self, options=(), wal=None):
        made = phial.Server()
        made.stop()
        os.unlink(made.log_path)
        self.folder = made.folder
        self.config = self.folder + '/phial.conf'
        self.public_key = self.folder + '/ledger.pub.pem'
        data, socket = self.folder + '/cluster', self.folder + '/run'
        trust_local(data)
        self.cluster = Cluster(data, socket, options)
        os.makedirs(socket, 0o700, exist_ok=True)
        own(socket, self.cluster.user)
        self.daemons = []

    def start(self):
        self.cluster.start()
        subprocess.run([phial.PHIAL, 'migrate', 'up', '--config', self.config], check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, PHIAL_DATABASE_URL=self.cluster.url()))

    def daemon(self, url=None, environment=None):
        daemon = phial.Daemon(self.folder, ['--config', self.config], log=f'-{len(self.daemons)}.log',
                              environment=dict(environment or {}, PHIAL_DATABASE_URL=url or self.cluster.url()))
        self.daemons.append(daemon)
        return daemon

    def remove(self):
        for daemon in self.daemons:
            daemon.remove()
        self.cluster.remove()
        shutil.rmtree(self.folder)


def private_folder(user):
    """Short enough for a socket, and searchable by that user."""
    folder = tempfile.mkdtemp(prefix='phial-scenario-', dir=phial.FOLDERS)
    if os.getuid() == 0:
        own(folder, user)
    return folder
