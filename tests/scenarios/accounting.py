#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The journal in its five formats, revenue and what is owed: three currencies, every kind of document, names
that try to be formulas and comments. hledger and Beancount read what is written, and every balance is added up
again here from the documents alone."""
import collections
import csv
import io
import os
import subprocess
import sys
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import books  # noqa: E402
import phial  # noqa: E402

REASON = {'Phial-Reason': 'asked for by the clinic'}
CLINICS = {  # key: currency, zone, name, a price's scale
    'clinic.one': ('USD', 'America/New_York', '=HYPERLINK("x")', '1.00'),
    'clinic_one': ('JPY', 'Asia/Tokyo', 'North | South; date:2030-01-01 "Clinic" \\', '100'),
    '-clinic': ('BHD', 'UTC', '@Clinic', '1.001'),
}


def at(c, now):
    c.put('/v1/test-clock', {'now': now}, 200)


def catalog(c):
    c.put('/v1/event-types/read', {'properties': {}, 'window': {'past': 'P400D', 'future': 'PT5M'}, 'time_precision': 'second'})
    c.put('/v1/metrics/reads', {'event_types': ['read'], 'aggregation': 'sum'})
    for currency, price in (('USD', '1.37'), ('JPY', '137'), ('BHD', '1.375')):
        c.put('/v1/plans/' + currency.lower(), {'currency': currency, 'interval': 'month', 'minimum': '20', 'charges': [
            {'key': 'reads', 'name': 'Reads', 'metric': 'reads', 'model': 'per_unit', 'unit_amount': price}],
            'fixed': [{'key': 'base.fee', 'name': 'Base', 'amount': price, 'timing': 'advance', 'prorate': True}]})


def clinic(c, key):
    currency, zone, name, _ = CLINICS[key]
    rates = [{'name': 'State; tax', 'percent': '8.25'}, {'name': '=City', 'percent': '1'}]
    c.put('/v1/customers/' + key, {'name': name, 'currency': currency, 'time_zone': zone, 'payment_terms_days': 10, 'tax': {'rates': rates}})
    return c.post('/v1/subscriptions', {'customer': key, 'plan': currency.lower(), 'start': '2031-01-01T12:00:00Z'})['id']


def use(c, key, day, quantity):
    use.sent += 1
    c.post('/v1/events', {'id': f'e{use.sent}', 'customer': key, 'type': 'read', 'time': day + 'T12:00:00Z', 'quantity': str(quantity)})
    return f'e{use.sent}'


use.sent = 0


def issued(c, key, number):
    row, = [r for r in c.get(f'/v1/invoices?customer={key}&limit=500')['data'] if r['period']['number'] == number and r['status'] == 'issued']
    return c.get('/v1/invoices/' + row['id'])


def year_begins(c):
    """January and February: discounts, credit that is bought and given, tax, late usage."""
    subscriptions = {key: clinic(c, key) for key in CLINICS}
    at(c, '2031-01-12T00:00:00Z')
    events = {}
    for key, (_, _, _, unit) in CLINICS.items():
        c.post(f'/v1/customers/{key}/discounts', {'percent': '12.5'})
        c.post(f'/v1/customers/{key}/credits', {'amount': unit, 'paid': False})
        c.post(f'/v1/customers/{key}/credits', {'amount': unit, 'paid': True, 'expires': '2031-02-20T00:00:00Z'})
        c.post(f'/v1/customers/{key}/credits', {'amount': unit, 'paid': True, 'expires': '2031-05-01T00:00:00Z'})
        c.post(f'/v1/customers/{key}/credits', {'amount': unit, 'paid': True})
        c.post(f'/v1/customers/{key}/credits', {'amount': unit, 'paid': key == 'clinic_one', 'expires': '2031-01-25T00:00:00Z'})
        events[key] = use(c, key, '2031-01-10', 77)
    at(c, '2031-02-03T00:00:00Z')
    for key in CLINICS:
        use(c, key, '2031-01-11', 5)
        use(c, key, '2031-02-02', 3)
    at(c, '2031-03-03T00:00:00Z')
    return subscriptions, events


def after_issue(c, subscriptions, events):
    """A statement that took credit is voided after some of that expired; payments, one reversed, one of last month;
    notes by hand and for voided usage; a cancelled subscription whose last statement is below zero."""
    first = issued(c, 'clinic.one', 1)
    assert len(first['credits_applied']) == 4 or first['credits'] != '0.00', first
    c.post(f'/v1/invoices/{first["id"]}/void', {}, 200, **REASON)
    c.post('/v1/billing/run', {}, 200)
    for key in CLINICS:
        invoice = issued(c, key, 1)
        path = f'/v1/invoices/{invoice["id"]}/payments'
        half = c.post(path, {'amount': CLINICS[key][3], 'reference': '-2+3; date:x, "wire"', 'at': '2031-02-27T23:30:00Z'})
        c.post(path, {'amount': CLINICS[key][3], 'reference': 'date:2031-01-01'})
        c.expect(200, 'DELETE', f'{path}/{half["id"]}', **REASON)
        c.post('/v1/credit-notes', {'invoice': invoice['id'], 'reason_code': 'goodwill', 'lines': [{'key': 'base.fee', 'amount': CLINICS[key][3]}]}, **REASON)
        c.post(f'/v1/events/{key}/{events[key]}/void', {}, **REASON)
    assert c.post('/v1/billing/run', {}, 200)['credited'] > 0
    c.post(f'/v1/subscriptions/{subscriptions["-clinic"]}/cancel', {'at': '2031-03-03T00:00:00Z'}, 200)
    at(c, '2031-04-03T00:00:00Z')


def journal(c, form, more=''):
    answer = c.expect(200, 'GET', f'/v1/accounting/journal?format={form}{more}')
    assert c.expect(200, 'GET', f'/v1/accounting/journal?format={form}{more}').bytes == answer.bytes
    return answer.bytes.decode()


def plain_text(c, folder, wanted):
    """hledger and Beancount accept the files, and come to the same balances."""
    both = {}
    for form, check in (('hledger', ['hledger', 'check', '--strict', '-f']), ('beancount', ['bean-check'])):
        path = f'{folder}/all.{form}'
        with open(path, 'w') as f:
            f.write(journal(c, form))
        done = subprocess.run([*check, path], capture_output=True, text=True)
        assert done.returncode == 0 and not done.stdout + done.stderr, (done.stdout + done.stderr)[:2000]
        both[form] = path
    found = books.hledger_balances(both['hledger'])
    assert found == wanted, books.difference(found, wanted)
    counted = {(books.beancount_account(a), k): v for (a, k), v in wanted.items()}
    found = books.beancount_balances(both['beancount'])
    assert found == counted, books.difference(found, counted)
    with open(both['hledger']) as f:
        text = f.read()
    with open(both['hledger'] + '.bad', 'w') as f:
        f.write(text.replace('account Assets:Bank\n', ''))
    assert subprocess.run(['hledger', 'check', '--strict', '-f', both['hledger'] + '.bad'], capture_output=True).returncode != 0
    assert '100.00 USD' not in text.split('commodity')[0] and 'JPY' in text and 'BHD' in text


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def spreadsheets(c, wanted):
    rows = rows_of(journal(c, 'csv'))
    sums, documents = collections.Counter(), collections.Counter()
    for row in rows:
        amount = Decimal(row['debit'] or '0') - Decimal(row['credit'] or '0')
        assert bool(row['debit']) != bool(row['credit']) and amount, row
        digits = len((row['debit'] or row['credit']).partition('.')[2])
        assert digits == {'USD': 2, 'JPY': 0, 'BHD': 3}[row['currency']], row
        sums[row['name'], row['currency']] += amount
        documents[row['document'], row['id'], row['currency']] += amount
    assert {k: v for k, v in sums.items() if v} == wanted, books.difference(sums, wanted)
    assert not any(documents.values()), documents
    assert {d for d, _, _ in documents} == {'credit', 'credit_expiry', 'credit_note', 'invoice', 'payment', 'payment_reversal', 'void'}
    names = {row['customer']: row['customer_name'] for row in rows}
    assert names == {'clinic.one': '\'=HYPERLINK("x")', 'clinic_one': CLINICS['clinic_one'][2], '-clinic': "'@Clinic"} or \
        names.get("'-clinic") == "'@Clinic", names
    assert [row['date'] for row in rows] == sorted(row['date'] for row in rows)
    assert any(row['note'].startswith("'-2+3") for row in rows)
    return rows


def programs(c, rows):
    count = len(rows)
    quick = rows_of(journal(c, 'quickbooks'))
    assert len(quick) == count and max(len(r['JournalNo']) for r in quick) <= 21, count
    per = collections.Counter()
    for row in quick:
        per[row['JournalNo'], row['JournalDate'], row['Currency']] += Decimal(row['Debits'] or '0') - Decimal(row['Credits'] or '0')
    assert not any(per.values()) and len({n for n, _, _ in per}) == len(per), per
    assert {r['AccountName'] for r in quick} >= {'Assets:Receivable', 'Income:Usage', 'Liabilities:Tax'}
    assert any(r['JournalDate'] == '02/27/2031' for r in quick), {r['JournalDate'] for r in quick}
    c.expect(409, 'GET', '/v1/accounting/journal?format=xero')
    for currency in ('USD', 'JPY', 'BHD'):
        xero = rows_of(journal(c, 'xero', '&currency=' + currency))
        per = collections.Counter()
        for row in xero:
            per[row['*Narration'], row['*Date']] += Decimal(row['*Amount'])
        assert xero and not any(per.values()), per
        assert len(per) == len({(r['document'], r['id']) for r in rows if r['currency'] == currency})
        assert {r['*TaxRate'] for r in xero} == {'Tax Exempt'} and {r['*AccountCode'] for r in xero} >= {'1100', '4000', '2200'}


def periods(c, rows):
    """Halves of a time are the whole; a payment is of its date, or of when it became known."""
    whole = len(rows)
    for by in ('date', 'recorded'):
        parts = [rows_of(journal(c, 'csv', f'&select_by={by}&{part}')) for part in ('to=2031-03-01T00:00:00Z', 'from=2031-03-01T00:00:00Z')]
        assert sum(map(len, parts)) == whole, (by, whole, list(map(len, parts)))
        early = [r for r in parts[0] if r['document'] == 'payment']
        assert len(early) == (6 if by == 'date' else 0), early
    one = rows_of(journal(c, 'csv', '&customer=clinic_one'))
    assert one and {r['customer'] for r in one} == {'clinic_one'}
    assert journal(c, 'csv', '&from=2032-01-01T00:00:00Z').count('\n') == 1
    assert not [r for r in rows if r['document'] == 'credit_expiry' and r['date'] >= '2031-04-30'], 'what is to come is left out'
    for wrong in ('format=sap', 'from=yesterday', 'currency=XYZ', 'select_by=x', 'nonsense=1', 'from=2031-03-01T00:00:00Z&to=2031-03-01T00:00:00Z'):
        assert c.expect(400, 'GET', '/v1/accounting/journal?' + wrong).json['code'] == 'bad_parameter', wrong
    c.expect(404, 'GET', '/v1/accounting/journal?customer=nobody')


def bound(c):
    """A key of one customer sees that one's; one without the scope sees none."""
    key = c.post('/v1/keys', {'name': 'books', 'scopes': ['billing:read'], 'customer': 'clinic_one'})['key']
    own = phial.Client('http://' + c.address, key)
    assert {r['customer'] for r in rows_of(journal(own, 'csv'))} == {'clinic_one'}
    for path in ('accounting/journal', 'reports/revenue', 'reports/aging'):
        own.expect(404, 'GET', f'/v1/{path}?customer=clinic.one')
    assert {r['currency'] for r in own.get('/v1/reports/revenue')['rows']} == {'JPY'}
    other = phial.Client('http://' + c.address, c.post('/v1/keys', {'name': 'usage', 'scopes': ['usage:read']})['key'])
    for path in ('accounting/journal', 'reports/revenue', 'reports/aging'):
        other.expect(403, 'GET', '/v1/' + path)


def revenue(c, wanted):
    income = collections.Counter()
    for (account, currency), amount in wanted.items():
        if account.startswith('Income'):
            income[currency] -= amount
    report = c.get('/v1/reports/revenue')
    assert {r['currency']: Decimal(r['revenue']) for r in report['rows']} == income, (report, income)
    assert report['totals'] == report['rows'] and report['from'] is None and report['by'] == ['currency'], report
    for by in ('customer', 'plan', 'charge', 'metric', 'month', 'month,customer,charge'):
        cut = c.get('/v1/reports/revenue?by=' + by)
        assert cut['totals'] == report['totals'] and len(cut['rows']) >= 3, cut
        for row in cut['rows']:
            parts = [Decimal(row[name]) for name in ('billed', 'discounts', 'credited', 'voided', 'breakage')]
            assert sum(parts) == Decimal(row['revenue']), row
        table = rows_of(c.expect(200, 'GET', f'/v1/reports/revenue?by={by}&format=csv').bytes.decode())
        assert [r['revenue'] for r in table] == [r['revenue'] for r in cut['rows']], table
    voided = [r['voided'] for r in report['rows'] if r['currency'] == 'USD']
    assert Decimal(voided[0]) < 0, report
    january = c.get('/v1/reports/revenue?by=metric&customer=clinic_one&to=2031-02-20T00:00:00Z')
    reads, = [r for r in january['rows'] if r['metric'] == 'reads']
    assert reads['billed'] == str(77 * 137) and reads['discounts'] == '-' + str((77 * 137 * 125 + 500) // 1000), january
    c.expect(400, 'GET', '/v1/reports/revenue?by=patient')


def aging(c, wanted):
    report = c.get('/v1/reports/aging')
    owed = {(f'Assets:Receivable:{r["customer"]}', r['currency']): Decimal(r['total']) for r in report['rows']}
    assert owed == {k: v for k, v in wanted.items() if k[0].startswith('Assets:Receivable')}, (report, wanted)
    names = ('current', 'days_1_30', 'days_31_60', 'days_61_90', 'days_over_90', 'unapplied')
    for row in report['rows']:
        assert sum(Decimal(row[name]) for name in names) == Decimal(row['total']), row
    table = rows_of(c.expect(200, 'GET', '/v1/reports/aging?format=csv').bytes.decode())
    assert [r['total'] for r in table] == [r['total'] for r in report['rows']]
    c.expect(400, 'GET', '/v1/reports/aging?as_of=2031-04-03T00:00:01Z')
    # January's was issued on 2 February and due ten days later.
    january = issued(c, 'clinic_one', 1)
    for when, column in (('2031-02-12T00:00:00Z', 'current'), ('2031-02-14T00:00:00Z', 'days_1_30'), ('2031-02-27T00:00:00Z', 'days_1_30')):
        row, = c.get(f'/v1/reports/aging?customer=clinic_one&as_of={when}')['rows']
        assert Decimal(row[column]) >= Decimal(january['amount_due']), (when, row, january['due_at'])


def by_hand(c):
    """The example of docs/guides/accounting.md."""
    c.put('/v1/plans/hand', {'currency': 'EUR', 'interval': 'month', 'charges': [
        {'key': 'reads', 'metric': 'reads', 'model': 'per_unit', 'unit_amount': '1.00'}]})
    c.put('/v1/customers/hand', {'name': 'Hand', 'currency': 'EUR', 'time_zone': 'UTC', 'tax': {'rates': [{'name': 'Sales tax', 'percent': '10'}]}})
    c.post('/v1/subscriptions', {'customer': 'hand', 'plan': 'hand', 'start': '2031-03-01T00:00:00Z'})
    c.post('/v1/customers/hand/discounts', {'amount': '15.00'})
    c.post('/v1/customers/hand/credits', {'amount': '100.00', 'paid': True})
    use(c, 'hand', '2031-03-10', 150)
    c.post('/v1/billing/run', {}, 200)
    invoice = issued(c, 'hand', 1)
    c.post(f'/v1/invoices/{invoice["id"]}/payments', {'amount': '40.00'})
    c.post('/v1/credit-notes', {'invoice': invoice['id'], 'reason_code': 'goodwill', 'lines': [{'key': 'reads', 'amount': '5.00'}]}, **REASON)
    posted = collections.defaultdict(dict)
    for row in rows_of(journal(c, 'csv', '&customer=hand')):
        posted[row['document']][row['account']] = Decimal(row['debit'] or '0') - Decimal(row['credit'] or '0')
    posted = {d: {a: str(m) for a, m in p.items()} for d, p in posted.items()}
    assert posted == {'credit': {'bank': '100.00', 'prepaid': '-100.00'},
                      'invoice': {'receivable': '48.50', 'prepaid': '100.00', 'usage': '-150.00', 'discount': '15.00', 'tax': '-13.50'},
                      'payment': {'bank': '40.00', 'receivable': '-40.00'},
                      'credit_note': {'receivable': '-5.50', 'usage': '5.00', 'tax': '0.50'}}, posted
    told, = c.get('/v1/reports/revenue?customer=hand')['rows']
    assert told == {'currency': 'EUR', 'billed': '150.00', 'discounts': '-15.00', 'credited': '-5.00', 'voided': '0.00', 'breakage': '0.00', 'revenue': '130.00'}, told
    owed, = c.get('/v1/reports/aging?customer=hand')['rows']
    assert owed['current'] == owed['total'] == '3.00', owed


def below_zero(c):
    """A statement below zero is owed to the customer, until it is voided."""
    c.put('/v1/plans/ahead', {'currency': 'EUR', 'interval': 'month', 'charges': [],
                              'fixed': [{'key': 'base', 'amount': '300.00', 'timing': 'advance', 'prorate': True}]})
    c.put('/v1/customers/ahead', {'name': 'Ahead', 'currency': 'EUR', 'time_zone': 'UTC', 'tax': {'rates': [{'name': '%', 'percent': '10'}]}})
    subscription = c.post('/v1/subscriptions', {'customer': 'ahead', 'plan': 'ahead', 'start': '2031-04-01T00:00:00Z'})['id']
    c.post('/v1/billing/run', {}, 200)
    c.post(f'/v1/subscriptions/{subscription}/cancel', {'at': '2031-04-02T00:00:00Z'}, 200)
    c.post('/v1/billing/run', {}, 200)
    last, = [r['id'] for r in c.get('/v1/invoices?customer=ahead')['data'] if r['period']['number'] == 1]
    statement = issued(c, 'ahead', 1) if c.get('/v1/invoices/' + last)['status'] == 'issued' else c.post(f'/v1/invoices/{last}/issue', {}, 200)
    assert statement['total'] == '-319.00', statement

    def told():
        rows = [r for r in rows_of(journal(c, 'csv', '&customer=ahead')) if r['id'] == last]
        revenue, = c.get('/v1/reports/revenue?customer=ahead')['rows']
        owed, = c.get('/v1/reports/aging?customer=ahead')['rows']
        return {(r['document'], r['name']): r['debit'] or '-' + r['credit'] for r in rows}, revenue, owed

    rows, revenue, owed = told()
    note = {('credit_note', 'Assets:Receivable:ahead'): '-319.00', ('credit_note', 'Income:Fees:base'): '290.00', ('credit_note', 'Liabilities:Tax:10'): '29.00'}
    assert rows == note, rows
    assert (revenue['billed'], revenue['credited'], revenue['revenue']) == ('300.00', '-290.00', '10.00'), revenue
    assert (owed['current'], owed['unapplied'], owed['total']) == ('330.00', '-319.00', '11.00'), owed
    c.post(f'/v1/invoices/{last}/void', {}, 200, **REASON)
    rows, revenue, owed = told()
    assert rows == {**note, **{('void', a): m[1:] if m[0] == '-' else '-' + m for (_, a), m in note.items()}}, rows
    assert (revenue['credited'], revenue['voided'], revenue['revenue']) == ('-290.00', '290.00', '300.00'), revenue
    assert (owed['unapplied'], owed['total']) == ('0.00', '330.00'), owed


def renamed(server):
    """Accounts as another program calls them; what one cannot say is refused, and a name that is none keeps the daemon from starting."""
    second = phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf'], log='.second.log',
                          environment={'PHIAL_ACCOUNTING_RECEIVABLE': 'Accounts Receivable (A/R)', 'PHIAL_ACCOUNTING_XERO_TAX_RATE': 'No VAT'})
    c = second.client
    c.post('/v1/billing/run', {}, 200)
    settled = c.post('/v1/billing/run', {}, 200)  # what below_zero() voided is stated anew, by whoever comes first
    assert settled['drafted'] == settled['issued'] == settled['credited'] == 0, settled
    for form in ('beancount', 'xero'):
        told = c.expect(409, 'GET', f'/v1/accounting/journal?currency=USD&format={form}').json
        assert told['code'] == 'conflict' and '[accounting]' in told['detail'], told
    assert 'Accounts Receivable (A/R)' in {r['AccountName'] for r in rows_of(journal(c, 'quickbooks'))}
    path = server.folder + '/renamed.journal'
    with open(path, 'w') as f:
        f.write(journal(c, 'hledger'))
    done = subprocess.run(['hledger', 'check', '--strict', '-f', path], capture_output=True, text=True)
    assert done.returncode == 0 and ('Accounts Receivable (A/R):clinic_one', 'JPY') in books.hledger_balances(path), done.stderr
    second.remove()
    wrong = subprocess.run([phial.PHIALD, '--check-config'], capture_output=True, text=True, env=dict(os.environ, PHIAL_ACCOUNTING_TAX='Tax; mine'))
    assert wrong.returncode == 1 and 'PHIAL_ACCOUNTING_TAX' in wrong.stdout + wrong.stderr, wrong


# What somebody with every right does to the rows, and the check that finds it.
BROKEN = [
    ("UPDATE payment SET minor = minor + 1, reversed_at = NULL WHERE ctid = (SELECT min(ctid) FROM payment)", 'receivables_are_what_is_owed'),
    ("UPDATE invoice SET due = '9' WHERE currency = 'JPY' AND due NOT IN ('0', '9')", 'books_balance'),
    ("UPDATE wallet_use SET minor = minor * 3 WHERE ctid = (SELECT min(ctid) FROM wallet_use)", 'prepaid_is_what_is_left'),
]


def doctored(server):
    server.copy('broken')
    server.sql(*(change for change, _ in BROKEN), database='broken')
    found = phial.failing(server.doctor('broken')[1])
    assert {check for _, check in BROKEN} <= set(found), found


def main():
    server = phial.Server('--test-clock')
    c = server.client
    at(c, '2031-01-01T12:00:00Z')
    catalog(c)
    after_issue(c, *year_begins(c))
    wanted = books.of_documents(c, list(CLINICS), '2031-04-03T00:00:00Z')
    plain_text(c, server.folder, wanted)
    rows = spreadsheets(c, wanted)
    programs(c, rows)
    periods(c, rows)
    bound(c)
    revenue(c, wanted)
    aging(c, wanted)
    by_hand(c)
    below_zero(c)
    renamed(server)
    doctored(server)
    server.remove()
    print('ok')


main()
