// SPDX-License-Identifier: Apache-2.0
#include "sight.h"

#include "characters.h"
#include "scan.h"

#include <endian.h>
#include <limits.h>
#include <string.h>

enum {
    FILLERS_MAX = 6,
    FILLER_LETTERS_MAX = 7,
    CAMEL_CASE_MIN = 5,
    PLACE_WORK = 20,
    FILLER_WORK = 28,
    TEXT_WORK = 80,
    CHARACTER_WORK = 1,
    RUN_WORK = 12,
    DIGITS_WORK = 4,
    LOOKED_UP_WORK = 3,
    LOOK_WORK = 10
};

static size_t skip_filler(str text, size_t at)
{
    static const char *const fillers[] = {
        "a",       "am",  "and", "are",    "code",   "d",      "de",  "del", "der",
        "di",      "du",  "el",  "en",     "equals", "est",    "for", "has", "id",
        "il",      "in",  "is",  "ist",    "la",     "le",     "n",   "nbr", "no",
        "nr",      "nro", "num", "number", "numero", "nummer", "o",   "of",  "on",
        "patient", "s",   "the", "to",     "value",  "was",    NULL};
    size_t letters = scan_letters(str_slice(text, 0, at + FILLER_LETTERS_MAX + 1), at);
    if (is_digit(at_or_nul(text, at + letters))) // O09.93
        return 0;
    char first = to_lower(at_or_nul(text, at));
    for (size_t i = 0; letters > 0 && fillers[i] != NULL && fillers[i][0] <= first; i++)
        if (fillers[i][0] == first && strlen(fillers[i]) == letters &&
            scan_phrase(text, at, fillers[i]) == letters)
            return letters;
    return 0;
}

static str skip_fillers(const struct sight *sight, size_t at)
{
    str text = sight->text;
    for (size_t words = 0; words < FILLERS_MAX && sight_pays(sight, FILLER_WORK); words++) {
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
    if (row->spaced && !among(after, " :=#\""))
        return false;
    if (row->spaced && after == ':' && (row->kinds & prefixes) != 0 &&
        is_alnum(at_or_nul(text, at + len + 1)))
        return false;
    return begins && ends;
}

static void add_place(struct sight *sight, size_t word, size_t end, uint64_t kinds)
{
    if (sight->place_count == SIGHT_PLACES_MAX || !sight_pays(sight, PLACE_WORK)) {
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
        (struct place){kinds, word, passed ? last->rest : skip_fillers(sight, end)};
    sight->words |= kinds;
}

// The characters from there on, as a head has them, in lower case. Past the end there are none.
static uint64_t head_at(str text, size_t at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t head = 0;
    if (at + sizeof head <= text.len)
        memcpy(&head, text.ptr + at, sizeof head);
    else
        memcpy(&head, text.ptr + at, text.len - at);
    head = be64toh(head);
    // A bit in each byte that is a capital: from A on, not beyond Z, and ASCII.
    uint64_t low = head & ones * 0x7F;
    uint64_t capitals =
        (low + ones * (0x80 - 'A')) & ~(low + ones * (0x7F - 'Z')) & ~head & ones * 0x80;
    return head | capitals >> 2;
}

// The character behind a head, and the one behind a separator as well if there is one. Many phrases
// that begin with one word differ there.
struct next {
    char plain;
    char parted;
};

static struct next next_at(str text, size_t at)
{
    size_t beyond = at;
    while (beyond < at + 2 && scan_is_gap(at_or_nul(text, beyond)))
        beyond++;
    return (struct next){to_lower(at_or_nul(text, at)), to_lower(at_or_nul(text, beyond))};
}

static bool goes_on(struct next next, const char *phrase)
{
    return *phrase == ' ' ? phrase[1] == next.parted : *phrase == '\0' || *phrase == next.plain;
}

// What is known of the phrase stands there. How much more of it was read.
static size_t look_at_phrase(struct sight *sight, size_t at, const struct word_row *row,
                             size_t known)
{
    size_t end = at + known;
    size_t matched = scan_some_phrase(sight->text, end, row->phrase + known, &end);
    if (row->phrase[known + matched] == '\0' && is_word(sight->text, at, end - at, row))
        add_place(sight, at, end, row->kinds);
    return matched;
}

// The rows from this one on that begin with a letter and a blank; each is looked at.
static void look_at_parted(struct sight *sight, size_t at, const struct word_row *row)
{
    enum { PHRASE_WORK = 8 };
    char first = row->phrase[0];
    for (; row->phrase[0] == first && row->phrase[1] == ' '; row++) {
        if (!sight_pays(sight, PHRASE_WORK))
            sight->crowded = true;
        (void)look_at_phrase(sight, at, row, 0);
    }
}

// The rows from this one on that begin with the same two characters.
static void look_through(struct sight *sight, size_t at, const struct word_row *row)
{
    enum { HEAD_WORK = 6, PHRASE_WORK = 8, READ_FOR_WORK = 2 };
    uint64_t text = head_at(sight->text, at);
    const uint64_t *head = &word_heads[row - word_rows];
    size_t work = HEAD_WORK;
    const uint64_t *from = head;
    struct next next = {0};
    uint64_t last = 0;
    for (; *head <= text; head++) {
        size_t known = word_head_length(*head);
        row = &word_rows[head - word_heads];
        if (!word_begins(text, *head))
            continue;
        if (*head != last)
            next = next_at(sight->text, at + known);
        last = *head;
        if (!goes_on(next, row->phrase + known))
            continue;
        work += PHRASE_WORK + look_at_phrase(sight, at, row, known) / READ_FOR_WORK;
    }
    if (!sight_pays(sight, work + (size_t)(head - from)))
        sight->crowded = true;
}

// "d o b" is also d.o.b; dob has a row of its own.
static void look_at_word(struct sight *sight, size_t at)
{
    char first = sight->text.ptr[at];
    char second = at_or_nul(sight->text, at + 1);
    char third = at_or_nul(sight->text, at + 2);
    bool parted = !is_alnum(second) && second != '#';
    const struct word_row *apart = parted ? words_from(first, ' ', third) : word_none;
    const struct word_row *row =
        !parted || second == '/' ? words_from(first, second, third) : word_none;
    if (apart != word_none)
        look_at_parted(sight, at, apart);
    if (row != word_none)
        look_through(sight, at, row);
}

// The digits of a run that is not of them alone; and the longest number so far, which may reach
// over several runs and have letters in it that look like digits.
static void count_digits(struct sight *sight, struct run *run, size_t *number)
{
    const char *text = sight->text.ptr + run->at;
    size_t numerals = *number;
    size_t most = sight->digits;
    unsigned digits = 0;
    unsigned lead = 0;
    unsigned tail = 0;
    for (size_t i = 0; i < run->len; i++) {
        unsigned kind = character_kind(text[i]);
        digits += kind & CHARACTER_DIGIT;
        numerals = (kind & CHARACTER_NUMERAL) != 0 ? numerals + 1 : 0;
        most = numerals > most ? numerals : most;
    }
    *number = numerals;
    sight->digits = most;
    if (digits > 0) {
        while (is_digit(text[lead]))
            lead++;
        while (is_digit(text[run->len - 1 - tail]))
            tail++;
    }
    run->digits = (uint16_t)digits;
    run->lead = (uint16_t)lead;
    run->tail = (uint16_t)tail;
}

// What the characters of the run add up to, of which it has `any`.
static void add_up(struct sight *sight, struct run *run, unsigned any, size_t *number)
{
    if ((any & CHARACTER_NUMERAL) == 0) {
        run->digits = run->lead = run->tail = 0;
        *number = 0;
        return;
    }
    if ((run->kinds & CHARACTER_DIGIT) == 0) {
        count_digits(sight, run, number);
        return;
    }
    run->digits = run->lead = run->tail = run->len;
    *number += run->len;
    sight->digits = *number > sight->digits ? *number : sight->digits;
}

// Many runs of a character or two: no text and no id, and slow to look through.
static bool has_room(const struct sight *sight, size_t at)
{
    bool dense = sight->run_count >= SIGHT_DENSE_MIN && at < SIGHT_DENSE_BYTES * sight->run_count;
    return sight->run_count < SIGHT_RUNS_MAX && !dense;
}

// The run that begins here; its end. One step a character, without branches but for words.
static size_t take_run(struct sight *sight, size_t at, size_t *number)
{
    str text = sight->text;
    struct run *run = &sight->runs[sight->run_count];
    size_t start = at;
    size_t words = 0;
    unsigned any = 0;
    unsigned all = UINT_MAX;
    unsigned before = CHARACTER_DIGIT;
    if (!has_room(sight, at)) {
        sight->crowded = true;
        return at;
    }
    if (!is_digit(text.ptr[start]) || text.ptr[start] == '0') {
        look_at_word(sight, start);
        words++;
    }
    for (; at < text.len; at++) {
        unsigned kind = character_kind(text.ptr[at]);
        if ((kind & (CHARACTER_DIGIT | CHARACTER_LETTER)) == 0)
            break;
        any |= kind;
        all &= kind;
        if ((before & CHARACTER_LOWER) != 0 && (kind & CHARACTER_UPPER) != 0) {
            look_at_word(sight, at);
            words++;
            if (sight->crowded) // no further
                break;
        }
        before = kind;
    }
    run->at = (uint16_t)start;
    run->len = (uint16_t)(at - start);
    run->head = (char)(text.ptr[start] | 0x20);
    run->upper = is_upper(text.ptr[start]);
    run->kinds = (unsigned char)all;
    add_up(sight, run, any, number);
    if (sight_pays(sight, RUN_WORK + LOOKED_UP_WORK * words + (run->digits > 0 ? DIGITS_WORK : 0)))
        sight_add_run(sight, run);
    else
        sight->crowded = true;
    return at;
}

// SIGN() of a character of ASCII.
static uint64_t sign_of(char c)
{
    return UINT64_C(1) << (c < ' ' ? 0 : (c & 31) | (c & 64) >> 1);
}

// Up to the next run; where that begins.
static size_t take_signs(struct sight *sight, size_t at, size_t *number)
{
    str text = sight->text;
    uint64_t signs = 0;
    bool ends_number = false;
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        if ((character_kind(c) & (CHARACTER_DIGIT | CHARACTER_LETTER)) != 0)
            break;
        bool beyond = (c & '\x80') != 0;
        signs |= beyond ? 0 : sign_of(c);
        ends_number = ends_number || beyond || c == ':' || c == '"';
    }
    sight->signs |= signs;
    *number = ends_number ? 0 : *number;
    return at;
}

void sight_take(str text, size_t *left, struct sight *sight)
{
    size_t number = 0;
    sight->text = text;
    sight->left = left;
    sight->digits = 0;
    sight->signs = 0;
    sight->words = 0;
    sight->place_count = 0;
    sight->run_count = 0;
    sight->lengths = 0;
    sight->numbers = 0;
    sight->tails = 0;
    sight->same = 0;
    sight->wakes = WAKE(ALWAYS);
    memset(sight->long_as, 0, sizeof sight->long_as);
    memset(sight->tailed_as, 0, sizeof sight->tailed_as);
    memset(sight->pairs, 0, sizeof sight->pairs);
    memset(sight->digit_pairs, 0, sizeof sight->digit_pairs);
    sight->crowded = text.len > SIGHT_TEXT_MAX;
    sight->crowded = sight->crowded || !work_pays(left, TEXT_WORK + CHARACTER_WORK * text.len);
    for (size_t at = 0; at < text.len && !sight->crowded;) {
        at = take_signs(sight, at, &number);
        if (at < text.len)
            at = take_run(sight, at, &number);
    }
}

bool scan_after(const struct sight *sight, uint64_t kinds, bool (*holds)(str rest))
{
    if ((sight->words & kinds) == 0)
        return false;
    for (size_t i = 0; i < sight->place_count; i++)
        if ((sight->places[i].kinds & kinds) != 0 && sight_pays(sight, LOOK_WORK) &&
            holds(sight->places[i].rest))
            return true;
    return false;
}
