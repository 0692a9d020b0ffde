#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two months of every pack as they are not planned, in zones far from UTC: events on the first and in the last second of a local month,
events that come within the grace and after it, one taken back and one corrected in each pack, the same people at a second customer, a customer
without any usage, and a contract that is renewed on the 16th. Counted independently, as in packs.py."""
import datetime
import os
import subprocess
import sys
import zoneinfo
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import pack_months  # noqa: E402
import phial  # noqa: E402

YEAR = pack_months.YEAR
ZONES = ('Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Asia/Kathmandu', 'America/St_Johns', 'Europe/London')
# Whose count depends on what else a person did, or on the last one: they are left as they are.
KEPT = {'enrollment.changed', 'participant.changed', 'prescription.changed', 'practice.counted', 'cohort.counted', 'milestone.reached', 'finding.reported',
        'site.activated'}
ADDITIVE = {'sessions', 'minutes', 'messages', 'encounters', 'prescriptions', 'api-calls', 'images', 'credits', 'transmissions', 'alerts', 'fhir-calls',
            'bundles', 'submissions', 'queries-raised', 'queries-resolved', 'crisis-interventions', 'refills', 'adherence-checks',
            'prior-authorizations', 'queries', 'risk-assessments', 'provider-orders'}


def at_the_borders(m):
    """Of each type, an event more in the first and in the last second of each month."""
    for kind in sorted({e['type'] for e in m.events} - KEPT):
        for month in pack_months.MONTHS:
            one = next((e for e in m.events if e['type'] == kind and e['local'].month == month), None)
            last = datetime.datetime(YEAR, month + 1, 1, tzinfo=m.zone) - datetime.timedelta(days=1)
            for local in (datetime.datetime(YEAR, month, 1, tzinfo=m.zone), last.replace(hour=23, minute=59, second=59)):
                m.add(kind, local, one['quantity'], **one['properties'])


def subscribe(c, pack, customer, zone):
    c.put('/v1/customers/' + customer, {'name': 'Customer of ' + pack, 'currency': 'USD', 'time_zone': zone})
    start = datetime.datetime(YEAR, 10, 1, tzinfo=zoneinfo.ZoneInfo(zone)).isoformat()
    return c.post('/v1/subscriptions', {'customer': customer, 'plan': pack, 'start': start})['id']


def send_what_was(c, m, sent, now):
    """All events up to now that were not sent before, in their order."""
    events = [e for e in m.events if e['id'] not in sent and e['local'] <= now]
    for n in range(0, len(events), 500):
        answer = c.post('/v1/events', [m.body(e) for e in events[n:n + 500]], 200)
        assert answer['accepted'] == len(events[n:n + 500]), answer
    sent.update(e['id'] for e in events)


def correct(c, m, sent, month):
    """One event of a type that adds up is taken back, and another's quantity is made one less; the count knows it afterwards."""
    within = [e for e in m.events if e['id'] in sent and e['local'].month == month and e['type'] not in KEPT]
    gone = within[len(within) // 2]
    c.post(f'/v1/events/{m.customer}/{gone["id"]}/void', {}, 201, Phial_Reason='sent by mistake')
    m.events.remove(gone)
    large = next((e for e in within if e['quantity'] > 1 and e is not gone), None)
    if large is not None:
        large['quantity'] -= 1
        c.post(f'/v1/events/{m.customer}/{large["id"]}/amend', {'quantity': str(large['quantity'])}, 201, Phial_Reason='one too many')


def quantities(statement):
    found = {}
    for line in statement['lines']:
        if line['kind'] == 'usage':
            key = (line['key'], *line.get('group', {}).values())
            found[key] = found.get(key, 0) + Decimal(line['quantity'])
    return found


def invoices(c, customer):
    rows = sorted(c.get(f'/v1/invoices?customer={customer}&status=issued')['data'], key=lambda i: i['period']['start'])
    return [c.get('/v1/invoices/' + row['id']) for row in rows]


def check(c, m, count, renewed):
    """Groups and price cells beside the charge's own figure are packs.py's."""
    made = invoices(c, m.customer)
    assert len(made) == 2, (m.customer, made)
    compared = 0
    for month, statement in zip(pack_months.MONTHS, made):
        found = quantities(statement)
        for key, quantity in count(month).items():
            key = key if isinstance(key, tuple) else (key,)
            if key[0] in {'positive-findings', 'report-exports', 'milestones'} and len(key) > 1:
                continue
            if renewed and month == 11 and key[0] not in ADDITIVE:
                continue  # counted by each of the two contracts
            assert found[key] == Decimal(str(quantity)), (m.customer, month, key, found.get(key), quantity)
            compared += 1
    return compared


def idle(c, pack):
    """Nothing used is nothing billed but what is fixed."""
    made = invoices(c, pack + '-idle')
    assert len(made) == 2, made
    for statement in made:
        assert not any(quantities(statement).values()), statement
        assert Decimal(statement['total']) == sum(Decimal(line['amount']) for line in statement['lines'] if line['kind'] != 'usage'), statement


def late(c):
    """A consultation of October, by a provider of his own, that comes when October is billed."""
    c.post('/v1/events', {'id': 'late', 'customer': 'telehealth-north', 'type': 'consultation.completed', 'time': f'{YEAR}-10-20T12:00:00Z',
                          'properties': {'minutes': '30', 'region': 'eu', 'provider': 'Dr Who Was Not There', 'patient': 'x'}}, 201)


def late_is_billed_next(c):
    first, second = invoices(c, 'telehealth-north')
    added = {line['key'] for line in second['lines'] if line['kind'] == 'adjustment'}
    assert added == {'sessions', 'minutes', 'active-providers'}, second
    assert second['id'] in [row['id'] for row in c.get('/v1/events/telehealth-north/late')['invoices']]
    assert not any(line['kind'] == 'adjustment' for line in first['lines'])


def now_is(c, month, text):
    c.put('/v1/test-clock', {'now': f'{YEAR}-{month}-{text}:00Z'}, 200)
    return datetime.datetime.fromisoformat(f'{YEAR}-{month}-{text}+00:00')


server = phial.Server('--test-clock')
c = server.client
c.put('/v1/test-clock', {'now': f'{YEAR}-10-01T14:00:00Z'}, 200)
stories, contracts = [], {}
for number, (pack, make) in enumerate(pack_months.PACKS.items()):
    subprocess.run([phial.PHIAL, 'pack', 'apply', pack, '--url', server.url, '--key', server.key], check=True, stdout=subprocess.DEVNULL)
    plan = c.get('/v1/plans/' + pack)
    c.put('/v1/plans/' + pack + '-plus', {name: plan[name] for name in ('currency', 'interval', 'grace', 'late_usage', 'charges')})
    for where in range(2):  # the same people at two customers, each in a zone of its own
        m = pack_months.Month(pack, ZONES[(number + where) % len(ZONES)])
        m.customer = f'{pack}-{("south", "north")[where]}'
        count = make(m)
        at_the_borders(m)
        contracts[m.customer] = subscribe(c, pack, m.customer, str(m.zone))
        stories.append((m, count, set()))
    subscribe(c, pack, pack + '-idle', 'UTC')
for month in pack_months.MONTHS:
    end, after = (31, 30)[month - 10], month + 1
    if month == 11:  # the south has another contract from the 16th on
        now_is(c, 11, '16T18:00')
        late(c)
        for m, _, sent in stories:
            send_what_was(c, m, sent, datetime.datetime(YEAR, 11, 16, 12, tzinfo=datetime.timezone.utc))
            if m.customer.endswith('south'):
                at = datetime.datetime(YEAR, 11, 16, tzinfo=m.zone).isoformat()
                c.post(f'/v1/subscriptions/{contracts[m.customer]}/change', {'plan': m.pack + '-plus', 'at': at}, 200)
    for step, (in_month, text) in enumerate(((month, f'{end}T20:00'), (after, '01T09:00'), (after, '01T12:00'))):
        now = now_is(c, in_month, text)
        for m, _, sent in stories:
            send_what_was(c, m, sent, now)
            if step == 1:
                correct(c, m, sent, month)
    now_is(c, after, '03T12:00')
compared = sum(check(c, m, count, m.customer.endswith('south')) for m, count, _ in stories)
late_is_billed_next(c)
for pack in pack_months.PACKS:
    idle(c, pack)
print(f'{len(stories)} customers, {sum(len(m.events) for m, _, _ in stories)} events, {compared} figures as counted')
server.stop()
server.remove()
