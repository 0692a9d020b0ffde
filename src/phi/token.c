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

str token_key_scope(struct arena *arena, const struct property *property, const struct zone *zone,
                    instant at)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    if (property->scope != TOKEN_PERIOD)
        return scope_name(property->scope);
    day_to_civil(zone_day(zone, at), &year, &month, &day_of_month);
    return str_printf(arena, "%04d-%02d", year, month);
}

// The property's name does not enter: one person in two properties stays one person.
sha256 token_mac(const struct hmac_key *key, const struct property *property, str source, str id,
                 str value)
{
    struct sha256_state state;
    hmac_start(key, &state);
    add_field(&state, property->surrogate ? STR("phial/crosswalk/1") : STR("phial/token/1"));
    add_field(&state, scope_name(property->scope));
    if (property->scope == TOKEN_EVENT) {
        add_field(&state, source);
        add_field(&state, id);
    }
    add_field(&state, value);
    return hmac_end(key, &state);
}

static str print_digits(struct arena *arena, const unsigned char *bytes)
{
    return str_slice(encode_base32(arena, (str){(const char *)bytes, TOKEN_BYTES}), 0,
                     TOKEN_DIGITS);
}

str token_text(struct arena *arena, str digits)
{
    return str_concat(arena, STR("tok_"), digits, STR(""));
}

str token_print(struct arena *arena, const sha256 *mac)
{
    return token_text(arena, print_digits(arena, mac->bytes));
}

str token_random(struct arena *arena)
{
    unsigned char random[TOKEN_BYTES];
    crypto_random(random, sizeof random);
    return print_digits(arena, random);
}
