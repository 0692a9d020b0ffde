#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The primary is killed under load and its standby promoted: the daemon, which knows both, goes on by itself, and
what was acknowledged is in the ledger exactly once. PHIAL_FAULT_ROUNDS sets how many times in a row."""
import os
import random
import shutil
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
import postgres  # noqa: E402
from load import Load, prepare, settle  # noqa: E402

ROUNDS = int(os.environ.get('PHIAL_FAULT_ROUNDS', '2'))
CUSTOMERS = [f'c{n}' for n in range(12)]
# An answer waits for the standby: nothing acknowledged is on one server alone.
SYNCHRONOUS = {'synchronous_commit': 'remote_apply', 'synchronous_standby_names': '*'}


class Pair:
    """Two places for servers, one of them the primary."""

    def __init__(self):
        self.installation = postgres.Installation()
        self.installation.start()
        self.primary = self.installation.cluster
        self.folder = postgres.private_folder(self.primary.user)
        self.spare = os.path.join(self.folder, 'cluster'), os.path.join(self.folder, 'run')
        self.standby = None
        self.url = self.primary.url(self.spare[1])

    def follow(self):
        """A standby that has caught up, and that every commit waits for."""
        self.standby = self.primary.standby(*self.spare)
        self.standby.start()
        self.primary.set(SYNCHRONOUS)
        deadline = time.monotonic() + 30
        while self.primary.sql('SELECT sync_state FROM pg_stat_replication') != 'sync':
            assert time.monotonic() < deadline, 'the standby does not follow'
            time.sleep(0.1)

    def fail_over(self):
        """The new primary waits for nobody until somebody follows it."""
        killed = self.primary
        killed.kill()
        self.standby.control('promote')
        self.primary, self.standby = self.standby, None
        self.primary.set(dict.fromkeys(SYNCHRONOUS))
        killed.remove()
        shutil.rmtree(killed.data)
        shutil.rmtree(killed.socket)  # its lock names a process that may not have been reaped
        self.spare = killed.data, killed.socket

    def remove(self):
        self.installation.remove()
        self.primary.remove()
        shutil.rmtree(self.folder)


def a_repeat_waits_as_long(pair, daemon):
    """For the standby, as the event itself did."""
    event = {'id': 'repeated', 'customer': CUSTOMERS[0], 'type': 'call', 'properties': {'route': 'a'},
             'time': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}
    assert daemon.client.post('/v1/events', event, 201)['accepted'] == 1
    pair.standby.stop()
    answers = []
    client = phial.Client(daemon.url, daemon.key)
    sender = threading.Thread(target=lambda: answers.append(client.post('/v1/events', event, 200)['duplicates']), daemon=True)
    sender.start()
    sender.join(1)
    assert sender.is_alive() and not answers, answers
    pair.standby.start()
    sender.join(60)
    assert answers == [1], answers


def main():
    pair = Pair()
    daemon = pair.installation.daemon(pair.url)
    prepare(daemon.client, CUSTOMERS)
    load = Load([daemon], CUSTOMERS)
    for number in range(ROUNDS):
        pair.follow()
        with load:
            load.wait(random.randrange(500, 3000))
            pair.fail_over()
            load.wait(1000)
        settle(load, daemon, pair.installation.public_key, 'failover')
        load = load.again()
    pair.follow()
    a_repeat_waits_as_long(pair, daemon)
    pair.standby.remove()
    pair.primary.set(dict.fromkeys(SYNCHRONOUS))
    pair.remove()
    print('ok')


main()
