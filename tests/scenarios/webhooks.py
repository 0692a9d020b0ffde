#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Facts that others are told of: signed after Standard Webhooks, in the transaction in which they happen, again until they are
taken, to nowhere that the configuration does not name."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
from receiver import Receiver, opened, signatures  # noqa: E402

ALL = ['invoice.draft', 'invoice.issued', 'invoice.voided', 'invoice.paid', 'credit_note.issued', 'alert.fired', 'export.ready', 'event.rejected']


class World:
    def __init__(self):
        self.receiver, self.stranger, self.unknown, self.months = Receiver(), Receiver(), Receiver(tls=True), 0
        self.server = phial.Server('--test-clock', environment={
            'PHIAL_EGRESS_ALLOW': f'{self.receiver.address}, localhost:{self.receiver.port}, *.invalid, '
                                  f'*.localhost:{self.receiver.port}, {self.unknown.address}',
            'PHIAL_EGRESS_PLAIN_HTTP': '*.localhost', 'PHIAL_EGRESS_PRIVATE': 'inside.localhost',
            'PHIAL_WEBHOOKS_RETRY_MS': '100', 'PHIAL_WEBHOOKS_TIMEOUT_MS': '1500',
            'PHIAL_WEBHOOKS_REJECTED_SECONDS': '86400',  # told of when the test clock is set
            'PHIAL_BILLING_INTERVAL_MS': '200', 'http_proxy': f'http://{self.stranger.address}',
            'all_proxy': f'http://{self.stranger.address}'})
        self.second = None
        c = self.server.client
        c.put('/v1/event-types/image', {'properties': {'modality': {'type': 'enum', 'values': ['ct', 'mr']}}})
        c.put('/v1/metrics/images', {'event_types': ['image'], 'aggregation': 'sum'})
        c.put('/v1/plans/imaging', {'currency': 'USD', 'interval': 'month', 'grace': 'P366D', 'commitment': {'amount': '100', 'overage_factor': '1'},
                                    'charges': [{'key': 'reads', 'metric': 'images', 'model': 'per_unit', 'unit_amount': '10'}]})
        for key in ('clinic', 'other'):
            c.put('/v1/customers/' + key, {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'UTC'})
        c.put('/v1/test-clock', {'now': '2031-01-10T12:00:00Z'}, 200)
        self.subscription = c.post('/v1/subscriptions', {'customer': 'clinic', 'plan': 'imaging', 'start': '2031-01-01T00:00:00Z'})['id']

    @property
    def client(self):
        return self.server.client

    def webhook(self, path, types=('invoice.draft',), status=201):
        return self.client.post('/v1/webhooks', {'url': f'http://{self.receiver.address}{path}', 'types': list(types)}, status)

    def month_ends(self, months=1):
        """A fact: the draft of the month that ends; of several at once. The newest one's invoice."""
        self.months += months
        year, month = 2031 + self.months // 12, self.months % 12 + 1
        self.client.put('/v1/test-clock', {'now': f'{year}-{month:02}-02T12:00:00Z'}, 200)
        return self.client.get('/v1/invoices?customer=clinic')['data'][-1]['id']

    def deliveries(self, webhook, query=''):
        return self.client.get(f'/v1/webhooks/{webhook["id"]}/deliveries{query}')['data']

    def until(self, webhook, holds, seconds=10):
        """The newest delivery, once `holds` of it."""
        end = time.time() + seconds
        while True:
            newest = self.deliveries(webhook)[0]
            if holds(newest):
                return newest
            assert time.time() < end, newest
            time.sleep(0.05)

    def delete(self, webhook):
        self.client.expect(204, 'DELETE', '/v1/webhooks/' + webhook['id'])


def by_hand(secret, message):
    """As docs/guides/webhooks.md has it, with nothing but a shell and openssl."""
    commands = """key=$(printf %s "${SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \\n')
        { printf '%s.%s.' "$WEBHOOK_ID" "$WEBHOOK_TIMESTAMP"; cat; } |
            openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64"""
    head = message['headers']
    made = subprocess.run(['sh', '-c', commands], input=message['body'], capture_output=True, check=True, env=dict(
        os.environ, SECRET=secret, WEBHOOK_ID=head['webhook-id'], WEBHOOK_TIMESTAMP=head['webhook-timestamp']))
    assert 'v1,' + made.stdout.decode().strip() == head['webhook-signature'], made


def tells_and_signs(w):
    hook = w.webhook('/all', ALL)
    assert hook['secret'].startswith('whsec_') and hook['status'] == 'enabled' and hook['egress'] == 'allowed'
    shown = w.client.get('/v1/webhooks/' + hook['id'])
    assert 'secret' not in shown and shown['types'] == ALL and shown in w.client.get('/v1/webhooks')['data']
    invoice = w.month_ends()
    w.client.post(f'/v1/invoices/{invoice}/issue', {}, 200)
    w.client.post(f'/v1/invoices/{invoice}/issue', {}, 200)  # a second time is no second fact
    w.client.expect(200, 'POST', f'/v1/invoices/{invoice}/void', {}, Phial_Reason='a test')
    export = w.client.post('/v1/exports', {'customer': 'clinic', 'purpose': 'test'}, 202)['id']
    w.client.put('/v1/test-clock', {'now': '2031-02-02T12:00:00Z'}, 200)  # drafts the voided period anew
    bodies = [opened(hook['secret'], m) for m in w.receiver.wait('/all', 5)]
    assert sorted(b['type'] for b in bodies) == ['export.ready', 'invoice.draft', 'invoice.draft', 'invoice.issued', 'invoice.voided']
    for body in bodies:
        if body['type'] == 'export.ready':
            assert body['data'] == {'export': export, 'customer': 'clinic'}
        elif body['data']['invoice'] == invoice:
            assert body['data'] == {'invoice': invoice, 'customer': 'clinic', 'subscription': w.subscription}
    assert len({m['headers']['webhook-id'] for m in w.receiver.at('/all')}) == 5
    by_hand(hook['secret'], w.receiver.at('/all')[0])
    assert w.until(hook, lambda d: d['status'] == 'delivered')['last_status'] == 200
    w.delete(hook)
    w.client.get('/v1/webhooks/' + hook['id'], 404)
    w.client.get(f'/v1/webhooks/{hook["id"]}/deliveries', 404)


def counts_what_was_refused(w):
    hook = w.webhook('/refused', ['event.rejected'])
    bad = {'customer': 'clinic', 'type': 'image', 'time': '2031-02-02T11:00:00Z'}
    w.client.post('/v1/events', [dict(bad, id=f'r-{n}', properties={'modality': 'xx'}) for n in range(3)], 422)
    w.client.post('/v1/events', [dict(bad, id='123-45-6789', properties={'modality': 'ct'})], 422)
    w.client.post('/v1/events', dict(bad, id='one', type='unheard', properties={}), 422)
    clock = w.client.get('/v1/test-clock')
    for _ in range(2):  # what is told is told once
        w.client.put('/v1/test-clock', clock, 200)
    told = w.receiver.wait('/refused', 1)
    counts = {(row['type'], row['code']): row['count'] for row in opened(hook['secret'], told[0])['data']['counts']}
    assert counts == {('image', 'property_invalid'): 3, ('image', 'phi_detected'): 1, (None, 'unknown_type'): 1}, counts
    assert b'6789' not in told[0]['body'] and b'unheard' not in told[0]['body']
    assert len(w.deliveries(hook)) == 1
    w.delete(hook)


def tries_again(w):
    hook = w.webhook('/again')
    w.receiver.script['/again'] = [500, 503, 200]
    w.month_ends()
    messages = w.receiver.wait('/again', 3)
    assert len({m['headers']['webhook-id'] for m in messages}) == 1, 'another id'
    for message in messages:
        opened(hook['secret'], message)
    done = w.until(hook, lambda d: d['status'] == 'delivered')
    assert done['attempts'] == 3 and done['next_attempt_at'] is None and done['finished_at']
    waits = [b['at'] - a['at'] for a, b in zip(messages, messages[1:])]
    assert 0.07 < waits[0] < 2 and 0.3 < waits[1] < 3, waits
    # A replay is the same message again, also of what was taken.
    again = w.client.post(f'/v1/webhooks/{hook["id"]}/deliveries/{done["id"]}/replay', {}, 202)
    assert again['status'] == 'pending' and again['id'] == done['id'] == messages[0]['headers']['webhook-id']
    assert w.receiver.wait('/again', 4)[3]['headers']['webhook-id'] == done['id']
    w.until(hook, lambda d: d['status'] == 'delivered')
    w.client.post(f'/v1/webhooks/{hook["id"]}/deliveries/none/replay', {}, 404)
    w.delete(hook)


def stays_by_real_time(w):
    """The test clock is months ahead: it neither hastens nor ends the retries."""
    hook = w.webhook('/later')
    w.receiver.script['/later'], w.receiver.headers = [503], {'Retry-After': '60'}
    w.month_ends()
    waits = w.until(hook, lambda d: d['attempts'] == 1 and d['last_status'] == 503)
    w.receiver.headers = {}
    w.month_ends()
    time.sleep(0.3)
    still = [d for d in w.deliveries(hook) if d['id'] == waits['id']][0]
    assert still['status'] == 'pending' and still['attempts'] == 1 and still['next_attempt_at'] < '2031', still
    assert [d['status'] for d in w.deliveries(hook, '?status=delivered')] == []
    w.client.get(f'/v1/webhooks/{hook["id"]}/deliveries?status=lost', 400)
    w.delete(hook)


def gone_disables(w):
    hook = w.webhook('/gone')
    w.receiver.script['/gone'] = [410, 200]
    w.month_ends()
    w.until(hook, lambda d: d['status'] == 'held')
    shown = w.client.get('/v1/webhooks/' + hook['id'])
    assert shown['status'] == 'disabled' and shown['disabled_why'] == 'gone'
    w.month_ends()
    held = w.deliveries(hook)
    assert [d['status'] for d in held] == ['held', 'held'], held
    w.client.post(f'/v1/webhooks/{hook["id"]}/deliveries/{held[0]["id"]}/replay', {}, 409)
    assert len(w.receiver.at('/gone')) == 1
    assert w.client.post(f'/v1/webhooks/{hook["id"]}/enable', {}, 200)['status'] == 'enabled'
    assert {m['headers']['webhook-id'] for m in w.receiver.wait('/gone', 3)} == {d['id'] for d in held}
    w.delete(hook)


def three_days_disable(w):
    hook = w.webhook('/dead')
    w.receiver.script['/dead'] = [500]
    w.month_ends()
    w.until(hook, lambda d: d['attempts'] >= 1 and d['last_status'] == 500)
    w.server.sql(f"UPDATE webhook_delivery SET give_up_at = now() WHERE webhook_id = '{hook['id']}'")
    assert w.until(hook, lambda d: d['status'] == 'failed')['next_attempt_at'] is None
    assert w.client.get('/v1/webhooks/' + hook['id'])['status'] == 'enabled', 'it has failed for moments alone'
    w.month_ends()
    w.until(hook, lambda d: d['attempts'] >= 1 and d['last_status'] == 500)
    w.server.sql(f"UPDATE webhook SET failing_since = now() - interval '3 days' WHERE webhook_id = '{hook['id']}'; "
                 f"UPDATE webhook_delivery SET give_up_at = now() WHERE webhook_id = '{hook['id']}' AND status = 'pending'")
    w.until(hook, lambda d: d['status'] == 'failed')
    shown = w.client.get('/v1/webhooks/' + hook['id'])
    assert shown['status'] == 'disabled' and shown['disabled_why'] == 'failing', shown
    w.delete(hook)


def rotates_with_an_overlap(w):
    hook = w.webhook('/rotate')
    turned = w.client.post(f'/v1/webhooks/{hook["id"]}/rotate', {}, 200)
    assert turned['secret'] != hook['secret'] and turned['old_secret_until'] > time.strftime('%Y-%m-%d')
    w.month_ends()
    message = w.receiver.wait('/rotate', 1)[0]
    both = message['headers']['webhook-signature'].split(' ')
    assert len(both) == 2 and both == signatures(turned['secret'], message) + signatures(hook['secret'], message)
    w.server.sql(f"UPDATE webhook SET old_until = now() WHERE webhook_id = '{hook['id']}'")
    w.month_ends()
    message = w.receiver.wait('/rotate', 2)[1]
    assert signatures(turned['secret'], message) and not signatures(hook['secret'], message)
    assert 'old_secret_until' not in w.client.get('/v1/webhooks/' + hook['id'])
    stored = w.server.sql('SELECT * FROM webhook')
    assert hook['secret'] not in stored and turned['secret'] not in stored
    w.delete(hook)


def the_reference_library_agrees(w):
    """npm's standardwebhooks, by the specification's authors, as the other side."""
    folder = tempfile.mkdtemp(prefix='phial-webhooks-')
    try:
        installed = shutil.which('npm') and subprocess.run(
            ['npm', 'install', '--no-audit', '--no-fund', '--silent', '--prefix', folder, 'standardwebhooks@1'], capture_output=True, timeout=60)
        if not installed or installed.returncode != 0:
            print('SKIPPED: without node, npm and the registry nothing is checked against the package standardwebhooks', flush=True)
            return
        hook = w.webhook('/library')
        turned = w.client.post(f'/v1/webhooks/{hook["id"]}/rotate', {}, 200)
        w.month_ends()
        message = w.receiver.wait('/library', 1)[0]
        w.delete(hook)
        script = """
            const { Webhook } = require('standardwebhooks');
            const { secrets, stranger, headers, body } = JSON.parse(require('fs').readFileSync(0));
            const refused = (secret, text) => { try { new Webhook(secret).verify(text, headers); return false; } catch { return true; } };
            for (const secret of secrets)
                if (new Webhook(secret).verify(body, headers).type !== 'invoice.draft') throw new Error('another body');
            if (!refused(secrets[0], body.replace('clinic', 'clinib')) || !refused(stranger, body)) throw new Error('anything passes');
            console.log('verified');"""
        stranger = w.webhook('/nobody', ['export.ready'])
        said = subprocess.run(['node', '-e', script], capture_output=True, text=True, cwd=folder, timeout=60, input=json.dumps(
            {'secrets': [hook['secret'], turned['secret']], 'stranger': stranger['secret'], 'headers': message['headers'], 'body': message['body'].decode()}))
        assert said.stdout == 'verified\n', said
        w.delete(stranger)
    finally:
        shutil.rmtree(folder)


def slow_ones_hold_up_nobody(w):
    slow, quick = w.webhook('/slow'), w.webhook('/quick')
    w.receiver.script['/slow'] = [2.5]
    w.month_ends(10)
    messages = w.receiver.wait('/quick', 10)
    assert len({m['headers']['webhook-id'] for m in messages}) == 10
    assert max(m['at'] for m in messages) - min(m['at'] for m in messages) < 5
    assert w.until(slow, lambda d: d['last_error'])['last_error'] == 'timeout'
    w.delete(slow)
    w.delete(quick)


def goes_where_it_is_allowed(w):
    def refused(url, pointer='/url', detector=None):
        errors = w.client.post('/v1/webhooks', {'url': url, 'types': ['invoice.draft']}, 422)['errors']
        assert errors[0]['pointer'] == pointer and errors[0].get('detector') == detector, errors
        assert not url or url not in str(errors)

    at = w.receiver.address
    for url in ('', 'ftp://' + at, 'http://example.org/x', f'http://{w.stranger.address}/x', f'http://user:pass@{at}/x', f'http://{at}/x#y',
                f'http://{at}/a b', f'http://127.1:{w.receiver.port}/', f'http://0x7f000001:{w.receiver.port}/', f'http://{at}x/', f'http://{at}\\@h/',
                'https://', 'https://-x.org/', 'https://a..b/', 'https://h:0/', 'https://[::1/', 'https://ex\u00e4mple.org/', 'https://h/' + 'x' * 2100):
        refused(url)
    refused(f'http://{at}/patient/123-45-6789', detector='us_ssn')
    refused(f'http://{at}/?to=jane.doe%40example.org', detector='email')
    w.client.post('/v1/webhooks', {'url': f'http://{at}/x', 'types': ['invoice.lost']}, 422)
    w.client.post('/v1/webhooks', {'url': f'http://{at}/x', 'types': []}, 422)
    # Taken, since the configuration may change, and never sent to: names are looked up only where they are allowed.
    def https(address):
        made = w.client.post('/v1/webhooks', {'url': f'https://{address}/x', 'types': ['invoice.draft']})
        assert made['egress'] == ('allowed' if address.endswith('.invalid') or address in (at, w.unknown.address) else 'not_allowed')
        return made

    strangers = [https(w.stranger.address), https('169.254.169.254'), https('example.org'), https('[::ffff:127.0.0.1]:%d' % w.receiver.port)]
    unresolved, no_tls, self_signed = https('hooks.invalid'), https(at), https(w.unknown.address)
    local = w.client.post('/v1/webhooks', {'url': f'http://localhost:{w.receiver.port}/local', 'types': ['invoice.draft']})
    # A name that is allowed, and comes to an address that is not public.
    turned, inside = [w.client.post('/v1/webhooks', {'url': f'http://{name}.localhost:{w.receiver.port}/{name}', 'types': ['invoice.draft']})
                      for name in ('turned', 'inside')]
    assert turned['egress'] == inside['egress'] == 'allowed'
    w.receiver.script['/moved'], w.receiver.headers = [302], {'Location': f'http://{w.receiver.address}/target'}
    moved = w.webhook('/moved')
    w.month_ends()
    for hook in strangers:
        assert w.until(hook, lambda d: d['last_error'])['last_error'] == 'egress_refused'
    assert w.until(unresolved, lambda d: d['last_error'])['last_error'] == 'resolve'
    assert w.until(no_tls, lambda d: d['last_error'])['last_error'] == 'tls'
    assert w.until(self_signed, lambda d: d['last_error'])['last_error'] == 'tls' and not w.unknown.got
    assert w.until(moved, lambda d: d['last_error'])['last_error'] == 'redirect'
    w.receiver.headers = {}
    opened(local['secret'], w.receiver.wait('/local', 1)[0])
    w.receiver.wait('/inside', 1)
    assert w.until(turned, lambda d: d['last_error'])['last_error'] == 'address_refused'
    assert not w.receiver.at('/target') and not w.receiver.at('/turned') and not w.stranger.got
    for hook in [*strangers, unresolved, no_tls, self_signed, local, moved, turned, inside]:
        w.delete(hook)


def who_may(w):
    def key(**more):
        return phial.Client(w.server.url, w.client.post('/v1/keys', dict({'name': 'k', 'scopes': ['billing:read']}, **more))['key'])

    body = {'url': f'http://{w.receiver.address}/x', 'types': ['invoice.draft']}
    reads, writes = key(), key(scopes=['billing:read', 'billing:write'])
    reads.post('/v1/webhooks', body, 403)
    hook = writes.post('/v1/webhooks', body)
    reads.get('/v1/webhooks/' + hook['id'])
    bound = key(scopes=['billing:read', 'billing:write'], customer='clinic')
    bound.get('/v1/webhooks', 403)
    bound.post('/v1/webhooks', body, 403)
    bound.get(f'/v1/webhooks/{hook["id"]}/deliveries', 403)
    w.delete(hook)


def dies_in_between(w):
    """The fact is committed, the daemon dies before, or while, it tells: the next one tells, under the same id."""
    hook = w.webhook('/crash')
    w.receiver.script['/crash'] = [0.9, 200]
    w.month_ends()
    first = w.receiver.wait('/crash', 1)[0]
    w.server.kill()
    w.server.start()
    again = w.receiver.wait('/crash', 2)[1]
    assert first['headers']['webhook-id'] == again['headers']['webhook-id'] and first['body'] == again['body']
    w.receiver.script['/crash'] = [200]
    w.until(hook, lambda d: d['status'] == 'delivered')
    w.server.kill()
    # As configured by default nothing leaves, and it waits.
    allow = w.server.environment.pop('PHIAL_EGRESS_ALLOW')
    w.server.start()
    count = len(w.receiver.got)
    w.month_ends()
    w.until(hook, lambda d: d['last_error'] == 'egress_refused', 15)
    assert w.client.get('/v1/webhooks/' + hook['id'])['egress'] == 'not_allowed'
    w.webhook('/crash', status=422)
    assert len(w.receiver.got) == count
    w.server.kill()
    w.server.environment['PHIAL_EGRESS_ALLOW'] = allow
    w.server.start()
    w.receiver.wait('/crash', 3, 15)
    w.until(hook, lambda d: d['status'] == 'delivered')
    w.delete(hook)


def two_daemons(w):
    w.second = phial.Daemon(w.server.folder, ['--config', w.server.folder + '/phial.conf'], log='-second.log')
    hook = w.webhook('/two')
    for _ in range(12):
        w.month_ends()
    messages = w.receiver.wait('/two', 12)
    time.sleep(0.7)
    attempts = [d['attempts'] for d in w.deliveries(hook)]
    assert len({m['headers']['webhook-id'] for m in messages}) == len(attempts) == 12
    assert len(w.receiver.at('/two')) <= sum(attempts), 'both have sent what one of them had claimed'
    for message in messages:
        opened(hook['secret'], message)
    w.delete(hook)
    w.second.remove()


def main():
    world = World()
    stories = [tells_and_signs, counts_what_was_refused, tries_again, stays_by_real_time, gone_disables, three_days_disable, rotates_with_an_overlap,
               the_reference_library_agrees, slow_ones_hold_up_nobody, goes_where_it_is_allowed, who_may, dies_in_between, two_daemons]
    for story in stories:
        began = time.time()
        story(world)
        print('passed', story.__name__, f'{time.time() - began:.1f} s', flush=True)
    assert not world.stranger.got
    figures = dict(line.rsplit(' ', 1) for line in world.client.send('GET', '/metrics').bytes.decode().splitlines() if not line.startswith('#'))
    assert int(figures['phial_webhook_attempts_total{result="delivered"}']) > 0 and figures['phial_webhook_flying'] == '0', figures
    with open(world.server.log_path) as log:
        assert 'whsec_' not in log.read()
    world.server.remove()
    print('ok')


main()
