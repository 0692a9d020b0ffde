#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers over entries that no sum holds yet, some of them, or none: the same, and the daemon does not grow by them."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
import recount  # noqa: E402

FIRST, TOTAL = 6000, 27000  # an answer reads 10,000 at once: corrections reach over one part and more
ALL = [('2031-10-25T00:00:00Z', '2031-11-30T12:07:31Z'), ('2031-11-02T04:01:00Z', '2031-11-02T04:09:00Z')]


def fold_every(server, ms):
    """Once at the start, and then."""
    server.kill()
    server.environment['PHIAL_USAGE_FOLD_INTERVAL_MS'] = str(ms)
    server.start()
    return server.client


def send(c, rng, first, last):
    for at in range(first, last, 2000):
        made = range(at, min(last, at + 2000))
        assert c.post('/v1/events', [recount.event(rng, n, TOTAL) for n in made], 200)['accepted'] == len(made)
        for n in made:
            recount.correct(c, rng, n)


def answers(c):
    """Of every aggregation: whole and group by group, by the day and by the hour."""
    found = {(metric, bounds): recount.ask(c, metric, bounds) for metric in recount.METRICS for bounds in ALL}
    for metric in recount.METRICS:
        found[metric, 'day'] = recount.ask(c, metric, recount.MONTH, window='day')
        found[metric, 'hour'] = recount.ask(c, metric, ALL[0], window='hour')
    for answer in found.values():
        answer.pop('as_of')
    return found


# Whole, by kind, of some kinds and cell by cell: some of that only the entries tell.
EACH = {'model': 'per_unit', 'unit_amount': '1'}
FEW = {'filters': [{'property': 'kind', 'in': ['ct', 'xray']}]}
CELLS = {'model': 'matrix', 'property': 'kind', 'default': '2', 'prices': [{'match': {'kind': 'mri'}, 'unit_amount': '3'}]}
CHARGES = [dict(EACH, **more, key=f'{metric}-{name}', metric=metric) for metric in recount.METRICS
           for name, more in (('whole', {}), ('kind', {'group_by': ['kind']}), ('few', FEW))]
CHARGES += [dict(CELLS, key='cells', metric='sum'), dict(CELLS, **FEW, key='few-cells', metric='weighted')]
PLAN = {'currency': 'USD', 'interval': 'month', 'charges': CHARGES}


def bill(c):
    return c.post('/v1/plans/simulate', {'customer': 'recount', 'plan': PLAN, 'period': dict(zip(('start', 'end'), recount.MONTH))}, 200)


def check_lines(c, lines):
    """Those that usage tells as well; and what some kinds come to together."""
    quantities = {(line['key'], line.get('group', {}).get('kind')): line['quantity'] for line in lines if line['kind'] == 'usage'}
    for metric in recount.METRICS:
        usage = recount.ask(c, metric, recount.MONTH)
        assert recount.near(recount.D(quantities[metric + '-whole', None]), recount.D(usage['quantity'])), (metric, usage)
        for group in usage['groups']:
            assert recount.near(recount.D(quantities[metric + '-kind', group['group']['kind']]), recount.D(group['quantity'])), (metric, group)
        kinds = sum(recount.D(quantity) for (key, kind), quantity in quantities.items() if key == metric + '-kind' and kind in ('ct', 'xray'))
        assert metric not in ('count', 'carrying', 'sum') or kinds == recount.D(quantities[metric + '-few', None]), (metric, kinds)


def issue(server, c):
    """Out of the entries alone; made again when all is folded, it is the same."""
    c.put('/v1/plans/whole', PLAN)
    c.post('/v1/subscriptions', {'customer': 'recount', 'plan': 'whole', 'start': recount.MONTH[0]})
    c.post('/v1/billing/run', {'as_of': '2031-12-15T00:00:00Z'}, 200)
    invoice = c.get('/v1/invoices?customer=recount&status=issued')['data'][0]['id']
    check_lines(c, c.get('/v1/invoices/' + invoice)['lines'])
    assert c.get(f'/v1/invoices/{invoice}/proof')['matches'] is True
    return invoice


def same(c, wanted, when):
    found = answers(c)
    for what in wanted:
        assert found[what] == wanted[what], (when, what, found[what], wanted[what])


def main():
    server = phial.Server('--test-clock', environment={'PHIAL_USAGE_FOLD_INTERVAL_MS': '3600000'}, timeout=300)
    rng = random.Random(11)
    c = server.client
    c.put('/v1/test-clock', {'now': '2031-12-15T00:00:00Z'}, 200)
    recount.catalog(c)
    send(c, rng, 0, FIRST)
    recount.check(server, c, rng, 2)
    before = answers(c)
    print('the same as a recount when nothing is folded')
    c = fold_every(server, 50)
    recount.wait_until_folded(server, 'labels')
    same(c, before, 'folded')
    c = fold_every(server, 3600000)
    send(c, rng, FIRST, TOTAL)
    recount.check(server, c, rng, 2)
    half = answers(c)
    print('the same as a recount when a part is folded')
    drawn = bill(c)
    check_lines(c, drawn['lines'])
    server.sql('DELETE FROM usage_mark')
    same(c, half, 'of nothing folded')
    invoice = issue(server, c)
    server.sql('DELETE FROM usage_sum; DELETE FROM usage_value; DELETE FROM usage_switched; DELETE FROM usage_place')
    c = fold_every(server, 50)
    recount.wait_until_folded(server, 'labels')
    same(c, half, 'all folded')
    assert bill(c) == drawn and c.get(f'/v1/invoices/{invoice}/proof')['matches'] is True
    print('the same when nothing is folded, and when all is')
    server.remove()
    print('ok')


main()
