// SPDX-License-Identifier: Apache-2.0
#include "zone.h"

#include "phial/util/file.h"

#include <assert.h>

enum { SECONDS_PER_DAY = 86400, NAME_MAX_LENGTH = 64, FILE_MAX = 256 * 1024 };

static const int64_t second_us = 1000000;
// What a 64-bit instant can reach.
static const int32_t day_max = 106751990;

// Names of the database begin with a capital; posix/, right/ and localtime are the system's own.
static bool is_name(str name)
{
    if (name.len == 0 || name.len > NAME_MAX_LENGTH || name.ptr[0] < 'A' || name.ptr[0] > 'Z')
        return false;
    for (size_t i = 1; i < name.len; i++) {
        bool begins = name.ptr[i - 1] == '/';
        if (name.ptr[i] == '/' && (begins || i + 1 == name.len))
            return false;
    }
    return str_all_in(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/");
}

result zone_load(struct arena *arena, str name, const struct zone **zone)
{
    if (!is_name(name))
        return FAIL(INVALID, "This is not the name of a time zone.");
    str path = str_printf(arena, "/usr/share/zoneinfo/%" STR_FMT, STR_ARG(name));
    str bytes = {0};
    // A folder ("America") cannot be read either.
    if (failed(file_read(arena, path.ptr, FILE_MAX, &bytes)) ||
        failed(zone_parse(arena, bytes, zone)))
        return FAIL(NOT_FOUND, "The time zone database does not have this zone.");
    return OK;
}

const struct zone *zone_utc(void)
{
    static const struct zone utc = {0};
    return &utc;
}

static struct zone_stretch stretch_at(const struct zone *zone, int64_t second)
{
    size_t count = zone->transition_count;
    size_t low = 0; // how many transitions have been
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->transitions[middle] <= second)
            low = middle + 1;
        else
            high = middle;
    }

    int64_t from = low == 0 ? INT64_MIN : zone->transitions[low - 1];
    if (low == count && zone->has_rule) {
        struct zone_stretch stretch = zone_rule_stretch(&zone->rule, second);
        if (stretch.from < from)
            stretch.from = from;
        return stretch;
    }
    return (struct zone_stretch){
        .from = from,
        .to = low == count ? INT64_MAX : zone->transitions[low],
        .offset = low == 0 ? zone->first_offset : zone->offsets[low - 1],
    };
}

static int64_t second_of(instant at)
{
    return at.us / second_us - (at.us % second_us < 0);
}

int32_t zone_offset(const struct zone *zone, instant at)
{
    return stretch_at(zone, second_of(at)).offset;
}

day zone_day(const struct zone *zone, instant at)
{
    int64_t local = second_of(at) + zone_offset(zone, at);
    return (day){(int32_t)(local / SECONDS_PER_DAY - (local % SECONDS_PER_DAY < 0))};
}

instant zone_midnight(const struct zone *zone, day d)
{
    assert(d.number >= -day_max && d.number <= day_max);
    // The first second whose local clock shows the day's beginning or later. No offset leads
    // further than OFFSET_MAX, so none before this one can.
    int64_t local = (int64_t)d.number * SECONDS_PER_DAY;
    int64_t second = local - OFFSET_MAX;
    for (;;) {
        struct zone_stretch stretch = stretch_at(zone, second);
        if (local - stretch.offset > second)
            second = local - stretch.offset;
        if (second < stretch.to)
            return (instant){second * second_us};
        second = stretch.to;
    }
}

instant zone_hour(const struct zone *zone, instant at)
{
    int64_t second = second_of(at);
    struct zone_stretch stretch = stretch_at(zone, second);
    int64_t into = (second + stretch.offset) % 3600;
    int64_t start = second - (into < 0 ? into + 3600 : into);
    // Where the clock was changed within the hour, the hour that it shows began with the change.
    if (start < stretch.from && stretch_at(zone, start).offset != stretch.offset)
        start = stretch.from;
    return (instant){start * second_us};
}
