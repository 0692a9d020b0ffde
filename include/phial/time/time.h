// SPDX-License-Identifier: Apache-2.0
// time.h - instants, calendar days, durations, time zones. Pure values; nobody here asks a clock.
//
// Zones are the IANA database of the system (TZif, RFC 8536), the very files that PostgreSQL reads,
// so that a period can be cut and verified without a server.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stdint.h>

typedef struct {
    int64_t us; // microseconds since 1970-01-01T00:00:00Z
} instant;
#define FIRST_INSTANT_US INT64_C(-62135596800000000) // 0001-01-01: no event is before it
#define END_INSTANT_US INT64_C(253402300800000000)   // 10000-01-01: every event is before it

// RFC 3339 with an offset or Z, up to 9 fraction digits (cut to 6), years 0001 to 9999; a second
// 60 is refused. INVALID otherwise.
result instant_parse(str text, instant *out);
str instant_print(struct arena *arena, instant at); // "2026-11-01T04:00:00Z", fraction if any
str instant_print_canonical(struct arena *arena, instant at); // "2026-11-01T04:00:00.000000Z"

typedef struct {
    int32_t number; // days since 1970-01-01 in the proleptic Gregorian calendar
} day;

day day_from_civil(int year, int month, int day_of_month);
void day_to_civil(day d, int *year, int *month, int *day_of_month);
int day_of_week(day d); // 0 is Monday
int days_in_month(int year, int month);
// start + n months; a day that the month does not have becomes its last.
day day_add_months(day start, int months);

// ISO 8601: P[nY][nM][nW][nD][T[nH][nM][nS]]; years and months as 365 and 30 days. Not negative.
// One that does not fit is the longest that does: no two instants lie that far apart.
result duration_parse(str text, int64_t *us);

struct zone; // opaque; lives in the arena it was loaded into

// NOT_FOUND for a name the database does not have; INVALID for one that is no zone name.
result zone_load(struct arena *arena, str name, const struct zone **zone);
const struct zone *zone_utc(void);
int32_t zone_offset(const struct zone *zone, instant at); // seconds east of UTC
day zone_day(const struct zone *zone, instant at);        // the local day of an instant
// The instant at which the local day begins: the first instant after the gap where midnight does
// not exist, the first of two where it comes twice.
instant zone_midnight(const struct zone *zone, day d);
instant zone_hour(const struct zone *zone, instant at); // start of the local clock hour
