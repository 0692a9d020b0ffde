// SPDX-License-Identifier: Apache-2.0
// zone.h - what a zone is made of: the transitions of its file, then a rule for ever after.
#pragma once

#include "phial/time/time.h"

#include <stdbool.h>
#include <stddef.h>

// RFC 8536 wants an offset above -25 and below +26 hours.
enum { OFFSET_MIN = -25 * 3600 + 1, OFFSET_MAX = 26 * 3600 - 1 };

// A day of each year, and the second of it at which the clock changes.
struct zone_change {
    enum {
        ZONE_JULIAN,  // 1 to 365; 29 February is not counted
        ZONE_ORDINAL, // 0 to 365
        ZONE_WEEKDAY, // the week-th weekday of a month
    } kind;
    int32_t number;  // ZONE_JULIAN, ZONE_ORDINAL
    int32_t month;   // 1 to 12
    int32_t week;    // 1 to 5; 5 is the last
    int32_t weekday; // 0 is Sunday, as POSIX has it
    int32_t second;  // local clock time, -167 to 167 hours
};

// The TZ string of POSIX: a standard offset and, where there is one, summer time.
struct zone_rule {
    int32_t standard; // seconds east of UTC
    int32_t summer;
    bool has_summer;
    struct zone_change begins; // on the standard clock
    struct zone_change ends;   // on the summer clock
};

struct zone {
    size_t transition_count;
    const int64_t *transitions; // seconds since 1970, rising
    const int32_t *offsets;     // in force from the transition of that index
    int32_t first_offset;       // before all of them
    bool has_rule;              // from the last of them on
    struct zone_rule rule;
};

// A time during which the offset stays the same: from <= t < to.
struct zone_stretch {
    int64_t from;
    int64_t to;
    int32_t offset;
};

// "EST5EDT,M3.2.0,M11.1.0". INVALID otherwise.
result zone_rule_parse(str text, struct zone_rule *rule);
struct zone_stretch zone_rule_stretch(const struct zone_rule *rule, int64_t second);

// The bytes of a TZif file of version 2 or later, without leap seconds. INVALID otherwise.
result zone_parse(struct arena *arena, str bytes, const struct zone **zone);
