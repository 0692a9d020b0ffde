#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Usage as tables for people who may not see small numbers: suppressed, attacked by an exact solver, asked for again in other ways and of
other times, by groups, rated, laid out, restated."""
import csv
import io
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
from table_attack import Subtraction, Table  # noqa: E402

NOVEMBER = 'from=2031-11-01T00:00:00Z&to=2031-12-01T00:00:00Z'
numbers = iter(range(10 ** 9))


def event(customer, quantity, day=10, **properties):
    return {'id': f'event-{next(numbers)}', 'customer': customer, 'type': properties.pop('type', 'visit'), 'time': f'2031-11-{day:02}T11:00:00Z',
            'quantity': str(quantity), 'properties': properties}


def catalog(c):
    c.put('/v1/test-clock', {'now': '2031-12-05T12:00:00Z'}, 200)
    window = {'past': 'P400D'}
    c.put('/v1/event-types/visit', {'window': window, 'properties': {name: {'type': 'code'} for name in ('service', 'region', 'band')}})
    c.put('/v1/event-types/stay', {'window': window, 'properties': {'ward': {'type': 'enum', 'values': ['a', 'b', 'c']},
                                                                    'patient': {'type': 'token', 'scope': 'customer'}}})
    for key, metric in {'visits': {'event_types': ['visit'], 'aggregation': 'sum', 'group_by': ['service', 'region']},
                        'visits3': {'event_types': ['visit'], 'aggregation': 'sum', 'group_by': ['service', 'region', 'band']},
                        'patients': {'event_types': ['stay'], 'aggregation': 'unique', 'property': 'patient', 'group_by': ['ward']},
                        'days': {'event_types': ['stay'], 'aggregation': 'sum', 'group_by': ['ward']},
                        'peak': {'event_types': ['visit'], 'aggregation': 'max'}}.items():
        c.put('/v1/metrics/' + key, metric)


def customer(c, key, **more):
    c.put('/v1/customers/' + key, {'name': key, 'currency': 'USD', 'time_zone': 'Etc/UTC', **more})


def ask(c, more, status=200, when=NOVEMBER):
    return c.get(f'/v1/reports/utilization?{when}&{more}', status)


def labels(answer):
    return {tuple(cell['by'].values()): cell['count'] for cell in answer['cells']}


def one_table(c):
    """What the contract says, by hand."""
    customer(c, 'clinic')
    c.post('/v1/events', [event('clinic', quantity, service=service, region=region) for service, region, quantity in (
        ('ct', 'east', 37), ('ct', 'west', 20), ('mr', 'east', 4), ('mr', 'west', 25), ('us', 'east', 30))], 200)
    answer = ask(c, 'customer=clinic&metric=visits&by=service,region')
    found = {tuple(sorted(cell['by'].items())): cell['count'] for cell in answer['cells']}
    assert found[('region', 'east'), ('service', 'mr')] == '<11' and found[('region', 'west'), ('service', 'us')] == '0', found
    assert found[()] == '116' and len(found) == 12 and answer['report_threshold'] == 11, found
    table = Table(answer)
    assert table.broken() == [] and table.share()[0] == 3, (table.labels, table.broken())
    # by less it is the same table, so that two answers tell no more than one
    for by in ('service', 'region', ''):
        for cell in ask(c, f'customer=clinic&metric=visits&by={by}')['cells']:
            assert found[tuple(sorted(cell['by'].items()))] == cell['count'], (by, cell)
    swapped = ask(c, 'customer=clinic&metric=visits&by=region,service')
    assert {tuple(sorted(cell['by'].items())): cell['count'] for cell in swapped['cells']} == found and swapped['version'] == 1
    # no key sees more
    for scopes in (['usage:read'], ['usage:read', 'events:write'], ['admin']):
        key = c.post('/v1/keys', {'name': 'reader', 'scopes': scopes, 'customer': 'clinic'})['key']
        bound = phial.Client('http://' + c.address, key)
        assert ask(bound, 'metric=visits&by=service,region')['cells'] == answer['cells']
        assert ask(bound, 'customer=other&metric=visits', 404)['code'] == 'not_found'
        assert ask(bound, 'group=north&metric=visits', 403)['code'] == 'forbidden'


def random_tables(c):
    """Random tables of three dimensions: whatever an exact solver tries, and no more withheld than promised."""
    chance = random.Random(7)
    withheld = larger = 0
    for number in range(6):
        customer(c, f'random-{number}')
        lengths = [chance.randint(2, 4) for _ in range(3)]
        events = [event(f'random-{number}', chance.randint(1, 10) if chance.random() < 0.1 else chance.randint(11, 120), service=f's{s}',
                        region=f'r{r}', band=f'b{b}') for s in range(lengths[0]) for r in range(lengths[1]) for b in range(lengths[2])]
        c.post('/v1/events', events, 200)
        whole = Table(ask(c, f'customer=random-{number}&metric=visits3&by=service,region,band'))
        assert whole.broken() == [], (whole.labels, whole.broken())
        mine, all_of_them = whole.share()
        withheld, larger = withheld + mine, larger + all_of_them
        truth = sum(int(e['quantity']) for e in events)
        assert whole.labels[None, None, None] in ('*', str(truth))
    assert withheld <= 0.15 * larger, (withheld, larger)
    return withheld / larger


def few_persons(c):
    """Distinct persons, and a sum that few of them make."""
    customer(c, 'mixed')
    events = [event('mixed', 5, type='stay', ward='a', patient=f'p{n}') for n in range(4)]
    events += [event('mixed', 2, type='stay', ward='a') for _ in range(30)]
    events += [event('mixed', 20, type='stay', ward='b') for _ in range(5)]  # of nobody
    events += [event('mixed', 2, type='stay', ward='c', patient=f'r{n}') for n in range(20)]
    c.post('/v1/events', events, 200)
    customer(c, 'ward')
    events = [event('ward', 50, type='stay', ward='a', patient=f'p{n}') for n in range(3)]
    events += [event('ward', 1, type='stay', ward='b', patient=f'q{n}') for n in range(20)]
    events += [event('ward', 2, type='stay', ward='c', patient=f'r{n}') for n in range(30)]
    c.post('/v1/events', events, 200)
    time.sleep(0.5)  # folded into running sums, which know nothing of who carries a token
    mixed = labels(ask(c, 'customer=mixed&metric=days&by=ward'))
    assert mixed == {('a',): '*', ('b',): '100', ('c',): '*', (): '220'}, mixed
    patients = labels(ask(c, 'customer=ward&metric=patients&by=ward'))
    assert patients == {('a',): '<11', ('b',): '*', ('c',): '30', (): '53'}, patients
    days = labels(ask(c, 'customer=ward&metric=days&by=ward'))
    assert days == {('a',): '*', ('b',): '*', ('c',): '60', (): '230'}, days


def groups(c):
    """A group is the sum of its customers, by the strictest threshold, and tells nothing of one that hides."""
    for key, threshold, counts in (('north-1', 20, (30, 6)), ('north-2', 11, (40, 7)), ('north-3', 11, (50, 8))):
        customer(c, key, group='north', report_threshold=threshold)
        c.post('/v1/events', [event(key, quantity, service=service) for service, quantity in zip(('ct', 'mr'), counts)], 200)
    whole = ask(c, 'group=north&metric=visits&by=service')
    assert whole['report_threshold'] == 20 and whole['group'] == 'north' and len(whole['as_of']) == 3, whole
    assert labels(whole) == {('ct',): '120', ('mr',): '21', (): '141'}, whole
    assert labels(ask(c, 'customer=north-1&metric=visits&by=service'))['mr',] == '<20'
    # two of three are small, the third is shown: with it the group would tell what the two are
    for key, quantity in (('south-1', 30), ('south-2', 4), ('south-3', 5)):
        customer(c, key, group='south')
        c.post('/v1/events', [event(key, quantity, service='ct'), event(key, 60, service='mr')], 200)
    assert labels(ask(c, 'customer=south-1&metric=visits&by=service'))['ct',] == '30'
    south = labels(ask(c, 'group=south&metric=visits&by=service'))
    assert south == {('ct',): '*', ('mr',): '*', (): '219'}, south
    assert ask(c, 'group=nowhere&metric=visits', 404)['code'] == 'not_found'
    # who has left the group is reported of alone
    c.expect(204, 'DELETE', '/v1/customers/south-3')
    for when in (NOVEMBER, 'from=2031-11-01T00:00:00Z&to=2031-11-20T00:00:00Z', NOVEMBER):
        left = labels(ask(c, 'customer=south-3&metric=visits&by=service', when=when))
        assert left == {('ct',): '<11', ('mr',): '*', (): '65'}, left


def other_times(c):
    """Times that differ by little are not told apart."""
    customer(c, 'times')
    c.post('/v1/events', [event('times', 40, day=day, service='ct') for day in (3, 20)] + [event('times', 3, day=12, service='ct')], 200)
    assert labels(ask(c, 'customer=times&metric=visits&by=service')) == {('ct',): '83', (): '83'}
    first = labels(ask(c, 'customer=times&metric=visits&by=service', when='from=2031-11-01T00:00:00Z&to=2031-11-10T00:00:00Z'))
    assert first['ct',] == '40', first
    # 83 - 40 - 40 would be what came between
    last = labels(ask(c, 'customer=times&metric=visits&by=service', when='from=2031-11-15T00:00:00Z&to=2031-12-01T00:00:00Z'))
    assert last == {('ct',): '*', (): '*'}, last
    more = labels(ask(c, 'customer=times&metric=visits&by=service', when='from=2031-11-01T00:00:00Z&to=2031-11-13T00:00:00Z'))
    assert more == {('ct',): '*', (): '*'}, more


def small_or_not(chance):
    return chance.randint(1, 10) if chance.random() < 0.2 else chance.choice((0, 1, 1, 1)) * chance.randint(11, 60)


def cross_tables(c):
    """Months and their sums, customers and their groups, asked for in any order: none yields what another one withholds, small or not."""
    chance = random.Random(int(os.environ.get('PHIAL_SEED', '11')))
    refused = asked = 0
    kinds = ((['09', '10', '11'], 1), (['11'], 3), (['10', '11'], 2))
    for number in range(int(os.environ.get('PHIAL_CROSSED', '18'))):
        months, count = kinds[number % len(kinds)]
        clinics = [f'x{number}-{n}' for n in range(count)]
        told = set()
        for key in clinics:
            customer(c, key, group=f'x{number}')
            events = [dict(event(key, quantity, service=f's{s}', region=f'r{r}'), time=f'2031-{month}-10T00:00:00Z')
                      for month in months for s in range(3) for r in range(2) if (quantity := small_or_not(chance))]
            told |= {(key, e['time'][5:7], e['properties']['service'], e['properties']['region']) for e in events}
            c.post('/v1/events', events, 200)
        # whom, from which month to which
        whoever = [(f'customer={key}', [key]) for key in clinics] + ([(f'group=x{number}', clinics)] if count > 1 else [])
        questions = [(*who, i, k) for who in whoever for i in range(len(months)) for k in range(i, len(months))]
        chance.shuffle(questions)
        shown = []
        attack = Subtraction([(f'{key} {month}', (f's{s}', f'r{r}')) for key in clinics for month in months for s in range(3) for r in range(2)
                              if (key, month, f's{s}', f'r{r}') not in told])
        for whom, keys, first, last in questions:
            when = f'from=2031-{months[first]}-01T00:00:00Z&to=2031-{int(months[last]) + 1:02}-01T00:00:00Z'
            answer = c.send('GET', f'/v1/reports/utilization?{whom}&metric=visits&by=service,region&{when}')
            asked += 1
            if answer.status == 422:
                assert answer.json['code'] == 'table_too_small', answer
                refused += 1
                continue
            assert answer.status == 200, answer
            attack.take(answer.json, [f'{key} {month}' for key in keys for month in months[first:last + 1]])
            shown.append((f'{whom}&metric=visits&by=service,region', when, answer.json['cells']))
        for more, when, cells in shown:  # a further one changes nothing of those before
            assert ask(c, more, when=when)['cells'] == cells, (number, more, when)
        assert attack.computable() == [], (number, questions, attack.computable(), [t.labels for t, _ in attack.taken])
    return refused / asked


def restatements(c):
    """A late event makes a second version, which says what has changed; asking again makes none."""
    late = event('clinic', 12, service='ct', region='east')
    c.post('/v1/events', late)
    second = ask(c, 'customer=clinic&metric=visits&by=service,region')
    assert second['version'] == 2 and Table(second).broken() == [], second
    changes = {tuple(sorted(change['by'].items())): (change['was'], change['now']) for change in second['changes']}
    assert changes[()] == ('116', '128'), changes
    assert ask(c, 'customer=clinic&metric=visits&by=service,region') == second
    c.post(f'/v1/events/clinic/{late["id"]}/void', {}, Phial_Reason='sent twice')
    third = ask(c, 'customer=clinic&metric=visits&by=')
    assert third['version'] == 3 and third['changes'] == [{'by': {}, 'was': '128', 'now': '116'}], third


def rates_and_layouts(c):
    answer = ask(c, 'customer=clinic&metric=visits&by=service&members=2400')
    assert answer['members'] == {'count': '2400', 'months': '1'}, answer
    cells = {tuple(cell['by'].values()): (cell['count'], cell['per_1000'], cell['per_member_per_month']) for cell in answer['cells']}
    assert cells[()] == ('116', '48.333333333333', '0.048333333333') and all(('*' in r[1:]) == (r[0][0] in '<*') for r in cells.values()), cells
    # by a metric: as many as it counts, where that may be told
    by_patients = ask(c, 'customer=ward&metric=days&by=ward&members=patients')
    assert by_patients['members']['count'] == '53' and by_patients['cells'][2]['per_1000'] == '1132.075471698113', by_patients
    few = ask(c, 'customer=ward&metric=days&members=patients', when='from=2031-10-01T00:00:00Z&to=2031-11-01T00:00:00Z', status=422)
    assert few['code'] == 'invalid', few
    text = c.send('GET', f'/v1/reports/utilization?customer=clinic&metric=visits&by=service,region&format=csv&{NOVEMBER}')
    rows = list(csv.DictReader(io.StringIO(text.bytes.decode())))
    assert text.headers['Content-Type'].startswith('text/csv') and text.headers['Report-Version'] == '3', text.headers
    assert list(rows[0]) == ['service', 'region', 'count'] and len(rows) == 12 and rows[-1] == {'service': '', 'region': '', 'count': '116'}, rows
    text = c.send('GET', f'/v1/reports/utilization?customer=clinic&metric=visits&by=service&format=csv&template=payer&members=2400&{NOVEMBER}')
    rows = list(csv.DictReader(io.StringIO(text.bytes.decode())))
    assert rows[-1]['service'] == 'ALL' and rows[-1]['PMPM'] == '0.0483' and rows[-1]['MEMBER_MONTHS'] == '2400', rows
    both = ask(c, 'customer=clinic&metric=visits&by=service&template=payer&members=2400')
    assert both['cells'] == answer['cells'] and both['rows'][-1][-3:] == ['48.3333', '0.0483', '3'], both
    own = ask(c, 'customer=clinic&metric=visits&by=service&template=own')
    assert own['columns'] == ['Plan', 'service', 'N'] and own['rows'][0] == ['=A1', 'ct', '57'], own
    assert own['rows'][-1] == ['=A1', 'every', '116'] and len(own['rows']) == len(own['cells']) == 4, own
    text = c.send('GET', f'/v1/reports/utilization?customer=clinic&metric=visits&by=service&format=csv&template=own&{NOVEMBER}').bytes
    assert text.endswith(b'"\'=A1",every,116\r\n') and text.count(b'\r\n') == 4, text  # no spreadsheet's formula


def put_templates(c):
    """Templates of the catalog: before those that come with the program, in versions, and able to say what is reported of."""
    form = {'metric': 'visits', 'by': 'service', 'columns': [{'dimension': '*'}, {'title': 'Visits', 'figure': 'count'}], 'totals': 'grand'}
    made = c.put('/v1/report-templates/payer', form, 201)
    assert made['version'] == 1 and [row['key'] for row in c.get('/v1/report-templates')['data']] == ['payer']
    answer = ask(c, 'customer=clinic&template=payer')
    assert (answer['metric'], answer['by'], answer['columns']) == ('visits', ['service'], ['service', 'Visits']), answer
    assert ask(c, 'customer=clinic&template=payer&by=region')['by'] == ['region']
    other = ask(c, 'customer=clinic&template=payer&metric=visits3')
    assert (other['metric'], other['by']) == ('visits3', []), other
    c.put('/v1/report-templates/payer', {**form, 'by': 'region'}, 428)
    for pointer, wrong in (('/by', {**form, 'by': 'service,colour'}), ('/metric', {**form, 'metric': 'unknown'}), ('/columns', {**form, 'columns': []}),
                           ('/by', {'by': 'service', 'columns': form['columns']}), ('/columns/0/text', {'columns': [{'text': 'SSN 123-45-6789'}]})):
        problem = c.expect(422, 'PUT', '/v1/report-templates/other', wrong)
        assert pointer in [fault['pointer'] for fault in problem.json['errors']] and b'6789' not in problem.bytes, (pointer, problem.bytes)
    c.expect(204, 'DELETE', '/v1/report-templates/payer')
    assert 'PMPM' in ask(c, 'customer=clinic&metric=visits&template=payer')['columns']  # ours again
    assert ask(c, 'customer=clinic&template=payer', 400)['code'] == 'bad_parameter'
    reader = phial.Client('http://' + c.address, c.post('/v1/keys', {'name': 'reader', 'scopes': ['usage:read']})['key'])
    reader.put('/v1/report-templates/payer', form, 403)


def refusals(c):
    for more in ('metric=visits', 'customer=clinic', 'customer=clinic&group=north&metric=visits', 'customer=clinic&metric=visits&by=colour',
                 'customer=clinic&metric=visits&by=service,service', 'customer=clinic&metric=visits&format=xml',
                 'customer=clinic&metric=visits&template=none', 'customer=clinic&metric=visits&members=0', 'customer=clinic&metric=visits&x=1'):
        assert ask(c, more, 400)['code'] == 'bad_parameter', more
    assert ask(c, 'customer=clinic&metric=visits', 400, 'from=2031-12-01T00:00:00Z&to=2031-11-01T00:00:00Z')['code'] == 'bad_parameter'
    assert ask(c, 'customer=clinic&metric=peak', 422)['code'] == 'invalid'
    assert ask(c, 'customer=clinic&metric=unknown', 404)['code'] == 'not_found'
    customer(c, 'ones')
    c.post('/v1/events', [event('ones', 1, service=f's{n}') for n in range(9)], 200)
    assert ask(c, 'customer=ones&metric=visits&by=service', 422)['code'] == 'table_too_small'


def bad_templates(folder):
    for text in ('{"columns": []}', '{"columns": [{"figure": "margin"}]}', '{', '{"columns": [{"text": "a", "figure": "count"}]}', '{"rows": 1}'):
        with open(folder + '/bad.json', 'w') as f:
            f.write(text)
        for start in (['--dev', '--data-dir', folder + '/data'], ['--check-config']):
            done = subprocess.run([phial.PHIALD, *start], capture_output=True, text=True, env=dict(os.environ, PHIAL_REPORTS_TEMPLATES=folder),
                                  timeout=60)
            assert done.returncode == 1 and 'bad.json' in done.stderr and 'ready' not in done.stdout, (text, done)


def main():
    with tempfile.TemporaryDirectory(dir='/tmp') as folder:
        os.chmod(folder, 0o755)
        with open(folder + '/own.json', 'w') as f:
            f.write('{"header": false, "totals": "grand", "total_label": "every", "columns": [{"title": "Plan", "text": "=A1"},'
                    ' {"dimension": "*"}, {"title": "N", "figure": "count"}]}')
        os.chmod(folder + '/own.json', 0o644)
        server = phial.Server('--test-clock', environment={'PHIAL_REPORTS_TEMPLATES': folder, 'PHIAL_USAGE_FOLD_INTERVAL_MS': '20'})
        c = server.client
        catalog(c)
        one_table(c)
        share = random_tables(c)
        few_persons(c)
        groups(c)
        other_times(c)
        refused = cross_tables(c)
        restatements(c)
        rates_and_layouts(c)
        put_templates(c)
        refusals(c)
        # what is kept is what was shown
        kept = server.sql("SELECT DISTINCT label FROM report_publication, json_array_elements_text(cells::json -> 'labels') AS label "
                          "WHERE label ~ '^[0-9]+$' AND label::bigint BETWEEN 1 AND 10")
        assert kept == '', kept
        bad_templates(folder)
        server.stop()
        server.remove()
        print(f'utilization: ok, {share:.1%} withheld, {refused:.1%} of crossed tables refused')


main()
