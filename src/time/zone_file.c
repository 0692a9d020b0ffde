// SPDX-License-Identifier: Apache-2.0
#include "zone.h"

enum {
    HEADER_SIZE = 44,
    TYPE_SIZE = 6,
    TYPES_MAX = 256,
    TRANSITIONS_MAX = 10000,
    BLOCK_MAX = 1 << 20
};

static const char detail[] = "The zone's file is not TZif of version 2 or later.";

// The six counts of a header (RFC 8536, 3.1), in the order in which they stand.
struct header {
    size_t utc_marks;
    size_t standard_marks;
    size_t leaps;
    size_t transitions;
    size_t types;
    size_t name_bytes;
};

static bool take(str *bytes, size_t len, str *taken)
{
    if (bytes->len < len)
        return false;
    *taken = str_slice(*bytes, 0, len);
    *bytes = str_slice(*bytes, len, bytes->len);
    return true;
}

static uint64_t big_endian(str bytes, size_t at, size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | (unsigned char)bytes.ptr[at + i];
    return value;
}

static bool take_header(str *bytes, struct header *header)
{
    str taken = {0};
    if (!take(bytes, HEADER_SIZE, &taken) || !str_starts_with(taken, STR("TZif")) ||
        taken.ptr[4] < '2')
        return false;
    size_t counts[6];
    for (size_t i = 0; i < 6; i++) {
        counts[i] = (size_t)big_endian(taken, 20 + 4 * i, 4);
        if (counts[i] > BLOCK_MAX)
            return false;
    }
    *header = (struct header){counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
    return true;
}

static size_t block_size(const struct header *header, size_t time_size)
{
    return header->transitions * (time_size + 1) + header->types * TYPE_SIZE + header->name_bytes +
           header->leaps * (time_size + 4) + header->standard_marks + header->utc_marks;
}

static bool read_types(str types, int32_t *offsets)
{
    for (size_t i = 0; i < types.len / TYPE_SIZE; i++) {
        offsets[i] = (int32_t)(uint32_t)big_endian(types, i * TYPE_SIZE, 4);
        if (offsets[i] < OFFSET_MIN || offsets[i] > OFFSET_MAX)
            return false;
    }
    return true;
}

// The second block, whose times have eight bytes.
static bool read_block(struct arena *arena, const struct header *header, str block,
                       struct zone *zone)
{
    str times = {0};
    str indexes = {0};
    str types = {0};
    if (!take(&block, header->transitions * 8, &times) ||
        !take(&block, header->transitions, &indexes) ||
        !take(&block, header->types * TYPE_SIZE, &types))
        return false;

    int32_t type_offsets[TYPES_MAX] = {0};
    if (!read_types(types, type_offsets))
        return false;
    int64_t *transitions = arena_array(arena, int64_t, header->transitions);
    int32_t *offsets = arena_array(arena, int32_t, header->transitions);
    for (size_t i = 0; i < header->transitions; i++) {
        size_t type = (unsigned char)indexes.ptr[i];
        transitions[i] = (int64_t)big_endian(times, i * 8, 8);
        if (type >= header->types || (i != 0 && transitions[i] <= transitions[i - 1]))
            return false;
        offsets[i] = type_offsets[type];
    }
    zone->transition_count = header->transitions;
    zone->transitions = transitions;
    zone->offsets = offsets;
    zone->first_offset = type_offsets[0];
    return true;
}

result zone_parse(struct arena *arena, str bytes, const struct zone **zone)
{
    struct header header = {0};
    str block = {0};
    if (!take_header(&bytes, &header) || !take(&bytes, block_size(&header, 4), &block))
        return FAIL(INVALID, detail);
    if (!take_header(&bytes, &header) || header.leaps != 0 || header.types == 0 ||
        header.types > TYPES_MAX || header.transitions > TRANSITIONS_MAX ||
        !take(&bytes, block_size(&header, 8), &block))
        return FAIL(INVALID, detail);

    struct zone *parsed = arena_new(arena, struct zone);
    if (!read_block(arena, &header, block, parsed))
        return FAIL(INVALID, detail);

    if (bytes.len < 2 || bytes.ptr[0] != '\n' || bytes.ptr[bytes.len - 1] != '\n')
        return FAIL(INVALID, detail);
    str footer = str_slice(bytes, 1, bytes.len - 1);
    if (footer.len != 0) {
        TRY(zone_rule_parse(footer, &parsed->rule));
        parsed->has_rule = true;
    }
    *zone = parsed;
    return OK;
}
