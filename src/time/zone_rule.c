// SPDX-License-Identifier: Apache-2.0
#include "phial/util/array.h"
#include "zone.h"

enum { SECONDS_PER_DAY = 86400, CHANGE_HOURS_MAX = 167, NAME_LENGTH_MIN = 3 };

static bool take(str *text, char c)
{
    if (text->len == 0 || text->ptr[0] != c)
        return false;
    *text = str_slice(*text, 1, text->len);
    return true;
}

// Takes a number of up to three digits off the front.
static bool take_number(str *text, int32_t min, int32_t max, int32_t *number)
{
    size_t digits = 0;
    int32_t value = 0;
    for (; digits < text->len && digits < 3; digits++) {
        char c = text->ptr[digits];
        if (c < '0' || c > '9')
            break;
        value = value * 10 + (c - '0');
    }
    if (digits == 0 || value < min || value > max)
        return false;
    *number = value;
    *text = str_slice(*text, digits, text->len);
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_quoted(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-';
}

// "EST" or "<+0330>"; nobody needs to know it.
static bool take_name(str *text)
{
    bool quoted = take(text, '<');
    size_t len = 0;
    while (len < text->len && (quoted ? is_quoted(text->ptr[len]) : is_letter(text->ptr[len])))
        len++;
    if (len < NAME_LENGTH_MIN)
        return false;
    *text = str_slice(*text, len, text->len);
    return !quoted || take(text, '>');
}

// "5", "-3:30", "167:59:59", in seconds.
static bool take_clock(str *text, int32_t hours_max, int32_t *seconds)
{
    bool negative = take(text, '-');
    if (!negative)
        (void)take(text, '+');
    int32_t hour = 0;
    int32_t minute = 0;
    int32_t second = 0;
    if (!take_number(text, 0, hours_max, &hour))
        return false;
    if (take(text, ':')) {
        if (!take_number(text, 0, 59, &minute))
            return false;
        if (take(text, ':') && !take_number(text, 0, 59, &second))
            return false;
    }
    int32_t value = hour * 3600 + minute * 60 + second;
    *seconds = negative ? -value : value;
    return true;
}

// "M3.2.0", "J60" or "59", and "/2" or nothing.
static bool take_change(str *text, struct zone_change *change)
{
    bool taken = false;
    if (take(text, 'M')) {
        change->kind = ZONE_WEEKDAY;
        taken = take_number(text, 1, 12, &change->month) && take(text, '.') &&
                take_number(text, 1, 5, &change->week) && take(text, '.') &&
                take_number(text, 0, 6, &change->weekday);
    } else if (take(text, 'J')) {
        change->kind = ZONE_JULIAN;
        taken = take_number(text, 1, 365, &change->number);
    } else {
        change->kind = ZONE_ORDINAL;
        taken = take_number(text, 0, 365, &change->number);
    }
    change->second = 2 * 3600;
    if (taken && take(text, '/'))
        taken = take_clock(text, CHANGE_HOURS_MAX, &change->second);
    return taken;
}

static bool take_summer(str *text, struct zone_rule *rule)
{
    int32_t west = 0;
    rule->has_summer = true;
    rule->summer = rule->standard + 3600;
    if (!take_name(text))
        return false;
    if (text->len != 0 && text->ptr[0] != ',') {
        if (!take_clock(text, 24, &west))
            return false;
        rule->summer = -west;
    }
    return take(text, ',') && take_change(text, &rule->begins) && take(text, ',') &&
           take_change(text, &rule->ends);
}

result zone_rule_parse(str text, struct zone_rule *rule)
{
    struct zone_rule parsed = {0};
    int32_t west = 0;
    str rest = text;
    bool right = take_name(&rest) && take_clock(&rest, 24, &west);
    parsed.standard = -west;
    if (right && rest.len != 0)
        right = take_summer(&rest, &parsed);
    if (!right || rest.len != 0)
        return FAIL(INVALID, "The zone's rule is not a TZ string.");
    *rule = parsed;
    return OK;
}

// The local second, since 1970, at which the clock changes in a year.
static int64_t change_second(const struct zone_change *change, int year)
{
    int64_t number = 0;
    day new_year = day_from_civil(year, 1, 1);
    switch (change->kind) {
    case ZONE_JULIAN:
        number = (int64_t)new_year.number + change->number - 1;
        if (change->number > 59 && days_in_month(year, 2) == 29)
            number++;
        break;
    case ZONE_ORDINAL:
        number = (int64_t)new_year.number + change->number;
        break;
    case ZONE_WEEKDAY: {
        day first = day_from_civil(year, change->month, 1);
        int sunday_based = (day_of_week(first) + 1) % 7;
        int32_t day_of_month = (change->weekday - sunday_based + 7) % 7 + 7 * (change->week - 1);
        while (day_of_month >= days_in_month(year, change->month))
            day_of_month -= 7;
        number = (int64_t)first.number + day_of_month;
        break;
    }
    }
    return number * SECONDS_PER_DAY + change->second;
}

struct zone_stretch zone_rule_stretch(const struct zone_rule *rule, int64_t second)
{
    struct zone_stretch stretch = {INT64_MIN, INT64_MAX, rule->standard};
    if (!rule->has_summer)
        return stretch;

    int year = 0;
    int month = 0;
    int day_of_month = 0;
    int64_t days = second / SECONDS_PER_DAY - (second % SECONDS_PER_DAY < 0);
    day_to_civil((day){(int32_t)days}, &year, &month, &day_of_month);

    // A change may stand some days outside of its year. Where an end meets a beginning there is
    // no winter: the beginning wins.
    for (int y = year - 1; y <= year + 1; y++) {
        const struct {
            int64_t at;
            int32_t offset;
        } changes[] = {
            {change_second(&rule->ends, y) - rule->summer, rule->standard},
            {change_second(&rule->begins, y) - rule->standard, rule->summer},
        };
        for (size_t i = 0; i < COUNT_OF(changes); i++) {
            if (changes[i].at > second) {
                if (changes[i].at < stretch.to)
                    stretch.to = changes[i].at;
            } else if (changes[i].at > stretch.from ||
                       (changes[i].at == stretch.from && changes[i].offset == rule->summer)) {
                stretch.from = changes[i].at;
                stretch.offset = changes[i].offset;
            }
        }
    }
    return stretch;
}
