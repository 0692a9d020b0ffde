// SPDX-License-Identifier: Apache-2.0
// event_type.h - what an event may say: the declaration, parsed once, and the check of each value.
#pragma once

#include "phial/crypto/crypto.h"
#include "phial/json/json.h"
#include "phial/money/money.h"
#include "phial/time/time.h"
#include "phial/util/arena.h"
#include "phial/util/faults.h"
#include "phial/util/str.h"

enum { PROPERTIES_MAX = 64, ENUM_VALUES_MAX = 256, TOKEN_VALUE_MAX = 256 };

enum property_type {
    PROPERTY_BOOLEAN,
    PROPERTY_CODE,
    PROPERTY_DECIMAL,
    PROPERTY_ENUM,
    PROPERTY_INTEGER,
    PROPERTY_TOKEN,
    PROPERTY_VERSION,
};

enum token_scope { TOKEN_PERIOD, TOKEN_CUSTOMER, TOKEN_EVENT };
enum time_precision { PRECISION_SECOND, PRECISION_HOUR, PRECISION_DAY };

struct property {
    str name;
    enum property_type type;
    bool required;
    bool plain_number; // named in plain_numbers
    bool has_min, has_max;
    decimal min, max;  // integer, decimal
    const str *values; // enum, in byte order
    size_t value_count;
    enum token_scope scope;
    bool surrogate;
    uint64_t detectors_off;
};

struct event_type {
    str key;
    const struct property *properties; // in byte order of their names
    size_t property_count;
    bool drop_unknown;
    bool plain_id; // "id" is named in plain_numbers
    enum time_precision precision;
    bool quantity_integer;
    bool quantity_has_max;
    decimal quantity_min; // 0 by default
    decimal quantity_max;
    int64_t window_past_us;
    int64_t window_future_us;
    str retention; // "" when none is named
};

// Adds a fault for everything wrong with the declaration (phi_property_name among them). NULL then.
const struct event_type *event_type_parse(struct json_at document, str key);
const struct property *event_type_property(const struct event_type *type, str name); // NULL

// A value as it stood in the body.
enum json_kind {
    JSON_KIND_ABSENT,
    JSON_KIND_ARRAY,
    JSON_KIND_FALSE,
    JSON_KIND_NULL,
    JSON_KIND_NUMBER,
    JSON_KIND_OBJECT,
    JSON_KIND_STRING,
    JSON_KIND_TRUE
};
struct raw_value {
    enum json_kind kind;
    str text; // a string's decoded text, a number's lexeme
};

// Why a value is refused: a code of contract 3.1 and, for phi_detected, the detector. NULL code:
// fine.
struct refusal {
    const char *code;
    const char *detector;
};

// Checks a value and yields its canonical JSON (quoted where a string); for a token, yields the raw
// text in *canonical and leaves it to the caller to replace it by a token.
struct refusal property_check(struct arena *arena, const struct property *property,
                              struct raw_value value, str *canonical);
// The canonical quantity, "1" when absent.
struct refusal quantity_check(struct arena *arena, const struct event_type *type,
                              struct raw_value value, str *canonical);
// Ids, sources, reasons, names of keys: detectors, and for ids the ambiguous-number rule.
struct refusal text_check(str text, bool plain_number);

// The stored time: truncated to the type's precision in the customer's zone.
instant event_time_stored(const struct event_type *type, const struct zone *zone, instant at);

// Whose key makes a property's tokens: the local month "2026-11" of the event's time, as sent, for
// the scope `period`; else "customer" or "event".
str token_key_scope(struct arena *arena, const struct property *property, const struct zone *zone,
                    instant at);

// What stands for a value: source and id enter for the scope `event` alone. Of an HMAC token it is
// the token itself, of a surrogate the place in the crosswalk.
enum { TOKEN_DIGITS = 26, TOKEN_BYTES = (TOKEN_DIGITS * 5 + 7) / 8 };
sha256 token_mac(const struct hmac_key *key, const struct property *property, str source, str id,
                 str value);
// "tok_" and 26 characters of base32: of a MAC, or of a code.
str token_print(struct arena *arena, const sha256 *mac);
str token_text(struct arena *arena, str digits);
str token_random(struct arena *arena); // the digits of a surrogate: a code derived from nothing
