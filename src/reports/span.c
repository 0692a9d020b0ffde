// SPDX-License-Identifier: Apache-2.0
#include "span.h"

#include "phial/money/money.h"

#include <string.h>

static const uint64_t prime = (UINT64_C(1) << 61) - 1;

struct row {
    size_t lead; // of a known one: its entry is 1, and 0 in those that come after it
    uint64_t *entries;
};

struct span {
    struct arena *arena;
    size_t width;
    struct row *known; // as many as there are unknowns, at most
    size_t known_count;
    uint64_t **guarded; // what is left of them beside the known ones
    size_t guarded_count;
    size_t guarded_room;
    uint64_t *rest; // room for a row
    size_t kept;    // entries
    size_t work;    // entries looked at
};

enum { KEPT_MAX = 4 * 1024 * 1024, WORK_MAX = 1000 * 1000 * 1000 };

struct span *span_open(struct arena *arena, size_t width)
{
    struct span *span = arena_new(arena, struct span);
    *span = (struct span){
        .arena = arena,
        .width = width,
        .known = arena_array(arena, struct row, width),
        .rest = arena_array(arena, uint64_t, width),
    };
    return span;
}

bool span_is_too_much(const struct span *span)
{
    return span->kept > KEPT_MAX || span->work > WORK_MAX;
}

static uint64_t times(uint64_t a, uint64_t b)
{
    return (uint64_t)((int128)a * (int128)b % (int128)prime);
}

static uint64_t inverse(uint64_t a)
{
    uint64_t power_of = 1;
    for (uint64_t power = prime - 2; power != 0; power >>= 1) {
        if ((power & 1) != 0)
            power_of = times(power_of, a);
        a = times(a, a);
    }
    return power_of;
}

// row -= factor * other
static void take_off(struct span *span, uint64_t *row, uint64_t factor, const uint64_t *other)
{
    span->work += span->width;
    for (size_t i = 0; i < span->width; i++) {
        if (other[i] != 0)
            row[i] = (row[i] + prime - times(factor, other[i])) % prime;
    }
}

static bool is_nothing(const struct span *span, const uint64_t *row)
{
    bool nothing = true;
    for (size_t i = 0; nothing && i < span->width; i++)
        nothing = row[i] == 0;
    return nothing;
}

// Into `rest`: what the row says beyond what is known.
static void reduce(struct span *span, const uint64_t *row)
{
    memcpy(span->rest, row, span->width * sizeof *row);
    for (size_t i = 0; i < span->known_count && !span_is_too_much(span); i++) {
        uint64_t factor = span->rest[span->known[i].lead];
        if (factor != 0)
            take_off(span, span->rest, factor, span->known[i].entries);
    }
}

// The first entry of `rest`, made 1; `width` where nothing is left.
static size_t lead(struct span *span)
{
    size_t first = 0;
    while (first < span->width && span->rest[first] == 0)
        first++;
    if (first == span->width)
        return first;
    uint64_t factor = inverse(span->rest[first]);
    for (size_t i = first; i < span->width; i++)
        span->rest[i] = span->rest[i] == 0 ? 0 : times(factor, span->rest[i]);
    return first;
}

static uint64_t *keep(struct span *span)
{
    uint64_t *kept = arena_array(span->arena, uint64_t, span->width);
    memcpy(kept, span->rest, span->width * sizeof *kept);
    span->kept += span->width;
    return kept;
}

void span_know(struct span *span, const uint64_t *row)
{
    reduce(span, row);
    size_t first = lead(span);
    if (first == span->width || span_is_too_much(span))
        return;
    uint64_t *known = keep(span);
    span->known[span->known_count++] = (struct row){first, known};
    size_t left = 0;
    for (size_t i = 0; i < span->guarded_count; i++) {
        uint64_t *guarded = span->guarded[i];
        if (guarded[first] != 0)
            take_off(span, guarded, guarded[first], known);
        if (!is_nothing(span, guarded))
            span->guarded[left++] = guarded;
    }
    span->guarded_count = left;
}

void span_protect(struct span *span, const uint64_t *row)
{
    reduce(span, row);
    if (is_nothing(span, span->rest) || span_is_too_much(span))
        return;
    if (span->guarded_count == span->guarded_room) {
        size_t room = 2 * span->guarded_room + 64;
        uint64_t **more = arena_array(span->arena, uint64_t *, room);
        for (size_t i = 0; i < span->guarded_count; i++)
            more[i] = span->guarded[i];
        span->guarded = more;
        span->guarded_room = room;
    }
    span->guarded[span->guarded_count++] = keep(span);
}

bool span_follows(struct span *span, const uint64_t *row)
{
    reduce(span, row);
    return is_nothing(span, span->rest);
}

// Whether the guarded row is so much of `rest`, and nothing else.
static bool is_multiple(const struct span *span, const uint64_t *guarded, uint64_t factor)
{
    bool same = true;
    for (size_t i = 0; same && i < span->width; i++)
        same = guarded[i] == (span->rest[i] == 0 ? 0 : times(factor, span->rest[i]));
    return same;
}

bool span_tells(struct span *span, const uint64_t *row)
{
    reduce(span, row);
    size_t first = lead(span);
    bool tells = false;
    for (size_t i = 0; first != span->width && !tells && i < span->guarded_count; i++) {
        uint64_t factor = span->guarded[i][first];
        tells = factor != 0 && is_multiple(span, span->guarded[i], factor);
    }
    return tells;
}
