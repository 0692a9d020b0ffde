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


# ---- numbers that are compared with what events carry


def numbers(c):
    """Text is what is compared: a number that no event carries so is refused, in overrides too; a code is its text. A fault is told of the
    filter that has it."""
    c.put('/v1/event-types/sized', {'time_precision': 'second', 'properties': {'word': {'type': 'code'}, 'size': {'type': 'decimal'}, 'n': {'type': 'integer'}}})
    c.put('/v1/customers/numbers', {'name': 'Numbers', 'currency': 'USD', 'time_zone': 'UTC'})
    sent = [{'id': f'n{n}', 'type': 'sized', 'customer': 'numbers', 'time': '2031-12-10T00:00:00Z', 'properties': {'size': size, 'n': n, 'word': word}}
            for n, (size, word) in enumerate((('1.50', '1.50'), ('2', '1.5'), ('3.25', '2')))]
    assert c.post('/v1/events', sent, 200)['accepted'] == 3
    cases = (([{'property': 'size', 'eq': '1.5'}], '1'), ([{'property': 'size', 'in': ['2', '3.25']}], '2'), ([{'property': 'size', 'not_in': ['1.5']}], '2'),
             ([{'property': 'n', 'eq': 2}], '1'), ([{'property': 'word', 'eq': '1.50'}], '1'),
             ([{'property': 'size', 'gte': '1.50', 'lt': '3.250'}, {'property': 'n', 'in': [0, '1', '2']}], '2'))
    for place, (filters, count) in enumerate(cases):
        c.put(f'/v1/metrics/sized{place}', {'event_types': ['sized'], 'aggregation': 'count', 'filters': filters})
        got = c.get(f'/v1/customers/numbers/usage?metric=sized{place}&from=2031-12-01T00:00:00Z&to=2032-01-01T00:00:00Z')
        assert got['quantity'] == count, (filters, got)
    metric = {'event_types': ['sized'], 'aggregation': 'sum', 'group_by': ['size'], 'weights': {'property': 'size', 'values': {'1.5': '4.0'}}}
    c.put('/v1/metrics/weighed', metric)
    cells = {'key': 'cells', 'metric': 'weighed', 'model': 'matrix', 'property': 'size', 'prices': [{'match': {'size': '1.5'}, 'unit_amount': '10.0'}], 'default': '1'}
    few = {'key': 'few', 'metric': 'weighed', 'model': 'per_unit', 'unit_amount': '1', 'filters': [{'property': 'size', 'in': ['2']}]}
    plan = {'currency': 'USD', 'interval': 'month', 'charges': [cells, few]}
    c.put('/v1/plans/numbers', plan)
    days = {'start': '2031-12-01T00:00:00Z', 'end': '2032-01-01T00:00:00Z'}
    asked = {'customer': 'numbers', 'period': days}
    for named in {'key': 'numbers'}, {'plan': plan}:
        got = c.post('/v1/plans/simulate', dict(asked, **named), 200)
        assert [line['amount'] for line in got['lines']] == ['42.00', '1.00'], got
    price = [{'match': {'size': '01.5'}, 'unit_amount': '1'}]
    elsewhere = [{'property': 'size', 'in': ['3', '3.250']}]
    subscription = {'customer': 'numbers', 'plan': 'numbers', 'start': days['start'], 'overrides': {'charges': {'few': {'filters': elsewhere}}}}
    for method, path, wrong, pointer in (
            ('PUT', 'metrics/wrong', dict(metric, weights={'property': 'size', 'values': {'1.50': '2'}}), '/weights/values'),
            ('PUT', 'metrics/wrong', dict(metric, filters=[{'property': 'size', 'gt': '1', 'lt': '5'}, {'property': 'word', 'gt': '1'}]), '/filters/1/property'),
            ('PUT', 'metrics/wrong', dict(metric, filters=[{'property': 'n', 'eq': '2.0'}]), '/filters/0/eq'),
            ('PUT', 'metrics/wrong', dict(metric, filters=[{'property': 'size', 'not_in': ['1', '1.50']}]), '/filters/0/not_in/1'),
            ('PUT', 'plans/wrong', dict(plan, charges=[dict(cells, prices=price)]), '/charges/0/prices/0/match/size'),
            ('PUT', 'plans/wrong', dict(plan, charges=[dict(few, filters=elsewhere)]), '/charges/0/filters/0/in/1'),
            ('POST', 'subscriptions', subscription, '/overrides/charges/few/filters/0/in/1'),
            ('POST', 'plans/simulate', dict(asked, plan=dict(plan, charges=[dict(few, filters=elsewhere)])), '/plan/charges/0/filters/0/in/1'),
            ('POST', 'plans/compare', dict(asked, a={'key': 'numbers'}, b={'plan': dict(plan, charges=[dict(cells, prices=price)])}),
             '/b/plan/charges/0/prices/0/match/size')):
        problem = c.expect(422, method, '/v1/' + path, wrong).json['errors']
        assert [fault['pointer'] for fault in problem] == [pointer], (wrong, problem)


# ---- switches of a long time


SEATS, SWITCHES = 300, 9000
BEGINS = datetime.datetime(2031, 10, 20)


def stamp(seconds):
    return (BEGINS + datetime.timedelta(seconds=seconds)).isoformat() + 'Z'


def seat_event(rng, n, at):
    return {'id': f's{n}', 'type': 'seat', 'customer': 'seats', 'time': stamp(at),
            'properties': {'seat': f'seat{rng.randrange(SEATS)}', 'kind': rng.choice(('ct', 'mri')), 'operation': rng.choice(('add', 'remove'))}}


def seats_of(events, first, last, kind):
    """The values active, and the average number that were on, one by one."""
    active, area, seats = 0, 0, {}
    for event in sorted(events, key=lambda event: event['time']):  # those of one time stay in their order
        if event['time'] < last and kind in (None, event['properties']['kind']):
            seats.setdefault(event['properties']['seat'], []).append(event)
    begin, end = (datetime.datetime.fromisoformat(at[:-1]) for at in (first, last))
    for switches in seats.values():
        earlier = [event for event in switches if event['time'] < first]
        on = bool(earlier) and earlier[-1]['properties']['operation'] == 'add'
        counts, added, since = on, False, begin
        for event in switches[len(earlier):]:
            adds, at = event['properties']['operation'] == 'add', datetime.datetime.fromisoformat(event['time'][:-1])
            area += on * (at - since).total_seconds()
            added = added or adds
            counts = added or counts and event['time'] != first
            on, since = adds, at
        area += on * (end - since).total_seconds()
        active += counts
    return D(active), D(int(area)) / D(int((end - begin).total_seconds()))


def check_seats(c, rng, events, since=0):
    """From a time on, and between any two."""
    for n in range(4):
        bounds = (since, 4000) if n == 0 else sorted(rng.sample(range(since if n == 1 else 0, 55 * 96), 2))
        first, last = (stamp(at * 900 + rng.choice((0, 0, 77))) for at in bounds)
        for place, metric in enumerate(('seats', 'seats_on')):
            said = c.get('/v1/customers/seats/usage?' + urllib.parse.urlencode({'metric': metric, 'from': first, 'to': last, 'group_by': 'kind'}))
            wanted = seats_of(events, first, last, None)[place]
            assert recount.near(D(said['quantity']), wanted), (metric, first, last, said, wanted)
            for group in said['groups']:
                wanted = seats_of(events, first, last, group['group']['kind'])[place]
                assert recount.near(D(group['quantity']), wanted), (metric, first, last, group, wanted)


def a_second_before(at):
    return (datetime.datetime.fromisoformat(at[:-1]) - datetime.timedelta(seconds=1)).isoformat() + 'Z'


def fold_every(server, ms):
    """Once at the start, and then."""
    server.kill()
    server.environment['PHIAL_USAGE_FOLD_INTERVAL_MS'] = str(ms)
    server.start()
    return server.client


def known(server):
    """The times that it is known of what had been switched before them."""
    return server.sql("SELECT DISTINCT before FROM usage_switched JOIN customer USING (customer_id) WHERE key = 'seats' ORDER BY before").splitlines()


def switches(server, c, rng):
    """What had been switched is known at some times: late events and voids take that back, folded or not."""
    c.put('/v1/event-types/seat', {'time_precision': 'second', 'window': {'past': 'P1Y', 'future': 'PT5M'}, 'properties': {
        'seat': {'type': 'code'}, 'kind': {'type': 'enum', 'values': ['ct', 'mri']}, 'operation': {'type': 'enum', 'values': ['add', 'remove']}}})
    for key, aggregation in (('seats', 'active'), ('seats_on', 'time_weighted')):
        c.put('/v1/metrics/' + key, {'event_types': ['seat'], 'aggregation': aggregation, 'property': 'seat', 'group_by': ['kind']})
    c.put('/v1/customers/seats', {'name': 'Seats', 'currency': 'USD', 'time_zone': recount.ZONE})
    events = [seat_event(rng, n, n * 54 * 86400 // SWITCHES) for n in range(SWITCHES)]
    for first in range(0, SWITCHES, 1000):
        assert c.post('/v1/events', events[first:first + 1000], 200)['accepted'] == 1000
    recount.wait_until_folded(server, 'seats_on')
    at_first = known(server)
    assert at_first, at_first
    check_seats(c, rng, events)
    day = (datetime.datetime.fromisoformat(at_first[-1][:19]) - BEGINS).days
    last = {event['properties']['seat']: event for event in events if event['time'] < stamp(day * 86400)}
    gone = [event for event in last.values() if event['properties']['operation'] == 'add'][:40]
    late = [dict(event, id='l' + event['id'], time=a_second_before(event['time']), properties=dict(event['properties'], operation='add'))
            for event in last.values() if event['properties']['operation'] == 'remove'][:40]
    assert gone and late
    c = fold_every(server, 3600000)
    assert c.post('/v1/events', late, 200)['accepted'] == len(late)
    events = late + events
    check_seats(c, rng, events, day * 96)
    c = fold_every(server, 50)
    recount.wait_until_folded(server, 'seats_on')
    check_seats(c, rng, events, day * 96)
    c = fold_every(server, 3600000)
    for event in gone:
        c.post(f'/v1/events/seats/{event["id"]}/void', None, Phial_Reason='random')
    events = [event for event in events if event not in gone]
    check_seats(c, rng, events, day * 96)
    c = fold_every(server, 50)
    recount.wait_until_folded(server, 'seats_on')
    check_seats(c, rng, events, day * 96)
    more = [seat_event(rng, SWITCHES + 100 + n, 50 * 86400 + n * 40) for n in range(7000)]
    assert c.post('/v1/events', more, 200)['accepted'] == len(more)
    recount.wait_until_folded(server, 'seats_on')
    check_seats(c, rng, events + more)
    print('switches are known before', *at_first, 'and then', *known(server))
    server.copy('broken')
    server.sql("DELETE FROM usage_mark USING customer WHERE customer.customer_id = usage_mark.customer_id AND key <> 'seats'", database='broken')
    assert server.doctor('broken')[0] == 0
    server.sql("UPDATE usage_switched SET held = '\\x01' WHERE part = 0", database='broken')
    code, said = server.doctor('broken')
    assert code == 1 and list(phial.failing(said)) == ['sums_are_of_the_entries'], said
    server.sql('DROP DATABASE broken')


def main():
    server = phial.Server('--test-clock', environment={'PHIAL_USAGE_FOLD_INTERVAL_MS': '50'}, timeout=recount.patience(EVENTS))
    c = server.client
    c.put('/v1/test-clock', {'now': '2031-12-15T00:00:00Z'}, 200)
    golden(c)
    refusals(c)
    numbers(c)
    switches(server, c, random.Random(7))
    recount.run(server, EVENTS, random.Random(5))
    server.remove()
    print('ok')


main()
