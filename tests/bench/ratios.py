#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The measurements of run.sh, a JSON line each on standard input, as one JSON object of ratios."""
import json
import statistics
import sys

RATE = {'copy': 'rows_per_second', 'copy_random': 'rows_per_second', 'insert': 'rows_per_second'}
RATIOS = {
    'ordered_to_copy': ('ordered', 'copy'),
    'random_to_copy': ('random', 'copy'),
    'random_to_copy_of_the_same': ('random', 'copy_random'),
    'single_to_inserts': ('single', 'insert'),
    'single_to_empty_handler': ('single', 'handler'),
    'changed_to_single': ('changed', 'single'),
    'hundredth_duplicates_to_none': ('hundredth', 'new'),
    'all_duplicates_to_none': ('again', 'new'),
    'one_customer_to_200': ('one_customer', 'new'),
    'filled_to_empty': ('filled', 'ordered'),
}

measured = {}
for line in sys.stdin:
    row = json.loads(line)
    measured.setdefault(row['name'], []).append(row)


def rates(name):
    return [row[RATE.get(name, 'events_per_second')] for row in measured[name]]


# Of each round, so that both sides were measured one after the other; then the median round. What was measured once,
# at the end, over the median of the rounds before it.
ratios = {}
for ratio, (above, below) in RATIOS.items():
    if above in measured and below in measured:
        first, second = rates(above), rates(below)
        if len(first) != len(second):
            second = [statistics.median(second)] * len(first)
        rounds = sorted(a / b for a, b in zip(first, second))
        ratios[ratio] = {'median': round(statistics.median(rounds), 3), 'min': round(rounds[0], 3),
                         'max': round(rounds[-1], 3)}
if 'single' in measured:
    ratios['single_p99_ms'] = statistics.median(row['p99_ms'] for row in measured['single'])
if 'memory' in measured:
    ratios['daemon_peak_mb'] = round(max(row['daemon_peak_kb'] for row in measured['memory']) / 1024, 1)
print(json.dumps({'ratios': ratios}))
