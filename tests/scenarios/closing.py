#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Usage that comes after the last statement of a subscription that has ended: closing statements, by every policy, voided and made
again, gone where nothing is left to bill, raced for, out of the way of an earlier end. Everything is verified offline in the end."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import phial  # noqa: E402

REASON = {'Phial-Reason': 'asked for by the clinic'}
POLICIES = ('bill_next', 'credit_only', 'hold')
END = '2031-02-10T00:00:00.000000Z'
TAXED = {'tax': {'rates': [{'name': 'Sales tax', 'percent': '10'}]}, 'buyer_reference': 'A-17', 'email': 'books@clinic.example',
         'address': {'line1': '1 Main Street', 'city': 'Springfield', 'postal_code': '62701', 'country': 'US'}}


class Clinic:
    def __init__(self, client, key, plan, **customer):
        self.client, self.key, self.sent = client, key, 0
        client.put('/v1/customers/' + key, dict({'name': 'Clinic', 'currency': 'USD', 'time_zone': 'UTC'}, **customer))
        self.subscription = client.post('/v1/subscriptions', {'customer': key, 'plan': plan, 'start': '2031-01-01T00:00:00Z'})['id']
        self.use('2031-01-10', 10)

    def use(self, day, quantity):
        self.sent += 1
        self.client.post('/v1/events', {'id': f'e{self.sent}', 'customer': self.key, 'type': 'read', 'time': day + 'T12:00:00Z',
                                        'quantity': str(quantity)})
        return f'e{self.sent}'

    def void_event(self, event):
        self.client.post(f'/v1/events/{self.key}/{event}/void', {}, **REASON)

    def void(self, number):
        self.client.expect(200, 'POST', f'/v1/invoices/{self.invoice(number)["id"]}/void', {}, **REASON)

    def standing(self):
        rows = self.client.get(f'/v1/invoices?customer={self.key}&limit=500')['data']
        return {row['period']['number']: row for row in rows if row['status'] != 'void'}

    def invoice(self, number):
        return self.client.get('/v1/invoices/' + self.standing()[number]['id'])

    def issue(self, number):
        return self.client.post(f'/v1/invoices/{self.standing()[number]["id"]}/issue', {}, 200)

    def cancel(self, at):
        return self.client.send('POST', f'/v1/subscriptions/{self.subscription}/cancel', {'at': at})


def at(client, now):
    client.put('/v1/test-clock', {'now': now}, 200)


def run(client):
    return client.post('/v1/billing/run', {}, 200)


def lines(statement):
    return [(line['kind'], line['period']['number'], line['amount']) for line in statement['lines']]


def catalog(c):
    c.put('/v1/event-types/read', {'properties': {}, 'window': {'past': 'P400D', 'future': 'PT5M'}, 'time_precision': 'second'})
    c.put('/v1/metrics/reads', {'event_types': ['read'], 'aggregation': 'sum'})
    plan = {'currency': 'USD', 'interval': 'month',
            'charges': [{'key': 'reads', 'name': 'Reads', 'metric': 'reads', 'model': 'per_unit', 'unit_amount': '1.00'}]}
    for policy in POLICIES:
        c.put('/v1/plans/' + policy, dict(plan, late_usage=policy))
    c.put('/v1/plans/ahead', dict(plan, minimum='5.00', fixed=[{'key': 'base', 'amount': '280.00', 'timing': 'advance', 'prorate': True}]))


def ended(c):
    """Ends within February, when January's statement has billed all of it ahead. Then usage of both comes."""
    clinics = [Clinic(c, policy, policy) for policy in POLICIES]
    ahead, taxed = Clinic(c, 'ahead', 'ahead'), Clinic(c, 'taxed', 'bill_next', **TAXED)
    c.post('/v1/customers/taxed/discounts', {'percent': '10', 'periods': 3}, **REASON)
    clinics += [ahead, taxed]
    at(c, '2031-02-05T00:00:00Z')
    back = ended_where_it_was_billed(c)
    for clinic in clinics:
        clinic.use('2031-02-03', 10)
        assert clinic.cancel(END).status == 200
    at(c, '2031-02-12T12:00:00Z')
    assert [(line['kind'], line['amount']) for line in ahead.invoice(2)['lines']] == [('usage', '10.00'), ('fixed', '-190.00')], ahead.invoice(2)
    c.post('/v1/customers/taxed/credits', {'amount': '4.00', 'paid': True})
    for clinic in clinics:
        assert {row['status'] for row in clinic.standing().values()} == {'issued'} and max(clinic.standing()) == 2, clinic.standing()
        clinic.use('2031-01-15', 7)
        clinic.use('2031-02-05', 3)
        clinic.use('2031-02-10', 1000)
    return clinics + [back]


def drafted(c, clinics):
    """Drafts that wait as long as any other from when they are made, and are then issued."""
    bills, credits_only, holds, ahead, taxed, _ = clinics
    made = run(c)
    assert (made['drafted'], made['issued'], made['credited']) == (3, 0, 0), made
    assert max(credits_only.standing()) == max(holds.standing()) == 2
    assert run(c)['drafted'] == 0
    for clinic in (bills, ahead):
        draft = clinic.invoice(3)
        assert (draft['status'], draft['period']['start'], draft['period']['end']) == ('draft', END, END), draft
        assert lines(draft) == [('adjustment', 1, '7.00'), ('adjustment', 2, '3.00')] and draft['total'] == '10.00', draft
    at(c, '2031-02-13T12:00:00Z')
    first = bills.invoice(3)
    assert (first['status'], first['plan']['key'], first['total']) == ('issued', 'bill_next', '10.00'), first
    statement = taxed.invoice(3)
    assert lines(statement) == [('adjustment', 1, '6.30'), ('adjustment', 2, '2.70')], statement
    assert (statement['discounts'], statement['total'], statement['credits'], statement['amount_due']) == ('0.00', '9.90', '4.00', '5.90'), statement
    assert 'discount_details' not in statement, statement
    assert c.get('/v1/customers/taxed/discounts')['data'][0]['periods_used'] == 2
    again = run(c)
    assert (again['drafted'], again['issued']) == (0, 0), again
    for suffix in ('pdf', 'csv', 'xml'):
        c.expect(200, 'GET', f'/v1/invoices/{statement["id"]}.{suffix}')
    assert b'closed, after 2031-02-09' in c.expect(200, 'GET', f'/v1/invoices/{statement["id"]}.html').bytes
    return first


def released(c, holds):
    c.expect(200, 'POST', f'/v1/invoices/{holds.invoice(1)["id"]}/release', {}, **REASON)
    run(c)
    assert lines(holds.issue(3)) == [('adjustment', 1, '7.00')], holds.invoice(3)


def voided(c, taxed):
    """A void opens the difference again; what prepaid credit had paid of it comes back and is taken once more."""
    first = taxed.invoice(3)
    taxed.void(3)
    assert max(taxed.standing()) == 2 and c.get('/v1/customers/taxed/credits')['balance'] == '4.00'
    run(c)  # or the daemon's own, a moment before
    second = taxed.issue(3)
    assert lines(second) == lines(first) and second['credits'] == '4.00' and second['number'] > first['number'], second
    assert taxed.issue(3) == second


def more(c, taxed):
    """A further one for what comes after it, which goes when that goes."""
    event = taxed.use('2031-01-16', 20)
    run(c)
    assert lines(taxed.invoice(4)) == [('adjustment', 1, '18.00')], taxed.invoice(4)
    draft = taxed.invoice(4)['id']
    taxed.void_event(event)
    assert taxed.invoice(4)['total'] == '0.00'
    c.expect(409, 'POST', f'/v1/invoices/{draft}/issue', {})
    at(c, '2031-02-14T13:00:00Z')
    assert max(taxed.standing()) == 3, taxed.standing()
    c.expect(404, 'GET', '/v1/invoices/' + draft)
    assert c.get('/v1/credit-notes?customer=taxed')['data'] == []


def raced(c, clinic, number):
    """However many runs, one draft."""
    clinic.use('2031-02-06', 5)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(run(phial.Client('http://' + c.address, c.key)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer['drafted'] for answer in answers) == 1 and max(clinic.standing()) == number, (answers, clinic.standing())


def credited(c, ahead):
    """What a closing statement billed comes back like anything else."""
    ahead.void_event('e3')
    assert run(c)['credited'] == 1
    note, = c.get('/v1/credit-notes?customer=ahead')['data'][-1:]
    assert (note['corrects']['number'], note['total']) == (1, '7.00'), note


def earlier_end(c, bills):
    """An issued one has to be voided, as the last period's; an open one is in nobody's way."""
    for number in (3, 2):
        answer = bills.cancel('2031-02-04T00:00:00Z')
        assert answer.status == 409 and max(bills.standing()) == 4, answer
        bills.void(number)
    assert bills.cancel('2031-02-04T00:00:00Z').status == 200 and max(bills.standing()) == 1, bills.standing()
    run(c)
    last = bills.invoice(2)
    assert (last['status'], last['period']['end']) == ('issued', '2031-02-04T00:00:00.000000Z'), last
    assert [(line['kind'], line['amount']) for line in last['lines']] == [('usage', '10.00'), ('adjustment', '7.00')], last
    assert max(bills.standing()) == 2
    bills.use('2031-02-02', 4)
    run(c)
    assert lines(bills.issue(3)) == [('adjustment', 2, '4.00')], bills.invoice(3)


def ended_where_it_was_billed(c):
    """What came late was to stand on February's statement; then there is no February."""
    clinic = Clinic(c, 'back', 'bill_next')
    run(c)
    clinic.use('2031-01-20', 6)
    assert run(c)['drafted'] == 0
    assert clinic.cancel('2031-02-01T00:00:00Z').status == 200
    run(c)
    assert lines(clinic.invoice(2)) == [('adjustment', 1, '6.00')], clinic.standing()
    return clinic


def proven(c, server, clinics):
    for clinic in clinics:
        for row in clinic.standing().values():
            proof = row['status'] == 'draft' or c.get(f'/v1/invoices/{row["id"]}/proof')
            assert proof is True or proof['matches'] is True, (row, proof)
    for key, what in [(clinic.key, {}) for clinic in clinics if clinic.key != 'credit_only'] + [('taxed', {'invoice': clinics[4].invoice(3)['id']})]:
        archive = phial.export(c, server.folder, dict(what, customer=key, purpose='check'))
        code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
        assert code == 0 and 'VERIFIED' in said, said


def told(server, first):
    for name in ('invoice.draft', 'invoice.issued'):
        bodies = server.sql(f"SELECT body FROM outbox WHERE type = '{name}'")
        assert first['id'] in bodies, (name, bodies)


def doctored(server):
    server.copy('broken')
    server.sql("UPDATE subscription SET ends_at = ends_at + interval '1 day'", database='broken')
    assert 'closings_bill_what_was_late' in phial.failing(server.doctor('broken')[1])


def main():
    server = phial.Server('--test-clock')
    c = server.client
    at(c, '2031-01-12T12:00:00Z')
    catalog(c)
    c.post('/v1/webhooks', {'url': 'https://books.invalid/told', 'types': ['invoice.draft', 'invoice.issued']})
    clinics = ended(c)
    bills, _, holds, ahead, taxed, _ = clinics
    first = drafted(c, clinics)
    released(c, holds)
    voided(c, taxed)
    more(c, taxed)
    raced(c, bills, 4)
    credited(c, ahead)
    earlier_end(c, bills)
    proven(c, server, clinics)
    told(server, first)
    doctored(server)
    server.remove()
    print('ok')


main()
