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
    LOOK_WORK = 10,
    WAKE_WORK = 6
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

static uint64_t length_bit(size_t len)
{
    return UINT64_C(1) << (len < 63 ? len : 63);
}

static size_t told_apart(size_t len)
{
    return len < SIGHT_LENGTHS ? len : SIGHT_LENGTHS - 1;
}

// How it stands to the run before it, if one is near.
static void join(struct sight *sight, const struct run *run, char joint)
{
    size_t same = sight->same;
    sight->same = 1;
    if (sight->run_count == 0)
        return;
    const struct run *last = run - 1;
    size_t gap = (size_t)run->at - last->at - last->len;
    if (gap == 1 && run->len == last->len &&
        (run->len == 4 ? joint == '.' : joint == ':' || joint == '-'))
        sight->same = same + 1;
    if (gap > SIGHT_GAP_MAX)
        return;
    sight->pairs[told_apart(last->len)] |= UINT32_C(1) << told_apart(run->len);
    if (run->lead > 0)
        sight->digit_pairs[told_apart(last->tail)] |= UINT32_C(1) << told_apart(run->lead);
}

static uint32_t run_wakes(const struct sight *sight, const struct run *run, char before)
{
    enum { PAIRS_OF_MAC = 6, FOURS_OF_MAC = 3 };
    str text = sight->text;
    char head = text.ptr[run->at];
    char after = at_or_nul(text, (size_t)run->at + run->len);
    bool mac = (run->len == 2 && sight->same >= PAIRS_OF_MAC) ||
               (run->len == 4 && sight->same >= FOURS_OF_MAC);
    enum run_kind kind = run->lead > 0 ? RUN_NUMBER : run->digits > 0 ? RUN_MIXED : RUN_LETTERS;
    uint32_t len = kind == RUN_NUMBER ? run->lead : run->len;
    char follower = after;
    if (len < run->len)
        follower = text.ptr[run->at + len];
    uint32_t wakes = wakes_of(head, kind, len, follower);
    bool street = joins_address(before) || joins_address(after);
    return (street ? wakes : wakes & ~WAKE(STREET)) | (mac ? WAKE(MAC) : 0);
}

// What the characters of a run add up to.
struct sum {
    unsigned any; // kinds that there are of them
    unsigned all; // and that all of them are
    size_t digits;
    size_t lead;
    size_t tail;
    size_t words; // that were looked up
};

// The next run wakes so.
static void add_wakes(struct sight *sight, uint32_t wakes)
{
    enum { EACH = 64 };
    for (uint32_t fresh = wakes & ~sight->wakes; fresh != 0; fresh &= fresh - 1)
        memset(sight->waking[__builtin_ctz(fresh)], 0, sizeof sight->waking[0]);
    sight->wakes |= wakes;
    for (; wakes != 0; wakes &= wakes - 1)
        sight->waking[__builtin_ctz(wakes)][sight->run_count / EACH] |= UINT64_C(1)
                                                                        << sight->run_count % EACH;
}

// What the digits of the last run are to it; without any there is nothing to find from them.
static void add_digits(struct sight *sight, struct run *run)
{
    uint16_t *tailed_as = &sight->tailed_as[told_apart(run->tail)];
    run->as_tailed = *tailed_as;
    *tailed_as = (uint16_t)sight->run_count;
    sight->numbers |= run->lead > 0 ? length_bit(run->len) : 0;
    sight->tails |= length_bit(run->tail);
}

static void add_run(struct sight *sight, size_t at, size_t len, const struct sum *sum)
{
    // Many runs of a character or two: no text and no id, and slow to look through.
    bool dense = sight->run_count >= SIGHT_DENSE_MIN && at < SIGHT_DENSE_BYTES * sight->run_count;
    if (sight->run_count == SIGHT_RUNS_MAX || dense ||
        !sight_pays(sight,
                    RUN_WORK + LOOKED_UP_WORK * sum->words + (sum->digits > 0 ? DIGITS_WORK : 0))) {
        sight->crowded = true;
        return;
    }
    struct run *run = &sight->runs[sight->run_count];
    char head = sight->text.ptr[at];
    char before = before_or_nul(sight->text, at);
    uint16_t *long_as = &sight->long_as[told_apart(len)];
    run->at = (uint16_t)at;
    run->len = (uint16_t)len;
    run->digits = (uint16_t)sum->digits;
    run->lead = (uint16_t)sum->lead;
    run->tail = (uint16_t)sum->tail;
    run->head = (char)(head | 0x20);
    run->upper = (head & 0x20) == 0;
    run->kinds = (unsigned char)sum->all;
    run->as_long = *long_as;
    join(sight, run, before);
    run->wakes = run_wakes(sight, run, before);
    add_wakes(sight, run->wakes & ~WAKE(ALWAYS));
    sight->run_count++;
    *long_as = (uint16_t)sight->run_count;
    sight->lengths |= length_bit(len);
    if (sum->digits > 0)
        add_digits(sight, run);
}

// The runs of the n-th 64 that wake so.
static uint64_t waking_of(const struct sight *sight, size_t n, uint32_t wakes)
{
    uint64_t found = 0;
    for (uint32_t left = sight->wakes & wakes; left != 0; left &= left - 1)
        found |= sight->waking[__builtin_ctz(left)][n];
    return found;
}

bool sight_finds_next(const struct sight *sight, size_t *n, uint32_t wakes)
{
    enum { EACH = 64 };
    for (size_t at = *n / EACH, past = *n % EACH; at * EACH < sight->run_count; at++, past = 0) {
        uint64_t found = waking_of(sight, at, wakes) >> past;
        if (found != 0) {
            *n = at * EACH + past + (size_t)__builtin_ctzll(found);
            return sight_pays(sight, WAKE_WORK);
        }
    }
    *n = sight->run_count;
    return false;
}

// The digits of a run that is not of them alone; and the longest number so far, which may reach
// over several runs and have letters in it that look like digits.
static void count_digits(struct sight *sight, str run, struct sum *sum, size_t *number)
{
    size_t numerals = *number;
    size_t most = sight->digits;
    for (size_t i = 0; i < run.len; i++) {
        unsigned kind = character_kind(run.ptr[i]);
        sum->digits += kind & CHARACTER_DIGIT;
        numerals = (kind & CHARACTER_NUMERAL) != 0 ? numerals + 1 : 0;
        most = numerals > most ? numerals : most;
    }
    *number = numerals;
    sight->digits = most;
    if (sum->digits == 0)
        return;
    while (is_digit(run.ptr[sum->lead]))
        sum->lead++;
    while (is_digit(run.ptr[run.len - 1 - sum->tail]))
        sum->tail++;
}

static void add_up(struct sight *sight, str run, struct sum *sum, size_t *number)
{
    if ((sum->any & CHARACTER_NUMERAL) == 0) {
        *number = 0;
        return;
    }
    if ((sum->all & CHARACTER_DIGIT) == 0) {
        count_digits(sight, run, sum, number);
        return;
    }
    sum->digits = sum->lead = sum->tail = run.len;
    *number += run.len;
    sight->digits = *number > sight->digits ? *number : sight->digits;
}

// The run that begins here; its end. One step a character, without branches but for words.
static size_t take_run(struct sight *sight, size_t at, size_t *number)
{
    str text = sight->text;
    size_t start = at;
    struct sum sum = {.all = UINT_MAX};
    unsigned any = 0;
    unsigned all = UINT_MAX;
    unsigned before = CHARACTER_DIGIT;
    if (!is_digit(text.ptr[start]) || text.ptr[start] == '0') {
        look_at_word(sight, start);
        sum.words++;
    }
    for (; at < text.len; at++) {
        unsigned kind = character_kind(text.ptr[at]);
        if ((kind & (CHARACTER_DIGIT | CHARACTER_LETTER)) == 0)
            break;
        any |= kind;
        all &= kind;
        if ((before & CHARACTER_LOWER) != 0 && (kind & CHARACTER_UPPER) != 0) {
            look_at_word(sight, at);
            sum.words++;
            if (sight->crowded) // no further
                break;
        }
        before = kind;
    }
    sum.any = any;
    sum.all = all;
    add_up(sight, str_slice(text, start, at), &sum, number);
    add_run(sight, start, at - start, &sum);
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
