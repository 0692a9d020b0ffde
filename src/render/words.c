// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include "phial/util/buf.h"

enum { DIGITS_OF_A_GROUP = 3, IBAN_GROUP = 4 };

str words_figure(struct arena *arena, str plain)
{
    struct buf text = {.arena = arena};
    str whole = plain;
    str fraction = STR("");
    bool has_fraction = str_cut(plain, '.', &whole, &fraction);
    if (str_starts_with(whole, STR("-"))) {
        buf_add_char(&text, '-');
        whole = str_slice(whole, 1, whole.len);
    }
    if (!has_fraction && whole.len == 0)
        whole = plain;
    for (size_t i = 0; i < whole.len; i++) {
        if (i > 0 && (whole.len - i) % DIGITS_OF_A_GROUP == 0)
            buf_add_char(&text, ',');
        buf_add_char(&text, whole.ptr[i]);
    }
    if (has_fraction) {
        buf_add_char(&text, '.');
        buf_add(&text, fraction);
    }
    return buf_str(&text);
}

str words_price(struct arena *arena, str plain, enum currency currency)
{
    struct buf text = {.arena = arena};
    str whole = {0};
    str fraction = STR("");
    size_t digits = (size_t)currency_digits(currency);
    if (plain.len == 0)
        return plain;
    buf_add(&text, plain);
    if (!str_cut(plain, '.', &whole, &fraction) && digits > 0)
        buf_add_char(&text, '.');
    for (size_t i = fraction.len; i < digits; i++)
        buf_add_char(&text, '0');
    return words_figure(arena, buf_str(&text));
}

str words_money(struct arena *arena, money amount)
{
    return words_figure(arena, money_print(arena, amount));
}

str words_due(struct arena *arena, const struct bill *bill)
{
    return str_printf(arena, "%" STR_FMT " %s", STR_ARG(words_money(arena, bill->amount_due)),
                      currency_code(bill->currency));
}

str words_day(struct arena *arena, const struct zone *zone, instant at)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    day_to_civil(zone_day(zone, at), &year, &month, &day_of_month);
    return str_printf(arena, "%04d-%02d-%02d", year, month, day_of_month);
}

str words_days(struct arena *arena, const struct zone *zone, instant start, instant end)
{
    if (end.us <= start.us) // an opening statement
        return str_printf(arena, "from %" STR_FMT, STR_ARG(words_day(arena, zone, start)));
    str first = words_day(arena, zone, start);
    str last = words_day(arena, zone, (instant){end.us - 1});
    return str_printf(arena, "%" STR_FMT " to %" STR_FMT, STR_ARG(first), STR_ARG(last));
}

static str period_of(struct arena *arena, const struct bill *bill)
{
    if (!bill->closing)
        return words_days(arena, bill->zone, bill->start, bill->end);
    str last = words_day(arena, bill->zone, (instant){bill->end.us - 1});
    return str_printf(arena, "closed, after %" STR_FMT, STR_ARG(last));
}

str words_title(const struct bill *bill)
{
    return bill->kind == BILL_CREDIT_NOTE ? STR("Credit note") : STR("Invoice");
}

str words_name(struct arena *arena, const struct bill *bill)
{
    str title = words_title(bill);
    if (bill->number.len == 0)
        return str_printf(arena, "%" STR_FMT " (draft)", STR_ARG(title));
    return str_printf(arena, "%" STR_FMT " %" STR_FMT, STR_ARG(title), STR_ARG(bill->number));
}

const char *words_mark(const struct bill *bill)
{
    switch (bill->state) {
    case BILL_DRAFT:
        return "DRAFT";
    case BILL_VOID:
        return "VOID";
    case BILL_ISSUED:
        return NULL;
    }
    return NULL;
}

str words_terms(struct arena *arena, const struct bill *bill)
{
    if (bill->state == BILL_DRAFT)
        return STR("This is a draft: it is not due, and may still change.");
    if (bill->state == BILL_VOID)
        return STR("This document is void: nothing is due on it.");
    if (bill->kind == BILL_CREDIT_NOTE)
        return STR("This amount is credited to you; nothing is due.");
    if (bill->amount_due.minor <= 0)
        return STR("Nothing is due.");
    if (!bill->has_due)
        return STR("Payable on receipt.");
    str due = words_day(arena, bill->zone, bill->due_at);
    if (!bill->has_issued || bill->due_at.us <= bill->issued_at.us)
        return str_printf(arena, "Payable by %" STR_FMT ".", STR_ARG(due));
    int64_t days = (bill->due_at.us - bill->issued_at.us) / INT64_C(86400000000);
    return str_printf(arena, "Payable within %lld days, by %" STR_FMT ".", (long long)days,
                      STR_ARG(due));
}

str words_tax(struct arena *arena, const struct bill_tax *tax)
{
    if (tax->category.len == 0)
        return tax->name;
    return str_printf(arena, "%" STR_FMT " (%" STR_FMT ")", STR_ARG(tax->name),
                      STR_ARG(tax->category));
}

str words_group(struct arena *arena, const struct bill_line *line)
{
    struct buf text = {.arena = arena};
    for (size_t i = 0; i < line->group_count; i++) {
        str value = line->groups[i].value.len == 0 ? STR("none") : line->groups[i].value;
        buf_addf(&text, "%s%" STR_FMT ": %" STR_FMT, i == 0 ? "" : ", ",
                 STR_ARG(line->groups[i].name), STR_ARG(value));
    }
    return buf_str(&text);
}

str words_iban(struct arena *arena, str iban)
{
    struct buf text = {.arena = arena};
    size_t count = 0;
    for (size_t i = 0; i < iban.len; i++) {
        if (iban.ptr[i] == ' ')
            continue;
        if (count > 0 && count % IBAN_GROUP == 0)
            buf_add_char(&text, ' ');
        buf_add_char(&text, iban.ptr[i]);
        count++;
    }
    return buf_str(&text);
}

str words_tier(struct arena *arena, const struct bill_line *line, size_t tier)
{
    if (line->tiers[tier].is_cell)
        return line->tiers[tier].match.len == 0 ? STR("Other") : line->tiers[tier].match;
    str to = words_figure(arena, line->tiers[tier].up_to);
    str from = tier == 0 ? STR("") : words_figure(arena, line->tiers[tier - 1].up_to);
    if (to.len == 0 && from.len == 0)
        return STR("All units");
    if (to.len == 0)
        return str_printf(arena, "Above %" STR_FMT, STR_ARG(from));
    if (from.len == 0)
        return str_printf(arena, "Up to %" STR_FMT, STR_ARG(to));
    return str_printf(arena, "%" STR_FMT " to %" STR_FMT, STR_ARG(from), STR_ARG(to));
}

str words_tier_price(struct arena *arena, const struct bill_line *line, size_t tier)
{
    str price = line->tiers[tier].unit_amount;
    if (line->tiers[tier].is_rate)
        return str_concat(arena, price, STR("%"), STR(""));
    return words_price(arena, price, line->amount.currency);
}

bool words_shows_tiers(const struct bill_line *line)
{
    return line->tier_count > 1 || (line->tier_count == 1 && line->unit_price.len == 0);
}

str words_order(const struct bill *bill)
{
    if (bill->half_even)
        return STR(
            "Order of calculation: free units, price of the charge, its minimum and maximum, "
            "discounts, minimum, maximum and commitment of the plan, tax, prepaid credit. Every "
            "line is rounded once, half to even; tax is rounded once for each rate.");
    return STR("Order of calculation: free units, price of the charge, its minimum and maximum, "
               "discounts, minimum, maximum and commitment of the plan, tax, prepaid credit. Every "
               "line is rounded once, half away from zero; tax is rounded once for each rate.");
}

str words_checkpoint(struct arena *arena, const struct bill *bill)
{
    return str_printf(arena, "%" STR_FMT "\n%lld\n%" STR_FMT "\n%" STR_FMT " %" STR_FMT " %s\n",
                      STR_ARG(bill->ledger_origin), (long long)bill->ledger_size,
                      STR_ARG(bill->ledger_root), STR_ARG(words_name(arena, bill)),
                      STR_ARG(money_print(arena, bill->amount_due)), currency_code(bill->currency));
}

str words_verification(struct arena *arena, const struct bill *bill)
{
    str entry = bill->number.len == 0 ? STR("")
                                      : str_printf(arena, " The statement itself is entry %lld.",
                                                   (long long)bill->ledger_size);
    return str_printf(arena,
                      "Computed from the first %lld entries of the ledger below, whose Merkle root "
                      "is printed here.%" STR_FMT " Ask for a signed export of this period and run "
                      "\"phial verify\" on it, with no connection to us: it proves every event and "
                      "rates the statement again.",
                      (long long)bill->ledger_size, STR_ARG(entry));
}

static size_t add_line(str lines[WORDS_ADDRESS_MAX], size_t count, str line)
{
    if (line.len != 0)
        lines[count++] = line;
    return count;
}

size_t words_address(struct arena *arena, str name, const struct bill_address *address,
                     str lines[WORDS_ADDRESS_MAX])
{
    bool code_last = str_eq(address->country, STR("US")) || str_eq(address->country, STR("CA")) ||
                     str_eq(address->country, STR("AU"));
    str city = str_concat(arena, address->postal_code, STR(" "), address->city);
    if (code_last)
        city = str_printf(arena, "%" STR_FMT "%s%" STR_FMT " %" STR_FMT, STR_ARG(address->city),
                          address->city.len != 0 && address->region.len != 0 ? ", " : "",
                          STR_ARG(address->region), STR_ARG(address->postal_code));
    size_t count = add_line(lines, 0, name);
    count = add_line(lines, count, address->line1);
    count = add_line(lines, count, address->line2);
    count = add_line(lines, count, str_trim(city));
    if (!code_last)
        count = add_line(lines, count, address->region);
    return add_line(lines, count, address->country);
}

static size_t add_fact(struct words_fact facts[WORDS_FACTS_MAX], size_t count, const char *label,
                       str value)
{
    if (value.len != 0)
        facts[count++] = (struct words_fact){label, value};
    return count;
}

size_t words_facts(struct arena *arena, const struct bill *bill,
                   struct words_fact facts[WORDS_FACTS_MAX])
{
    str plan = STR("");
    if (bill->plan.len != 0)
        plan = str_printf(arena, "%" STR_FMT ", version %lld", STR_ARG(bill->plan),
                          (long long)bill->plan_version);
    str number = bill->number.len == 0 ? STR("none: a draft") : bill->number;
    size_t count = add_fact(facts, 0, "Number", number);
    count = add_fact(facts, count, "For invoice", bill->corrected);
    if (bill->has_issued)
        count = add_fact(facts, count, "Date", words_day(arena, bill->zone, bill->issued_at));
    if (bill->has_due && bill->kind == BILL_INVOICE)
        count = add_fact(facts, count, "Due", words_day(arena, bill->zone, bill->due_at));
    if (bill->has_period)
        count = add_fact(facts, count, "Period", period_of(arena, bill));
    count = add_fact(facts, count, "Time zone", bill->zone_name);
    count = add_fact(facts, count, "Customer", bill->buyer.key);
    count = add_fact(facts, count, "Your reference", bill->buyer.reference);
    count = add_fact(facts, count, "Your tax number", bill->buyer.tax_id);
    return add_fact(facts, count, "Plan", plan);
}

size_t words_totals(struct arena *arena, const struct bill *bill,
                    struct words_fact facts[WORDS_FACTS_MAX])
{
    money none = {0, bill->currency};
    money discounts = {-bill->discounts.minor, bill->currency};
    money credits = {-bill->credits.minor, bill->currency};
    size_t count = add_fact(facts, 0, "Subtotal", words_money(arena, bill->subtotal));
    if (bill->discounts.minor != none.minor) {
        count = add_fact(facts, count, "Discounts", words_money(arena, discounts));
        count = add_fact(facts, count, "Net", words_money(arena, bill->base));
    }
    count = add_fact(facts, count, "Tax", words_money(arena, bill->tax_total));
    count = add_fact(facts, count, "Total", words_money(arena, bill->total));
    if (bill->credits.minor != none.minor)
        count = add_fact(facts, count, "Prepaid credit", words_money(arena, credits));
    return count;
}

static void add_part(struct buf *text, const char *label, str value)
{
    if (value.len == 0)
        return;
    if (text->len != 0)
        buf_add(text, STR(" \xc2\xb7 "));
    buf_add(text, str_from(label));
    buf_add(text, value);
}

str words_sender(struct arena *arena, const struct bill_seller *seller)
{
    struct buf text = {.arena = arena};
    str city = str_concat(arena, seller->address.postal_code, STR(" "), seller->address.city);
    add_part(&text, "", seller->name);
    add_part(&text, "", seller->address.line1);
    add_part(&text, "", str_trim(city));
    return buf_str(&text);
}

str words_seller(struct arena *arena, const struct bill_seller *seller)
{
    struct buf text = {.arena = arena};
    buf_add(&text, words_sender(arena, seller));
    add_part(&text, "", seller->address.country);
    add_part(&text, "Tax number ", seller->tax_id);
    add_part(&text, "Company number ", seller->registration_id);
    add_part(&text, "", seller->email);
    return buf_str(&text);
}
