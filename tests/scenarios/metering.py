#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every aggregation through the front door: the golden cases, and random events recounted in SQL from the entries.

PHIAL_RECOUNT_EVENTS=2000000 makes the recount that long."""
import datetime
import decimal
import json
import os
import random
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
import recount  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
D = decimal.Decimal
EVENTS = int(os.environ.get('PHIAL_RECOUNT_EVENTS', '2400'))
WORDS = ('cloud', 'region', 'country', 'model')  # and no city: its name means PHI, and no case asks for it


def load(name):
    with open(os.path.join(HERE, '..', 'data', 'golden', name)) as f:
        return json.load(f)


# ---- golden cases


def word(text):
    """An enum's value or a code has no blanks: one case says `united kingdom`."""
    return text.replace(' ', '-')


def golden_type():
    properties = {name: {'type': 'code'} for name in (*WORDS, 'kind')}
    properties['unit'] = {'type': 'token', 'scope': 'customer'}
    properties['operation'] = {'type': 'enum', 'values': ['add', 'remove']}
    return {'time_precision': 'second', 'window': {'past': 'P40Y', 'future': 'PT5M'}, 'properties': properties,
            'quantity': {'min': '-1000000000', 'max': '1000000000'}}


def golden_events(case, metric, window):
    if 'raw' in case['params']:
        yield {'time': window[0], 'quantity': json.loads(case['params']['raw'])}
    if 'initial_value' in case['params']:
        yield {'time': '2001-01-01T00:00:00Z', 'quantity': case['params']['initial_value']}
    if 'quantity' in case:
        yield {'time': window[0], 'quantity': case['quantity']}
    for event in case.get('events', ()):
        made = {'time': event['ts'], 'properties': {name: word(value) for name, value in event.get('props', {}).items() if name in WORDS}}
        if metric.get('property') == 'unit':
            made['properties'].update(unit=event['value'], operation=event['op'])
        else:
            made['quantity'] = event['value']
        yield made


def same(case, ours, wanted):
    """The engines' averages over time are rounded, some to 5 digits: those digits must agree. Everything else is exact."""
    digits = -D(wanted).as_tuple().exponent
    if case['model'] != 'weighted_sum' or digits <= 0:
        return D(ours) == D(wanted)
    return abs(D(ours) - D(wanted)) <= D(1).scaleb(-min(digits, 11))


def check_golden(c, case):
    metric = dict(case.get('metric') or {'aggregation': case['params'].get('aggregation', 'sum')})
    window = case.get('window') or ['2025-06-01T00:00:00Z', '2025-07-01T00:00:00Z']
    c.put('/v1/customers/' + case['id'], {'name': 'Golden', 'currency': 'USD', 'time_zone': 'UTC'})
    c.put('/v1/metrics/' + case['id'], dict(metric, event_types=['golden']))
    events = [dict(event, id=f'e{n}', type='golden', customer=case['id']) for n, event in enumerate(golden_events(case, metric, window))]
    if events:
        answer = c.send('POST', '/v1/events', events).json
        refused = {result['position'] for result in answer['results']}
        numbers = [n for n, event in enumerate(events) if 'quantity' in event and not is_number(event['quantity'])]
        assert refused == set(numbers), (case, answer)
    wanted = case['expected']
    if wanted.get('error') == 'rejected':
        assert refused == {0}, case
        return
    query = {'metric': case['id'], 'from': window[0], 'to': window[1]}
    if 'group_by' in metric:
        query['group_by'] = ','.join(metric['group_by'])
    if 'windows' in wanted:
        query['window'] = case['params']['window']
    usage = c.get(f'/v1/customers/{case["id"]}/usage?' + urllib.parse.urlencode(query))
    value = wanted.get('value', wanted.get('quantity'))
    assert value is None or same(case, usage['quantity'], value), (case, usage)
    assert 'count' not in wanted or usage['events'] == int(wanted['count']), (case, usage)
    ours = {tuple(sorted(group['group'].items())): group['quantity'] for group in usage.get('groups', ())}
    theirs = {tuple(sorted((name, word(text or '')) for name, text in group['by'].items())): group['value'] for group in wanted.get('groups', ())}
    assert not theirs or {k: D(v) for k, v in ours.items()} == {k: D(v) for k, v in theirs.items()}, (case, usage)
    if 'windows' in wanted:
        shown = [{'start': w['start'][:10], 'value': w['quantity']} for w in usage['windows'] if w['events']]
        assert shown == wanted['windows'], (case, usage)


def is_number(value):
    try:
        return D(str(value)).is_finite()
    except decimal.InvalidOperation:
        return False


def golden(c):
    c.put('/v1/event-types/golden', golden_type())
    cases = load('usage.json')
    for case in cases:
        check_golden(c, case)
    print(len(cases), 'golden cases')


# ---- what a metric may be


def refusals(c):
    c.put('/v1/event-types/other', {'properties': {'patient': {'type': 'token', 'scope': 'period'}, 'word': {'type': 'code'}, 'size': {'type': 'decimal'}}})
    for metric, code, pointer in (
            ({'aggregation': 'unique_new', 'property': 'patient'}, 'invalid', '/property'),
            ({'aggregation': 'active', 'property': 'word'}, 'unknown_property', '/property'),
            ({'aggregation': 'percentile', 'property': 'word', 'percent': '50'}, 'invalid', '/property'),
            ({'aggregation': 'percentile', 'property': 'size', 'percent': '101'}, 'invalid', '/percent'),
            ({'aggregation': 'unique_days', 'property': 'word', 'days': '16'}, 'invalid', '/days')):
        problem = c.expect(422, 'PUT', '/v1/metrics/wrong', dict(metric, event_types=['other'])).json['errors'][0]
        assert problem['pointer'] == pointer, (metric, problem)
    first = c.put('/v1/metrics/p', {'event_types': ['other'], 'aggregation': 'percentile', 'property': 'size', 'percent': '95.0'})
    again = c.put('/v1/metrics/p', {'event_types': ['other'], 'aggregation': 'percentile', 'property': 'size', 'percent': 95}, 200)
    assert again == first, again


def main():
    server = phial.Server('--test-clock', environment={'PHIAL_USAGE_FOLD_INTERVAL_MS': '50'}, timeout=recount.patience(EVENTS))
    c = server.client
    c.put('/v1/test-clock', {'now': '2031-12-15T00:00:00Z'}, 200)
    golden(c)
    refusals(c)
    recount.run(server, EVENTS, random.Random(5))
    server.remove()
    print('ok')


main()
