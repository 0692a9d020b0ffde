#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What reduces an invoice and what follows it: discounts, prepaid credit, late, voided and amended usage by
every policy, credit notes, payments, voids that give back. Everything is verified offline in the end."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import phial  # noqa: E402

REASON = {'Phial-Reason': 'asked for by the clinic'}
POLICIES = ('bill_next', 'credit_only', 'hold')


class Clinic:
    def __init__(self, client, key, plan, **customer):
        self.client, self.key, self.sent = client, key, 0
        client.put('/v1/customers/' + key, dict({'name': 'Clinic', 'currency': 'USD', 'time_zone': 'UTC'}, **customer))
        self.subscription = client.post('/v1/subscriptions', {'customer': key, 'plan': plan, 'start': '2031-01-01T00:00:00Z'})['id']

    def use(self, day, quantity, kind='read'):
        self.sent += 1
        self.client.post('/v1/events', {'id': f'e{self.sent}', 'customer': self.key, 'type': kind,
                                        'time': day + 'T12:00:00Z', 'quantity': str(quantity)})
        return f'e{self.sent}'

    def void(self, event):
        self.client.post(f'/v1/events/{self.key}/{event}/void', {}, **REASON)

    def rows(self):
        return self.client.get(f'/v1/invoices?customer={self.key}&limit=500')['data']

    def invoice(self, number, status='issued'):
        row, = [r for r in self.rows() if r['period']['number'] == number and r['status'] == status]
        return self.client.get('/v1/invoices/' + row['id'])

    def notes(self):
        return self.client.get(f'/v1/credit-notes?customer={self.key}')['data']

    def wallet(self):
        return self.client.get(f'/v1/customers/{self.key}/credits')


def at(client, now):
    client.put('/v1/test-clock', {'now': now}, 200)


def adjustments(statement):
    return [(line['period']['number'], line['key'], line['amount']) for line in statement['lines'] if line['kind'] == 'adjustment']


def catalog(c):
    for kind in ('read', 'scan'):
        c.put('/v1/event-types/' + kind, {'properties': {}, 'window': {'past': 'P400D', 'future': 'PT5M'}, 'time_precision': 'second'})
        c.put('/v1/metrics/' + kind + 's', {'event_types': [kind], 'aggregation': 'sum'})
    charges = [{'key': kind + 's', 'name': kind.title() + 's', 'metric': kind + 's', 'model': 'per_unit', 'unit_amount': price}
               for kind, price in (('read', '1.00'), ('scan', '10.00'))]
    for policy in POLICIES:
        c.put('/v1/plans/' + policy, {'currency': 'USD', 'interval': 'month', 'late_usage': policy, 'charges': charges})
    c.put('/v1/metrics/level', {'event_types': ['read'], 'aggregation': 'time_weighted'})
    c.put('/v1/plans/levels', {'currency': 'USD', 'interval': 'month', 'charges': [
        {'key': 'level', 'metric': 'level', 'model': 'per_unit', 'unit_amount': '1.00'}]})
    c.put('/v1/plans/least', {'currency': 'USD', 'interval': 'month', 'minimum': '150.00', 'charges': charges[:1],
                              'fixed': [{'key': 'base', 'name': 'Base', 'amount': '100.00', 'timing': 'advance'}]})
    c.put('/v1/plans/ahead', {'currency': 'USD', 'interval': 'month', 'charges': [],
                              'fixed': [{'key': 'base', 'name': 'Base', 'amount': '310.00', 'timing': 'advance', 'prorate': True}]})


def discounts(c, clinic):
    path = f'/v1/customers/{clinic.key}/discounts'
    tenth = c.post(path, {'percent': '10', 'periods': 2}, **REASON)
    three = c.post(path, {'amount': '3.00', 'charges': ['reads']})
    c.post(path, {'percent': '50', 'charges': ['nothing'], 'periods': 1})
    for wrong in ({'percent': '101'}, {'amount': '0.001'}, {'percent': '1', 'amount': '1'}, {}):
        c.expect(422, 'POST', path, wrong)
    assert c.get(f'{path}/{tenth["id"]}')['percent'] == '10' and three['amount'] == '3.00', three
    assert [d['id'] for d in c.get(path)['data']][:2] == [tenth['id'], three['id']]
    return tenth['id'], three['id']


def january(c, clinic, ids):
    """100 reads, 3 scans: 130; a tenth off is 13, then 3 of the 90 that the reads have left; 20 of the wallet."""
    clinic.use('2031-01-10', 100)
    clinic.use('2031-01-11', 3, 'scan')
    wallet = f'/v1/customers/{clinic.key}/credits'
    gone = c.post(wallet, {'amount': '5.00', 'expires': '2031-01-20T00:00:00Z'})
    late = c.post(wallet, {'amount': '1000.00', 'paid': True})
    soon = c.post(wallet, {'amount': '20.00', 'expires': '2031-02-20T00:00:00Z', 'paid': False}, Idempotency_Key='one')
    again = c.send('POST', wallet, {'amount': '20.00', 'expires': '2031-02-20T00:00:00Z', 'paid': False}, Idempotency_Key='one')
    assert again.json == soon and again.headers['Idempotent-Replayed'] == 'true', again
    assert clinic.wallet()['balance'] == '1025.00'
    c.expect(422, 'POST', wallet, {'amount': '-1'})
    at(c, '2031-02-02T00:00:00Z')
    first = clinic.invoice(1)
    assert (first['subtotal'], first['discounts'], first['total']) == ('130.00', '16.00', '125.40'), first
    assert [line['discount'] for line in first['lines']] == ['13.00', '3.00'], first['lines']
    assert [(d['id'], d['discount']) for d in first['discount_details']] == [(ids[0], '13.00'), (ids[1], '3.00')]
    assert (first['credits'], first['amount_due'], first['payment_status']) == ('125.40', '0.00', 'paid'), first
    assert [t['id'] for t in first['credits_applied']] == [soon['id'], late['id']], first
    assert [r['remaining'] for r in clinic.wallet()['data']] == ['0.00', '894.60', '0.00'], clinic.wallet()
    assert gone['id'] not in str(first)
    c.expect(200, 'POST', f'/v1/invoices/{first["id"]}/void', {}, **REASON)
    assert clinic.wallet()['balance'] == '1020.00'
    c.post('/v1/billing/run', {}, 200)
    second = clinic.invoice(1)
    assert second['credits'] == '125.40' and second['number'] == '2031-000006', second
    c.expect(204, 'DELETE', f'/v1/customers/{clinic.key}/discounts/{ids[1]}')
    return second


def used_up(c, clinic, ids):
    """Two statements name the tenth; the one of January that was voided does not count."""
    clinic.use('2031-03-01', 10)
    at(c, '2031-04-02T00:00:00Z')
    named = [[d['id'] for d in clinic.invoice(n).get('discount_details', [])] for n in (1, 2, 3)]
    assert named == [list(ids), [ids[0]], []], named
    tenth = c.get(f'/v1/customers/{clinic.key}/discounts/{ids[0]}')
    assert (tenth['status'], tenth['periods_used']) == ('used_up', 2), tenth
    assert clinic.invoice(3)['credits'] == clinic.invoice(3)['total'] == '11.00', clinic.invoice(3)


def carried(levels):
    """A level that was late told of January, from the 1st at noon on, is one of February too, and of March by itself."""
    march = levels.invoice(3)
    assert adjustments(march) == [(1, 'level', '30.50'), (2, 'level', '31.00')], march
    assert (march['lines'][0]['amount'], march['total']) == ('31.00', '92.50'), march


def limited(c):
    """A minimum that counts a fee billed ahead at half its price: late usage below it moves it, and no more money."""
    clinic = Clinic(c, 'least', 'least')
    c.post('/v1/customers/least/discounts', {'percent': '50', 'charges': ['base']})
    clinic.use('2031-01-05', 10)
    c.post('/v1/billing/run', {}, 200)
    assert [(line['key'], line['amount']) for line in clinic.invoice(1)['lines']] == [('reads', '10.00'), ('base', '100.00'), ('minimum', '90.00')]
    clinic.use('2031-01-06', 20)
    at(c, '2031-03-02T00:00:00Z')
    assert adjustments(clinic.invoice(2)) == [], clinic.invoice(2)
    clinic.use('2031-01-07', 80)
    return clinic


def late_usage(c, clinics, first, levels):
    """After January's issue: 7 reads more, a scan of 10 voided by everyone but the last."""
    at(c, '2031-02-04T00:00:00Z')
    for clinic in clinics:
        clinic.use('2031-01-15', 7)
        clinic.use('2031-02-03', 50)
    c.post('/v1/billing/run', {}, 200)
    least = limited(c)
    wanted = {'bill_next': [(1, 'reads', '7.00')], 'credit_only': [], 'hold': []}
    for clinic in clinics:
        assert adjustments(clinic.invoice(2)) == wanted[clinic.key], clinic.invoice(2)
    first_bills, late_bills = [c.get(f'/v1/events/{clinics[0].key}/{event}')['invoices'] for event in ('e1', 'e3')]
    assert [b['id'] for b in first_bills] == [clinics[0].invoice(1)['id']], first_bills
    assert [b['id'] for b in late_bills] == [clinics[0].invoice(2)['id']], late_bills
    held = clinics[2]
    for other in clinics[:2]:
        c.expect(409, 'POST', f'/v1/invoices/{other.invoice(1)["id"]}/release', {}, **REASON)
    c.expect(422, 'POST', f'/v1/invoices/{held.invoice(1)["id"]}/release', {})
    c.expect(200, 'POST', f'/v1/invoices/{held.invoice(1)["id"]}/release', {}, **REASON)
    held.use('2031-01-16', 1000)
    levels.use('2031-01-01', 31)
    used_up(c, *first)
    carried(levels)
    assert adjustments(least.invoice(3)) == [(1, 'reads', '100.00'), (1, 'minimum', '-90.00')], least.invoice(3)
    assert adjustments(held.invoice(3)) == [(1, 'reads', '7.00')], held.invoice(3)
    assert not adjustments(clinics[0].invoice(3)) and not adjustments(clinics[1].invoice(3))
    return least


def race(c, ask):
    """What four callers at once are answered."""
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(phial.Client('http://' + c.address, c.key)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4, answers
    return answers


def credited(c, clinics):
    """Voids of January by now: what was billed comes back once, on the statement of its period first."""
    for clinic in clinics:
        clinic.void('e1')
        runs = race(c, lambda client: client.post('/v1/billing/run', {}, 200)['credited'])
        assert sum(runs) == (0 if clinic.key == 'hold' else 1), runs
    for clinic, amount in zip(clinics, ('100.00', '33.00', None)):
        if amount is None:
            assert clinic.notes() == []
            continue
        note, = clinic.notes()
        assert note['invoice'] == clinic.invoice(1)['id'] and note['corrects']['number'] == 1, note
        assert [(line['key'], line['amount']) for line in note['lines']] == [('reads', amount)], note
        assert note['number'].startswith('CN-2031-'), note


def everything_back(c, clinic):
    """January's invoice has no reads left: the late ones were billed by February's, and come back there."""
    at(c, '2031-04-10T00:00:00Z')
    late = clinic.use('2031-02-10', 4)
    at(c, '2031-05-02T00:00:00Z')
    assert adjustments(clinic.invoice(4)) == [(2, 'reads', '4.00')], clinic.invoice(4)
    before = len(clinic.notes())
    for event in ('e2', 'e3', late):
        clinic.void(event)
    assert c.post('/v1/billing/run', {}, 200)['credited'] == 3
    february = clinic.invoice(2)['id']
    made = [(n['invoice'] == february, n['corrects']['number'], n['lines'][0]['key'], n['total']) for n in clinic.notes()[before:]]
    assert sorted(made) == [(False, 1, 'scans', '10.00'), (True, 1, 'reads', '7.00'), (True, 2, 'reads', '4.00')], made
    clinic.use('2031-01-17', 2)
    at(c, '2031-06-02T00:00:00Z')
    assert adjustments(clinic.invoice(5)) == [(1, 'reads', '2.00')], clinic.invoice(5)


def credit_notes_and_payments(c, clinic):
    at(c, '2031-06-10T00:00:00Z')
    clinic.use('2031-06-03', 100)
    clinic.use('2031-06-03', 1, 'scan')
    at(c, '2031-07-02T00:00:00Z')
    invoice = clinic.invoice(6)
    path = f'/v1/invoices/{invoice["id"]}/payments'
    assert (invoice['total'], invoice['payment_status']) == ('119.08', 'unpaid'), invoice
    ask = {'invoice': invoice['id'], 'reason_code': 'duplicate', 'lines': [{'key': 'reads', 'amount': '33.33'}]}
    c.expect(422, 'POST', '/v1/credit-notes', ask)
    assert c.expect(422, 'POST', '/v1/credit-notes', dict(ask, lines=[{'key': 'scans', 'amount': '10.01'}]), **REASON).json['errors'][0]['code'] == 'exceeds_invoice'
    assert c.expect(422, 'POST', '/v1/credit-notes', dict(ask, lines=[{'key': 'none', 'amount': '1'}]), **REASON).json['errors'][0]['pointer'] == '/lines/0/key'
    note = c.post('/v1/credit-notes', ask, **REASON)
    assert (note['subtotal'], note['tax'][0]['amount'], note['total']) == ('33.33', '2.75', '36.08'), note
    assert c.get('/v1/credit-notes/' + note['id']) == note == c.get(f'/v1/credit-notes/{note["id"]}.json')
    for suffix, begins in (('xml', b'<?xml'), ('pdf', b'%PDF'), ('html', b'<!')):
        shown = c.expect(200, 'GET', f'/v1/credit-notes/{note["id"]}.{suffix}')
        assert shown.bytes.lower().startswith(begins.lower()) and (suffix != 'xml' or b'CreditNote' in shown.bytes), shown
    c.expect(422, 'POST', path, {'amount': '83.01', 'reference': 'wire 1'})
    assert c.expect(422, 'POST', path, {'amount': '1.00', 'reference': 'SSN 536-90-4399'}).json['code'] == 'phi_detected'
    half = c.post(path, {'amount': '40.00', 'reference': 'wire 1', 'at': '2031-07-01T00:00:00Z'})
    assert (half['remaining'], half['payment_status']) == ('43.00', 'partially_paid'), half
    assert clinic.invoice(6)['payment_status'] == 'partially_paid'
    c.expect(409, 'POST', f'/v1/invoices/{invoice["id"]}/void', {}, **REASON)
    at(c, '2031-08-15T00:00:00Z')
    assert clinic.invoice(6)['payment_status'] == 'overdue'
    paid = race(c, lambda client: client.send('POST', path, {'amount': '43.00'}))
    assert sorted(answer.status for answer in paid) == [201, 422, 422, 422], paid
    rest, = [answer.json for answer in paid if answer.status == 201]
    assert (rest['remaining'], rest['payment_status']) == ('0.00', 'paid'), rest
    assert {answer.json['errors'][0]['code'] for answer in paid if answer.status == 422} == {'exceeds_due'}, paid
    c.expect(422, 'DELETE', f'{path}/{half["id"]}')
    back = c.expect(200, 'DELETE', f'{path}/{half["id"]}', **REASON).json
    assert (back['status'], back['remaining'], back['payment_status']) == ('reversed', '40.00', 'overdue'), back
    state = c.get(path)
    assert (state['paid'], state['credited'], state['remaining'], len(state['data'])) == ('43.00', '36.08', '40.00', 2), state
    whole = c.post('/v1/credit-notes', {'invoice': invoice['id'], 'reason_code': 'goodwill'}, **REASON)
    assert (whole['subtotal'], whole['total']) == ('76.67', '83.00'), whole
    c.expect(422, 'POST', '/v1/credit-notes', {'invoice': invoice['id'], 'reason_code': 'goodwill'}, **REASON)


def below_zero(c):
    """Cancelled after nine days: what was billed ahead comes back as a credit note, and is a statement still."""
    clinic = Clinic(c, 'ahead', 'ahead', tax={'rates': [{'name': 'Sales tax', 'percent': '10'}]})
    c.post('/v1/billing/run', {}, 200)
    assert clinic.invoice(0)['total'] == '341.00', clinic.invoice(0)
    at(c, '2031-01-12T13:00:00Z')
    c.post(f'/v1/subscriptions/{clinic.subscription}/cancel', {'at': '2031-01-10T00:00:00Z'}, 200)
    c.post('/v1/billing/run', {}, 200)
    row, = [r for r in clinic.rows() if r['period']['number'] == 1]
    statement = c.post(f'/v1/invoices/{row["id"]}/issue', {}, 200)
    assert (statement['total'], statement['payment_status']) == ('-242.00', 'paid'), statement
    note, = clinic.notes()
    assert note['number'] == statement['number'] == 'CN-2031-000001' and note['invoice'] == note['id'] == row['id'], note
    assert (note['lines'][0]['amount'], note['subtotal'], note['tax'][0]['amount'], note['total']) == ('220.00', '220.00', '22.00', '242.00'), note
    return clinic


def proofs(c, clinics):
    for clinic in clinics:
        for row in clinic.rows():
            if row['status'] == 'draft':
                continue
            proof = c.get(f'/v1/invoices/{row["id"]}/proof')
            assert proof['matches'] is True, (row, proof)
    last = clinics[0].invoice(1)
    events = c.get(f'/v1/invoices/{last["id"]}/lines/scans/events')['data']
    assert [e['id'] for e in events] == ['e2'] and events[0]['quantity'] == '3', events
    c.expect(404, 'GET', f'/v1/invoices/{last["id"]}/lines/none/events')
    march = f'/v1/invoices/{clinics[1].invoice(2)["id"]}/lines/reads/events'
    assert [e['id'] for e in c.get(march)['data']] == ['e4'], c.get(march)


# What somebody with every right does to the rows, and the check that finds it.
BROKEN = [
    ("UPDATE invoice SET number = '2031-000099' WHERE total LIKE '-%'", 'below_zero_is_a_note'),
    ("DELETE FROM discount_use WHERE ctid = (SELECT min(ctid) FROM discount_use)", 'discounts_are_used_as_named'),
    ("UPDATE discount SET periods = 1 WHERE periods = 2", 'discounts_end'),
    ("UPDATE wallet_credit SET minor = 2 WHERE minor = 2000", 'wallets_are_never_negative'),
    ("UPDATE wallet_use SET minor = minor - 1 WHERE ctid = (SELECT max(ctid) FROM wallet_use)", 'credit_is_taken_as_stated'),
    ("UPDATE wallet_credit SET expires_at = '2031-02-01' WHERE expires_at > '2031-02-01'", 'expired_credit_is_gone'),
    ("UPDATE invoice SET due = '1.00' WHERE total = '119.08'", 'due_is_stated'),
    ("UPDATE payment SET minor = 20000 WHERE reversed_at IS NULL", 'payments_stay_within_what_is_due'),
    ("UPDATE credit_note_line SET minor = 99999 WHERE minor = 3333", 'notes_stay_within_invoices'),
    ("UPDATE credit_note SET document = replace(document, 'goodwill', 'nothing')", 'notes_are_their_entries'),
    ("UPDATE credit_note SET document = replace(document, '33.33', '33.34')", 'notes_add_up'),
    ("UPDATE invoice_adjustment SET minor = 1 WHERE minor = 700", 'adjustments_are_their_lines'),
    ("UPDATE invoice_adjustment SET period_number = 70 WHERE minor = 400", 'adjustments_name_a_statement'),
    ("UPDATE payment SET reversed_at = NULL", 'settlements_are_in_the_log'),
    ("UPDATE credit_note SET issued_at = issued_at + interval '1 year' WHERE document LIKE '%duplicate%'", 'numbers_are_of_their_year'),
    ("UPDATE credit_note SET number = 'CN-2031-000200' WHERE number = 'CN-2031-000002'", 'numbers_have_no_gap'),
]


def told(server):
    """Of every credit note, and of what was paid: by credit, by a payment, by notes on all of it and on the rest."""
    notes, paid = [server.sql(f"SELECT body FROM outbox WHERE type = '{name}'").splitlines() for name in ('credit_note.issued', 'invoice.paid')]
    assert len(notes) == int(server.sql('SELECT count(*) FROM credit_note')) and all('"credit_note"' in body for body in notes), notes
    by_credit = server.sql("SELECT count(*) FROM invoice WHERE due = '0.00' AND EXISTS (SELECT FROM wallet_use WHERE wallet_use.invoice_id = invoice.invoice_id)")
    assert len(paid) == int(by_credit) + 3, (paid, by_credit)


def doctored(server):
    server.copy('broken')
    server.sql(*(change for change, _ in BROKEN), database='broken')
    found = phial.failing(server.doctor('broken')[1])
    assert {check for _, check in BROKEN} <= set(found), ({check for _, check in BROKEN} - set(found), found)


def main():
    server = phial.Server('--test-clock')
    c = server.client
    at(c, '2031-01-12T12:00:00Z')
    catalog(c)
    c.post('/v1/webhooks', {'url': 'https://books.invalid/told', 'types': ['credit_note.issued', 'invoice.paid']})
    ahead = below_zero(c)
    tax = {'tax': {'rates': [{'name': 'Sales tax', 'percent': '10'}]}}
    main_clinic = Clinic(c, 'clinic', 'bill_next', **tax)
    others = [Clinic(c, policy, policy) for policy in POLICIES]
    for clinic in others:
        clinic.use('2031-01-10', 100 if clinic.key == 'bill_next' else 40)
        clinic.use('2031-01-11', 1, 'scan')
    ids = discounts(c, main_clinic)
    january(c, main_clinic, ids)
    levels = Clinic(c, 'levels', 'levels')
    c.post('/v1/billing/run', {}, 200)
    least = late_usage(c, others, (main_clinic, ids), levels)
    credited(c, others)
    everything_back(c, others[0])
    taxed = Clinic(c, 'taxed', 'bill_next', tax={'rates': [{'name': 'Sales tax', 'percent': '8.25'}]}, buyer_reference='A-17', email='books@clinic.example',
                   address={'line1': '1 Main Street', 'city': 'Springfield', 'postal_code': '62701', 'country': 'US'})
    credit_notes_and_payments(c, taxed)
    clinics = [main_clinic, *others, taxed, ahead, levels, least]
    proofs(c, clinics)
    for clinic in clinics:
        archive = phial.export(c, server.folder, {'customer': clinic.key, 'purpose': 'check'})
        code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
        assert code == 0 and 'VERIFIED' in said, said
    told(server)
    doctored(server)
    server.remove()
    print('ok')


main()
