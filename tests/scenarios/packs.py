#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every pack through the front door: applied by the command, two months of its kind of product, every figure of every invoice
against a count of our own, export and verification."""
import collections
import csv
import datetime
import io
import json
import os
import re
import subprocess
import sys
import urllib.parse
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import pack_months  # noqa: E402
import phial  # noqa: E402
from table_attack import Table  # noqa: E402

# By pack: the type that its report is of, whether quantities add up or events count, and what the report is by.
REPORTS = {'telehealth': ('consultation.completed', False, 'region'), 'ehr': ('encounter.recorded', True, 'encounter_class'),
           'imaging': ('image.analyzed', True, 'modality', 'model_version'), 'rpm': ('reading.transmitted', False, 'category'),
           'exchange': ('fhir.called', True, 'connection'), 'trials': ('form.submitted', True, 'site'),
           'behavioral': ('session.held', False, 'employer'), 'pharmacy': ('adherence.checked', False, 'channel'),
           'analytics': ('risk.assessed', True, 'model_version'), 'samd': ('milestone.reached', False, 'milestone', 'software_version')}


def pack(*arguments, server=None):
    environment = dict(os.environ, **({'PHIAL_URL': server.url, 'PHIAL_KEY': server.key} if server else {}))
    done = subprocess.run([phial.PHIAL, 'pack', *arguments], capture_output=True, text=True, env=environment)
    return done.returncode, done.stdout, done.stderr


def command(server):
    """What the command says, and refuses."""
    code, said, _ = pack('list')
    assert code == 0 and {line.split()[0] for line in said.splitlines()} == set(pack_months.PACKS), said
    for name in pack_months.PACKS:
        code, document, _ = pack('show', name)
        with open(os.path.join(os.path.dirname(__file__), '..', '..', 'config', 'packs', name + '.json'), encoding='utf-8') as f:
            assert code == 0 and document == f.read(), name
    for wrong, status in ((('show', 'none'), 1), (('apply', 'none'), 1), ((), 2), (('list', 'rpm'), 2), (('show',), 2), (('show', 'rpm', 'ehr'), 2)):
        code, said, complaint = pack(*wrong, server=server)
        assert code == status and not said and complaint, (wrong, code, said)
    assert pack('apply', 'rpm')[0] == 1  # no server is named
    code, said, _ = pack('apply', 'rpm', '--dry-run', server=server)
    assert code == 0 and '10 new' in said and 'applied' not in said, said
    server.client.get('/v1/plans/rpm', 404)


def apply_all(server):
    for name in pack_months.PACKS:
        code, said, complaint = pack('apply', name, server=server)
        assert code == 0 and said.endswith('applied\n') and f'+ report_templates/{name}\n' in said, (name, said, complaint)
        code, said, _ = pack('apply', name, server=server)
        assert code == 0 and ' 0 changed' in said and said.startswith('0 new'), (name, said)


def guides(c):
    """Every example of every pack's guide is taken."""
    folder = os.path.join(os.path.dirname(__file__), '..', '..', 'docs', 'guides', 'packs')
    c.put('/v1/customers/reader', {'name': 'Reader', 'currency': 'USD', 'time_zone': 'UTC'})
    for name in pack_months.PACKS:
        with open(os.path.join(folder, name + '.md'), encoding='utf-8') as f:
            text = f.read()
        examples = re.findall(r"api POST events -d '(\[.*?\])'", text, re.DOTALL)
        assert f'&template={name}&from=' in text, name
        events = [dict(e, customer='reader', time=f'{pack_months.YEAR}-09-30T10:00:00Z') for example in examples for e in json.loads(example)]
        shown = {e['type'] for e in events}
        declared = set(json.loads(pack('show', name)[1])['event_types'])
        assert shown == declared, (name, declared ^ shown)
        answer = c.post('/v1/events/validate', events, 200)
        assert answer['accepted'] == len(events), (name, answer)


def subscribe(c, m):
    c.put('/v1/customers/' + m.customer, {'name': 'Customer of ' + m.pack, 'currency': 'USD', 'time_zone': str(m.zone)})
    c.post('/v1/subscriptions', {'customer': m.customer, 'plan': m.pack, 'start': m.day(10, 1).isoformat()})


def send(c, m, month):
    events = [m.body(e) for e in m.of(month, *{e['type'] for e in m.events})]
    answer = c.post('/v1/events', events, 200)
    assert answer['accepted'] == len(events), answer
    answer = c.post('/v1/events', events[::10], 200)
    assert answer['duplicates'] == len(events[::10]), answer
    return len(events)


def figures(statement):
    """By charge, with its group or the price of its cell: the quantities of a statement's usage."""
    found = {}
    for line in statement['lines']:
        if line['kind'] != 'usage':
            continue
        key = (line['key'], *line.get('group', {}).values())
        assert key not in found, line
        found[key] = Decimal(line['quantity'])
        for cell in line.get('cells', []):
            found[line['key'], *cell.get('match', {'': 'default'}).values()] = Decimal(cell['quantity'])
    return found


def check_invoices(c, m, expected):
    """Each figure as counted, none zero, and no metric of the pack without its line."""
    invoices = sorted(c.get(f'/v1/invoices?customer={m.customer}&status=issued')['data'], key=lambda i: i['period']['start'])
    assert len(invoices) == 2, invoices
    for month, row in zip(pack_months.MONTHS, invoices):
        statement = c.get('/v1/invoices/' + row['id'])
        wanted = {key if isinstance(key, tuple) else (key,): Decimal(str(quantity)) for key, quantity in expected(month).items()}
        assert figures(statement) == wanted and all(wanted.values()), (m.pack, month, figures(statement), wanted)
        billed = {line.get('metric') for line in statement['lines']}
        metrics = {charge['metric'] for charge in c.get('/v1/plans/' + m.pack)['charges']}
        assert metrics <= billed, (m.pack, metrics - billed)
    return len(wanted)


def report(c, m, month):
    """The pack's own report, asked for by its name alone: every shown figure as counted, small ones withheld, and safe from an exact solver."""
    kind, adds_up, *by = REPORTS[m.pack]
    begin, end = (datetime.datetime(pack_months.YEAR, n, 1, tzinfo=m.zone).isoformat() for n in (month, month + 1))
    question = '/v1/reports/utilization?' + urllib.parse.urlencode({'customer': m.customer, 'template': m.pack, 'from': begin, 'to': end, 'members': 1200})
    answer = c.get(question)
    counted = collections.Counter()
    for e in m.of(month, kind):
        where = [e['properties'].get(name, '') for name in by]
        for shown in range(2 ** len(by)):  # every total that it is a part of
            counted[tuple(value if shown >> n & 1 else None for n, value in enumerate(where))] += e['quantity'] if adds_up else 1
    table, withheld = Table(answer), 0
    assert table.by == by and set(counted) <= set(table.labels), (m.pack, table.labels, counted)
    for key, label in table.labels.items():
        withheld += label in ('*', '<11')
        assert label == str(counted[key]) or label == ('<11' if 0 < counted[key] < 11 else '*'), (m.pack, key, label, counted[key])
        assert not 0 < counted[key] < 11 or label == '<11', (m.pack, key, label)
    assert table.broken() == [], (m.pack, table.labels)
    rows = list(csv.reader(io.StringIO(c.send('GET', question + '&format=csv').bytes.decode())))
    assert rows[0] == answer['columns'] and len(rows) - 1 == len(answer['rows']), (m.pack, rows[0])
    total = str(counted[(None,) * len(by)])
    assert total in rows[-1] or '*' in rows[-1], (m.pack, rows[-1])
    return len(table.labels), withheld


server = phial.Server('--test-clock')
c = server.client
c.put('/v1/test-clock', {'now': f'{pack_months.YEAR}-10-01T00:00:00Z'}, 200)
command(server)
apply_all(server)
guides(c)
months = {name: pack_months.Month(name) for name in pack_months.PACKS}
expected = {name: make(months[name]) for name, make in pack_months.PACKS.items()}
for m in months.values():
    subscribe(c, m)
sent = 0
for month in pack_months.MONTHS:
    c.put('/v1/test-clock', {'now': f'{pack_months.YEAR}-{month + 1}-01T09:00:00Z'}, 200)  # over in every zone, and in none the grace
    sent += sum(send(c, m, month) for m in months.values())
c.put('/v1/test-clock', {'now': f'{pack_months.YEAR}-12-03T12:00:00Z'}, 200)  # and the grace
figures_compared = sum(check_invoices(c, m, expected[name]) for name, m in months.items())
cells, withheld = map(sum, zip(*(report(c, m, month) for m in months.values() for month in pack_months.MONTHS)))
for m in months.values():
    archive = phial.export(c, server.folder, {'customer': m.customer, 'purpose': 'packs'})
    code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
    assert code == 0 and 'VERIFIED' in said, (m.pack, said)
print(f'{len(months)} packs, {sent} events, {figures_compared} figures a month, each as counted; {cells} cells in reports, {withheld} withheld')
server.stop()
server.remove()
