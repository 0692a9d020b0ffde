// SPDX-License-Identifier: Apache-2.0
#include "sight.h"

#include "scan.h"

#include <string.h>

enum { FILLERS_MAX = 6, CAMEL_CASE_MIN = 5 };

static size_t skip_filler(str text, size_t at)
{
    static const char *const fillers[] = {
        "a",       "am",  "and", "are",    "code",   "d",      "de",  "del", "der",
        "di",      "du",  "el",  "en",     "equals", "est",    "for", "has", "id",
        "il",      "in",  "is",  "ist",    "la",     "le",     "n",   "nbr", "no",
        "nr",      "nro", "num", "number", "numero", "nummer", "o",   "of",  "on",
        "patient", "s",   "the", "to",     "value",  "was",    NULL};
    size_t letters = scan_letters(text, at);
    if (is_digit(at_or_nul(text, at + letters))) // O09.93
        return 0;
    char first = to_lower(at_or_nul(text, at));
    for (size_t i = 0; letters > 0 && fillers[i] != NULL && fillers[i][0] <= first; i++)
        if (fillers[i][0] == first && strlen(fillers[i]) == letters &&
            scan_phrase(text, at, fillers[i]) == letters)
            return letters;
    return 0;
}

static str skip_fillers(str text, size_t at)
{
    for (size_t words = 0; words < FILLERS_MAX; words++) {
        while (at < text.len && !is_alnum(text.ptr[at]) && (text.ptr[at] & '\x80') == 0)
            at++;
        size_t len = skip_filler(text, at);
        if (len == 0)
            break;
        at += len;
    }
    return str_slice(text, at, text.len);
}

// Words stand between characters that are none. camelCase separates long ones too; short ones occur
// in random ids by chance.
static bool is_word(str text, size_t at, size_t len, const struct word_row *row)
{
    // Ids have these before them: call:4155550132
    const uint64_t prefixes = KIND(ACCOUNT) | KIND(CALL) | KIND(DRUG) | KIND(VISIT);
    char before = before_or_nul(text, at);
    char after = at_or_nul(text, at + len);
    char last = text.ptr[at + len - 1];
    bool is_long = len >= CAMEL_CASE_MIN;
    bool begins = !is_alnum(before) || (is_long && is_lower(before) && is_upper(text.ptr[at]));
    bool ends = !is_letter(after) || (is_long && is_lower(last) && is_upper(after));
    if (row->spaced && (after == '\0' || strchr(" :=#\"", after) == NULL))
        return false;
    if (row->spaced && after == ':' && (row->kinds & prefixes) != 0 &&
        is_alnum(at_or_nul(text, at + len + 1)))
        return false;
    return begins && ends;
}

static void add_place(struct sight *sight, size_t word, size_t end, uint64_t kinds)
{
    if (sight->place_count == SIGHT_PLACES_MAX) {
        sight->crowded = true;
        return;
    }
    if (is_letter(at_or_nul(sight->text, end))) // surnameModel is no surname
        kinds &= ~KIND(NAME);
    const struct place *last =
        sight->place_count == 0 ? NULL : &sight->places[sight->place_count - 1];
    // A word that the one before it has passed over leads where that one does.
    bool passed = last != NULL && last->rest.ptr >= sight->text.ptr + end;
    sight->places[sight->place_count++] =
        (struct place){kinds, word, passed ? last->rest : skip_fillers(sight->text, end)};
    sight->words |= kinds;
}

static void look_for(struct sight *sight, size_t at, char second)
{
    struct word_rows rows = words_from(to_lower(sight->text.ptr[at]), second);
    for (size_t i = 0; i < rows.count; i++) {
        char third = rows.items[i].phrase[2];
        if (is_letter(third) && third != to_lower(at_or_nul(sight->text, at + 2)) &&
            is_letter(rows.items[i].phrase[1]))
            continue;
        size_t len = scan_phrase(sight->text, at, rows.items[i].phrase);
        if (len > 0 && is_word(sight->text, at, len, &rows.items[i]))
            add_place(sight, at, at + len, rows.items[i].kinds);
    }
}

// "d o b" is also d.o.b; dob has a row of its own.
static void look_at_word(struct sight *sight, size_t at)
{
    char second = to_lower(at_or_nul(sight->text, at + 1));
    bool parted = !is_alnum(second) && second != '#';
    if (parted)
        look_for(sight, at, ' ');
    if (!parted || second == '/')
        look_for(sight, at, second);
}

// O, I and l may stand for digits.
static size_t count_digits(size_t digits, char c)
{
    if (is_digit(c) || c == 'O' || c == 'o' || c == 'I' || c == 'l' || c == 'L')
        return digits + 1;
    return is_alnum(c) || (c & '\x80') != 0 || c == ':' || c == '"' ? 0 : digits;
}

static uint64_t length_bit(size_t len)
{
    return UINT64_C(1) << (len < 63 ? len : 63);
}

static void add_run(struct sight *sight, struct run run)
{
    // Many runs of a character or two: no text and no id, and slow to look through.
    bool dense =
        sight->run_count >= SIGHT_DENSE_MIN && run.at < SIGHT_DENSE_BYTES * sight->run_count;
    if (sight->run_count == SIGHT_RUNS_MAX || dense) {
        sight->crowded = true;
        return;
    }
    sight->runs[sight->run_count++] = run;
    sight->lengths |= length_bit(run.len);
    sight->tails |= length_bit(run.tail);
}

// The run that begins here; its end.
static size_t take_run(struct sight *sight, size_t at, size_t *number)
{
    str text = sight->text;
    size_t start = at;
    uint32_t digits = 0;
    uint32_t tail = 0;
    for (char before = '\0'; at < text.len && is_alnum(text.ptr[at]); before = text.ptr[at++]) {
        char c = text.ptr[at];
        digits += is_digit(c) ? 1 : 0;
        tail = is_digit(c) ? tail + 1 : 0;
        *number = count_digits(*number, c);
        sight->digits = *number > sight->digits ? *number : sight->digits;
        sight->signs |= SIGN(c);
        if (is_letter(c) ? at == start || (is_lower(before) && is_upper(c))
                         : c == '0' && at == start)
            look_at_word(sight, at);
    }
    add_run(sight, (struct run){(uint32_t)start, (uint32_t)(at - start), digits, tail});
    return at;
}

void sight_take(str text, struct sight *sight)
{
    size_t number = 0;
    sight->text = text;
    sight->digits = 0;
    sight->signs = 0;
    sight->words = 0;
    sight->place_count = 0;
    sight->run_count = 0;
    sight->lengths = 0;
    sight->tails = 0;
    sight->crowded = text.len > SIGHT_TEXT_MAX;
    for (size_t at = 0; at < text.len && !sight->crowded;) {
        char c = text.ptr[at];
        if (is_alnum(c)) {
            at = take_run(sight, at, &number);
            continue;
        }
        number = count_digits(number, c);
        if ((c & '\x80') == 0)
            sight->signs |= SIGN(c);
        at++;
    }
}

bool scan_after(const struct sight *sight, uint64_t kinds, bool (*holds)(str rest))
{
    if ((sight->words & kinds) == 0)
        return false;
    for (size_t i = 0; i < sight->place_count; i++)
        if ((sight->places[i].kinds & kinds) != 0 && holds(sight->places[i].rest))
            return true;
    return false;
}
