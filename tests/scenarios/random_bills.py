#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random plans, customers, events, changes, discounts, taxes and credits: every statement equals, to the smallest unit, what a second
biller makes of them that knows the published rules alone (tests/support/biller.py); lines, discounts, taxes and totals add up, and each
line's discount is within one unit of its exact share. PHIAL_BILLS subscriptions, PHIAL_SEED for another choice."""
import collections
import datetime
import json
import os
import random
import sys
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import biller  # noqa: E402
import phial  # noqa: E402
from biller import DAY, F  # noqa: E402

BILLS = int(os.environ.get('PHIAL_BILLS', '24'))
SEED = int(os.environ.get('PHIAL_SEED', '20311'))
CHANGES = 5  # of one customer's usage after all was issued
NOW, UNTIL = datetime.date(2031, 1, 1), datetime.date(2031, 8, 20)
ZONES = ('America/New_York', 'Europe/Berlin', 'Asia/Tokyo', 'Pacific/Auckland', 'Asia/Kolkata', 'America/Los_Angeles', 'Australia/Lord_Howe')
KINDS = ('ct', 'mri', 'xray', 'us')
METRICS = {
    'count': {'event_types': ['use'], 'aggregation': 'count'},
    'sum': {'event_types': ['use'], 'aggregation': 'sum', 'group_by': ['kind', 'site']},
    'size': {'event_types': ['use'], 'aggregation': 'sum', 'property': 'size', 'group_by': ['kind']},
    'weighted': {'event_types': ['use'], 'aggregation': 'sum', 'weights': {'property': 'kind', 'values': {'ct': '3', 'mri': '0.125'}, 'default': '1.5'}},
    'largest': {'event_types': ['use'], 'aggregation': 'max', 'property': 'size'},
    'last': {'event_types': ['use'], 'aggregation': 'latest'},
    'units': {'event_types': ['use'], 'aggregation': 'unique', 'property': 'unit', 'group_by': ['site']},
    'tens': {'event_types': ['use'], 'aggregation': 'sum', 'round': {'mode': 'ceil', 'digits': -1}, 'group_by': ['site']},
    'halves': {'event_types': ['use'], 'aggregation': 'sum', 'property': 'size', 'round': {'mode': 'half_up', 'digits': 0}},
    'days': {'event_types': ['use'], 'aggregation': 'unique_days', 'property': 'unit', 'days': 2, 'max_days': 4},
    'fresh': {'event_types': ['use'], 'aggregation': 'unique_new', 'property': 'who'},
    'active': {'event_types': ['use'], 'aggregation': 'active', 'property': 'unit'},
    'level': {'event_types': ['use'], 'aggregation': 'time_weighted'},
    'on': {'event_types': ['use'], 'aggregation': 'time_weighted', 'property': 'unit'},
    'p90': {'event_types': ['use'], 'aggregation': 'percentile', 'property': 'size', 'percent': '90'},
    'big': {'event_types': ['use'], 'aggregation': 'sum', 'property': 'size', 'filters': [{'property': 'size', 'gte': '3'}]},
}
TYPE = {'time_precision': 'second', 'quantity': {'min': '-100'}, 'window': {'past': 'P900D', 'future': 'P900D'}, 'properties': {
    'kind': {'type': 'enum', 'values': list(KINDS)}, 'site': {'type': 'enum', 'values': ['north', 'south']},
    'size': {'type': 'decimal', 'min': '0', 'max': '1000'}, 'unit': {'type': 'code'}, 'who': {'type': 'token', 'scope': 'customer'},
    'operation': {'type': 'enum', 'values': ['add', 'remove']},
    'amount': {'type': 'decimal', 'min': '0', 'max': '1000'}}}


class Choice(random.Random):
    """Random documents. Amounts have more digits than a currency, so that there is something to round."""

    def money(self, top, digits):
        return self.decimal(top, digits)

    def decimal(self, top, digits):
        text = f'{self.uniform(0, top):.{digits}f}'
        return text.rstrip('0').rstrip('.') if '.' in text else text

    def chance(self, share):
        return self.random() < share

    def tiers(self, names):
        tops = sorted(self.sample(range(1, 60), self.randint(1, 3)))
        tiers = [dict({'up_to': str(top) if self.chance(0.7) else f'{top}.5'}) for top in tops] + [{'up_to': None}]
        for tier in tiers:
            for name in names:
                if name != 'flat_amount' or names == ('flat_amount',) or self.chance(0.5):
                    tier[name] = self.decimal(9, 3) if name != 'flat_amount' else None
        return tiers

    def charge(self, key, digits):
        model = self.choice(('per_unit', 'graduated', 'volume', 'package', 'percentage', 'graduated_percentage', 'matrix', 'stairstep', 'dynamic', 'outcome'))
        made = {'key': key, 'metric': self.choice(list(METRICS)), 'model': model}
        if model == 'per_unit':
            made['unit_amount'] = self.decimal(20, self.randint(0, 5))
        elif model in ('graduated', 'volume', 'graduated_percentage', 'stairstep'):
            made['tiers'] = self.tiers({'graduated_percentage': ('rate', 'flat_amount'), 'stairstep': ('flat_amount',)}.get(model, ('unit_amount', 'flat_amount')))
            for tier in made['tiers']:
                if 'flat_amount' in tier:
                    tier['flat_amount'] = self.money(30, digits)
        elif model == 'package':
            made.update(package_size=str(self.randint(1, 12)), amount=self.money(40, digits))
        elif model == 'percentage':
            made.update(metric=self.choice(('sum', 'size', 'big')), rate=self.decimal(30, 2))
            if self.chance(0.5):
                made['fixed_amount'] = self.money(2, digits)
        elif model == 'matrix':
            kinds = self.sample(KINDS, 3)
            made.update(metric=self.choice(('sum', 'size')), property='kind', prices=[{'match': {'kind': k}, 'unit_amount': self.decimal(9, 3)} for k in kinds])
            if self.chance(0.5):
                made['default'] = self.decimal(5, 3)
        elif model == 'dynamic':
            made['metric'] = self.choice(('sum', 'count'))
        else:
            made.update(metric='count', subject='unit', exclusive=True, prices=[{'match': {'kind': k}, 'unit_amount': self.decimal(50, 2)} for k in self.sample(KINDS, 2)])
        self.extras(made, digits)
        return made

    def extras(self, made, digits):
        model = made['model']
        if model not in ('dynamic', 'outcome') and self.chance(0.3):
            made['free_units'] = self.decimal(15, self.choice((0, 1)))
        if self.chance(0.3):
            made['minimum'] = self.money(3 if model == 'percentage' else 60, digits)
        if self.chance(0.3):
            low = F(made.get('minimum', '0'))
            made['maximum'] = str(int(low) + self.randint(1, 5 if model == 'percentage' else 200))
        if model != 'percentage' and self.chance(0.5):
            made['prorate'] = True
        if self.chance(0.2):
            made['filters'] = [{'property': 'site', 'in': ['north']}]
        if model not in ('matrix', 'outcome') and 'group_by' in METRICS[made['metric']] and self.chance(0.5):
            names = METRICS[made['metric']]['group_by']
            made['group_by'] = names[:self.randint(1, len(names))]

    def plan(self, currency, interval, key='c'):
        digits = biller.DIGITS[currency]
        made = {'name': 'Plan ' + key, 'currency': currency, 'interval': interval, 'charges': [self.charge(f'{key}{n}', digits) for n in range(self.randint(0, 4))],
                'fixed': [{'key': f'f{n}', 'name': 'Base', 'amount': self.money(300, digits), 'timing': self.choice(('arrears', 'arrears', 'advance')), 'prorate': self.chance(0.7),
                           'once': self.chance(0.2)} for n in range(self.randint(0, 2))]}
        if self.chance(0.4):
            made['minimum'] = self.money(400, digits)
        if self.chance(0.3):
            made['maximum'] = str(int(F(made.get('minimum', '0'))) + self.randint(50, 900))
        if self.chance(0.3):
            made['commitment'] = {'amount': self.money(500, digits), 'overage_factor': self.choice(('1', '1.2', '0.75', '2.005'))}
        if self.chance(0.3):
            made['rounding'] = 'half_even'
        return made


    def next_plan(self, plan, currency):
        """Another plan altogether, or the same charges at other prices, whose tiers may go on."""
        made = self.plan(currency, plan['interval'], 'd')
        if self.chance(0.6):
            made['charges'] = [self.dearer(c) for c in plan['charges']]
            if self.chance(0.6):
                made['tier_scope'] = 'period'
        return made

    def dearer(self, charge):
        made = json.loads(json.dumps(charge))
        for priced in [made] + made.get('tiers', []) + made.get('prices', []):
            for name in ('unit_amount', 'rate'):
                if name in priced:
                    priced[name] = self.decimal(20, 3)
        return made


def midnight(day, zone):
    return datetime.datetime(day.year, day.month, day.day, tzinfo=zone)


def instant(at):
    return at.astimezone(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def some_customer(choice, key):
    currency = choice.choice(list(biller.DIGITS))
    rates = [{'name': f'Tax {n}', 'percent': choice.decimal(25, choice.randint(0, 4))} for n in range(choice.choice((0, 1, 1, 2, 3)))]
    digits = biller.DIGITS[currency]
    discounts = []
    for _ in range(choice.choice((0, 0, 1, 2, 3))):
        made = {'percent': choice.decimal(60, 3)} if choice.chance(0.6) else {'amount': choice.money(90, digits)}
        if F(made.get('amount', made.get('percent'))) == 0:
            continue
        if choice.chance(0.4):
            made['charges'] = choice.sample(('c0', 'c1', 'd0', 'f0'), 2)
        if choice.chance(0.4):
            made['periods'] = choice.randint(1, 3)
        discounts.append(made)
    credits = [{'amount': choice.money(500, digits), 'expires': f'203{choice.randint(2, 9)}-01-01T00:00:00Z'} for _ in range(choice.choice((0, 0, 1, 2)))]
    return {'key': key, 'currency': currency, 'zone': choice.choice(ZONES), 'rates': rates, 'discounts': discounts,
            'credits': [c for c in credits if F(c['amount']) > 0]}


def some_subscription(choice, currency):
    interval = choice.choice(('month', 'month', 'month', 'quarter', 'half_year', 'week'))
    first = NOW + choice.randint(5, 100) * DAY
    made = {'plan': choice.plan(currency, interval), 'first': first, 'anchor': choice.choice(('calendar', 'anniversary'))}
    if choice.chance(0.3):
        made['plan']['trial_days'] = choice.randint(1, 45)
    if choice.chance(0.3):
        made['last'] = first + choice.randint(1, 150) * DAY
    if choice.chance(0.4):
        made['change'] = {'day': first + choice.randint(1, 80) * DAY, 'plan': choice.next_plan(made['plan'], currency)}
        if 'last' in made and made['last'] <= made['change']['day']:
            del made['change']
    return made


def some_events(choice, zone):
    made = []
    for index in range(choice.choice((0, 3, 20, 60))):
        day = NOW + choice.randint(0, 200) * DAY
        # Often at the very edges of a local day, where zones and changes of the clock show.
        seconds = choice.choice((0, 1, 86399 - 3600, choice.randint(0, 82000)))
        at = (midnight(day, zone).astimezone(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).replace(microsecond=0)
        event = {'index': index, 'at': at, 'day': at.astimezone(zone).date(), 'quantity': choice.decimal(12, choice.randint(0, 3))}
        if choice.chance(0.05):
            event['quantity'] = f'-{choice.randint(1, 40)}.5'
        for name, value in (('kind', choice.choice(KINDS)), ('site', choice.choice(('north', 'south'))), ('size', choice.decimal(9, 2)),
                            ('unit', f'u{choice.randint(1, 9)}'), ('who', f'person {choice.randint(1, 9)}'),
                            ('operation', choice.choice(('add', 'add', 'remove'))), ('amount', choice.decimal(30, 4))):
            if choice.chance(0.85):
                event[name] = value
        made.append(event)
    return made


def send(client, customer, events):
    body = [{'id': f'{customer["key"]}-{e["index"]}', 'customer': customer['key'], 'type': 'use', 'time': instant(e['at']), 'quantity': e['quantity'],
             'properties': {name: e[name] for name in TYPE['properties'] if name in e}} for e in events]
    if body:
        assert client.expect(200, 'POST', '/v1/events', body).json['accepted'] == len(body)


def set_up(client, customer, subscription, events):
    zone = zoneinfo.ZoneInfo(customer['zone'])
    key = customer['key']
    client.put(f'/v1/customers/{key}', {'name': 'Clinic', 'currency': customer['currency'], 'time_zone': customer['zone'], 'tax': {'rates': customer['rates']}})
    client.put(f'/v1/plans/{key}', subscription['plan'])
    for discount in customer['discounts']:
        client.post(f'/v1/customers/{key}/discounts', discount)
    for credit in customer['credits']:
        client.post(f'/v1/customers/{key}/credits', dict(credit, paid=True))
    send(client, customer, events)

    def noon(day):
        return instant(midnight(day, zone) + datetime.timedelta(hours=12))
    wanted = {'customer': key, 'plan': key, 'start': noon(subscription['first']), 'anchor': subscription['anchor']}
    if 'last' in subscription:
        wanted['end'] = noon(subscription['last'])
    made = client.post('/v1/subscriptions', wanted)
    if 'change' in subscription:
        client.put(f'/v1/plans/{key}.next', subscription['change']['plan'])
        client.post(f'/v1/subscriptions/{made["id"]}/change', {'plan': f'{key}.next', 'at': noon(subscription['change']['day'])}, 200)


def as_printed(units, digits):
    text = f'{abs(units):0{digits + 1}d}'
    return ('-' if units < 0 else '') + (text[:-digits] + '.' + text[-digits:] if digits else text)


def expected(statement, customer):
    zone, digits = zoneinfo.ZoneInfo(customer['zone']), biller.DIGITS[customer['currency']]

    def money(units):
        return as_printed(units, digits)

    def bounds(start, end):
        return instant(midnight(start, zone)), instant(midnight(end, zone))
    return {'period': list(bounds(statement.start, statement.end)),
            'lines': sorted((line.kind, line.key, '/'.join(line.group), *bounds(line.start, line.end), money(line.amount), money(share))
                            for line, share in zip(statement.lines, statement.shares)),
            'subtotal': money(statement.subtotal), 'discounts': money(statement.discounts), 'tax': [money(t) for t in statement.tax],
            'total': money(statement.total), 'credits': money(statement.credits), 'amount_due': money(statement.total - statement.credits)}


def short(text):
    return text.replace('.000000Z', 'Z')


def found(invoice):
    return {'period': [short(invoice['period'][end]) for end in ('start', 'end')],
            'lines': sorted((line['kind'], line['key'], '/'.join(line.get('group', {}).values()), *(short(line['period'][end]) for end in ('start', 'end')), line['amount'],
                             line['discount']) for line in invoice['lines']),
            'subtotal': invoice['subtotal'], 'discounts': invoice['discounts'], 'tax': [t['amount'] for t in invoice['tax']], 'total': invoice['total'],
            'credits': invoice['credits'], 'amount_due': invoice['amount_due']}


def invoices(client, key):
    rows = client.get(f'/v1/invoices?customer={key}&limit=500')['data']
    return sorted((client.get(f'/v1/invoices/{row["id"]}') for row in rows), key=lambda i: i['period']['number'])


def differences(client, case, statements):
    customer, subscription, events = case
    wanted = [expected(s, customer) for s in biller.Biller(customer, subscription, METRICS, events).statements(UNTIL)]
    ended = instant(midnight(UNTIL, zoneinfo.ZoneInfo(customer['zone'])))
    got = [found(i) for i in invoices(client, customer['key']) if i['status'] == 'issued' and short(i['period']['end']) <= ended]
    statements[customer['key']] = len(got)
    for number in range(max(len(wanted), len(got))):
        a, b = (list_[number] if number < len(list_) else None for list_ in (wanted, got))
        if a != b:
            return [f'{customer["key"]} statement {number}', json.dumps({k: v for k, v in customer.items()}), json.dumps(subscription, default=str),
                    f'wanted {json.dumps(a)}', f'found  {json.dumps(b)}']
    return []


def late(client, choice, case):
    """Events of issued periods that come, and some that go, and what each of these owes more or less for it; where a next statement comes soon."""
    customer, subscription, events = case
    if subscription['plan']['interval'] not in ('week', 'month') and subscription.get('last', UNTIL) >= UNTIL:
        return []
    more = some_events(choice, zoneinfo.ZoneInfo(customer['zone']))[:choice.choice((1, 3, 20))]
    for n, event in enumerate(more):
        event['index'] = 1000 + n
    send(client, customer, more)
    gone = choice.sample(range(len(events)), min(len(events), choice.choice((0, 1, CHANGES - 1))))
    for index in gone:
        client.expect(201, 'POST', f'/v1/events/{customer["key"]}/{customer["key"]}-{index}/void', **{'Phial-Reason': 'sent by mistake'})
    return biller.Biller(customer, subscription, METRICS, events).corrections(UNTIL, more, gone)


def settled(client, customer):
    """By period's start, in units: what later statements bill of it, less what is credited."""
    digits = biller.DIGITS[customer['currency']]
    made, notes = collections.Counter(), collections.Counter()
    for invoice in invoices(client, customer['key']):
        for line in invoice['lines']:
            if line['kind'] == 'adjustment':
                made[short(line['period']['start'])] += int(F(line['amount']) * 10**digits)
    for note in client.get(f'/v1/credit-notes?customer={customer["key"]}&limit=500')['data']:
        if 'corrects' in note:
            notes[note['invoice'], note['corrects']['start']] += 1
            made[short(note['corrects']['start'])] -= int(F(note['subtotal']) * 10**digits)
    # One a change of the usage at most: each that a billing run saw by itself.
    assert not notes or max(notes.values()) <= CHANGES, notes
    return made


def unsettled(client, case, owed):
    customer, zone = case[0], zoneinfo.ZoneInfo(case[0]['zone'])
    wanted = {instant(midnight(start, zone)): amount for start, amount in owed}
    later = settled(client, customer)
    got = {start: later[start] for start in wanted}  # a period that ended after the last one compared may have something too
    return [] if got == wanted else [f'{customer["key"]} late', json.dumps(customer), json.dumps(case[1], default=str),
                                     f'wanted {json.dumps(wanted)}', f'found  {json.dumps(got)}']


def check_exports(server, cases):
    """The verifier, which has the invoices' own code, agrees with the second biller on those that had most corrected."""
    def notes(case):
        return len(server.client.get(f'/v1/credit-notes?customer={case[0]["key"]}&limit=500')['data'])
    for case in sorted(cases, key=notes)[-3:]:
        archive = phial.export(server.client, server.folder if os.getuid() else '/tmp', {'customer': case[0]['key'], 'purpose': 'audit'})
        code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
        os.unlink(archive)
        assert code == 0 and 'VERIFIED' in said, said


def main():
    choice = Choice(SEED)
    server = phial.Server('--test-clock')
    client = server.client
    client.put('/v1/test-clock', {'now': f'{NOW}T00:00:00Z'}, 200)
    client.put('/v1/event-types/use', TYPE)
    for key, document in METRICS.items():
        client.put('/v1/metrics/' + key, document)
    cases = []
    for n in range(BILLS):
        customer = some_customer(choice, f'c{n}')
        cases.append((customer, some_subscription(choice, customer['currency']), some_events(choice, zoneinfo.ZoneInfo(customer['zone']))))
        set_up(client, *cases[-1])
    client.put('/v1/test-clock', {'now': f'{UNTIL + 3 * DAY}T00:00:00Z'}, 200)
    statements = {}
    wrong = [said for said in (differences(client, case, statements) for case in cases) if said]
    owed = [late(client, choice, case) for case in cases]
    client.put('/v1/test-clock', {'now': f'{UNTIL + 45 * DAY}T00:00:00Z'}, 200)
    wrong += [said for said in (unsettled(client, case, more) for case, more in zip(cases, owed)) if said]
    for said in wrong[:3]:
        print('\n'.join(said), file=sys.stderr)
    assert not wrong, f'{len(wrong)} of {BILLS} differ'
    check_exports(server, cases)
    server.remove()
    print(f'ok: {len(cases)} subscriptions, {sum(statements.values())} statements')


main()
