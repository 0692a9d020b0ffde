#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers over entries that no sum holds yet, some of them, or none: the same, and the daemon does not grow by them."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
import recount  # noqa: E402

FIRST, TOTAL = 12000, 34000  # an answer reads 10,000 at once: corrections reach over one part and more
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
    return found


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
    server.sql('DELETE FROM usage_mark')
    same(c, half, 'of nothing folded')
    server.sql('DELETE FROM usage_sum; DELETE FROM usage_value; DELETE FROM usage_switched; DELETE FROM usage_place')
    c = fold_every(server, 50)
    recount.wait_until_folded(server, 'labels')
    same(c, half, 'all folded')
    print('the same when nothing is folded, and when all is')
    server.remove()
    print('ok')


main()
