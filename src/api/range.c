// SPDX-License-Identifier: Apache-2.0
#include "range.h"

// Digits alone; what does not fit is more than any file has.
static bool read_position(str text, int64_t *position)
{
    if (text.len == 0 || !str_all_in(text, "0123456789"))
        return false;
    if (!str_to_i64(text, position))
        *position = INT64_MAX;
    return true;
}

enum range_kind range_read(str header, int64_t bytes, int64_t *from, int64_t *to)
{
    static const str unit = {"bytes=", 6};
    str first = {0};
    str last = {0};
    int64_t begin = 0;
    int64_t end = INT64_MAX;
    if (!str_starts_with(header, unit) ||
        !str_cut(str_trim(str_slice(header, unit.len, header.len)), '-', &first, &last))
        return RANGE_WHOLE;
    bool has_first = read_position(first, &begin);
    bool has_last = read_position(last, &end);
    if ((first.len != 0 && !has_first) || (last.len != 0 && !has_last) ||
        (!has_first && !has_last) || (has_first && has_last && begin > end))
        return RANGE_WHOLE;
    if (!has_first) { // so many bytes at the end
        begin = end < bytes ? bytes - end : 0;
        if (end == 0)
            return RANGE_NONE;
        end = INT64_MAX;
    }
    if (begin >= bytes)
        return RANGE_NONE;
    *from = begin;
    *to = end < bytes - 1 ? end + 1 : bytes;
    return RANGE_PART;
}
