#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every pack through the front door: applied by the command, two months of its kind of product, every figure of every invoice
against a count of our own, export and verification."""
import json
import os
import re
import subprocess
import sys
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import pack_months  # noqa: E402
import phial  # noqa: E402


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
    assert code == 0 and '9 new' in said and 'applied' not in said, said
    server.client.get('/v1/plans/rpm', 404)


def apply_all(server):
    for name in pack_months.PACKS:
        code, said, complaint = pack('apply', name, server=server)
        assert code == 0 and said.endswith('applied\n'), (name, said, complaint)
        code, said, _ = pack('apply', name, server=server)
        assert code == 0 and ' 0 changed' in said and said.startswith('0 new'), (name, said)


def guides(c):
    """Every example of every pack's guide is taken."""
    folder = os.path.join(os.path.dirname(__file__), '..', '..', 'docs', 'guides', 'packs')
    c.put('/v1/customers/reader', {'name': 'Reader', 'currency': 'USD', 'time_zone': 'UTC'})
    for name in pack_months.PACKS:
        with open(os.path.join(folder, name + '.md'), encoding='utf-8') as f:
            examples = re.findall(r"api POST events -d '(\[.*?\])'", f.read(), re.DOTALL)
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
for m in months.values():
    archive = phial.export(c, server.folder, {'customer': m.customer, 'purpose': 'packs'})
    code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
    assert code == 0 and 'VERIFIED' in said, (m.pack, said)
print(f'{len(months)} packs, {sent} events, {figures_compared} figures a month, each as counted')
server.stop()
server.remove()
