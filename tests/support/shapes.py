# SPDX-License-Identifier: Apache-2.0
"""Genuine exports of every shape, from one server: {name: (archive, key)}."""
import os
import shutil
import subprocess
import time

import phial

WHY = {'Phial_Reason': 'agreed'}
FAST = {'PHIAL_USAGE_FOLD_INTERVAL_MS': '50', 'PHIAL_BILLING_INTERVAL_MS': '200'}


def event(name, customer, kind='call', at='2026-01-10T12:00:00Z', quantity='1', **properties):
    return {'id': name, 'customer': customer, 'type': kind, 'time': at, 'quantity': quantity, 'properties': properties}


class Shapes:
    def __init__(self):
        self.server = phial.Server('--test-clock', environment=FAST)
        self.made = {}
        self.keys = 0
        self.key = self.keep_key()
        self.catalog()
        self.sizes()
        self.corrections()
        self.erased()
        self.pruned()
        self.rotated()
        self.server.stop()

    def keep_key(self):
        self.keys += 1
        path = f'{self.server.folder}/key-{self.keys}.pem'
        shutil.copy(self.server.folder + '/ledger.pub.pem', path)
        return path

    def clock(self, now):
        self.server.client.put('/v1/test-clock', {'now': now}, 200)

    def customer(self, key, *events):
        c = self.server.client
        c.send('PUT', '/v1/customers/' + key, {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'America/New_York',
                                               'tax': {'rates': [{'name': 'Sales tax', 'percent': '8.25'}]}})  # or it is there
        if events:
            assert c.post('/v1/events', list(events), 200)['accepted'] == len(events)

    def keep(self, name, customer, **more):
        path = phial.export(self.server.client, self.server.folder, {'customer': customer, 'purpose': 'audit', **more})
        self.made[name] = (path, self.key)

    def catalog(self):
        c = self.server.client
        self.clock('2026-01-20T00:00:00Z')
        c.put('/v1/event-types/call', {'retention': 'trial-permanent', 'quantity': {'max': '1000'}})
        c.put('/v1/event-types/visit', {'retention': 'hipaa-6y'})
        c.put('/v1/event-types/read', {'retention': 'trial-permanent', 'time_precision': 'second',
                                       'properties': {'patient': {'type': 'token', 'scope': 'customer'}}})
        c.put('/v1/metrics/calls', {'event_types': ['call'], 'aggregation': 'count'})
        c.put('/v1/metrics/minutes', {'event_types': ['call'], 'aggregation': 'sum'})
        c.put('/v1/metrics/patients', {'event_types': ['read'], 'aggregation': 'unique', 'property': 'patient'})
        c.put('/v1/plans/plan', {'currency': 'USD', 'interval': 'month', 'charges': [
            {'key': 'calls', 'name': 'Calls \u00e9\u20ac"\\/', 'metric': 'calls', 'model': 'per_unit', 'unit_amount': '1.505'},
            {'key': 'minutes', 'name': 'Minutes', 'metric': 'minutes', 'model': 'graduated', 'tiers': [
                {'up_to': '20', 'unit_amount': '0.333', 'flat_amount': '0'}, {'up_to': None, 'unit_amount': '0.1', 'flat_amount': '5'}]},
            {'key': 'patients', 'name': 'Patients', 'metric': 'patients', 'model': 'per_unit', 'unit_amount': '2'}]})

    def sizes(self):
        """Nothing, one, and about a power of two; of the last a part, and the whole with a proof from an earlier size."""
        for name, count in (('empty', 0), ('one', 1), ('below', 63), ('power', 64), ('above', 65)):
            self.customer(name, *[event(f'e-{n}', name, quantity=f'{n}.5') for n in range(count)])
            self.keep(name, name)
        self.clock('2026-01-21T00:00:00Z')
        self.customer('above', *[event(f'f-{n}', 'above') for n in range(5)])
        self.clock('2026-01-22T00:00:00Z')
        self.customer('above', *[event(f'g-{n}', 'above') for n in range(6)])
        self.keep('part', 'above', **{'from': '2026-01-21T00:00:00Z', 'to': '2026-01-21T12:00:00Z'})
        self.keep('since', 'above', since=65)

    def corrections(self):
        """A month that is billed, and voids, amendments and events that come later and are settled in the next."""
        c = self.server.client
        self.customer('late')
        c.post('/v1/subscriptions', {'customer': 'late', 'plan': 'plan', 'start': '2026-01-01T05:00:00Z'})
        self.customer('late', *[event(f'e-{n}', 'late', quantity=f'{n % 7}.25') for n in range(30)],
                      *[event(f'r-{n}', 'late', 'read', patient=f'MRN 47{n % 4}-x') for n in range(8)])
        c.post('/v1/events/late/e-1/void', {}, **WHY)
        c.post('/v1/events/late/e-2/amend', {'quantity': '9'}, **WHY)
        self.clock('2026-02-03T00:00:00Z')  # January is issued
        self.customer('late', event('l-1', 'late', quantity='4'))  # first: what is owed back for a moment would be credited
        c.post('/v1/events/late/e-3/void', {}, **WHY)
        c.post('/v1/events/late/e-4/amend', {'quantity': '11.5', 'time': '2026-01-11T00:00:00Z'}, **WHY)
        self.customer('late', *[event(f'b-{n}', 'late', at='2026-02-01T12:00:00Z') for n in range(5)])
        self.clock('2026-03-03T00:00:00Z')
        self.keep('late', 'late')

    def erased(self):
        self.customer('erased', *[event(f'r-{n}', 'erased', 'read', at='2026-03-01T00:00:00Z', patient=f'MRN 48{n}-x') for n in range(9)])
        self.server.client.post('/v1/erasures', {'customer': 'erased', 'scope': 'all'})
        self.customer('erased', event('c-1', 'erased', at='2026-03-02T00:00:00Z'))
        self.keep('erased', 'erased')

    def pruned(self):
        c = self.server.client
        self.customer('pruned', *[event(f'v-{n}', 'pruned', 'visit', at='2026-03-01T00:00:00Z') for n in range(5)])
        self.customer('pruned', *[event(f'c-{n}', 'pruned', at='2026-03-01T00:00:00Z') for n in range(12)])
        made = c.post('/v1/keys', {'name': 'officer', 'scopes': ['billing:approve', 'audit:read']})
        self.clock('2033-04-01T00:00:00Z')
        run = c.post('/v1/retention/runs', {'customer': 'pruned'}, 202, **WHY)
        phial.Client(self.server.url, made['key']).post(f'/v1/approvals/{run["approval"]}/approve', {'meaning': 'it may go'}, 200, **WHY)
        while c.get('/v1/retention/runs/' + run['id'])['status'] != 'done':
            time.sleep(0.05)
        self.keep('pruned', 'pruned')

    def rotated(self):
        self.customer('rotated', *[event(f'e-{n}', 'rotated', at='2033-03-31T00:00:00Z') for n in range(9)])
        shutil.copy(self.server.folder + '/ledger.key.pem', self.server.folder + '/first.key.pem')
        for verbs in (['rotate-key'], ['retire-key', 'rotate-key']):
            for verb in verbs:
                subprocess.run([phial.PHIAL, 'ledger', verb, '--config', self.server.folder + '/phial.conf'], check=True, capture_output=True)
            self.server.stop()
            self.server.start()
        self.key = self.keep_key()
        self.keep('rotated', 'rotated')

    def key_of(self, name):
        return self.made[name][1]

    def remove(self):
        self.server.remove()
