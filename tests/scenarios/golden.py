#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What other billing engines compute, asked at the front door: prices, limits, discounts, taxes and
prorations through POST /v1/plans/simulate; periods and their fractions through subscriptions and
their invoices. tests/data/golden/SOURCE.md says where the figures come from."""
import decimal
import json
import os
import sys

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


def main():
    server = Server('--test-clock')
    simulate(server.client)
    server.remove()


main()
