#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""phial doctor on a sound installation, and on one where somebody with every right has changed something of each customer's: each change is
found by the checks that it breaks, by no other, and is named without repeating what the rows say."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

INVOICE = "UPDATE invoice SET {} WHERE customer_id = (SELECT customer_id FROM customer WHERE key = '{{0}}') AND status = '{}'"
ENTRY = "{} WHERE customer_id = (SELECT customer_id FROM customer WHERE key = '{{0}}') AND kind = {}"


def issued(what):
    return INVOICE.format(what, 'issued')


def put(path, value):
    """The statement with another value at a path of it."""
    return issued(f"statement = convert_to(jsonb_set(convert_from(statement, 'UTF8')::jsonb, '{{{{{path}}}}}', '{value}')::text, 'UTF8')")


BROKEN = [  # what is done to a customer's rows, and what is found
    (issued("total = '1.00'"), 'row_is_its_statement'),
    (put('subtotal', '"1.00"'), 'lines_add_up statement_is_its_entry tax_base_is_what_was_charged total_adds_up'),
    (put('lines,0,amount', '"10.005"'), 'money_has_its_digits lines_add_up statement_is_its_entry books_balance'),
    (put('lines,0,discount', '"99.00"'), 'discounts_add_up discounts_stay_within_lines statement_is_its_entry books_balance'),
    (put('lines,0,tiers,0,quantity', '"12"'), 'tiers_add_up statement_is_its_entry'),
    (put('tax,0,amount', '"0.00"'), 'tax_is_its_share total_adds_up statement_is_its_entry books_balance'),
    (put('exempt_reason', '"none of it"'), 'exempt_pays_no_tax statement_is_its_entry'),
    (put('ledger,size', '1'), 'row_is_its_statement line_events_lie_in_the_log statement_is_its_entry'),
    (issued('ledger_size = 2, ledger_index = 3'), 'statement_is_its_entry statement_is_of_its_log row_is_its_statement'),
    (issued("issued_at = period_end - interval '1 day'"), 'issued_after_its_period'),
    (issued("issued_at = issued_at + interval '2 years'"), 'numbers_are_of_their_year'),
    (INVOICE.format("period_start = period_start + interval '1 day'", 'draft'), 'periods_meet'),
    (INVOICE.format('ledger_index = 1', 'draft'), 'drafts_have_no_number'),
    (issued("status = 'void', voided_at = issued_at"), 'void_is_in_the_log receivables_are_what_is_owed'),
    (INVOICE.format('period_number = 1', 'draft'), 'one_invoice_a_period'),
    ("UPDATE subscription_segment SET plan_version = 9 FROM subscription JOIN customer USING (customer_id) WHERE subscription_segment.subscription_id"
     " = subscription.subscription_id AND customer.key = '{0}'", 'catalog_versions_exist'),
    ("UPDATE subscription SET starts_at = starts_at - interval '1 day' FROM customer WHERE customer.customer_id = subscription.customer_id AND"
     " customer.key = '{0}'", 'subscription_starts_with_a_plan'),
    ("UPDATE customer SET document = '{{}}' WHERE key = '{0}'", 'customer_is_its_last_version'),
    ("UPDATE ledger_head SET nodes = overlay(nodes PLACING '\\x00'::bytea FROM 1) FROM customer WHERE customer.customer_id = ledger_head.customer_id"
     " AND customer.key = '{0}'", 'roots_are_of_the_bytes'),
    (ENTRY.format("UPDATE ledger_entry SET event_time = event_time + interval '1 hour'", 0), 'roots_are_of_the_bytes'),
    (ENTRY.format('UPDATE ledger_entry SET reference = 0', 1), 'corrections_refer_back roots_are_of_the_bytes'),
    (ENTRY.format('DELETE FROM ledger_entry', 1), 'ledger_has_no_gap roots_are_of_the_bytes sums_are_of_the_entries'),
    (ENTRY.format("UPDATE ledger_entry SET leaf = ''", 'ANY (ARRAY[0, 1])'), 'removals_are_told roots_are_of_the_bytes sums_are_of_the_entries'),
    ("INSERT INTO retention_hold (hold_id, customer_id, event_types, matter, made_index, created_at, created_by, reason) SELECT key, customer_id,"
     " '{{}}', 'x', 0, now(), 'x', 'x' FROM customer WHERE key = '{0}'", 'holds_are_kept'),
    ("INSERT INTO token_key (customer_id, scope, purpose, sealed, wrapped_by) SELECT customer_id, 'customer', 'token', '\\x00', '\\x01' FROM customer"
     " WHERE key = '{0}'", 'wrapped_keys_name_their_master'),
    ("INSERT INTO token_code (customer_id, scope, mac, code) SELECT customer_id, 'customer', '\\x00', 'a' FROM customer WHERE key = '{0}'",
     'codes_have_their_key'),
    ("UPDATE usage_sum SET total = total + 1 FROM customer WHERE customer.customer_id = usage_sum.customer_id AND customer.key = '{0}'",
     'sums_are_of_the_entries'),
    ("UPDATE usage_sum SET held = '\\x0100010000000178' FROM customer WHERE customer.customer_id = usage_sum.customer_id AND customer.key = '{0}'",
     'sums_are_of_the_entries'),
]
ALLOW = "SET phial.migrating = 'on'"  # as a superuser who knows how
UNGUARD = [ALLOW, 'DROP INDEX invoice_one_per_period', 'ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_guard']
INSTALLATION = [
    ('ALTER TABLE ledger_node DISABLE TRIGGER ledger_node_guard_truncate', 'guards_stand'),
    ('GRANT TRUNCATE ON ledger_entry TO phial_daemon', 'role_cannot_rewrite'),
    ('GRANT INSERT ON ledger_removed TO phial_daemon', 'role_cannot_rewrite'),
    ('ALTER TABLE ledger_removed DISABLE TRIGGER ledger_removed_due', 'guards_stand'),
    ('DROP INDEX ledger_entry_void', 'unique_keys_stand'),
    ('UPDATE invoice_series SET last = last + 1', 'numbers_have_no_gap'),
    ('ALTER TABLE trail_entry DISABLE TRIGGER trail_entry_guard', 'guards_stand'),
    ("UPDATE trail_entry SET object = 'invoices/another' WHERE entry_index = 3", 'trail_is_its_log'),
    ("ALTER TABLE trail_staged DISABLE TRIGGER trail_staged_guard; INSERT INTO trail_staged SELECT staged_id || 'x', at, actor, action, object,"
     " customer, is_read, marks, '{}', now() - interval '1 hour' FROM trail_entry WHERE entry_index = 1", 'trail_flows'),
    ("INSERT INTO ledger_head VALUES (-1, 0, '', now())", 'logs_are_of_customers'),
    ('DELETE FROM schema_migration WHERE version = 1', 'schema_is_current'),
    ('ALTER EVENT TRIGGER phial_guard_ddl DISABLE', 'schema_is_guarded'),
]


def catalog(c):
    c.put('/v1/event-types/image', {'properties': {}})
    c.put('/v1/metrics/images', {'event_types': ['image'], 'aggregation': 'count'})
    c.put('/v1/plans/imaging', {'currency': 'USD', 'interval': 'month', 'charges': [
        {'key': 'reads', 'metric': 'images', 'model': 'graduated', 'tiers': [{'up_to': '2', 'unit_amount': '10'}, {'up_to': None, 'unit_amount': '5'}]}]})
    c.put('/v1/test-clock', {'now': '2031-11-10T12:00:00Z'}, 200)


def customer(c, key):
    c.put('/v1/customers/' + key, {'name': 'Secret Name', 'currency': 'USD', 'time_zone': 'America/New_York',
                                   'tax': {'rates': [{'name': 'VAT', 'percent': '19'}]}})
    c.post('/v1/subscriptions', {'customer': key, 'plan': 'imaging', 'start': '2031-11-01T05:00:00Z'})
    c.post('/v1/events', [{'id': f'event-{n}', 'customer': key, 'type': 'image', 'time': '2031-11-10T11:00:00Z'} for n in range(5)], 200)
    c.post(f'/v1/events/{key}/event-4/void', {}, Phial_Reason='twice')


def names_of(c, key):
    """Everything that a check may call something of the customer's."""
    rows = c.get('/v1/invoices?customer=' + key)['data']
    return {key, rows[0]['subscription']} | {row['id'] for row in rows} | {row['number'] for row in rows if row['number']}


def wait_until_folded(server):
    for _ in range(600):
        if server.sql('SELECT count(*) FROM ledger_head JOIN customer USING (customer_id) LEFT JOIN usage_mark USING (customer_id) WHERE size > COALESCE(folded_to, 0)') == '0':
            return
        time.sleep(0.1)
    raise AssertionError('not folded')


def broken_rows(server, c, keys):
    wait_until_folded(server)
    names = {key: names_of(c, key) for key in keys}
    server.copy('broken')
    server.sql(*UNGUARD, *(what.format(key) for key, (what, _) in zip(keys, BROKEN)), database='broken')
    code, said = server.doctor('broken')
    found = phial.failing(said)
    assert code == 1 and 'Secret' not in said, said
    for key, (what, checks) in zip(keys, BROKEN):
        mine = {check for check, subjects in found.items() if any(set(s.replace('/', ' ').rstrip(':').split()) & names[key] for s in subjects)}
        assert mine == set(checks.split()), (key, what, mine, checks, said)
    assert found['guards_stand'] and found['unique_keys_stand'] == ['invoice_one_per_period'], said
    return found


def main():
    server = phial.Server('--test-clock', environment={'PHIAL_USAGE_FOLD_INTERVAL_MS': '50'})
    c = server.client
    keys = [f'clinic-{number:02}' for number in range(len(BROKEN))]
    catalog(c)
    for key in keys:
        customer(c, key)
        c.expect(200, 'GET', f'/v1/ledger/{key}/checkpoint')  # signed: this much may not go
    c.put('/v1/test-clock', {'now': '2031-12-10T12:00:00Z'}, 200)
    c.put('/v1/test-clock', {'now': '2032-01-01T06:00:00Z'}, 200)  # of each an issued invoice and a draft
    code, said = server.doctor()
    assert code == 0 and ' 0 unsound' in said, said
    server.copy('unsound')
    server.sql(ALLOW, *(what for what, _ in INSTALLATION), database='unsound')
    code, said = server.doctor('unsound')
    assert code == 1 and set(phial.failing(said)) == {check for _, check in INSTALLATION}, said
    found = broken_rows(server, c, keys)
    os.chmod(server.folder + '/ledger.key.pem', 0o644)
    assert set(phial.failing(server.doctor()[1])) == {'secrets_are_private'}
    os.chmod(server.folder + '/ledger.key.pem', 0o600)
    print(f'doctor: ok, {len(BROKEN) + len(INSTALLATION)} changes found by {len(found)} checks and more')
    server.remove()


main()
