// SPDX-License-Identifier: Apache-2.0
#include "phial/render/bill.h"

#include "bill_lines.h"

#include <string.h>

// A control character has no place on paper or in XML, and neither have U+FFFE and U+FFFF.
str bill_clean(struct arena *arena, str text)
{
    char *clean = arena_array(arena, char, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        clean[i] = text.ptr[i];
        if (c < ' ' || c == 0x7f)
            clean[i] = ' ';
    }
    for (size_t i = 0; i + 2 < text.len; i++) {
        if (memcmp(clean + i, "\xef\xbf\xbe", 3) == 0 || memcmp(clean + i, "\xef\xbf\xbf", 3) == 0)
            memset(clean + i, ' ', 3);
    }
    return (str){clean, text.len};
}

result bill_text(struct arena *arena, const json_t *object, const char *name, str *text)
{
    const json_t *member = json_object_get(object, name);
    *text = STR("");
    if (member == NULL || json_is_null(member))
        return OK;
    str value = json_str(member);
    if (!json_is_string(member) || value.len > BILL_TEXT_BYTES_MAX)
        return FAIL(INVALID, "a text of the statement is none, or too long");
    *text = bill_clean(arena, value);
    return OK;
}

result bill_money(const json_t *object, const char *name, enum currency currency, money *amount)
{
    const json_t *member = json_object_get(object, name);
    *amount = (money){0, currency};
    if (member == NULL)
        return OK;
    TRY(money_parse(json_str(member), currency, amount));
    if (amount->minor == INT64_MIN) // its negative would not fit
        return FAIL(AMOUNT_OVERFLOW, "an amount of the statement does not fit");
    return OK;
}

result bill_instant(const json_t *object, const char *name, bool *has, instant *at)
{
    str text = json_str(json_object_get(object, name));
    *has = text.len != 0;
    return *has ? instant_parse(text, at) : OK;
}

// Texts by name, all read alike.
struct wanted {
    const char *name;
    str *into;
};

static result read_texts(struct arena *arena, const json_t *object, const struct wanted *wanted,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(bill_text(arena, object, wanted[i].name, wanted[i].into));
    return OK;
}

static result read_buyer(struct arena *arena, const json_t *customer, struct bill_buyer *buyer)
{
    const json_t *address = json_object_get(customer, "address");
    const json_t *days = json_object_get(customer, "payment_terms_days");
    struct bill_address *to = &buyer->address;
    const struct wanted own[] = {
        {"name", &buyer->name},
        {"email", &buyer->email},
        {"buyer_reference", &buyer->reference},
    };
    const struct wanted lines[] = {
        {"line1", &to->line1},   {"line2", &to->line2},     {"city", &to->city},
        {"region", &to->region}, {"country", &to->country}, {"postal_code", &to->postal_code},
    };
    TRY(read_texts(arena, customer, own, sizeof own / sizeof *own));
    TRY(read_texts(arena, address, lines, sizeof lines / sizeof *lines));
    const json_t *endpoint = json_object_get(customer, "endpoint");
    TRY(bill_text(arena, endpoint, "scheme", &buyer->endpoint_scheme));
    TRY(bill_text(arena, endpoint, "id", &buyer->endpoint_id));
    buyer->has_terms = json_is_integer(days);
    buyer->terms_days = json_integer_value(days);
    return bill_text(arena, json_object_get(customer, "tax"), "id", &buyer->tax_id);
}

static result read_tax(struct arena *arena, const json_t *from, enum currency currency,
                       struct bill_tax *tax)
{
    str percent = {0};
    TRY(bill_text(arena, from, "name", &tax->name));
    TRY(bill_text(arena, from, "category", &tax->category));
    TRY(bill_text(arena, from, "percent", &percent));
    TRY(decimal_parse(percent, &tax->percent));
    TRY(bill_money(from, "base", currency, &tax->base));
    return bill_money(from, "amount", currency, &tax->amount);
}

static result read_taxes(struct arena *arena, const json_t *statement, struct bill *bill)
{
    const json_t *from = json_object_get(statement, "tax");
    size_t count = json_array_size(from);
    if (count > BILL_TAXES_MAX)
        return FAIL(INVALID, "the statement has too many taxes");
    struct bill_tax *taxes = arena_array(arena, struct bill_tax, count + 1);
    bill->tax_total = (money){0, bill->currency};
    for (size_t i = 0; i < count; i++) {
        TRY(read_tax(arena, json_array_get(from, i), bill->currency, &taxes[i]));
        TRY(money_add(bill->tax_total, taxes[i].amount, &bill->tax_total));
    }
    bill->taxes = taxes;
    bill->tax_count = count;
    return bill_text(arena, statement, "exempt_reason", &bill->exempt_reason);
}

static result read_totals(const json_t *statement, struct bill *bill)
{
    enum currency currency = bill->currency;
    TRY(bill_money(statement, "subtotal", currency, &bill->subtotal));
    TRY(bill_money(statement, "discounts", currency, &bill->discounts));
    TRY(bill_money(statement, "total", currency, &bill->total));
    TRY(bill_money(statement, "credits", currency, &bill->credits));
    TRY(money_sub(bill->subtotal, bill->discounts, &bill->base));
    if (json_object_get(statement, "amount_due") == NULL)
        return money_sub(bill->total, bill->credits, &bill->amount_due);
    return bill_money(statement, "amount_due", currency, &bill->amount_due);
}

static enum bill_state read_state(const json_t *statement)
{
    str status = json_str(json_object_get(statement, "status"));
    if (str_eq(status, STR("draft")))
        return BILL_DRAFT;
    return str_eq(status, STR("void")) ? BILL_VOID : BILL_ISSUED;
}

// A credit note has its days where its customer is, as statements have.
static result read_period(struct arena *arena, const struct bill_source *source, struct bill *bill)
{
    const json_t *statement = source->statement;
    const json_t *customer = source->customer;
    const json_t *period = json_object_get(statement, "period");
    bool has_end = false;
    bill->zone = zone_utc();
    bill->zone_name = STR("UTC");
    TRY(bill_instant(period, "start", &bill->has_period, &bill->start));
    TRY(bill_instant(period, "end", &has_end, &bill->end));
    bill->has_period = bill->has_period && has_end;
    bill->closing = bill->has_period && bill->start.us == bill->end.us &&
                    json_integer_value(json_object_get(period, "number")) > 1;
    const json_t *has_zone = json_object_get(period, "time_zone") == NULL ? customer : period;
    if (json_str(json_object_get(has_zone, "time_zone")).len == 0)
        return OK;
    TRY(bill_text(arena, has_zone, "time_zone", &bill->zone_name));
    return zone_load(arena, bill->zone_name, &bill->zone);
}

static result read_ledger(struct arena *arena, const struct bill_source *source, struct bill *bill)
{
    const json_t *ledger = json_object_get(source->statement, "ledger");
    const json_t *size = json_object_get(ledger, "size");
    TRY(bill_text(arena, ledger, "root", &bill->ledger_root));
    bill->has_ledger = json_is_integer(size) && bill->ledger_root.len != 0;
    bill->ledger_size = json_integer_value(size);
    bill->ledger_origin = str_printf(arena, "%" STR_FMT "/ledger/%" STR_FMT,
                                     STR_ARG(source->server), STR_ARG(bill->buyer.key));
    return OK;
}

static result read_identity(struct arena *arena, const json_t *statement, struct bill *bill)
{
    const json_t *plan = json_object_get(statement, "plan");
    const struct wanted own[] = {
        {"id", &bill->id},
        {"number", &bill->number},
        {"invoice_number", &bill->corrected},
        {"subscription", &bill->subscription},
        {"customer", &bill->buyer.key},
    };
    TRY(read_texts(arena, statement, own, sizeof own / sizeof *own));
    TRY(bill_text(arena, plan, "key", &bill->plan));
    bill->plan_version = json_integer_value(json_object_get(plan, "version"));
    bill->half_even = str_eq(json_str(json_object_get(statement, "rounding")), STR("half_even"));
    TRY(bill_instant(statement, "issued_at", &bill->has_issued, &bill->issued_at));
    return bill_instant(statement, "due_at", &bill->has_due, &bill->due_at);
}

result bill_read(struct arena *arena, const struct bill_source *source, struct bill *bill)
{
    const json_t *statement = source->statement;
    struct bill read = {.kind = source->kind, .state = read_state(statement)};
    if (!json_is_object(statement))
        return FAIL(INVALID, "this is no statement");
    read.seller = *source->seller;
    TRY(currency_parse(json_str(json_object_get(statement, "currency")), &read.currency));
    TRY(read_identity(arena, statement, &read));
    TRY(read_buyer(arena, source->customer, &read.buyer));
    TRY(read_period(arena, source, &read));
    TRY(bill_read_lines(arena, statement, &read));
    TRY(read_totals(statement, &read));
    TRY(read_taxes(arena, statement, &read));
    TRY(read_ledger(arena, source, &read));
    *bill = read;
    return OK;
}
