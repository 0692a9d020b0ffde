// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

enum { DECIMAL_PLACES_MIN = 4, COORDINATE_WORK = 16, GAP_WORK = 65 };

// The length of a number up to `most` with enough decimal places.
static size_t coordinate_at(str text, size_t at, int most)
{
    size_t start = at;
    if (at_or_nul(text, at) == '-' || at_or_nul(text, at) == '+')
        at++;
    size_t whole = scan_digits(text, at);
    if (whole == 0 || whole > 3 || at_or_nul(text, at + whole) != '.')
        return 0;
    int degrees = 0;
    for (size_t i = 0; i < whole; i++)
        degrees = degrees * 10 + (text.ptr[at + i] - '0');
    at += whole + 1;
    size_t places = scan_digits(text, at);
    return degrees <= most && places >= DECIMAL_PLACES_MIN ? at + places - start : 0;
}

// What parts two coordinates: a comma or blanks, and perhaps a direction or a label.
static size_t gap_at(str text, size_t at)
{
    static const char *const labels[] = {"longitude", "long", "lon", "lng", "n", "s", NULL};
    size_t start = at;
    for (size_t i = 0; i < 2; i++) {
        while (at < text.len &&
               (among(text.ptr[at], ", ;:=&\"'/.") || (text.ptr[at] & '\x80') != 0))
            at++;
        for (size_t n = 0; labels[n] != NULL; n++) {
            size_t len = scan_phrase(text, at, labels[n]);
            if (len > 0 && !is_alnum(at_or_nul(text, at + len))) {
                at += len;
                break;
            }
        }
    }
    while (at < text.len && among(text.ptr[at], ", ;:=\"'"))
        at++;
    return at - start;
}

bool phi_detect_geo_location(const struct sight *sight)
{
    str text = sight->text;
    bool parted = sees(sight, ',') || sees(sight, ' ') || sees(sight, ';') || sees(sight, '&');
    for (size_t i = 0; parted && sight_finds(sight, &i, WAKE(GEO)); i++) {
        size_t at = sight->runs[i].at;
        bool begins = before_or_nul(text, at) != '.' && sight_pays(sight, COORDINATE_WORK);
        size_t latitude = begins ? coordinate_at(text, at, 90) : 0;
        if (latitude == 0 || !sight_pays(sight, GAP_WORK))
            continue;
        size_t next = at + latitude;
        next += gap_at(text, next);
        if (next > at + latitude && coordinate_at(text, next, 180) > 0)
            return true;
    }
    return false;
}
