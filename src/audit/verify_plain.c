// SPDX-License-Identifier: Apache-2.0
// A usage entry without a parser. What is taken here is what verify_leaf.c takes without a word; a
// fuzz target holds the two against each other.
#include "phial/rating/usage.h"
#include "verify_parts.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// "2026-11-03T14:05:01.123456Z", digit by digit: that it is a time, its parser has said.
static bool is_canonical_time(str text)
{
    static const str form = {"0000-00-00T00:00:00.000000Z", 27};
    if (text.len != form.len)
        return false;
    for (size_t i = 0; i < form.len; i++) {
        if (form.ptr[i] == '0' ? !is_digit(text.ptr[i]) : text.ptr[i] != form.ptr[i])
            return false;
    }
    return true;
}

// Of what decimal_parse takes: no zero behind the last fraction digit, and zero has no sign.
static bool is_canonical_decimal(str text)
{
    if (str_eq(text, STR("-0")))
        return false;
    return !str_contains(text, '.') || text.ptr[text.len - 1] != '0';
}

static bool is_name(str name)
{
    return name.len > 0 && str_all_in(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789_.-");
}

// Each name once, in the order of bytes.
static bool are_properties(str object)
{
    str rest = str_slice(object, 1, object.len);
    str last = STR("");
    str name = {0};
    str value = {0};
    while (usage_plain_property(&rest, &name, &value)) {
        if (!is_name(name) || str_compare(last, name) >= 0)
            return false;
        last = name;
    }
    return true;
}

bool leaf_read_plain(struct leaf_reading *reading)
{
    struct plain_usage usage = {0};
    const struct exported *exported = reading->exported;
    instant at = {0};
    if (reading->bytes.len > LEAF_BYTES_MAX || !usage_plain_read(reading->bytes, &usage) ||
        !is_canonical_time(usage.at) || !is_canonical_time(usage.time) ||
        failed(instant_parse(usage.at, &at)) || !is_canonical_decimal(usage.quantity) ||
        (usage.event.plain.len > 0 && !are_properties(usage.event.plain)) ||
        (exported->has_manifest &&
         (exported->customer.len == 0 || !str_eq(usage.customer, exported->customer))))
        return false; // the audit trail, a log without a customer, has no events
    reading->whole = true;
    reading->kind = ENTRY_usage;
    reading->at = at;
    reading->time = usage.event.time;
    reading->identity = identity_of(usage.event.source, usage.event.id);
    return true;
}
