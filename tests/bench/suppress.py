#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What no suppression can do with less than: tests/bench/suppress.py BENCH_SUPPRESS [--seeds N] [--tables N] [--axes N] [--values N]

Random tables of so many dimensions (four) with so many values each (two), one figure in ten small, each given to an exact optimiser
(glpsol, of glpk-utils) with the one rule that holds whatever is chosen: in no line, a total and its parts, is a single figure other than zero
withheld, for it would follow from the others. The least that keeps the rule leaves out that labels bound what is withheld, and that a
small figure needs three values: so it is a bound, and what can be done may be more. One JSON object a seed, then one of all."""
import argparse
import json
import os
import re
import subprocess
import tempfile

THRESHOLD, SECONDS = 11, 60


def lines(lengths):
    stride = 1
    for length in reversed(lengths):
        cells = 1
        for each in lengths:
            cells *= each
        yield from ([cell + i * stride for i in range(length)] for cell in range(cells) if cell // stride % length == 0)
        stride *= length


def is_small(figure):
    return 0 < figure < THRESHOLD


def program(lengths, figures):
    """The least number of withheld figures that are not small, in CPLEX's format. w7 = 1: figure 7 is withheld."""
    larger = [cell for cell, figure in enumerate(figures) if figure >= THRESHOLD]
    rows = []
    for line in lines(lengths):
        nonzero = [cell for cell in line if figures[cell] != 0]
        for cell in nonzero:
            others = [other for other in nonzero if other != cell]
            if any(is_small(figures[other]) for other in others):
                continue
            own, least = ('', 1) if is_small(figures[cell]) else (f'- w{cell}', 0)
            rows.append(' + '.join(f'w{other}' for other in others) + f' {own} >= {least}')
    return '\n'.join(['Minimize', ' + '.join(f'w{cell}' for cell in larger), 'Subject To', *rows, 'Binary',
                      ' '.join(f'w{cell}' for cell in larger), 'End', ''])


def least_withheld(lengths, figures, folder):
    """And never below what changes at all: 2^d cells at least, of which so many are small."""
    small = sum(map(is_small, figures))
    if small == 0:
        return 0
    floor = max(2 ** len(lengths) - small, 0)
    problem, answer = os.path.join(folder, 'problem'), os.path.join(folder, 'answer')
    with open(problem, 'w') as file:
        file.write(program(lengths, figures))
    subprocess.run(['glpsol', '--lp', problem, '--cuts', '--tmlim', str(SECONDS), '-w', answer], check=True, stdout=subprocess.DEVNULL)
    with open(answer) as file:
        optimal = re.search(r'^s mip \d+ \d+ o (\d+)', file.read(), re.M)
    return max(floor, int(optimal.group(1))) if optimal else floor


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bench')
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('--tables', type=int, default=1000)
    parser.add_argument('--axes', type=int, default=4)
    parser.add_argument('--values', type=int, default=2)
    wanted = parser.parse_args()
    total = [0, 0, 0]
    for seed in range(1, wanted.seeds + 1):
        arguments = [str(seed), str(wanted.tables), str(wanted.axes), str(wanted.values), str(wanted.values), '--tables']
        output = subprocess.run([wanted.bench, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout
        sums = [0, 0, 0]
        with tempfile.TemporaryDirectory() as folder:
            for line in output.splitlines()[:-1]:
                lengths, figures, withheld = ([int(word) for word in part.split()] for part in line.split(':'))
                found = [least_withheld(lengths, figures, folder), withheld[0], sum(not is_small(figure) for figure in figures)]
                assert found[0] <= found[1], 'what is withheld tells something'
                sums = [a + b for a, b in zip(sums, found)]
        total = [a + b for a, b in zip(total, sums)]
        print(json.dumps({'seed': seed, 'least': round(100 * sums[0] / sums[2], 2), 'withheld': round(100 * sums[1] / sums[2], 2)}), flush=True)
    print(json.dumps({'least': round(100 * total[0] / total[2], 2), 'withheld': round(100 * total[1] / total[2], 2)}))


main()
