#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`phial apply` makes the catalog equal to a file: every difference is shown and made, or said to be
impossible; and what is equal settles as the same."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import phial  # noqa: E402

NOW = '2026-11-20T15:00:00Z'
CATALOG = {
    'event_types': {'read': {'quantity': {'min': '-0.50', 'max': 100}}},
    'metrics': {'reads': {'event_types': ['read'], 'aggregation': 'sum', 'filters': []}},
    'plans': {'care': {'currency': 'USD', 'interval': 'month', 'minimum': '100',
                       'charges': [{'key': 'reads', 'metric': 'reads', 'model': 'per_unit', 'unit_amount': '3.50'}]}},
    'report_templates': {'plain': {'columns': [{'figure': 'count'}]}},
    'customers': {'clinic': {'name': 'Clinic', 'currency': 'USD', 'time_zone': 'America/New_York',
                             'tax': {'rates': [{'name': 'Tax', 'percent': '8.250'}]}}},
    'subscriptions': {'main': {'customer': 'clinic', 'plan': 'care', 'start': '2026-11-01T12:00:00Z'}}}


def run(server, document, *options, code=0):
    done = subprocess.run([phial.PHIAL, 'apply', '-f', '-', '--url', server.url, '--key', server.key, *options],
                          input=json.dumps(document), capture_output=True, text=True)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout


def same(server, document):
    said = run(server, document)
    assert ' 0 changed' in said and said.startswith('0 new'), said


def change(server, document, *shown):
    """The dry run shows it and changes nothing; then it is made, and a second run finds the same."""
    for options in (['--dry-run'], []):
        said = run(server, document, *options)
        assert all(text in said for text in shown), said
    assert 'applied' in said, said
    same(server, document)


def refuse(server, document, shown):
    for options in (['--dry-run'], []):
        said = run(server, document, *options, code=1)
        assert shown in said and 'applied' not in said, said


def main_with(**more):
    return {'subscriptions': {'main': dict(CATALOG['subscriptions']['main'], **more)}}


def subscriptions(server):
    """Of what a subscription says, only customer, plan and start find it: all else is compared."""
    def stored():
        row, = server.client.get('/v1/subscriptions?customer=clinic')['data']
        return row
    for document, shown in ((main_with(anchor='anniversary'), 'main/anchor: "calendar" -> "anniversary": cannot be changed'),
                            (main_with(guess=1), '! subscriptions/main: unknown_member'),
                            (main_with(version='1'), '! subscriptions/main/version: invalid'),
                            (main_with(overrides={'guess': 1}), '! subscriptions/main/overrides: unknown_member'),
                            (main_with(overrides={'charges': {'other': {}}}), '! subscriptions/main/overrides/charges: invalid'),
                            (main_with(end='2026-10-01T12:00:00Z'), 'main/end: (nothing) -> '),
                            (main_with(overrides={'minimum': '5'}, at='2026-10-01T12:00:00Z'), 'main/overrides: ')):
        refuse(server, document, shown)
    twice = main_with()
    twice['subscriptions']['other'] = dict(twice['subscriptions']['main'], overrides={})
    run(server, twice, code=1)
    assert 'end' not in stored() and 'overrides' not in stored()

    change(server, main_with(overrides={'minimum': '50.50'}), 'overrides: (nothing) -> {"minimum":"50.50"}, from today on')
    assert stored()['overrides'] == {'minimum': '50.50'}
    same(server, main_with(overrides={'minimum': '50.5'}))
    assert 'main/overrides: stays {"minimum":"50.50"}' in run(server, main_with())
    change(server, main_with(overrides={}), 'overrides: {"minimum":"50.50"} -> {}')
    assert 'overrides' not in stored()

    dearer = {'plans': {'care': dict(CATALOG['plans']['care'], minimum='200')}}
    change(server, dearer, 'minimum: "100.00" -> "200.00"')
    change(server, main_with(), 'plan: care version 1 -> care version 2, from today on')
    change(server, main_with(version=1), 'plan: care version 2 -> care version 1, from today on')

    change(server, main_with(version=1, end='2026-12-31T12:00:00Z'), 'end: (nothing) -> "2026-12-31T12:00:00Z"')
    assert stored()['end'] == '2026-12-31T05:00:00Z'
    change(server, main_with(version=1, end='2026-12-15T12:00:00Z'), 'end: "2026-12-31T05:00:00Z" -> ')
    assert 'main/end: stays "2026-12-15T05:00:00Z"' in run(server, main_with(version=1))
    refuse(server, main_with(version=1, end='2026-12-31T12:00:00Z'), 'main/end: "2026-12-15T05:00:00Z" -> ')
    change(server, main_with(version=1, end='2026-11-10T12:00:00Z'), 'end: ')
    refuse(server, main_with(version=2, end='2026-11-10T12:00:00Z'), 'main/version: 1 -> 2: cannot be changed')
    same(server, main_with(end='2026-11-10T12:00:00Z'))

    later = {'subscriptions': {'next': {'customer': 'clinic', 'plan': 'care', 'start': '2027-01-01T12:00:00Z'}}}
    run(server, later)
    wrong = dict(later['subscriptions']['next'], start='2027-02-01T12:00:00Z', overrides={'minimum': 'much'})
    refuse(server, {'subscriptions': {'wrong': wrong}}, '! subscriptions/wrong/overrides/minimum: decimal_expected')
    later['subscriptions']['next']['overrides'] = {'charges': {'reads': {'unit_amount': '3'}}}
    change(server, later, 'from 2027-01-01T05:00:00Z on')


def decimals(server):
    """Numbers that are equal make no version, and no difference."""
    other = json.loads(json.dumps({k: v for k, v in CATALOG.items() if k != 'subscriptions'}))
    other['event_types']['read']['quantity'] = {'min': '-0.5', 'max': '100.0'}
    other['plans']['care'].update(minimum='100.00', charges=[dict(CATALOG['plans']['care']['charges'][0], unit_amount='3.5')])
    other['customers']['clinic']['tax']['rates'][0]['percent'] = '8.25'
    assert run(server, other) == '0 new, 0 changed, 5 the same\n'
    other['plans']['care']['charges'][0]['unit_amount'] = '3.51'
    assert 'charges/0/unit_amount: "3.5" -> "3.51"' in run(server, other, '--dry-run')


def archived(server):
    """What was deleted comes back, in the same version, and with changes in a new one."""
    paths = ('event-types/read', 'metrics/reads', 'plans/care', 'report-templates/plain', 'customers/gone')
    catalog = dict(CATALOG, customers={'gone': CATALOG['customers']['clinic']}, subscriptions={
        'gone': {'customer': 'gone', 'plan': 'care', 'start': '2026-10-01T12:00:00Z', 'end': '2026-11-02T04:30:00Z'}})
    run(server, catalog)  # ends on a day of 25 hours, in its last
    before = {path: server.client.get('/v1/' + path).get('version') for path in paths}
    for path in reversed(paths):
        server.client.expect(204, 'DELETE', '/v1/' + path)
    change(server, catalog, '~ plans/care\n    archived -> in force', '~ customers/gone\n    archived -> in force',
           '0 new, 5 changed, 1 the same')
    for path in paths:
        now = server.client.get('/v1/' + path)
        assert 'archived' not in now and now.get('version') == before[path], now
    server.client.expect(204, 'DELETE', '/v1/metrics/reads')
    change(server, {'metrics': {'reads': dict(CATALOG['metrics']['reads'], aggregation='max')}},
           'archived -> in force\n    aggregation: "sum" -> "max"')
    run(server, {'metrics': CATALOG['metrics']})


def long_day(server):
    """A start in the last hour of a day of 25 is found again, and no second subscription made."""
    catalog = {'customers': {'late': CATALOG['customers']['clinic']},
               'subscriptions': {'late': {'customer': 'late', 'plan': 'care', 'start': '2026-11-02T04:30:00Z'}}}
    assert '2 new' in run(server, catalog)
    assert run(server, catalog) == '0 new, 0 changed, 2 the same\n'
    assert len(server.client.get('/v1/subscriptions?customer=late')['data']) == 1


def main():
    server = phial.Server('--test-clock')
    server.client.put('/v1/test-clock', {'now': NOW}, 200)
    assert 'applied' in run(server, CATALOG)
    assert run(server, CATALOG) == '0 new, 0 changed, 6 the same\n'
    decimals(server)
    archived(server)
    subscriptions(server)
    long_day(server)
    server.remove()
    print('what a file says is made so, or said to be impossible; what is equal is the same')


main()
