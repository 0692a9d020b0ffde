#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of PostgreSQL, of the daemon and of both in turn, at random moments of a stream of events: after each, what was
acknowledged is in the ledger exactly once. PHIAL_FAULT_ROUNDS sets how many."""
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
from load import Load, prepare, settle  # noqa: E402

ROUNDS = int(os.environ.get('PHIAL_FAULT_ROUNDS', '4'))
CUSTOMERS = [f'c{n}' for n in range(12)]
READY_SECONDS = 30


def kill_postgres(server):
    os.kill(server.postmaster(), signal.SIGKILL)
    killed = time.monotonic()
    while server.client.send('GET', '/readyz').status != 503 and time.monotonic() - killed < 2:
        time.sleep(0.01)
    while server.client.send('GET', '/readyz').status != 200:
        assert time.monotonic() - killed < READY_SECONDS, f'not ready within {READY_SECONDS} seconds'
        time.sleep(0.05)


def kill_daemon(server):
    server.kill()
    server.start()


def kill_both(server):
    """The next start finds a cluster that nobody has recovered."""
    postmaster = server.postmaster()
    server.kill()
    os.kill(postmaster, signal.SIGKILL)
    server.start()


KILLS = [kill_postgres, kill_daemon, kill_both]


def main():
    server = phial.Server()
    prepare(server.client, CUSTOMERS)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    print('seed', seed)
    load = Load([server], CUSTOMERS)
    for number in range(ROUNDS):
        kill = KILLS[number % len(KILLS)]
        with load:
            load.wait(chance.randrange(500, 4000))
            time.sleep(chance.random() * 0.2)
            kill(server)
            load.wait(1000)
        settle(load, server, server.folder + '/ledger.pub.pem', kill.__name__)
        load = load.again()
    server.remove()
    print('ok')


main()
