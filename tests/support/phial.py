# SPDX-License-Identifier: Apache-2.0
"""A real server and a plain HTTP client for the scenarios. Standard library only."""
import atexit
import fcntl
import glob
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

PHIALD, PHIAL = (sys.argv[1], sys.argv[2]) if len(sys.argv) > 2 else (None, None)
FOLDERS = os.environ.get('PHIAL_TEST_FOLDERS', '/tmp')  # where those of servers are made; a socket's path has to be short

# Whatever was looked at when, and what nobody has seen yet: else it has an hour.
SCRUB_ALL = ('INSERT INTO ledger_scrub (customer_id, claimed_until) SELECT customer_id, now() FROM ledger_head WHERE size > 0 '
             'ON CONFLICT (customer_id) DO UPDATE SET claimed_until = now(), whole_at = NULL')


class Daemon:
    """phiald with any arguments, on a port that it chooses, with its log beside its folder."""

    def __init__(self, folder, arguments, environment=None, log='.log', timeout=120):
        self.folder, self.arguments, self.timeout = folder, arguments, timeout
        self.environment = dict(os.environ, **(environment or {}))
        self.log_path = folder + log
        self.process = None
        atexit.register(self.abandon)
        self.start()

    def start(self):
        self.log = open(self.log_path, 'ab')
        self.process = subprocess.Popen([PHIALD, *self.arguments, '--port', '0'], stdout=subprocess.PIPE,
                                        stderr=self.log, env=self.environment, text=True)
        line = self.process.stdout.readline().split()
        if len(line) != 2 or line[0] != 'ready':
            with open(self.log_path, errors='replace') as log:
                sys.exit('not ready:\n' + log.read()[-4000:])
        self.url = line[1]
        with open(self.folder + '/admin.key') as f:
            self.key = f.read().strip()
        self.client = Client(self.url, self.key, self.timeout)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        assert code == 0, f'exit code {code}'
        self.log.close()

    def abandon(self):
        """At exit, also of a scenario that failed: nothing is left running."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)

    def remove(self):
        if self.process.poll() is None:
            self.stop()
        if os.path.exists(self.log_path):
            os.unlink(self.log_path)


def lay_out(folder):
    """What a first start makes, a cluster and its schema: made once in a run of the tests, and copied.
    Without PHIAL_TEST_INSTALLATION, which says where it is kept, each server makes its own."""
    kept = os.environ.get('PHIAL_TEST_INSTALLATION')
    if kept is None:
        return
    with open(kept + '.lock', 'a') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second waits, and finds it made
        if not os.path.isdir(kept):
            shutil.rmtree(kept + '.new', ignore_errors=True)
            made = Daemon(kept + '.new', ['--dev', '--data-dir', kept + '.new'])
            made.stop()
            os.rename(made.folder, kept)
    subprocess.run(['cp', '-a', kept + '/.', folder], check=True)


class Server(Daemon):
    """phiald --dev in a folder of its own."""

    def __init__(self, *options, folder=None, environment=None, timeout=120):
        if folder is None:
            folder = tempfile.mkdtemp(prefix='phial-scenario-', dir=FOLDERS)
            lay_out(folder)
        super().__init__(folder, ['--dev', '--data-dir', folder, *options], environment, timeout=timeout)

    def copy(self, name):
        """The database, under another name."""
        path = self.folder + '/copy.sql'
        with open(path, 'w') as f:
            f.write(self.as_owner(['pg_dump', '-d', self.database()]))
        self.sql('CREATE DATABASE ' + name)
        with open(path) as f:
            self.as_owner(['psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', self.database(name)], stdin=f)

    def doctor(self, database='phial'):
        """phial doctor on the running installation: the exit code and what it said."""
        done = subprocess.run([PHIAL, 'doctor', '--config', self.folder + '/phial.conf'], capture_output=True, text=True,
                              env=dict(os.environ, PHIAL_DATABASE_URL=self.database(database)))
        return done.returncode, done.stdout + done.stderr

    def stop(self):
        """What a scenario leaves behind is sound."""
        if self.process.poll() is None:
            code, said = self.doctor()
            assert code == 0, said
        super().stop()

    def postmaster(self):
        for path in glob.glob(self.folder + '/*/postmaster.pid'):
            with open(path) as f:
                return int(f.readline())
        raise AssertionError('no postmaster')

    def remove(self):
        """With the logs of all daemons that were started on the folder."""
        super().remove()
        for path in glob.glob(self.folder + '*.log'):
            os.unlink(path)
        shutil.rmtree(self.folder, ignore_errors=True)

    def database(self, name='phial'):
        """The connection string of a database of the cluster."""
        with open(self.folder + '/database.url') as f:
            return f.read().strip().replace('/phial?', f'/{name}?')

    def as_owner(self, command, **more):
        """Runs it as the cluster's superuser."""
        if os.getuid() == 0:
            import pwd
            command = ['runuser', '-u', pwd.getpwuid(os.stat(self.folder).st_uid).pw_name, '--', *command]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd='/', **more).stdout.strip()

    def sql(self, *texts, database='phial'):
        """As the cluster's superuser; each text in a transaction of its own."""
        commands = [part for text in texts for part in ('-c', text)]
        return self.as_owner(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', self.database(database), *commands])


def failing(said):
    """What phial doctor said: each failing check with the subjects that it names."""
    found, name = {}, None
    for line in said.splitlines():
        if line[:2] == 'ok':
            name = None
        elif line.startswith('FAIL'):
            name = line.split()[1].rstrip(':')
            found[name] = []
        elif name and line.startswith('     '):
            found[name].append(line.strip())
    return found


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.bytes = response.read()

    @property
    def json(self):
        return json.loads(self.bytes)

    def __repr__(self):
        return f'{self.status} {self.bytes[:600]!r}'


class Client:
    def __init__(self, url, key, timeout=120):
        self.address = urllib.parse.urlsplit(url).netloc
        self.key, self.timeout = key, timeout
        self.connection = None

    def send(self, method, path, body=None, media='application/json', **headers):
        head = {'Authorization': 'Bearer ' + self.key} if self.key else {}
        head.update({k.replace('_', '-'): v for k, v in headers.items()})
        if body is not None:
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
            head['Content-Type'] = media
        for fresh in (False, True):
            if self.connection is None or fresh:
                self.connection = http.client.HTTPConnection(self.address, timeout=self.timeout)
            try:
                self.connection.request(method, path, body, head)
                return Answer(self.connection.getresponse())
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.connection = None
                if fresh:
                    raise

    def expect(self, status, method, path, body=None, **more):
        answer = self.send(method, path, body, **more)
        assert answer.status == status, f'{method} {path}: wanted {status}, got {answer}'
        return answer

    def get(self, path, status=200, **more):
        return self.expect(status, 'GET', path, **more).json

    def put(self, path, body, status=201, **more):
        return self.expect(status, 'PUT', path, body, **more).json

    def post(self, path, body, status=201, **more):
        return self.expect(status, 'POST', path, body, **more).json


def export(client, folder, request, seconds=60):
    """Asks for an export, waits so long, downloads; answers the archive's path."""
    state, end = client.post('/v1/exports', request, 202), time.monotonic() + seconds
    while state['status'] not in ('ready', 'failed') and time.monotonic() < end:
        time.sleep(0.1)
        state = client.get('/v1/exports/' + state['id'])
    assert state['status'] == 'ready', state
    path = os.path.join(folder, state['id'] + '.tar')
    with open(path, 'wb') as f:
        f.write(client.expect(200, 'GET', f'/v1/exports/{state["id"]}/download').bytes)
    return path


def verify(archive, key, *more):
    """phial verify: the exit code and what it said."""
    done = subprocess.run([PHIAL, 'verify', archive, '--key', key, *more], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
