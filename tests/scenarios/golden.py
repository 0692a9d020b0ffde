#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What other billing engines compute, asked at the front door: prices, limits, discounts, taxes and
prorations through POST /v1/plans/simulate; periods and their fractions through subscriptions and
their invoices. tests/data/golden/SOURCE.md says where the figures come from."""
import datetime
import decimal
import json
import os
import sys
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from phial import Server  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
COPY = os.path.join(HERE, '..', 'data', 'golden')
SHARED = os.path.join(HERE, '..', '..', '..', 'shared', 'data', 'golden', 'adopted.json')
D = decimal.Decimal


def load(name):
    with open(os.path.join(COPY, name)) as f:
        return json.load(f)


def simulate_cases():
    """The copy, and whatever the folder beside the checkout has more of."""
    cases = {case['id']: case for case in load('simulate.json')}
    if os.path.exists(SHARED):
        with open(SHARED) as f:
            for name, case in json.load(f).items():
                if case.get('door') == 'simulate':
                    cases[name] = dict(case, id=name)
    return list(cases.values())


def total(lines, kind, member='amount'):
    return sum((D(line[member]) for line in lines if line['kind'] == kind), D(0))


def digits(text):
    return len(text.split('.')[1]) if '.' in text else 0


def figure(statement, name):
    """What a case calls `name`."""
    lines = statement['lines']
    if name in ('usage', 'fixed', 'minimum', 'maximum', 'commitment'):
        return total(lines, name)
    if name == 'exact':
        return total(lines, 'usage', 'exact_amount')
    if name == 'taxes':
        return sum((D(tax['amount']) for tax in statement['tax']), D(0))
    if name == 'split':
        return [D(line['discount']) for line in lines]
    if name == 'digits':
        return digits(statement['total'])
    return D(statement[name])


def as_figure(value):
    if isinstance(value, list):
        return [D(item) for item in value]
    return D(value) if isinstance(value, str) else value


def check_sums(statement, name):
    """Whatever the case asserts: lines add up to totals, discounts to theirs."""
    lines = statement['lines']
    base = D(statement['subtotal']) - D(statement['discounts'])
    assert sum((D(line['amount']) for line in lines), D(0)) == D(statement['subtotal']), name
    assert sum((D(line['discount']) for line in lines), D(0)) == D(statement['discounts']), name
    assert base + figure(statement, 'taxes') == D(statement['total']), name
    for line in lines:
        assert digits(line['amount']) == digits(statement['total']), name


def simulate(client):
    cases = simulate_cases()
    wrong = []
    for case in cases:
        answer = client.send('POST', '/v1/plans/simulate', case['request'])
        if answer.status != 200:
            wrong.append(f'{case["id"]}: {answer}')
            continue
        check_sums(answer.json, case['id'])
        for name, expected in case['expected'].items():
            actual = figure(answer.json, name)
            if actual != as_figure(expected):
                wrong.append(f'{case["id"]}: {name} is {actual}, not {expected}')
    assert not wrong, '\n'.join(wrong)
    print(f'{len(cases)} cases through simulate')


# ---- periods, through subscriptions and their invoices

NOW = '2040-01-01T00:00:00Z'


def open_subscriptions(client, cases):
    """A customer a zone, a plan an interval; each case's subscription, long ended by now."""
    zones, intervals = {}, set()
    for case in cases:
        wanted = case['subscription']
        zone = wanted['time_zone']
        if zone not in zones:
            zones[zone] = f'golden-{len(zones)}'
            client.put('/v1/customers/' + zones[zone], {'name': 'Golden', 'currency': 'USD', 'time_zone': zone})
        if wanted['interval'] not in intervals:
            intervals.add(wanted['interval'])
            client.put('/v1/plans/golden.' + wanted['interval'], {
                'currency': 'USD', 'interval': wanted['interval'],
                'fixed': [{'key': 'fee', 'amount': '1', 'timing': 'arrears'}]})
        case['customer'] = zones[zone]
        case['zone'] = zoneinfo.ZoneInfo(zone)
        case['opened'] = client.post('/v1/subscriptions', {
            'customer': zones[zone], 'plan': 'golden.' + wanted['interval'], 'anchor': wanted['anchor'],
            'start': midnight(case, wanted['start']), 'end': midnight(case, last_day(case))})['id']
    return list(zones.values())


def last_day(case):
    """The subscription's end, or a day soon after the last that the case speaks of."""
    end = case['subscription']['end']
    if 'cycles' in case:
        return end
    days = [datetime.date.fromisoformat(day) for day in case['begins']]
    days += [datetime.date.fromisoformat(case['ended']['by'])] if 'ended' in case else []
    if not days:
        return end
    return min(end, (max(days) + datetime.timedelta(days=10)).isoformat())


def midnight(case, day):
    at = datetime.datetime.fromisoformat(day).replace(tzinfo=case['zone'])
    return at.astimezone(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def invoices_of(client, customers):
    """Every invoice's row, by subscription in the order of periods."""
    found = {}
    for customer in customers:
        cursor = ''
        while cursor is not None:
            page = client.get(f'/v1/invoices?customer={customer}&limit=500' + (cursor and '&cursor=' + cursor))
            for row in page['data']:
                found.setdefault(row['subscription'], []).append(row)
            cursor = page['next_cursor']
    for rows in found.values():
        rows.sort(key=lambda row: row['period']['number'])
    return found


def period_faults(client, case, rows):
    """What of a case is not so, in words."""
    starts = [row['period']['start'] for row in rows]
    ends = [row['period']['end'] for row in rows]
    if starts[0] != midnight(case, case['subscription']['start']) or starts[1:] != ends[:-1] or \
            ends[-1] != midnight(case, last_day(case)):
        yield 'the periods do not follow one another from start to end'
    for day in case['begins']:
        if midnight(case, day) not in starts + ends[-1:]:
            yield f'no period begins on {day}'
        elif 'number' in case and (starts + ends[-1:]).index(midnight(case, day)) != case['number'] - 1:
            yield f'another period begins on {day}'
    if 'ended' in case:
        count = sum(end <= midnight(case, case['ended']['by']) for end in ends)
        if count != case['ended']['count']:
            yield f'{count} have ended by {case["ended"]["by"]}'
    if 'day' in case:
        local = [datetime.datetime.fromisoformat(start).astimezone(case['zone']) for start in starts]
        if {at.day for at in local} != {case['day']}:
            yield f'a period does not begin on day {case["day"]}'
    if 'cycles' in case:
        shares = [D(client.get('/v1/invoices/' + row['id'])['lines'][0]['exact_amount']) for row in rows]
        cycles = sum(share.quantize(D('1e-9'), decimal.ROUND_HALF_UP) for share in shares)
        if cycles != D(case['cycles']):
            yield f'{cycles} periods, not {case["cycles"]}'


def periods(client):
    cases = load('periods.json')
    client.expect(200, 'PUT', '/v1/test-clock', {'now': NOW})
    customers = open_subscriptions(client, cases)
    client.expect(200, 'POST', '/v1/billing/run', {'as_of': NOW})
    rows = invoices_of(client, customers)
    wrong = [f'{case["id"]}: {fault}' for case in cases
             for fault in period_faults(client, case, rows[case['opened']])]
    assert not wrong, '\n'.join(wrong)
    print(f'{len(cases)} subscriptions, {sum(map(len, rows.values()))} periods')


def main():
    server = Server('--test-clock')
    simulate(server.client)
    periods(server.client)
    server.remove()


main()
