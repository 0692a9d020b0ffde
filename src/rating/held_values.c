// SPDX-License-Identifier: Apache-2.0
#include "held_values.h"

#include "phial/rating/tally.h"

#include <assert.h>

enum { LENGTH = 2, EVENTS = 4, HEAD = LENGTH + EVENTS, BYTE = 8 };

// ---- reading

static uint32_t read_number(str bytes, size_t from, size_t count)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++)
        number = (number << BYTE) | (unsigned char)bytes.ptr[from + i];
    return number;
}

struct held_values held_values_of(str held)
{
    return (struct held_values){held.len == 0 ? held : str_slice(held, 1, held.len)};
}

bool held_values_next(struct held_values *held, str *value, int64_t *events)
{
    if (held->rest.len < HEAD)
        return false;
    size_t end = HEAD + read_number(held->rest, 0, LENGTH);
    if (held->rest.len < end)
        return false;
    *events = (int32_t)read_number(held->rest, LENGTH, EVENTS);
    *value = str_slice(held->rest, HEAD, end);
    held->rest = str_slice(held->rest, end, held->rest.len);
    return true;
}

result held_values_end(const struct held_values *held)
{
    return held->rest.len == 0 ? OK : FAIL(INTERNAL, "the values of a running sum are cut short");
}

// ---- merging

static size_t count_held(str held)
{
    struct held_values values = held_values_of(held);
    str value = {0};
    int64_t events = 0;
    size_t count = 0;
    while (held_values_next(&values, &value, &events))
        count++;
    return count;
}

struct merging {
    struct usage_tally_value *merged;
    size_t count;
};

// In the order of the values' bytes; what is of the value before is added to it.
static void take(struct merging *merging, const struct usage_tally_value *value)
{
    struct usage_tally_value *last =
        merging->count == 0 ? NULL : &merging->merged[merging->count - 1];
    assert(last == NULL || str_compare(last->value, value->value) <= 0);
    if (last != NULL && str_eq(last->value, value->value))
        last->events += value->events;
    else
        merging->merged[merging->count++] = *value;
}

static size_t without_none(struct usage_tally_value *values, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i].events != 0)
            values[kept++] = values[i];
    }
    return kept;
}

result usage_tally_held_merge(struct arena *arena, str held, const struct usage_tally_value *values,
                              size_t count, struct usage_tally_value **merged, size_t *merged_count)
{
    struct held_values there = held_values_of(held);
    struct merging merging = {
        .merged = arena_array(arena, struct usage_tally_value, count_held(held) + count),
    };
    struct usage_tally_value next = {0};
    if (count > 0)
        next = values[0];
    size_t at = 0;
    while (held_values_next(&there, &next.value, &next.events)) {
        for (; at < count && str_compare(values[at].value, next.value) < 0; at++)
            take(&merging, &values[at]);
        take(&merging, &next);
    }
    for (; at < count; at++)
        take(&merging, &values[at]);
    *merged = merging.merged;
    *merged_count = without_none(merging.merged, merging.count);
    return held_values_end(&there);
}

// ---- writing

static void write_number(struct buf *into, uint32_t number, size_t count)
{
    for (size_t i = count; i > 0; i--)
        buf_add_char(into, (char)(unsigned char)(number >> (BYTE * (i - 1))));
}

str usage_tally_held_print(struct arena *arena, const struct usage_tally_value *values,
                           size_t count)
{
    struct buf held = {.arena = arena};
    size_t len = USAGE_TALLY_HELD_NONE.len;
    for (size_t i = 0; i < count; i++) {
        len += HEAD + values[i].value.len;
        if (len > USAGE_TALLY_HELD_MAX || values[i].events > INT32_MAX ||
            values[i].events < INT32_MIN)
            return STR("");
    }
    buf_add(&held, USAGE_TALLY_HELD_NONE);
    for (size_t i = 0; i < count; i++) {
        write_number(&held, (uint32_t)values[i].value.len, LENGTH);
        write_number(&held, (uint32_t)(int32_t)values[i].events, EVENTS);
        buf_add(&held, values[i].value);
    }
    return buf_str(&held);
}
