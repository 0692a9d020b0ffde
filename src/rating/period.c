// SPDX-License-Identifier: Apache-2.0
#include "period.h"

#include <assert.h>

enum { PERIODS_MAX = 100000, DAYS_OF_WEEK = 7 };

// A run of segments whose plans have the same interval. It has an anchor of its own: a change to
// another interval ends the running period and begins a new chain of bounds.
struct era {
    instant start;
    day first_day;
    enum interval interval;
    bool has_end;
    instant end;
};

static int months_of(enum interval interval)
{
    switch (interval) {
    case INTERVAL_WEEK:
        return 0;
    case INTERVAL_MONTH:
        return 1;
    case INTERVAL_QUARTER:
        return 3;
    case INTERVAL_HALF_YEAR:
        return 6;
    case INTERVAL_YEAR:
        return 12;
    }
    return 0;
}

// Where the uncut period begins that holds the era's first day.
static day first_bound(const struct subscription_terms *terms, const struct era *era)
{
    if (terms->anniversary)
        return era->first_day;
    if (era->interval == INTERVAL_WEEK)
        return (day){era->first_day.number - day_of_week(era->first_day)};
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    day_to_civil(era->first_day, &year, &month, &day_of_month);
    int months = months_of(era->interval);
    return day_from_civil(year, (month - 1) / months * months + 1, 1);
}

// The bound n steps on: always first + n months, so that a clamped day comes back.
static day bound(day first, enum interval interval, int64_t n)
{
    if (interval == INTERVAL_WEEK)
        return (day){first.number + (int32_t)(n * DAYS_OF_WEEK)};
    return day_add_months(first, (int)n * months_of(interval));
}

static size_t find_era(const struct subscription_terms *terms, size_t first_segment,
                       struct era *era)
{
    const struct segment *segments = terms->segments;
    *era = (struct era){.start = segments[first_segment].from,
                        .first_day = zone_day(terms->zone, segments[first_segment].from),
                        .interval = segments[first_segment].plan->interval,
                        .has_end = terms->has_end,
                        .end = terms->end};
    size_t next = first_segment + 1;
    while (next < terms->segment_count && segments[next].plan->interval == era->interval)
        next++;
    if (next < terms->segment_count && (!era->has_end || segments[next].from.us < era->end.us)) {
        era->has_end = true;
        era->end = segments[next].from;
    }
    return next;
}

// The n-th period of an era, from 1. False when it would begin at or after the era's end.
static bool period_of_era(const struct subscription_terms *terms, const struct era *era, int64_t n,
                          struct period *period, int64_t *full_days)
{
    day first = first_bound(terms, era);
    day begin = bound(first, era->interval, n - 1);
    day end = bound(first, era->interval, n);
    struct period found = {
        .start = n == 1 ? era->start : zone_midnight(terms->zone, begin),
        .end = zone_midnight(terms->zone, end),
    };
    if (era->has_end && found.start.us >= era->end.us)
        return false;
    if (era->has_end && found.end.us > era->end.us)
        found.end = era->end;
    *period = found;
    *full_days = end.number - begin.number;
    return true;
}

bool period_opening(const struct subscription_terms *terms)
{
    const struct plan *plan = terms->segments[0].plan;
    for (size_t i = 0; i < plan->fixed_count; i++) {
        if (plan->fixed[i].advance)
            return true;
    }
    return false;
}

result period_locate(const struct subscription_terms *terms, int64_t number, struct period *period,
                     int64_t *full_days)
{
    assert(terms->segment_count > 0);
    bool empty = terms->has_end && terms->end.us <= terms->start.us;
    // Ended at its start, it has at most two statements without days: the opening one, and one that
    // gives back what that billed.
    bool none = empty && (number > 1 || !period_opening(terms));
    if (number < 0 || number > PERIODS_MAX || none)
        return FAIL(NOT_FOUND, "the subscription has no such period");
    if (empty) {
        *period = (struct period){.number = number, .start = terms->start, .end = terms->start};
        *full_days = 0;
        return OK;
    }
    if (number == 0) {
        *period = (struct period){.number = 0, .start = terms->start, .end = terms->start};
        *full_days = 0;
        return OK;
    }
    int64_t left = number;
    for (size_t segment = 0; segment < terms->segment_count;) {
        struct era era = {0};
        segment = find_era(terms, segment, &era);
        struct period found = {0};
        int64_t days = 0;
        if (period_of_era(terms, &era, left, &found, &days)) {
            found.number = number;
            *period = found;
            *full_days = days;
            return OK;
        }
        for (int64_t n = 1; period_of_era(terms, &era, n, &found, &days); n++)
            left--;
    }
    return FAIL(NOT_FOUND, "the subscription ends before");
}

result period_find(const struct subscription_terms *terms, int64_t number, struct period *period)
{
    int64_t full_days = 0;
    return period_locate(terms, number, period, &full_days);
}

// One that ended at its start had no usage.
bool period_closing(const struct subscription_terms *terms, int64_t number)
{
    struct period period = {0};
    return terms->has_end && terms->end.us > terms->start.us && number > 0 &&
           number <= PERIODS_MAX && failed(period_find(terms, number, &period));
}

result period_of_statement(const struct subscription_terms *terms, int64_t number,
                           struct period *period)
{
    if (!period_closing(terms, number))
        return period_find(terms, number, period);
    *period = (struct period){.number = number, .start = terms->end, .end = terms->end};
    return OK;
}

result period_holding(const struct subscription_terms *terms, instant at, struct period *period)
{
    struct period found = {0};
    if (at.us < terms->start.us)
        return FAIL(NOT_FOUND, "The subscription begins later.");
    do
        TRY(period_find(terms, found.number + 1, &found));
    while (found.end.us <= at.us);
    *period = found;
    return OK;
}

result period_share(struct arena *arena, const struct subscription_terms *terms, int64_t number,
                    exact *share)
{
    struct period period = {0};
    int64_t full_days = 0;
    TRY(period_locate(terms, number, &period, &full_days));
    int64_t days = days_between(terms->zone, period.start, period.end);
    *share = exact_zero();
    if (full_days > 0)
        *share = exact_div(arena, exact_from_i64(arena, days), exact_from_i64(arena, full_days));
    return OK;
}

instant subscription_instant(const struct zone *zone, instant at)
{
    return zone_midnight(zone, zone_day(zone, at));
}

int64_t days_between(const struct zone *zone, instant start, instant end)
{
    return (int64_t)zone_day(zone, end).number - zone_day(zone, start).number;
}

static instant later(instant a, instant b)
{
    return a.us > b.us ? a : b;
}

static instant trial_end(const struct subscription_terms *terms)
{
    int64_t days = terms->segments[0].plan->trial_days;
    if (days == 0)
        return terms->start;
    day first = zone_day(terms->zone, terms->start);
    return zone_midnight(terms->zone, (day){first.number + (int32_t)days});
}

void segment_bounds(const struct subscription_terms *terms, size_t index, instant *start,
                    bool *has_end, instant *end)
{
    *start = later(terms->segments[index].from, trial_end(terms));
    *has_end = terms->has_end;
    *end = terms->end;
    if (index + 1 < terms->segment_count) {
        instant next = terms->segments[index + 1].from;
        if (!*has_end || next.us < end->us)
            *end = next;
        *has_end = true;
    }
}

size_t period_parts(const struct subscription_terms *terms, const struct period *period,
                    struct part *parts)
{
    instant trial = trial_end(terms);
    size_t count = 0;
    for (size_t i = 0; i < terms->segment_count; i++) {
        struct part part = {.segment = &terms->segments[i],
                            .start = later(period->start, terms->segments[i].from),
                            .end = period->end,
                            .period_start = period->start};
        if (i + 1 < terms->segment_count && terms->segments[i + 1].from.us < part.end.us)
            part.end = terms->segments[i + 1].from;
        if (part.start.us >= part.end.us)
            continue;
        part.trial = trial.us >= part.end.us;
        if (!part.trial)
            part.start = later(part.start, trial);
        assert(count < SEGMENTS_MAX);
        parts[count++] = part;
    }
    return count;
}
