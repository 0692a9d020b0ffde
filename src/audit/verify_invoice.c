// SPDX-License-Identifier: Apache-2.0
// One invoice entry in itself: what its issue added to what was computed.
#include "phial/util/array.h"
#include "verify_parts.h"

#include <string.h>

static void wrong(const struct exported *exported, const struct exported_document *invoice,
                  const char *what)
{
    fault(exported->report, "Entry %lld: %s.", (long long)invoice->index, what);
}

static str text_at(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

bool is_number_of(struct arena *arena, bool note, str number, instant issued_at)
{
    const char *prefix = note ? "CN-" : "";
    size_t before = (note ? sizeof "CN-" - 1 : 0) + sizeof "YYYY-" - 1;
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    int64_t place = 0;
    day_to_civil(zone_day(zone_utc(), issued_at), &year, &month, &day_of_month);
    return str_to_i64(str_slice(number, before, number.len), &place) && place > 0 &&
           str_eq(number, str_printf(arena, "%s%04d-%06lld", prefix, year, (long long)place));
}

static bool is_due(struct arena *arena, str text, instant issued_at)
{
    instant due = {0};
    return !failed(instant_parse(text, &due)) && due.us >= issued_at.us &&
           str_eq(instant_print_canonical(arena, due), text);
}

bool is_of_issue(const char *member)
{
    static const char *const members[] = {"id",        "number", "status",
                                          "issued_at", "due_at", "ledger"};
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (strcmp(member, members[i]) == 0)
            return true;
    }
    return false;
}

void verify_issue(const struct exported *exported, const struct exported_document *invoice)
{
    const json_t *body = invoice->body;
    instant end = {0};
    if (text_at(body, "id").len == 0)
        wrong(exported, invoice, "it has no id");
    if (!str_eq(text_at(body, "status"), STR("issued")))
        wrong(exported, invoice, "its status is not issued");
    if (!str_eq(text_at(body, "issued_at"), instant_print_canonical(exported->arena, invoice->at)))
        wrong(exported, invoice, "its issued_at is not its entry's time");
    bool note = invoice->kind == ENTRY_credit_note;
    if (note != str_starts_with(text_at(body, "total"), STR("-")))
        wrong(exported, invoice, "it is a credit note, or is none, against the sign of its total");
    if (!is_number_of(exported->arena, note, text_at(body, "number"), invoice->at))
        wrong(exported, invoice, "its number is none of the year of its issue");
    if (!is_due(exported->arena, text_at(body, "due_at"), invoice->at))
        wrong(exported, invoice, "it is not due at or after its issue");
    if (failed(instant_parse(text_at(json_object_get(body, "period"), "end"), &end)) ||
        end.us > invoice->at.us)
        wrong(exported, invoice, "it was issued before its period had ended");
}
