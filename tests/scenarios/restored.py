#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An old backup of the whole database under a daemon that signed more since: it does not become ready and says what to do. After
phial ledger new-epoch it goes on; keys that were destroyed after the backup are destroyed again before anything is served, what
retention had removed is due again, and the next verifier is told of the epoch."""
import glob
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
import postgres  # noqa: E402

WHY = {'Phial_Reason': 'years are over'}
FAST = {'PHIAL_USAGE_FOLD_INTERVAL_MS': '50', 'PHIAL_BILLING_INTERVAL_MS': '200'}
LEFT = 'SELECT count(*) FROM token_key WHERE sealed IS NOT NULL'


def event(name, kind='read', at='2026-01-10T12:00:00Z', **properties):
    return {'id': name, 'customer': 'c0', 'type': kind, 'time': at, 'properties': properties}


def clock(client, now):
    client.put('/v1/test-clock', {'now': now}, 200)


def fill(client):
    clock(client, '2026-01-20T00:00:00Z')
    client.put('/v1/event-types/read', {'retention': 'trial-permanent', 'properties': {'patient': {'type': 'token', 'scope': 'customer'}}})
    client.put('/v1/event-types/visit', {'retention': 'hipaa-6y'})
    client.put('/v1/customers/c0', {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'UTC'})
    client.post('/v1/events', [event('r-1', patient='MRN 4711-anna'), event('v-1', 'visit'), event('v-2', 'visit')], 200)
    clock(client, '2033-02-01T00:00:00Z')  # the visits are over


def note_of(client):
    return client.expect(200, 'GET', '/v1/ledger/c0/checkpoint').bytes.decode().split('\n')


def entries(client):
    return [json.loads(line) for line in client.expect(200, 'GET', '/v1/ledger/c0/entries').bytes.splitlines()]


def remove_visits(client, officer):
    """Two bodies go, each time: answers how many were due."""
    made = client.post('/v1/retention/runs', {'customer': 'c0'}, 202, **WHY)
    officer.post(f'/v1/approvals/{made["approval"]}/approve', {'meaning': 'it may go'}, 200, **WHY)
    for _ in range(600):
        made = client.get('/v1/retention/runs/' + made['id'])
        if made['status'] == 'done':
            gone = [entry for entry in entries(client) if entry['kind'] == 'removed']
            assert len(gone) == made['customers'][0]['removed'] == 2, (made, gone)
            return
        time.sleep(0.05)
    raise AssertionError(made)


def after_the_backup(server, officer):
    """What the backup knows nothing of."""
    client = server.client
    client.post('/v1/events', event('r-2', at='2033-01-31T00:00:00Z', patient='MRN 4712-berta'))
    client.post('/v1/erasures', {'customer': 'c0', 'scope': 'all'})
    assert server.sql(LEFT) == '0'
    remove_visits(client, officer)
    return note_of(client)


def put_back(server, cluster):
    phial.Daemon.stop(server)
    shutil.rmtree(cluster)
    os.rename(cluster + '.backup', cluster)


def refuses(server):
    done = subprocess.run([phial.PHIALD, *server.arguments, '--port', '0'], capture_output=True, text=True, env=server.environment, timeout=60)
    assert done.returncode == 1 and done.stdout == '' and 'shorter than what was signed' in done.stderr and 'new-epoch' in done.stderr, done


def begin_epoch(server, cluster):
    """As docs/guides/operate.md says."""
    socket = server.folder + '/run'
    os.makedirs(socket, 0o700, exist_ok=True)
    by_hand = postgres.Cluster(cluster, socket)
    if os.getuid() == 0:
        postgres.own(socket, by_hand.user)
    by_hand.start()
    command = [phial.PHIAL, 'ledger', 'new-epoch', '--config', server.folder + '/phial.conf', '--reason', 'disk lost, backup restored']
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and 'phial.local/epoch-2' in done.stdout, done
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and 'no epoch has to begin' in done.stderr, done


def main():
    server = phial.Server('--test-clock', environment=FAST)
    fill(server.client)
    made = server.client.post('/v1/keys', {'name': 'officer', 'scopes': ['billing:approve', 'audit:read']})
    older = phial.export(server.client, server.folder, {'customer': 'c0', 'purpose': 'audit'})
    cluster = os.path.dirname(glob.glob(server.folder + '/*/postmaster.pid')[0])
    phial.Daemon.stop(server)
    subprocess.run(['cp', '-a', cluster, cluster + '.backup'], check=True)
    server.start()
    last = after_the_backup(server, phial.Client(server.url, made['key']))
    newest = phial.export(server.client, server.folder, {'customer': 'c0', 'purpose': 'audit'})

    put_back(server, cluster)
    refuses(server)
    begin_epoch(server, cluster)
    server.start()  # and takes over the PostgreSQL that was started by hand
    client = server.client
    assert server.sql(LEFT) == '0'  # before it was ready
    told = entries(client)
    kinds = [(entry['kind'], entry['actor']) for entry in told[-3:]]
    assert ('erasure', 'system:restore') in kinds and told[-1]['kind'] != 'usage', told
    size, root = last[1:3]
    assert f'"last":{{"origin":"phial.local/ledger/c0","root":"{root}","size":{size}}}' in json.dumps(told, separators=(',', ':'), sort_keys=True), told
    again = client.post('/v1/events', event('r-2', at='2033-01-31T00:00:00Z', patient='MRN 4712-berta'))  # the sender has it still
    assert again['accepted'] == 1, again
    assert not any(entry['kind'] == 'removed' for entry in told)  # the backup brought the bodies back
    remove_visits(client, phial.Client(server.url, made['key']))
    newer = phial.export(client, server.folder, {'customer': 'c0', 'purpose': 'audit'})
    key = server.folder + '/ledger.pub.pem'
    code, said = phial.verify(newer, key)
    assert code == 0 and 'a new epoch begins here' in said and f'{size} entries had been signed' in said, said
    for held in (older, newest):
        code, said = phial.verify(newer, key, '--against', held)
        assert code == 1 and 'another epoch' in said, said
    server.stop()
    server.start()
    server.stop()
    server.remove()
    print('ok')


if __name__ == '__main__':
    main()
