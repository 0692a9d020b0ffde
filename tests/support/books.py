# SPDX-License-Identifier: Apache-2.0
"""Balances of accounts: as hledger and Beancount find them in a journal, and added up anew from the documents."""
import collections
import csv
import io
import re
import subprocess
from decimal import Decimal

INCOME = {'usage': 'Income:Usage', 'fixed': 'Income:Fees', 'adjustment': 'Income:Adjustments', 'minimum': 'Income:Commitments',
          'maximum': 'Income:Commitments', 'commitment': 'Income:Commitments'}


def hledger_balances(path):
    done = subprocess.run(['hledger', '-f', path, 'balance', '--flat', '--no-total', '--layout=tidy', '-O', 'csv'], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    return {(r['account'], r['commodity']): Decimal(r['value']) for r in rows if Decimal(r['value'])}


# bean-query shows every currency with the same digits; the library beside it does not.
SUM_UP = '''
import collections, sys
from beancount import loader
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors, errors
sums = collections.Counter()
for entry in entries:
    for posting in getattr(entry, "postings", ()):
        sums[posting.account, posting.units.currency] += posting.units.number
for (account, currency), number in sums.items():
    print(account, currency, number)
'''


def beancount_balances(path):
    done = subprocess.run(['/usr/bin/python3', '-c', SUM_UP, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    return {(account, currency): Decimal(number) for account, currency, number in rows if Decimal(number)}


def beancount_account(account):
    """Assets:Receivable:clinic_one as Assets:Receivable:ClinicXUone."""
    root, part = account, None
    if account.count(':') > 1:
        root, _, part = account.rpartition(':')
    if part is None:
        return root
    part = re.sub('^-', 'XH', part.replace('.', 'XD').replace('_', 'XU'))
    return f'{root}:{part[0].upper()}{part[1:]}'


def difference(found, wanted):
    return {k: (found.get(k), wanted.get(k)) for k in set(found) | set(wanted) if found.get(k, 0) != wanted.get(k, 0)}


def tax_account(tax):
    slug = re.sub('[^A-Za-z0-9]+', '-', tax['name']).lower().strip('-')
    return f'Liabilities:Tax:{slug}-{tax["percent"]}' if slug else 'Liabilities:Tax:' + tax['percent']


def pages(client, path):
    while path:
        page = client.get(path)
        yield from page['data']
        path = page['next_cursor'] and f'{path.split("&cursor=")[0]}&cursor={page["next_cursor"]}'


def of_customer(client, key, now, sums):
    """From what stands: what is void is no more, and what was reversed never was."""
    taken = collections.Counter()
    kinds = {}
    currency = client.get('/v1/customers/' + key)['currency']

    def add(account, amount):
        sums[account, currency] += Decimal(amount)

    for row in pages(client, f'/v1/invoices?customer={key}&limit=500'):
        if row['status'] != 'issued':
            continue
        statement = client.get('/v1/invoices/' + row['id'])
        add('Assets:Receivable:' + key, statement['amount_due'])
        for line in statement['lines']:
            kinds.setdefault((row['id'], line['key']), line['kind'])
            add(f'{INCOME[line["kind"]]}:{line["key"]}', '-' + line['amount'] if line['amount'][0] != '-' else line['amount'][1:])
            add('Income:Discounts:' + line['key'], line['discount'])
        for tax in statement['tax']:
            add(tax_account(tax), -Decimal(tax['amount']))
        for credit in statement.get('credits_applied', []):
            taken[credit['id']] += Decimal(credit['amount'])
        paid = sum(Decimal(p['amount']) for p in client.get(f'/v1/invoices/{row["id"]}/payments')['data'] if p['status'] != 'reversed')
        add('Assets:Bank', paid)
        add('Assets:Receivable:' + key, -paid)
    for note in pages(client, f'/v1/credit-notes?customer={key}&limit=500'):
        if note['reason_code'] == 'statement':
            continue  # among the invoices
        add('Assets:Receivable:' + key, -Decimal(note['total']))
        for line in note['lines']:
            add(f'{INCOME[kinds[note["invoice"], line["key"]]]}:{line["key"]}', line['amount'])
        for tax in note['tax']:
            add(tax_account(tax), tax['amount'])
    for credit in client.get(f'/v1/customers/{key}/credits?limit=500')['data']:
        if not credit['paid']:
            add('Expenses:Promotions', taken[credit['id']])
            continue
        left = Decimal(credit['amount']) - taken[credit['id']]
        gone = credit['expires'] and credit['expires'] <= now
        add('Assets:Bank', credit['amount'])
        add('Income:Breakage' if gone else 'Liabilities:Prepaid:' + key, -left)


def of_documents(client, keys, now):
    sums = collections.Counter()
    for key in keys:
        of_customer(client, key, now, sums)
    return {k: v for k, v in sums.items() if v}
