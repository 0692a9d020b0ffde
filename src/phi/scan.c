// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

#include <string.h>

enum {
    SEPARATOR_BLANKS_MAX = 2,
    GROUPS_WORK = 15,
    SHAPE_WORK = 9,
    MATCH_WORK = 4,
    MATCHED_WORK = 3
};

size_t scan_digits(str text, size_t at)
{
    size_t len = 0;
    while (at + len < text.len && is_digit(text.ptr[at + len]))
        len++;
    return len;
}

size_t scan_letters(str text, size_t at)
{
    size_t len = 0;
    while (at + len < text.len &&
           (is_letter(text.ptr[at + len]) || (text.ptr[at + len] & '\x80') != 0))
        len++;
    return len;
}

static bool fits(char kind, char c)
{
    switch (kind) {
    case '9':
        return is_digit(c);
    case 'A':
        return is_letter(c);
    default:
        return is_alnum(c);
    }
}

static size_t blanks(str text, size_t at)
{
    size_t len = 0;
    while (len < SEPARATOR_BLANKS_MAX && at_or_nul(text, at + len) == ' ')
        len++;
    return len;
}

// The length of a separator at this place; *used is the one used before, NUL at first.
static size_t match_separator(str text, size_t at, const char *separators, char *used)
{
    size_t before = blanks(text, at);
    char c = at_or_nul(text, at + before);
    bool mark = c != ' ' && among(c, separators);
    if (!mark && (before == 0 || !among(' ', separators)))
        return 0;
    char found = ' ';
    if (mark)
        found = c;
    if (*used != '\0' && *used != found)
        return 0;
    *used = found;
    if (!mark)
        return before;
    size_t marks = at_or_nul(text, at + before + 1) == c ? 2 : 1; // 123--45--6789
    return before + marks + blanks(text, at + before + marks);
}

struct match {
    size_t len;  // 0: none
    size_t read; // how far it went
    char separator;
    char squeezed[SHAPE_CHARACTERS_MAX];
    size_t squeezed_len;
};

static void match_here(str text, size_t at, const struct shape *shape, struct match *match)
{
    size_t end = at;
    const char *kind = shape->pattern;
    match->len = 0;
    match->separator = '\0';
    match->squeezed_len = 0;
    for (; *kind != '\0'; kind++) {
        if (*kind == '-') {
            size_t len = match_separator(text, end, shape->separators, &match->separator);
            if (len == 0)
                break;
            end += len;
            continue;
        }
        if (end >= text.len || match->squeezed_len == SHAPE_CHARACTERS_MAX ||
            !fits(*kind, text.ptr[end]))
            break;
        match->squeezed[match->squeezed_len++] = to_upper(text.ptr[end++]);
    }
    match->read = end - at;
    match->len = *kind == '\0' ? end - at : 0;
}

// With dots, and without any separator, a neighbouring number may be a part of the same one.
static bool continues(char separator, char neighbour, char one_further)
{
    bool dotted = separator == '.' || separator == '\0';
    return dotted && (neighbour == '.' || neighbour == ',') && is_digit(one_further);
}

// 2026-11-03 with this separator, or 20261103, from 1900 to 2099; its length, 0 when there is none.
static size_t date_at(str text, size_t at, char separator)
{
    static const char parted[] = "9999-99-99";
    bool century = str_starts_with(str_slice(text, at, text.len), STR("19")) ||
                   str_starts_with(str_slice(text, at, text.len), STR("20"));
    if (century && scan_digits(text, at) == 8)
        return 8;
    for (size_t i = 0; i + 1 < sizeof(parted); i++) {
        char c = at_or_nul(text, at + i);
        if (parted[i] == '-' ? c != separator : !is_digit(c))
            return 0;
    }
    return century && !is_digit(at_or_nul(text, at + sizeof(parted) - 1)) ? sizeof(parted) - 1 : 0;
}

static bool date_ends_at(str text, size_t end, char separator)
{
    for (size_t len = 8; len <= 10 && len <= end; len += 2)
        if (!is_digit(before_or_nul(text, end - len)) && date_at(text, end - len, separator) == len)
            return true;
    return false;
}

// Groups of digits before or after by the same separator: one number in a longer chain of them, as
// in ip-10-157-225-60-3761. A date beside it, and a counter after it, are no parts of the chain.
static bool is_in_chain(str text, size_t at, const struct match *match)
{
    enum { COUNTER_DIGITS_MAX = 3 };
    char joint = match->separator;
    size_t end = at + match->len;
    if (joint == '\0' || joint == ' ')
        return false;
    if (at > 1 && text.ptr[at - 1] == joint && is_digit(text.ptr[at - 2]) &&
        !date_ends_at(text, at - 1, joint))
        return true;
    size_t digits = at_or_nul(text, end) == joint ? scan_digits(text, end + 1) : 0;
    bool counter = digits <= COUNTER_DIGITS_MAX && at_or_nul(text, end + 1 + digits) != joint;
    return digits > 0 && !counter && date_at(text, end + 1, joint) == 0;
}

static bool is_hexadecimal(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

// What random ids are made of and numbers of persons are not: lower-case hexadecimal, and many
// letters of both cases.
static bool is_random(str written)
{
    enum { MIXED_LETTERS_MIN = 4 };
    size_t upper = 0;
    size_t lower = 0;
    bool hexadecimal = true;
    for (size_t i = 0; i < written.len; i++) {
        upper += is_upper(written.ptr[i]) ? 1 : 0;
        lower += is_lower(written.ptr[i]) ? 1 : 0;
        hexadecimal = hexadecimal && is_hexadecimal(written.ptr[i]);
    }
    return (lower > 0 && hexadecimal) ||
           (lower > 0 && upper > 0 && lower + upper >= MIXED_LETTERS_MIN);
}

static bool joins(char c, char beyond)
{
    return c == '-' || c == '_' || c == '~' || (c == '.' && is_alnum(beyond));
}

static bool has_lower(str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_lower(text.ptr[i]))
            return true;
    return false;
}

static bool edges_hold(str text, size_t at, const struct match *match, enum shape_edge edge)
{
    char before = before_or_nul(text, at);
    char second = before_or_nul(text, before == '\0' ? 0 : at - 1);
    char after = at_or_nul(text, at + match->len);
    char beyond = at_or_nul(text, at + match->len + 1);
    if (is_digit(before) || is_digit(after))
        return false;
    if (edge != EDGE_DIGITS && (is_alnum(before) || is_alnum(after)))
        return false;
    str written = str_slice(text, at, at + match->len);
    bool by_itself = edge == EDGE_VALUE || (edge == EDGE_UPPER && has_lower(written));
    if (by_itself && (joins(before, second) || joins(after, beyond)))
        return false;
    return !continues(match->separator, before, second) &&
           !continues(match->separator, after, beyond);
}

static bool stands_alone(str text, size_t at, const struct match *match, const struct shape *shape)
{
    bool letters = among('A', shape->pattern);
    str written = str_slice(text, at, at + match->len);
    return edges_hold(text, at, match, shape->edge) && (letters || !is_in_chain(text, at, match)) &&
           (match->separator != '\0' || !is_random(written));
}

static size_t group_at(const char *pattern)
{
    size_t len = 0;
    while (pattern[len] != '\0' && pattern[len] != '-')
        len++;
    return len;
}

// Whether the runs from there on are as long as the groups of the shape: all but the first, before
// which letters may stand, and the last, behind which they may.
static bool runs_fit(const struct sight *sight, size_t n, const char *rest)
{
    while (*rest == '-') {
        size_t group = group_at(++rest);
        rest += group;
        if (++n >= sight->run_count)
            return false;
        uint32_t len = sight->runs[n].len;
        if (*rest == '-' ? len != group : len < group)
            return false;
    }
    return true;
}

// A digit by itself, joined to the one before it: no shape begins in the middle of a chain of
// those.
static bool joined_before(str text, size_t at, char joint)
{
    return joint != ' ' && at > 1 && text.ptr[at - 1] == joint && is_digit(text.ptr[at - 2]) &&
           (at == 2 || !is_alnum(text.ptr[at - 3]));
}

static bool shape_at(const struct sight *sight, size_t n, const struct shape *shape,
                     bool (*holds)(str squeezed))
{
    size_t group = shape->group;
    struct match match;
    const struct run *run = &sight->runs[n];
    size_t at = run->at + run->len - group;
    char joint = at_or_nul(sight->text, run->at + run->len);
    bool parted = shape->next > 0;
    if (parted && joint != ' ' && !among(joint, shape->separators))
        return false;
    if (parted &&
        (joined_before(sight->text, at, joint) || !runs_fit(sight, n, shape->pattern + group)))
        return false;
    match_here(sight->text, at, shape, &match);
    return sight_pays(sight, MATCH_WORK + MATCHED_WORK * match.read) && match.len > 0 &&
           stands_alone(sight->text, at, &match, shape) &&
           holds((str){match.squeezed, match.squeezed_len});
}

// Whether each of its groups stands before one as long as the next, somewhere.
static bool groups_stand(const struct sight *sight, const struct shape *shape)
{
    size_t last = 0; // the length of the group before, none before the first
    bool after_number = false;
    size_t len = 0;
    bool number = true;
    for (const char *kind = shape->pattern;; kind++) {
        if (*kind != '-' && *kind != '\0') {
            len++;
            number = number && *kind == '9';
            continue;
        }
        const uint32_t *pairs = number && after_number ? sight->digit_pairs : sight->pairs;
        if (last > 0 && (pairs[last] >> len & 1) == 0)
            return false;
        if (*kind == '\0')
            return true;
        last = len;
        after_number = number;
        len = 0;
        number = true;
    }
}

bool scan_runs(const struct sight *sight, const struct shape *shape, bool (*holds)(str squeezed))
{
    bool digits = shape->edge == EDGE_DIGITS;
    bool never_number = *shape->pattern == 'A';
    bool never_letter = *shape->pattern == '9';
    if (!sight_pays(sight, GROUPS_WORK) || (shape->next > 0 && !groups_stand(sight, shape)))
        return false;
    size_t n = digits ? sight->tailed_as[shape->group] : sight->long_as[shape->group];
    while (n > 0) {
        const struct run *run = &sight->runs[n - 1];
        bool begins = digits || !(run->lead > 0 ? never_number : never_letter);
        if (begins && sight_pays(sight, SHAPE_WORK) && shape_at(sight, n - 1, shape, holds))
            return true;
        n = digits ? run->as_tailed : run->as_long;
    }
    return false;
}

size_t scan_some_phrase(str text, size_t at, const char *phrase, size_t *end)
{
    const char *p = phrase;
    *end = at;
    for (; *p != '\0'; p++) {
        if (*p == ' ') {
            for (size_t n = 0; n < 2 && *end < text.len && scan_is_gap(text.ptr[*end]); n++)
                ++*end;
        } else if (*end < text.len && to_lower(text.ptr[*end]) == *p) {
            ++*end;
        } else {
            break;
        }
    }
    return (size_t)(p - phrase);
}

size_t scan_whole_phrase(str text, size_t at, const char *phrase)
{
    size_t end = at;
    size_t matched = scan_some_phrase(text, at, phrase, &end);
    return phrase[matched] == '\0' ? end - at : 0;
}

bool scan_code(str rest, struct code code)
{
    enum { LETTERS_MAX = 4 };
    size_t digits = 0;
    size_t letters = 0;
    for (size_t at = 0; at < rest.len; at++) {
        char c = rest.ptr[at];
        if (is_digit(c))
            digits++;
        else if (is_letter(c))
            letters++;
        else if (!among(c, code.joints) || !is_alnum(at_or_nul(rest, at + 1)))
            break;
        if (letters > LETTERS_MAX || digits + letters > code.characters_max)
            return false;
    }
    return digits >= code.digits_min && letters <= LETTERS_MAX &&
           digits + letters <= code.characters_max;
}

bool scan_is_date(str digits)
{
    return digits.len == 8 &&
           (str_starts_with(digits, STR("19")) || str_starts_with(digits, STR("20"))) &&
           digits_modulo(str_slice(digits, 4, 6), 100) <= 12 &&
           digits_modulo(str_slice(digits, 6, 8), 100) <= 31;
}

size_t scan_squeezed(str rest, const char *separators, char *digits, size_t most)
{
    size_t count = 0;
    for (size_t at = 0; at < rest.len; at++) {
        char c = rest.ptr[at];
        if (is_digit(c)) {
            if (count < most)
                digits[count] = c;
            if (++count > most)
                break;
        } else if (is_letter(c)) {
            return at > 0 && is_digit(rest.ptr[at - 1]) ? most + 1 : count;
        } else if (!among(c, separators) || !is_digit(at_or_nul(rest, at + 1))) {
            break;
        }
    }
    return count;
}

bool luhn_holds(str digits)
{
    int sum = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = digits.ptr[digits.len - 1 - i] - '0';
        if (i % 2 == 1)
            digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
        sum += digit;
    }
    return sum % 10 == 0;
}

int64_t digits_modulo(str alnum, int64_t modulus)
{
    const int64_t most = INT64_MAX / 200; // then a division is needed, and not before
    int64_t rest = 0;
    for (size_t i = 0; i < alnum.len; i++) {
        char c = alnum.ptr[i];
        if (rest > most)
            rest %= modulus;
        rest = is_digit(c) ? rest * 10 + (c - '0') : rest * 100 + (to_upper(c) - 'A' + 10);
    }
    return rest % modulus;
}
