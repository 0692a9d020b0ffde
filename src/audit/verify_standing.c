// SPDX-License-Identifier: Apache-2.0
// The invoices of an export among one another: which were voided, and which stand.
#include "verify_parts.h"

#include <stdlib.h>

static str text_at(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

static void apply_void(const struct exported *exported, const struct exported_document *adjustment,
                       const struct invoice_entries *entries)
{
    long long index = adjustment->index;
    struct invoice_entry *found = invoice_entry_find(entries, text_at(adjustment->body, "invoice"));
    if (found == NULL || found->document->index > adjustment->index) {
        fault(exported->report, "Entry %lld voids an invoice that no entry before it is.", index);
        return;
    }
    if (!str_eq(text_at(found->document->body, "number"), text_at(adjustment->body, "number")))
        fault(exported->report, "Entry %lld voids an invoice under another number.", index);
    if (found->document->voided_by != NEVER)
        fault(exported->report, "Entry %lld voids an invoice that was voided before.", index);
    else
        found->document->voided_by = adjustment->index;
}

// By their texts: each is YYYY-NNNNNN, or has its fault already; longer places are higher ones.
static int compare_numbers(str a, str b)
{
    int years = str_compare(str_slice(a, 0, 4), str_slice(b, 0, 4));
    if (years != 0 || a.len == b.len)
        return years != 0 ? years : str_compare(a, b);
    return a.len < b.len ? -1 : 1;
}

struct dated_invoice {
    str subscription;
    int64_t period;
    const struct exported_document *document;
};

static int by_period(const void *a, const void *b)
{
    const struct dated_invoice *left = a;
    const struct dated_invoice *right = b;
    int order = str_compare(left->subscription, right->subscription);
    if (order != 0)
        return order;
    if (left->period != right->period)
        return left->period < right->period ? -1 : 1;
    return left->document->index < right->document->index ? -1 : 1;
}

// A period's next invoice needs the one before it voided.
static void check_periods(const struct exported *exported, const struct invoice_entries *entries)
{
    struct dated_invoice *dated =
        arena_array(exported->arena, struct dated_invoice, entries->count);
    for (size_t i = 0; i < entries->count; i++) {
        const struct exported_document *document = entries->items[i].document;
        const json_t *period = json_object_get(document->body, "period");
        dated[i] = (struct dated_invoice){
            .subscription = text_at(document->body, "subscription"),
            .period = json_integer_value(json_object_get(period, "number")),
            .document = document,
        };
    }
    if (entries->count != 0)
        qsort(dated, entries->count, sizeof *dated, by_period);
    for (size_t i = 1; i < entries->count; i++) {
        if (str_eq(dated[i - 1].subscription, dated[i].subscription) &&
            dated[i - 1].period == dated[i].period &&
            dated[i - 1].document->voided_by > dated[i].document->index)
            fault(exported->report, "Entries %lld and %lld are invoices of one period.",
                  (long long)dated[i - 1].document->index, (long long)dated[i].document->index);
    }
}

void verify_standing(const struct exported *exported, const struct invoice_entries *entries)
{
    str last[2] = {{0}}; // of invoices, of credit notes
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        bool note = document->kind == ENTRY_credit_note;
        if (document->kind == ENTRY_adjustment &&
            str_eq(text_at(document->body, "action"), STR("void")))
            apply_void(exported, document, entries);
        if (document->kind != ENTRY_invoice && !note)
            continue;
        str number = text_at(document->body, "number");
        number = note ? str_slice(number, sizeof "CN-" - 1, number.len) : number;
        if (last[note].len != 0 && compare_numbers(last[note], number) >= 0)
            fault(exported->report, "Entry %lld: its number is not above those before it.",
                  (long long)document->index);
        last[note] = number;
    }
    check_periods(exported, entries);
}
