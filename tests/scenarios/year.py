#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A leap year of three clinics in three currencies, month by month: both changes of the clock, a change of plan,
usage that comes late and usage that goes, an invoice voided and issued again, payments in parts, a clinic that
begins in mid-month and one that leaves. What was billed is counted anew from what was sent, and the books of the
year balance."""
import collections
import datetime
import os
import subprocess
import sys
import zoneinfo
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import books  # noqa: E402
import phial  # noqa: E402

REASON = {'Phial-Reason': 'the year as it went'}
CLINICS = {  # key: currency, zone, first local day, fee of a full month, price of a read
    'east': ('USD', 'America/New_York', '2032-01-01', '0.00', '1.25'),
    'tokyo': ('JPY', 'Asia/Tokyo', '2032-02-11', '2900', '125'),
    'gulf': ('KWD', 'Europe/Athens', '2032-01-01', '31.000', '0.125'),
}
CHANGED, CHEAPER = '2032-06-16', '1.00'  # of east, on that local day
LEFT = '2032-10-16'  # gulf's first day without


class Clinic:
    def __init__(self, client, key):
        self.client, self.key, self.sent = client, key, []
        self.currency, self.zone, start, self.fee, self.price = CLINICS[key]
        self.zone = zoneinfo.ZoneInfo(self.zone)
        tax = {'rates': [{'name': 'Sales tax', 'percent': '8.25'}]} if key == 'east' else {}
        client.put('/v1/customers/' + key, {'name': key.title(), 'currency': self.currency, 'time_zone': str(self.zone), 'payment_terms_days': 30, 'tax': tax})
        self.subscription = client.post('/v1/subscriptions', {'customer': key, 'plan': key, 'start': self.instant(start)})['id']

    def instant(self, day, hour=0):
        local = datetime.datetime.fromisoformat(day).replace(hour=hour, tzinfo=self.zone)
        return local.astimezone(datetime.timezone.utc).isoformat().replace('+00:00', 'Z')

    def local(self, text):
        return datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).astimezone(self.zone)

    def use(self, *events):
        """Each a time and a quantity."""
        rows = [{'id': f'e{len(self.sent) + i}', 'customer': self.key, 'type': 'read', 'time': t, 'quantity': str(q)} for i, (t, q) in enumerate(events)]
        assert self.client.post('/v1/events', rows, 200)['accepted'] == len(rows)
        self.sent += events

    def void(self, number):
        self.client.post(f'/v1/events/{self.key}/e{number}/void', {}, **REASON)
        self.sent[number] = (self.sent[number][0], 0)

    def invoices(self):
        """By local month; those that stand."""
        rows = [r for r in books.pages(self.client, f'/v1/invoices?customer={self.key}&limit=500') if r['status'] == 'issued']
        return {self.local(r['period']['start']).strftime('%Y-%m'): r for r in rows}

    def invoice(self, month):
        return self.client.get('/v1/invoices/' + self.invoices()[month]['id'])

    def pay(self, month, part):
        invoice = self.invoice(month)
        path = f'/v1/invoices/{invoice["id"]}/payments'
        remaining = self.client.get(path)['remaining']
        amount = remaining if part == 1 else str((Decimal(remaining) * part).quantize(Decimal(remaining)))
        if Decimal(amount):
            self.client.post(path, {'amount': amount, 'reference': 'wire of ' + month})

    def counted(self):
        """What the year's usage is worth, month by month, by the plan of its day."""
        months = collections.Counter()
        for time, quantity in self.sent:
            day = self.local(time).date().isoformat()
            cheaper = self.key == 'east' and day >= CHANGED
            months[day[:7]] += quantity * Decimal(CHEAPER if cheaper else self.price)
        return months


def at(c, now):
    c.put('/v1/test-clock', {'now': now}, 200)


def catalog(c):
    c.put('/v1/event-types/read', {'properties': {}, 'time_precision': 'second'})
    c.put('/v1/metrics/reads', {'event_types': ['read'], 'aggregation': 'sum'})
    for key, (currency, _, _, fee, price) in CLINICS.items():
        charge = {'key': 'reads', 'name': 'Reads', 'metric': 'reads', 'model': 'per_unit', 'unit_amount': price}
        fixed = [{'key': 'base', 'name': 'Base', 'amount': fee, 'timing': 'arrears', 'prorate': True}] if Decimal(fee) else []
        c.put('/v1/plans/' + key, {'currency': currency, 'interval': 'month', 'charges': [charge], 'fixed': fixed})
    c.put('/v1/plans/cheaper', {'currency': 'USD', 'interval': 'month', 'charges': [dict(charge, unit_amount=CHEAPER)]})


def month_of(clinics, c, month):
    """Some reads in each week, then what makes this month another."""
    east, tokyo, gulf = clinics
    day = f'2032-{month:02}-'
    if month == 10:  # gulf's last statement is issued a day after it leaves
        at(c, gulf.instant(day + '15', 12))
        gulf.use(*((gulf.instant(f'{day}{d}', 9), month + d) for d in (12, 13, 15)))
    at(c, east.instant(day + '27', 12))
    for clinic in clinics:
        if (clinic is not tokyo or month > 1) and (clinic is not gulf or month < 10):
            clinic.use(*((clinic.instant(f'{day}{d}', 9), month + d) for d in (12, 15, 19, 26)))
    special = {
        2: [('2032-02-29T17:00:00Z', 29)],  # the leap day
        # An hour is missing on 14 March, which ends the hour before it; 3:59:59Z of April is March there.
        3: [('2032-03-14T06:59:59Z', 3), ('2032-03-14T07:00:00Z', 5), ('2032-04-01T03:59:59Z', 7)],
        # 1:30 comes twice on 7 November; 4:59:59Z of December is November there.
        11: [('2032-11-07T05:30:00Z', 11), ('2032-11-07T06:30:00Z', 13), ('2032-11-08T04:59:59Z', 17), ('2032-12-01T04:59:59Z', 19)],
    }.get(month)
    if special:
        at(c, max(special[-1][0], east.instant(day + '27', 13)))
        east.use(*special)


def after(clinics, c, month):
    """On the third, when the month before is issued."""
    east, tokyo, gulf = clinics
    if month == 4:  # of March, late: April's statement bills it
        east.use((east.instant('2032-03-30', 23), 40))
    if month == 6:
        c.post(f'/v1/subscriptions/{east.subscription}/change', {'plan': 'cheaper', 'at': east.instant(CHANGED)}, 200)
    if month == 8:  # of July, gone: a credit note
        tokyo.void(next(i for i, (t, _) in enumerate(tokyo.sent) if t.startswith('2032-07-19')))
        assert c.post('/v1/billing/run', {}, 200)['credited'] == 1
    if month == 9:  # a wrong one: void, and issued again
        wrong = gulf.invoice('2032-08')
        c.post(f'/v1/invoices/{wrong["id"]}/void', {}, 200, **REASON)
        c.post('/v1/billing/run', {}, 200)
        again = gulf.invoice('2032-08')
        assert again['total'] == wrong['total'] and again['number'] != wrong['number'], again
    if month == 10:
        c.post(f'/v1/subscriptions/{gulf.subscription}/cancel', {'at': gulf.instant(LEFT)}, 200)
    for clinic in clinics:
        past, older = f'2032-{month - 1:02}', f'2032-{month - 2:02}'
        months = clinic.invoices()
        if past in months:
            clinic.pay(past, Decimal('0.3'))
        if older in months and month % 2 == 0:
            clinic.pay(older, 1)


def billed(clinics):
    """What the statements of the year say against what was sent, and the months that are like no other."""
    east, tokyo, gulf = clinics
    for clinic in clinics:
        usage, kinds = collections.Counter(), collections.Counter()
        for month, row in clinic.invoices().items():
            for line in clinic.client.get('/v1/invoices/' + row['id'])['lines']:
                kinds[line['kind']] += 1
                of = month if line['kind'] != 'adjustment' else clinic.local(line['period']['start']).strftime('%Y-%m')
                if line['key'] == 'reads':
                    usage[of] += Decimal(line['amount'])
        for note in clinic.client.get(f'/v1/credit-notes?customer={clinic.key}')['data']:
            usage[clinic.local(note['corrects']['start']).strftime('%Y-%m')] -= Decimal(note['subtotal'])
        assert {m: v for m, v in usage.items() if v} == {m: v for m, v in clinic.counted().items() if v}, (clinic.key, usage, clinic.counted())
    spring, autumn = east.invoice('2032-03')['period'], east.invoice('2032-11')['period']
    assert (spring['start'], spring['end']) == ('2032-03-01T05:00:00.000000Z', '2032-04-01T04:00:00.000000Z'), spring
    assert (autumn['start'], autumn['end']) == ('2032-11-01T04:00:00.000000Z', '2032-12-01T05:00:00.000000Z'), autumn
    assert [line['key'] for line in east.invoice('2032-06')['lines']] == ['reads', 'reads']
    fees = {m: line['amount'] for m in ('2032-02', '2032-03') for line in tokyo.invoice(m)['lines'] if line['key'] == 'base'}
    assert fees == {'2032-02': '1900', '2032-03': '2900'}, fees  # 19 of the 29 days
    last, = [line['amount'] for line in gulf.invoice('2032-10')['lines'] if line['key'] == 'base']
    assert last == '15.000' and '2032-11' not in gulf.invoices(), last
    days = east.client.get(f'/v1/customers/east/usage?metric=reads&from=2032-11-07T04:00:00Z&to=2032-11-08T05:00:00Z&window=hour')['windows']
    assert len(days) == 25 and [w['quantity'] for w in days if w['quantity'] != '0'] == ['11', '13', '17'], days


def books_of(c, server, clinics, now):
    wanted = books.of_documents(c, [clinic.key for clinic in clinics], now)
    for form, check in (('hledger', ['hledger', 'check', '--strict', '-f']), ('beancount', ['bean-check'])):
        path = f'{server.folder}/year.{form}'
        with open(path, 'wb') as f:
            f.write(c.expect(200, 'GET', '/v1/accounting/journal?format=' + form).bytes)
        done = subprocess.run([*check, path], capture_output=True, text=True)
        assert done.returncode == 0 and not done.stdout + done.stderr, (done.stdout + done.stderr)[:2000]
    found = books.hledger_balances(server.folder + '/year.hledger')
    assert found == wanted, books.difference(found, wanted)
    assert {k for _, k in found} == {'USD', 'JPY', 'KWD'}
    months = c.get('/v1/reports/revenue?by=month')
    assert len({r['month'] for r in months['rows']}) == 12, months
    assert {r['currency']: Decimal(r['revenue']) for r in months['totals']} == \
        {k: -sum(v for (a, m), v in found.items() if m == k and a.startswith('Income')) for k in ('USD', 'JPY', 'KWD')}, months
    aging = {r['customer']: r for r in c.get('/v1/reports/aging')['rows']}
    assert {k: Decimal(r['total']) for k, r in aging.items()} == {a.split(':')[2]: v for (a, _), v in found.items() if a.startswith('Assets:Receivable')}, aging
    for clinic in clinics:
        ages = collections.Counter()
        for row in clinic.invoices().values():
            due = clinic.local(c.get('/v1/invoices/' + row['id'])['due_at']).date()
            days = (clinic.local(now).date() - due).days
            name = next(n for n, most in (('current', 0), ('days_1_30', 30), ('days_31_60', 60), ('days_61_90', 90), ('days_over_90', 9999)) if days <= most)
            ages[name] += Decimal(c.get(f'/v1/invoices/{row["id"]}/payments')['remaining'])
        assert all(Decimal(aging[clinic.key][name]) == ages[name] for name in ages) and ages['days_over_90'] > 0, (ages, aging)


def main():
    server = phial.Server('--test-clock')
    c = server.client
    at(c, '2031-12-31T12:00:00Z')
    catalog(c)
    clinics = [Clinic(c, key) for key in CLINICS]
    for month in range(1, 13):
        month_of(clinics, c, month)
        now = f'2032-{month + 1:02}-03T12:00:00Z' if month < 12 else '2033-01-03T12:00:00Z'
        at(c, now)
        after(clinics, c, month + 1)
    billed(clinics)
    books_of(c, server, clinics, now)
    for clinic in clinics:
        archive = phial.export(c, server.folder, {'customer': clinic.key, 'purpose': 'the year'})
        code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
        assert code == 0 and 'VERIFIED' in said, said
    server.remove()
    print('ok')


main()
