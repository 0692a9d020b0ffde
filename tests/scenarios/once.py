#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A POST with an Idempotency-Key does what it does once, and the first answer is given again: also where the daemon dies between the
two, and while the first one takes its time. PHIAL_FAULT_ROUNDS sets how often the daemon is killed at a random moment."""
import os
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

ROUNDS = int(os.environ.get('PHIAL_FAULT_ROUNDS', '4'))
CONNECTIONS = 8
CREDITS = '/v1/customers/clinic/credits'


def amounts(client):
    found, path = [], CREDITS + '?limit=500'
    while path:
        answer = client.expect(200, 'GET', path)
        found += [credit['amount'] for credit in answer.json['data']]
        path = answer.json['next_cursor'] and f'{CREDITS}?limit=500&cursor={answer.json["next_cursor"]}'
    return found


class Asked(threading.Thread):
    """One request, on a thread of its own; its answer is None where the daemon died."""

    def __init__(self, server, path, body, key):
        super().__init__(daemon=True)
        self.what = server, path, body, key
        self.answer = None
        self.start()

    def run(self):
        server, path, body, key = self.what
        try:
            self.answer = phial.Client(server.url, server.key).send('POST', path, body, Idempotency_Key=key)
        except OSError:
            pass


class Lock:
    """A table that nobody else writes to, or reads either."""

    def __init__(self, server, table, mode='EXCLUSIVE'):
        self.server = server
        self.thread = threading.Thread(target=self.hold, args=(table, mode), daemon=True)
        self.thread.start()
        wait_for(lambda: self.count(f"relation = '{table}'::regclass AND mode LIKE '%ExclusiveLock' AND pid IN "
                                    "(SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%') AND granted"))

    def hold(self, table, mode):
        try:
            self.server.sql(f'BEGIN; LOCK TABLE {table} IN {mode} MODE; SELECT pg_sleep(600)')
        except subprocess.CalledProcessError:
            pass

    def count(self, which):
        return int(self.server.sql('SELECT count(*) FROM pg_locks WHERE ' + which))

    def awaited(self):
        wait_for(lambda: self.count("locktype = 'relation' AND NOT granted"))

    def release(self):
        self.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND pid <> pg_backend_pid()")
        self.thread.join()


def wait_for(holds):
    for _ in range(1500):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError(holds)


def until_answered(client, body, key):
    """Whoever was killed may be busy in the database for a moment yet."""
    for _ in range(500):
        answer = client.send('POST', CREDITS, body, Idempotency_Key=key)
        if answer.status != 409:
            return answer
        assert answer.json['code'] == 'idempotency_key_running', answer
        time.sleep(0.02)
    raise AssertionError(answer)


def running(server):
    """Neither done beside itself nor waited for: its answer comes first."""
    client = server.client
    cases = (('wallet_credit', CREDITS, {'amount': '7.00'}, 201), ('subscription', '/v1/billing/run', {}, 200))
    for table, path, body, status in cases:
        lock = Lock(server, table, 'ACCESS EXCLUSIVE')
        first = Asked(server, path, body, 'slow')
        lock.awaited()
        for _ in range(3):
            answer = client.send('POST', path, body, Idempotency_Key='slow')
            assert (answer.status, answer.json['code']) == (409, 'idempotency_key_running'), answer
        lock.release()
        first.join()
        assert first.answer.status == status, first.answer
        again = client.expect(status, 'POST', path, body, Idempotency_Key='slow')
        assert again.json == first.answer.json and again.headers['Idempotent-Replayed'] == 'true', again
    assert amounts(client).count('7.00') == 1


def killed(server):
    """With all done but the answer's keeping."""
    body = {'amount': '8.00'}
    lock = Lock(server, 'idempotency')
    first = Asked(server, CREDITS, body, 'killed')
    lock.awaited()
    server.kill()
    lock.release()
    server.start()
    first.join()
    assert first.answer is None
    made = until_answered(server.client, body, 'killed')
    assert made.status == 201 and 'Idempotent-Replayed' not in made.headers, made
    again = server.client.expect(201, 'POST', CREDITS, body, Idempotency_Key='killed')
    assert again.json == made.json and again.headers['Idempotent-Replayed'] == 'true', again
    assert amounts(server.client).count('8.00') == 1


def refused(server):
    """What is refused is refused again, and has done nothing."""
    body = {'amount': '-8.00'}
    first = server.client.expect(422, 'POST', CREDITS, body, Idempotency_Key='wrong')
    again = server.client.expect(422, 'POST', CREDITS, body, Idempotency_Key='wrong')
    assert again.headers['Idempotent-Replayed'] == 'true' and again.json == first.json, (first.json, again.json)
    for key in ('\xe9', 'k' * 256):
        wrong = server.client.send('POST', CREDITS, {'amount': '9.00'}, Idempotency_Key=key.encode('latin-1'))
        assert (wrong.status, wrong.json['code']) == (400, 'bad_header'), (key, wrong)
    assert not {'-8.00', '9.00'} & set(amounts(server.client))


def recorded(server):
    """Once, with its document, whoever asks for the answer again."""
    client = server.client
    made = [client.expect(201, 'POST', '/v1/webhooks', {'url': 'https://books.example/hook', 'types': ['invoice.issued']},
                          Idempotency_Key='hook') for _ in range(2)]
    assert made[0].json == made[1].json
    client.expect(200, 'POST', '/v1/billing/run', {}, Idempotency_Key='run')
    assert client.expect(200, 'POST', '/v1/billing/run', {}, Idempotency_Key='run').headers['Idempotent-Replayed'] == 'true'
    found = [r for r in client.get('/v1/audit?action=webhooks.create')['data'] if r['object'] == 'webhooks/' + made[0].json['id']]
    assert len(found) == 1 and not found[0].get('read'), found
    asked = {'customer': 'clinic', 'purpose': 'an audit'}
    wanted = [client.expect(202, 'POST', '/v1/exports', asked, Idempotency_Key='export').json['id'] for _ in range(2)]
    assert wanted[0] == wanted[1]
    wait_for(lambda: client.get('/v1/exports/' + wanted[0])['status'] == 'ready')


def kill_at_random(server, number, chance):
    going, sent, answers = [True], [], {}

    def ask(connection):
        n = 0
        while going:
            amount = f'{100 + number}{connection}{n:04d}.00'
            n += 1
            sent.append(amount)
            asked = Asked(server, CREDITS, {'amount': amount}, amount)
            asked.join()
            if asked.answer is not None and asked.answer.status == 201:
                answers[amount] = asked.answer.json['id']

    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    time.sleep(0.3 + chance.random() * 0.5)
    server.kill()
    going.clear()
    for thread in threads:
        thread.join()
    server.start()
    for amount in sent:
        answer = until_answered(server.client, {'amount': amount}, amount)
        assert answer.status == 201 and answers.get(amount, answer.json['id']) == answer.json['id'], (amount, answer)
    found = amounts(server.client)
    assert all(found.count(amount) == 1 for amount in sent), [a for a in sent if found.count(a) != 1]
    return len(sent) - len(answers)


def main():
    server = phial.Server()
    server.client.put('/v1/customers/clinic', {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'UTC'})
    for story in (running, killed, refused, recorded):
        story(server)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    print('seed', seed)
    print('unanswered', [kill_at_random(server, number, chance) for number in range(ROUNDS)])
    server.remove()
    print('ok')


main()
