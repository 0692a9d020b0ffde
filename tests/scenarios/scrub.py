#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""T1 and T13 against a running daemon: a superuser changes a byte that was stored; the scrubber finds it, says so in the log, in a
figure and to the doctor, and takes it back once the whole log is found sound."""
import os
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

FLIP = "UPDATE ledger_entry SET leaf = set_bit(leaf, 99, 1 - get_bit(leaf, 99)) WHERE entry_index = 300"


def fill(client, count):
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    events = [{'id': str(uuid.uuid4()), 'customer': 'c0', 'type': 'call', 'time': now} for _ in range(count)]
    assert client.post('/v1/events', events, 200)['accepted'] == count


def figure(client, name):
    text = client.expect(200, 'GET', '/metrics').bytes.decode()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith(name + ' ')))


def wait_for(client, name, value):
    for _ in range(300):
        if figure(client, name) >= value if value else figure(client, name) == 0:
            return
        time.sleep(0.1)
    raise AssertionError((name, value, figure(client, name)))


def tamper(server, *texts):
    """With every guard off, and the log due again."""
    server.sql("SET phial.migrating = 'on'", 'ALTER TABLE ledger_entry DISABLE TRIGGER USER', *texts,
               'ALTER TABLE ledger_entry ENABLE TRIGGER USER', *[f'ALTER TABLE ledger_entry_{n:02} ENABLE ALWAYS TRIGGER '
                                                                   + guard for n in range(16)
                                                                   for guard in ('ledger_entry_guard', 'ledger_entry_guard_truncate')],
               phial.SCRUB_ALL)
    server.kill()
    server.start()


def log_of(server):
    with open(server.log_path) as f:
        return f.read()


def a_bit_flips():
    server = phial.Server(environment={'PHIAL_SCRUB_LEAVES_PER_SECOND': '100000'})
    server.client.put('/v1/event-types/call', {'properties': {}})
    server.client.put('/v1/customers/c0', {'name': 'C', 'currency': 'USD', 'time_zone': 'UTC'})
    fill(server.client, 700)
    server.sql(phial.SCRUB_ALL)
    server.kill()
    server.start()
    wait_for(server.client, 'phial_scrub_logs_total', 1)
    assert figure(server.client, 'phial_scrub_unsound_logs') == 0 and 'ledger_unsound' not in log_of(server)
    tamper(server, FLIP)
    wait_for(server.client, 'phial_scrub_unsound_logs', 1)
    assert '"event":"ledger_unsound"' in log_of(server) and 'other_than_entered' in log_of(server), log_of(server)[-2000:]
    failing = phial.failing(server.doctor()[1])
    assert failing['scrubbed_bytes_are_sound'] == ['c0/699: other_than_entered'], failing
    assert server.client.send('GET', '/v1/ledger/c0/checkpoint').status == 503  # nor is it signed
    tamper(server, FLIP)
    wait_for(server.client, 'phial_scrub_logs_total', 2)  # the audit trail's too
    wait_for(server.client, 'phial_scrub_unsound_logs', 0)
    server.client.expect(200, 'GET', '/v1/ledger/c0/checkpoint')
    server.remove()


a_bit_flips()
print('ok')
