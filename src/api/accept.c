// SPDX-License-Identifier: Apache-2.0
#include "accept.h"

static const str types[] = {
    [MEDIA_NONE] = {"", 0},
    [MEDIA_CSV] = {"text/csv", 8},
    [MEDIA_HTML] = {"text/html", 9},
    [MEDIA_JSON] = {"application/json", 16},
    [MEDIA_OPENMETRICS] = {"application/openmetrics-text", 28},
    [MEDIA_PDF] = {"application/pdf", 15},
    [MEDIA_PROMETHEUS] = {"text/plain", 10},
    [MEDIA_XML] = {"application/xml", 15},
};

enum { QUALITY_MAX = 1000 };

// How closely a range names a type: 0 not at all, 1 for */*, 2 for text/*, 3 for the type itself.
static int closeness(str range, str type)
{
    str major = type;
    str rest = {0};
    (void)str_cut(type, '/', &major, &rest);
    if (str_eq(range, STR("*/*")))
        return 1;
    if (str_ends_with(range, STR("/*")))
        return str_eq(str_slice(range, 0, range.len - 2), major) ? 2 : 0;
    return str_eq(range, type) ? 3 : 0;
}

// "0.75" as 750; anything else is 1000.
static int read_quality(str parameters)
{
    while (parameters.len != 0) {
        str one = parameters;
        str rest = {"", 0};
        if (!str_cut(parameters, ';', &one, &rest))
            one = parameters;
        one = str_trim(one);
        if (str_starts_with(one, STR("q=0"))) {
            int quality = 0;
            int unit = QUALITY_MAX / 10;
            for (size_t i = 4; i < one.len && unit > 0; i++, unit /= 10)
                quality += unit * (one.ptr[i] >= '0' && one.ptr[i] <= '9' ? one.ptr[i] - '0' : 0);
            return quality;
        }
        parameters = rest;
    }
    return QUALITY_MAX;
}

// The quality of the closest range.
static int quality_of(str header, str type)
{
    int quality = 0;
    int closest = 0;
    while (header.len != 0) {
        str one = header;
        str rest = {"", 0};
        str range = {0};
        str parameters = {"", 0};
        if (!str_cut(header, ',', &one, &rest))
            one = header;
        if (!str_cut(one, ';', &range, &parameters))
            range = one;
        int close = closeness(str_trim(range), type);
        if (close > closest) {
            closest = close;
            quality = read_quality(parameters);
        }
        header = rest;
    }
    return quality;
}

enum media accept_media(str header, const enum media *offered, size_t count)
{
    enum media best = MEDIA_NONE;
    int most = 0;
    if (str_trim(header).len == 0)
        return offered[0];
    for (size_t i = 0; i < count; i++) {
        int quality = quality_of(header, types[offered[i]]);
        if (quality > most) {
            most = quality;
            best = offered[i];
        }
    }
    return best;
}
