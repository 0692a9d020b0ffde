#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The key that signs is changed, twice, and whoever holds the first one can follow. A database that was restored from an
older copy is refused; it goes on as another epoch, which the next verifier sees."""
import os
import shutil
import subprocess
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402


def fill(client, count):
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    events = [{'id': str(uuid.uuid4()), 'customer': 'c0', 'type': 'call', 'time': now} for _ in range(count)]
    assert client.post('/v1/events', events, 200)['accepted'] == count


def ledger(server, *arguments, database='phial'):
    done = subprocess.run([phial.PHIAL, 'ledger', *arguments, '--config', server.folder + '/phial.conf'], capture_output=True,
                          text=True, env=dict(os.environ, PHIAL_DATABASE_URL=server.database(database)))
    return done.returncode, done.stdout + done.stderr


def note_of(client, path='/v1/ledger/c0/checkpoint'):
    return client.expect(200, 'GET', path).bytes.decode()


def signatures(note):
    return [line for line in note.split('\n\n')[1].splitlines()]


def restart(server):
    server.stop()
    server.start()


def verified(archive, key, *more):
    code, said = phial.verify(archive, key, *more)
    assert code == 0 and 'VERIFIED' in said, said
    return said


def refused(archive, key, *more):
    code, said = phial.verify(archive, key, *more)
    assert code == 1 and 'REFUSED' in said, said
    return said


def export(server, name, **more):
    made = phial.export(server.client, server.folder, {'customer': 'c0', 'purpose': 'audit', **more})
    path = f'{server.folder}/{name}.tar'
    os.rename(made, path)
    return path


def keep_key(server, name):
    path = f'{server.folder}/{name}.pem'
    shutil.copy(server.folder + '/ledger.pub.pem', path)
    return path


def rotate(server, *more):
    code, said = ledger(server, 'rotate-key', *more)
    assert code == 0, said
    restart(server)


def the_key_changes(server):
    first = keep_key(server, 'first')
    before = export(server, 'before')
    assert len(signatures(note_of(server.client))) == 1
    rotate(server, '--reason', 'yearly')
    second = keep_key(server, 'second')
    assert len(signatures(note_of(server.client))) == 2  # the overlap
    code, said = ledger(server, 'rotate-key')
    assert code == 1 and 'retire-key' in said, said
    code, said = ledger(server, 'rotate-key', '--reason', 'Call 212-555-0187 Mary Jones')
    assert code == 1 and '212' not in said, said

    between = export(server, 'between', since=5)
    assert 'announced' not in verified(between, second)
    assert 'announced' in verified(between, first)
    assert 'announced' in verified(between, first, '--against', before)
    verified(between, second, '--against', before)
    verified(before, first)
    refused(before, second)  # it cannot know of what came later

    fill(server.client, 1)
    code, said = ledger(server, 'retire-key')
    assert code == 0, said
    restart(server)
    assert len(signatures(note_of(server.client))) == 1
    rotate(server)
    third = keep_key(server, 'third')
    after = export(server, 'after', since=5)
    for key in (first, second, third):
        verified(after, key)
        verified(after, key, '--against', before)
    entries = server.client.expect(200, 'GET', '/v1/ledger/c0/entries').bytes.decode()
    assert entries.count('"action":"rotate"') == 2 and '"reason":"yearly"' in entries, entries
    assert server.client.expect(200, 'GET', '/v1/heads/entries').bytes.decode().count('"action":"rotate"') == 2
    code, said = ledger(server, 'status')
    assert code == 0 and said.count('phial.local/heads+') == 3 and 'epoch 1' in said, said
    return after, third


def start_fails(server, database='phial'):
    done = subprocess.run([phial.PHIALD, '--config', server.folder + '/phial.conf', '--port', '0'], capture_output=True, text=True,
                          timeout=60, env=dict(os.environ, PHIAL_DATABASE_URL=server.database(database)))
    assert done.returncode == 1 and 'ready' not in done.stdout, done
    return done.stderr


def another_key_does_not_pass(server):
    """T5: whoever puts another key in its place has nobody's announcement."""
    path = server.folder + '/ledger.key.pem'
    with open(path, 'rb') as f:
        own = f.read()
    other = subprocess.run(['openssl', 'genpkey', '-algorithm', 'ED25519'], capture_output=True, check=True).stdout
    with open(path, 'wb') as f:
        f.write(other)
    assert 'not the last one that the ledger names' in start_fails(server)
    assert 'heads_extend_what_was_signed' in phial.failing(server.doctor()[1])
    with open(path, 'wb') as f:
        f.write(own)


def an_old_backup_goes_on_as_another_epoch(server, archive, key):
    """T4 and T6."""
    server.copy('older')
    fill(server.client, 7)
    last = note_of(server.client)
    note_of(server.client, '/v1/ledger/checkpoint')
    newest = export(server, 'newest', since=5)
    said = start_fails(server, 'older')
    assert 'shorter than what was signed' in said and 'new-epoch' in said, said
    assert 'heads_extend_what_was_signed' in phial.failing(server.doctor('older')[1])
    code, said = ledger(server, 'new-epoch', database='older')
    assert code == 1 and 'needs --reason' in said, said
    code, said = ledger(server, 'new-epoch', '--reason', 'not needed')
    assert code == 1 and 'no epoch has to begin' in said, said
    code, said = ledger(server, 'new-epoch', '--reason', 'disk lost, backup of the day before', database='older')
    assert code == 0 and 'phial.local/epoch-2' in said, said

    daemon = phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf'], log='.older.log',
                          environment={'PHIAL_DATABASE_URL': server.database('older')})
    fill(daemon.client, 2)
    note = note_of(daemon.client)
    assert note.startswith('phial.local/epoch-2/ledger/c0\n'), note
    assert note_of(daemon.client, '/v1/ledger/checkpoint').startswith('phial.local/epoch-2/heads\n')
    size, root = last.split('\n')[1:3]
    quoted = f'"last":{{"origin":"phial.local/ledger/c0","root":"{root}","size":{size}}}'
    assert quoted in daemon.client.expect(200, 'GET', '/v1/ledger/c0/entries').bytes.decode()
    heads = daemon.client.expect(200, 'GET', '/v1/heads/entries').bytes.decode()
    assert quoted in heads and '"origin":"phial.local/heads"' in heads, heads
    again = export(daemon, 'again')
    said = verified(again, key)
    assert 'a new epoch begins here' in said and f'{size} entries had been signed' in said, said
    assert 'another epoch' in refused(again, key, '--against', newest)
    verified(newest, key, '--against', archive)
    code, said = server.doctor('older')
    assert code == 0, said
    daemon.remove()
    start_again = phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf'], log='.older.log',
                               environment={'PHIAL_DATABASE_URL': server.database('older')})
    start_again.remove()


server = phial.Server()
server.client.put('/v1/event-types/call', {'properties': {}})
server.client.put('/v1/customers/c0', {'name': 'C', 'currency': 'USD', 'time_zone': 'UTC'})
fill(server.client, 5)
archive, key = the_key_changes(server)
print('passed the_key_changes')
another_key_does_not_pass(server)
print('passed another_key_does_not_pass')
an_old_backup_goes_on_as_another_epoch(server, archive, key)
print('passed an_old_backup_goes_on_as_another_epoch')
server.remove()
print('ok')
