#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on the history of a ledger, each on a copy of one database, most by its superuser with every guard off or by the operator
with the true key: prevented, or detected by the one who must. docs/guides/attacks.md says which of them are tried elsewhere."""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import archive  # noqa: E402
import phial  # noqa: E402
import postgres  # noqa: E402
import tree  # noqa: E402
from intruder import Intruder, unguarded  # noqa: E402

WHY = {'Phial_Reason': 'sent twice'}
NOVEMBER = {'from': '2031-11-01T00:00:00Z', 'to': '2031-12-01T00:00:00Z'}
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')


def event(name, at='2031-12-02T10:00:00Z', customer='c0', quantity='1'):
    return {'id': name, 'customer': customer, 'type': 'call', 'time': at, 'quantity': quantity}


class Place:
    """A month of two customers, billed; what the auditor took home then; and the database, to be copied."""

    def __init__(self):
        self.installation = postgres.Installation()
        self.installation.start()
        self.folder = self.installation.folder
        self.held = self.folder + '/held.tar'
        self.forger = archive.Forger(self.folder + '/ledger.key.pem')
        self.key = self.installation.public_key
        daemon = self.daemon('phial', '/signer.state')
        self.fill(daemon.client)
        self.notes = {customer: note_of(daemon.client, customer) for customer in ('c0', 'c1')}
        note_of(daemon.client)
        os.rename(phial.export(daemon.client, self.folder, {'customer': 'c0', 'purpose': 'audit'}), self.held)
        self.size = int(self.notes['c0'].split('\n')[1])
        daemon.remove()

    def fill(self, c):
        c.put('/v1/test-clock', {'now': '2031-11-20T00:00:00Z'}, 200)
        c.put('/v1/event-types/call', {'properties': {}})
        c.put('/v1/metrics/calls', {'event_types': ['call'], 'aggregation': 'count'})
        c.put('/v1/plans/plan', {'currency': 'USD', 'interval': 'month', 'charges': [
            {'key': 'calls', 'name': 'Calls', 'metric': 'calls', 'model': 'per_unit', 'unit_amount': '1.00'}]})
        for customer in ('c0', 'c1'):
            c.put('/v1/customers/' + customer, {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'UTC'})
            c.post('/v1/subscriptions', {'customer': customer, 'plan': 'plan', 'start': '2031-11-01T00:00:00Z'})
            c.post('/v1/events', [event(f'n-{n}', '2031-11-15T10:00:00Z', customer) for n in range(300)], 200)
        c.put('/v1/test-clock', {'now': '2031-12-03T00:00:00Z'}, 200)  # November is issued
        c.post('/v1/events', [event(f'd-{n}') for n in range(20)], 200)

    def daemon(self, database, state, **more):
        url = self.installation.cluster.url().replace('dbname=phial', 'dbname=' + database)
        environment = {'PHIAL_DATABASE_URL': url, 'PHIAL_LEDGER_STATE_PATH': self.folder + state, 'PHIAL_SCRUB_LEAVES_PER_SECOND': '0', **more}
        return phial.Daemon(self.folder, ['--config', self.installation.config, '--test-clock'], environment, log=f'.{database}.log')

    def sql(self, database, *texts):
        commands = [part for text in texts for part in ('-c', text)]
        url = self.installation.cluster.url().replace('dbname=phial', 'dbname=' + database)
        return subprocess.run(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', url, *commands], check=True, capture_output=True,
                              text=True).stdout.strip()

    def verify(self, files, *more):
        return phial.verify(archive.write(self.folder + '/forged.tar', files), self.key, *more)


class Copy:
    """The same installation once more: its own database, its own memory of what was signed."""

    def __init__(self, place, name):
        self.place, self.name, self.state = place, name, f'/{name}.state'
        place.sql('postgres', f'CREATE DATABASE {name} TEMPLATE phial')
        subprocess.run(['cp', '-a', place.folder + '/signer.state', place.folder + self.state], check=True)
        self.running = None

    def intruder(self, customer='c0'):
        return Intruder(lambda *texts: self.place.sql(self.name, *texts), customer)

    def start(self, **more):
        self.running = self.place.daemon(self.name, self.state, **more)
        return self.running.client

    def stop(self):
        if self.running is not None:
            self.running.remove()
        self.running = None

    def refuses_to_start(self):
        url = self.place.installation.cluster.url().replace('dbname=phial', 'dbname=' + self.name)
        done = subprocess.run([phial.PHIALD, '--config', self.place.installation.config, '--port', '0'], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PHIAL_DATABASE_URL=url, PHIAL_LEDGER_STATE_PATH=self.place.folder + self.state))
        assert done.returncode == 1 and 'ready' not in done.stdout, done
        return done.stderr

    def forgets(self):
        """The signer's memory is thrown away too: what is left is who else remembers."""
        os.unlink(self.place.folder + self.state)

    def export(self, **more):
        return phial.export(self.running.client, self.place.folder, {'customer': 'c0', 'purpose': 'audit', **more})


def note_of(client, customer=None):
    path = f'/v1/ledger/{customer}/checkpoint' if customer else '/v1/ledger/checkpoint'
    return client.expect(200, 'GET', path).bytes.decode()


def refused(answer, *says):
    code, said = answer
    assert code == 1 and 'REFUSED' in said and 'VERIFIED' not in said, said
    for text in says:
        assert text in said, (text, said)


def verified(answer):
    code, said = answer
    assert code == 0 and 'VERIFIED' in said, said


def figure(client, name):
    text = client.expect(200, 'GET', '/metrics').bytes.decode()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith(name + ' ')))


def wait_for(what, seconds=60):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def t1_an_entry_is_deleted(place, copy):
    """The scrubber names it, and nothing is exported over it. With T3: two entries of a log change places."""
    copy.intruder('c0').does('DELETE FROM ledger_entry WHERE :its AND entry_index = 7')
    other = copy.intruder('c1')
    leaves = other.leaves()
    other.replace(8, leaves[9])
    other.replace(9, leaves[8])
    place.sql(copy.name, phial.SCRUB_ALL)
    client = copy.start(PHIAL_SCRUB_LEAVES_PER_SECOND='100000')
    for customer in ('c0', 'c1'):
        state = client.post('/v1/exports', {'customer': customer, 'purpose': 'audit'}, 202)
        wait_for(lambda at=state['id']: client.get('/v1/exports/' + at)['status'] == 'failed')
    wait_for(lambda: figure(client, 'phial_scrub_unsound_logs') == 2)
    with open(copy.running.log_path) as f:
        found = [json.loads(line) for line in f if '"ledger_unsound"' in line]
    assert {line['fault'] for line in found} == {'entry_missing', 'other_than_entered'}, found


def t2_all_is_made_to_fit(place, copy):
    """One quantity is changed, then the nodes and the head; then the signer's memory goes, and the auditor's is left."""
    intruder = copy.intruder()
    leaf = intruder.leaves()[-1]
    assert b'"quantity":"1"' in leaf
    intruder.replace(place.size - 1, leaf.replace(b'"quantity":"1"', b'"quantity":"9"'))
    intruder.makes_it_fit()
    assert 'another than what was signed' in copy.refuses_to_start()
    copy.forgets()
    client = copy.start()
    client.post('/v1/events', event('e-1'))
    newer = copy.export(since=place.size)
    verified(phial.verify(newer, place.key))
    refused(phial.verify(newer, place.key, '--against', place.held))


def t3_two_entries_change_places(place, copy):
    """Of the same type and day, so that no sum tells, and all is made to fit."""
    intruder = copy.intruder()
    leaves = intruder.leaves()
    intruder.replace(20, leaves[21])
    intruder.replace(21, leaves[20])
    intruder.makes_it_fit()
    assert 'another than what was signed' in copy.refuses_to_start()


def t5_another_key_takes_its_place(place, copy):
    """On disk and in the database: whoever holds the first key asks for its word on the second."""
    path = place.folder + '/other.key.pem'
    subprocess.run(['openssl', 'genpkey', '-algorithm', 'ED25519', '-out', path], check=True, capture_output=True)
    if os.getuid() == 0:
        postgres.own(path, place.installation.cluster.user)
    der = subprocess.run(['openssl', 'pkey', '-in', path, '-pubout', '-outform', 'DER'], check=True, capture_output=True).stdout
    triggers = 'ALTER TABLE ledger_key DISABLE TRIGGER USER'
    place.sql(copy.name, *unguarded(triggers, f"UPDATE ledger_key SET public_key = '\\x{der[-32:].hex()}'"))
    copy.start(PHIAL_LEDGER_KEY_PATH=path, PHIAL_LEDGER_PUBLIC_PATH=place.folder + '/other.pub.pem')
    newer = copy.export(since=place.size)
    refused(phial.verify(newer, place.key))
    refused(phial.verify(newer, place.key, '--against', place.held))


def t6_the_tail_is_cut(place, copy):
    """The signer knows; without its memory, so do the receipts and the auditor."""
    copy.intruder().does(f'DELETE FROM ledger_entry WHERE :its AND entry_index >= {place.size - 2}')
    copy.intruder().makes_it_fit()
    assert 'shorter than what was signed' in copy.refuses_to_start()
    copy.forgets()
    client = copy.start()
    client.expect(404, 'GET', '/v1/events/c0/d-19')  # of which the sender has an index
    told = client.post('/v1/reconciliations', {'customer': 'c0', 'type': 'call', 'from': '2031-12-01T00:00:00Z', 'to': '2032-01-01T00:00:00Z',
                                               'ids': [f'd-{n}' for n in range(20)]}, 200)
    assert not told['matches'] and told['missing_here'] == ['d-18', 'd-19'], told
    refused(phial.verify(copy.export(), place.key, '--against', place.held))


def t7_two_histories(place, copy):
    """Two heads of one size, both signed, are the evidence; one memory of what was signed gives only one of them."""
    client = copy.start()
    client.post('/v1/events', event('one'))
    first, kept = note_of(client, 'c0'), copy.export()
    copy.stop()
    fork = Copy(place, copy.name + '_fork')
    client = fork.start()
    client.post('/v1/events', event('other'))
    second = note_of(client, 'c0')
    newer = fork.export(since=place.size)
    fork.stop()
    assert first.split('\n')[:2] == second.split('\n')[:2] and first.split('\n')[2] != second.split('\n')[2]
    for note in (first, second):
        assert signed_by(place, note)
    verified(phial.verify(newer, place.key, '--against', place.held))
    refused(phial.verify(newer, place.key, '--against', kept), 'Two histories were signed')
    fork.state = copy.state
    assert 'another than what was signed' in fork.refuses_to_start()


def signed_by(place, note):
    body, lines = note.split('\n\n')
    for name, data in (('body', body.encode() + b'\n'), ('sig', tree.unbase(lines.split('\n')[0].split(' ')[2])[4:])):
        with open(f'{place.folder}/{name}', 'wb') as f:
            f.write(data)
    return subprocess.run(['openssl', 'pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', place.key, '-in', place.folder + '/body', '-sigfile',
                           place.folder + '/sig'], capture_output=True).returncode == 0


def t8_an_event_is_left_out(place, _):
    """By the operator, who signs what he hands out: the others are proved to be in the tree, and the range is not whole."""
    files = archive.read(place.held)
    lines = archive.lines_of(files)
    del lines[place.size - 3]
    hashes = [tree.leaf_hash(line) for line in archive.lines_of(files)]
    nodes = [{'from': place.size - 3, 'to': place.size - 2, 'hash': tree.base(hashes[place.size - 3])}]
    told = dict(json.loads(files['manifest.json']), entries=len(lines))
    omitted = dict(files, **{'entries.ndjson': archive.joined(lines), 'manifest.json': archive.canonical(told) + b'\n',
                             'proof.json': archive.canonical({'nodes': nodes}) + b'\n'})
    refused(place.verify(place.forger.signs(omitted)))
    told['to_index'] = place.size - 1
    refused(place.verify(place.forger.signs(dict(omitted, **{'manifest.json': archive.canonical(told) + b'\n'}))))
    # A tree over the rest is another tree.
    refused(place.verify(place.forger.forge(files, lines), '--against', place.held))


def t9_events_that_nobody_sent(place, copy):
    """What is appended well is a log like any other: the sender's own list is what tells."""
    intruder = copy.intruder()
    entry = json.loads(intruder.leaves()[-1])
    entry['event']['id'] = 'phantom'
    intruder.append(entry)
    client = copy.start()
    told = client.post('/v1/reconciliations', {'customer': 'c0', 'type': 'call', 'from': '2031-12-01T00:00:00Z', 'to': '2032-01-01T00:00:00Z',
                                               'total': '20', 'ids': [f'd-{n}' for n in range(20)]}, 200)
    assert not told['matches'] and told['missing_there'] == ['phantom'] and told['difference'] == '1', told
    refused_numbers = client.post('/v1/reconciliations', {'customer': 'c0', 'type': 'call', **NOVEMBER, 'total': '300'}, 200)
    assert refused_numbers['matches'], refused_numbers


def t10_an_entry_is_dated_back(place, copy):
    """Its place in the log is behind what was signed when the period was closed, whatever it says of itself."""
    intruder = copy.intruder()
    entry = json.loads(intruder.leaves()[-1])
    entry['event'].update(id='late', time='2031-11-16T00:00:00.000000Z')
    entry['at'] = '2031-11-16T00:00:01.000000Z'
    intruder.append(entry)
    client = copy.start()
    (row,) = client.get('/v1/invoices?customer=c0&status=issued')['data']
    invoice = client.get('/v1/invoices/' + row['id'])
    assert invoice['ledger']['size'] <= place.size and client.get(f'/v1/invoices/{row["id"]}/proof')['matches'] is True
    refused(phial.verify(copy.export(since=place.size), place.key, '--against', place.held), f'Entry {place.size} is dated before')


def t11_corrections_that_are_none(place, copy):
    client = copy.start()
    at = '/v1/events/c0/n-3/void'
    client.expect(422, 'POST', at, {})
    client.post(at, {}, **WHY)
    assert client.expect(409, 'POST', at, {}, **WHY).json['code'] == 'already_void'
    client.expect(409, 'POST', '/v1/events/c0/n-3/amend', {'quantity': '2'}, **WHY)
    made = client.post('/v1/keys', {'name': 'c1', 'scopes': ['events:write'], 'customer': 'c1'})
    phial.Client(copy.running.url, made['key']).expect(404, 'POST', '/v1/events/c0/n-4/void', {}, **WHY)
    client.post('/v1/events/c0/n-5/amend', {'quantity': '2'}, **WHY)
    files = archive.read(copy.export())
    lines = archive.lines_of(files)
    verified(place.verify(place.forger.forge(files, lines)))
    void = json.loads(next(line for line in lines if b'"kind":"void"' in line))
    for change in bad_voids(void, lines):
        refused(place.verify(place.forger.forge(files, [*lines, archive.canonical(change)])), f'Entry {len(lines)}')


def bad_voids(void, lines):
    """A second one, and of an event without a fault each time: another leaf, no reason, no event, one that comes later."""
    yield void
    good = dict(void, ref={'index': 10, 'leaf': tree.base(tree.leaf_hash(lines[10]))})
    yield dict(good, ref=dict(good['ref'], leaf=tree.base(tree.leaf_hash(lines[11]))))
    yield {name: value for name, value in good.items() if name != 'reason'}
    yield dict(good, ref={'index': 0, 'leaf': tree.base(tree.leaf_hash(lines[0]))})
    yield dict(good, ref={'index': len(lines), 'leaf': good['ref']['leaf']})
    yield dict(good, customer='c1')


@contextlib.contextmanager
def failing_disk(processes, calls):
    """Every such call of these processes and their children answers EIO."""
    traced = [part for process in processes for part in ('-p', str(process))]
    tracer = subprocess.Popen(['strace', '-f', '-qq', '-o', '/dev/null', '-e', f'trace={calls}', '-e', f'inject={calls}:error=EIO', *traced],
                              stderr=subprocess.PIPE, text=True)
    try:
        for process in processes:
            wait_for(lambda process=process: tracer.poll() is not None or is_traced(process))
        yield tracer.poll() is None
    finally:
        tracer.send_signal(signal.SIGTERM)
        tracer.communicate()


def is_traced(process):
    try:
        with open(f'/proc/{process}/status') as f:
            return 'TracerPid:\t0\n' not in f.read()
    except FileNotFoundError:
        return True  # it is gone


def t12_the_disk_gives_errors(place, copy):
    """No signature leaves whose memory was not kept, and nothing is acknowledged that is not stored."""
    client = copy.start()
    with failing_disk([copy.running.process.pid], 'fsync,fdatasync') as is_failing:
        if not is_failing:
            print('skipped: nothing may be traced here')
            return
        acknowledged = {'s-1'}
        client.post('/v1/events', event('s-1'))
        assert client.expect(503, 'GET', '/v1/ledger/c0/checkpoint').json['code'] == 'signer_away'
    assert int(note_of(client, 'c0').split('\n')[1]) == place.size + 1
    cluster = place.installation.cluster
    with failing_disk(postgres.works_in(cluster.data), 'fsync,fdatasync,pwrite64'):
        for n in range(100):
            status = client.send('POST', '/v1/events', event(f'w-{n}')).status
            if status != 201:
                break
            acknowledged.add(f'w-{n}')
        assert status == 503, status
    cluster.stop('immediate', check=False)  # it may have given up, or be at its recovery
    cluster.start()
    wait_for(lambda: client.send('POST', '/v1/events', event('s-2')).status in (200, 201))
    leaves = [json.loads(line) for line in client.expect(200, 'GET', '/v1/ledger/c0/entries').bytes.splitlines()]
    names = [leaf['event']['id'] for leaf in leaves if leaf['kind'] == 'usage']
    assert len(names) == len(set(names)) and acknowledged <= set(names), acknowledged - set(names)
    verified(phial.verify(copy.export(since=place.size), place.key, '--against', place.held))


def the_table_names_tests_that_are_there():
    """docs/guides/attacks.md: a row for each attack, and each test that it names."""
    with open(ROOT + '/docs/guides/attacks.md') as f:
        rows = [line for line in f if line.startswith('| T')]
    assert [row.split('|')[1].strip() for row in rows] == [f'T{n}' for n in range(1, 18)], rows
    for row in rows:
        named = re.findall(r'`(tests/[a-z_/]+\.(?:py|c)): ([a-z0-9_, ]+)`', row)
        assert named, row
        for path, cases in named:
            with open(f'{ROOT}/{path}') as f:
                text = f.read()
            for case in cases.split(', '):
                assert f'def {case}(' in text or f'START_TEST({case})' in text, (path, case)


ATTACKS = (t1_an_entry_is_deleted, t2_all_is_made_to_fit, t3_two_entries_change_places, t5_another_key_takes_its_place, t6_the_tail_is_cut,
           t7_two_histories, t8_an_event_is_left_out, t9_events_that_nobody_sent, t10_an_entry_is_dated_back, t11_corrections_that_are_none,
           t12_the_disk_gives_errors)


def main():
    the_table_names_tests_that_are_there()
    place = Place()
    for attack in ATTACKS:
        began = time.monotonic()
        copy = Copy(place, attack.__name__.split('_')[0])
        attack(place, copy)
        copy.stop()
        print('passed', attack.__name__, round(time.monotonic() - began, 1))
    place.installation.remove()
    print('ok')


if __name__ == '__main__':
    main()
