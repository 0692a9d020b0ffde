// SPDX-License-Identifier: Apache-2.0
#include "phial/phi/event_type.h"
#include "phial/util/encode.h"

// Every field is preceded by its length, so that no two lists of fields have the same bytes.
static void add_field(struct sha256_state *state, str field)
{
    unsigned char len[8];
    for (size_t i = 0; i < sizeof(len); i++)
        len[i] = (unsigned char)((uint64_t)field.len >> (8 * (sizeof(len) - 1 - i)));
    sha256_add(state, (str){(const char *)len, sizeof(len)});
    sha256_add(state, field);
}

static str scope_name(enum token_scope scope)
{
    switch (scope) {
    case TOKEN_PERIOD:
        return STR("period");
    case TOKEN_CUSTOMER:
        return STR("customer");
    case TOKEN_EVENT:
        return STR("event");
    }
    return STR("");
}

// The property's name does not enter: one person in two properties stays one person.
str token_period(struct arena *arena, const struct property *property, const struct zone *zone,
                 instant at)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    if (property->scope != TOKEN_PERIOD)
        return STR("");
    day_to_civil(zone_day(zone, at), &year, &month, &day_of_month);
    return str_printf(arena, "%04d-%02d", year, month);
}

str token_print(struct arena *arena, const struct hmac_key *key, const struct property *property,
                str source, str id, str value)
{
    enum { DIGITS = 26, BITS_A_DIGIT = 5, BYTES = (DIGITS * BITS_A_DIGIT + 7) / 8 };
    struct sha256_state state;
    hmac_start(key, &state);
    add_field(&state, STR("phial/token/1"));
    add_field(&state, scope_name(property->scope));
    if (property->scope == TOKEN_EVENT) {
        add_field(&state, source);
        add_field(&state, id);
    }
    add_field(&state, value);
    sha256 mac = hmac_end(key, &state);

    str digits = encode_base32(arena, (str){(const char *)mac.bytes, BYTES});
    return str_concat(arena, STR("tok_"), str_slice(digits, 0, DIGITS), STR(""));
}
