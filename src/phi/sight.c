// SPDX-License-Identifier: Apache-2.0
#include "sight.h"

#include "characters.h"
#include "scan.h"

#include <limits.h>
#include <string.h>

enum {
    FILLERS_MAX = 6,
    FILLER_LETTERS_MAX = 7,
    CAMEL_CASE_MIN = 5,
    PLACE_WORK = 20,
    FILLER_WORK = 28,
    TEXT_WORK = 100,
    CHARACTER_WORK = 1,
    RUN_WORK = 16,
    LOOKED_UP_WORK = 6,
    LOOK_WORK = 10,
    WAKE_WORK = 8
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

// Whether the third and the fourth letter of the phrase stand there, so far as it has them.
static bool goes_on(const char *phrase, char third, char fourth)
{
    if (!is_letter(phrase[1]) || !is_letter(phrase[2]))
        return true;
    return phrase[2] == third && (!is_letter(phrase[3]) || phrase[3] == fourth);
}

// How far the phrase of the last row looked at stood in the text.
struct stand {
    const char *phrase;
    size_t matched;
    size_t end;
};

// Whether it says that this phrase, which begins alike, does not stand there either.
static bool says_no(str text, const struct stand *last, const char *phrase)
{
    char next = phrase[0];
    for (size_t i = 0; i < last->matched; i++, next = phrase[i])
        if (next != last->phrase[i])
            return false;
    return last->matched > 0 && next != ' ' && next != '\0' &&
           next != to_lower(at_or_nul(text, last->end));
}

// The rows from this one on that begin with the same two letters.
static void look_through(struct sight *sight, size_t at, char second, char third,
                         const struct word_row *row)
{
    enum { ROW_WORK = 2, BEGINNING_WORK = 3, PHRASE_WORK = 6 };
    str text = sight->text;
    char first = row->phrase[0];
    char fourth = to_lower(at_or_nul(text, at + 3));
    struct stand last = {"", 0, at};
    size_t work = 0;
    for (; row->phrase[0] == first && row->phrase[1] == second; row++) {
        work += ROW_WORK;
        if (is_letter(second) && is_letter(row->phrase[2]) && row->phrase[2] > third)
            break; // and so do those after it
        if (!goes_on(row->phrase, third, fourth))
            continue;
        work += BEGINNING_WORK;
        if (says_no(text, &last, row->phrase))
            continue;
        work += PHRASE_WORK;
        last.phrase = row->phrase;
        last.matched = scan_some_phrase(text, at, row->phrase, &last.end);
        size_t len = row->phrase[last.matched] == '\0' ? last.end - at : 0;
        if (len > 0 && is_word(text, at, len, row))
            add_place(sight, at, at + len, row->kinds);
    }
    if (!sight_pays(sight, work))
        sight->crowded = true;
}

// "d o b" is also d.o.b; dob has a row of its own.
static void look_at_word(struct sight *sight, size_t at)
{
    char first = to_lower(sight->text.ptr[at]);
    char second = to_lower(at_or_nul(sight->text, at + 1));
    char third = to_lower(at_or_nul(sight->text, at + 2));
    bool parted = !is_alnum(second) && second != '#';
    const struct word_row *apart = parted ? words_from(first, ' ', third) : word_none;
    const struct word_row *row =
        !parted || second == '/' ? words_from(first, second, third) : word_none;
    if (apart != word_none)
        look_through(sight, at, ' ', third, apart);
    if (row != word_none)
        look_through(sight, at, second, third, row);
}

static uint64_t length_bit(size_t len)
{
    return UINT64_C(1) << (len < 63 ? len : 63);
}

static size_t told_apart(size_t len)
{
    return len < SIGHT_LENGTHS ? len : SIGHT_LENGTHS - 1;
}

// How it stands to the run before it.
static void join(struct sight *sight, const struct run *run)
{
    size_t same = sight->same;
    sight->same = 1;
    if (sight->run_count == 0)
        return;
    const struct run *last = run - 1;
    size_t gap = (size_t)run->at - last->at - last->len;
    char joint = before_or_nul(sight->text, run->at);
    bool chained = gap == 1 && run->len == last->len &&
                   (run->len == 4 ? joint == '.' : joint == ':' || joint == '-');
    sight->same = chained ? same + 1 : 1;
    if (gap > SIGHT_GAP_MAX)
        return;
    sight->pairs[told_apart(last->len)] |= UINT32_C(1) << told_apart(run->len);
    sight->digit_pairs[told_apart(last->tail)] |= UINT32_C(1) << told_apart(run->lead);
}

static uint32_t run_wakes(const struct sight *sight, const struct run *run)
{
    enum { PAIRS_OF_MAC = 6, FOURS_OF_MAC = 3 };
    str text = sight->text;
    char head = text.ptr[run->at];
    char before = before_or_nul(text, run->at);
    bool mac = (run->len == 2 && sight->same >= PAIRS_OF_MAC) ||
               (run->len == 4 && sight->same >= FOURS_OF_MAC);
    enum run_kind kind = run->lead > 0 ? RUN_NUMBER : run->digits > 0 ? RUN_MIXED : RUN_LETTERS;
    size_t len = kind == RUN_NUMBER ? run->lead : run->len;
    uint32_t wakes = wakes_of(head, kind, (uint32_t)len, at_or_nul(text, run->at + len));
    bool street =
        joins_address(before) || joins_address(at_or_nul(text, (size_t)run->at + run->len));
    return (street ? wakes : wakes & ~WAKE(STREET)) | (mac ? WAKE(MAC) : 0);
}

// What the characters of a run add up to.
struct sum {
    size_t digits;
    size_t tail;
    unsigned kinds;
    size_t words; // that were looked up
};

// The digits at the beginning of a run.
static size_t count_lead(str text, size_t at, size_t len, size_t digits)
{
    return digits == len ? len : is_digit(text.ptr[at]) ? scan_digits(text, at) : 0;
}

static void add_run(struct sight *sight, size_t at, size_t len, const struct sum *sum)
{
    size_t digits = sum->digits;
    size_t tail = sum->tail;
    // Many runs of a character or two: no text and no id, and slow to look through.
    bool dense = sight->run_count >= SIGHT_DENSE_MIN && at < SIGHT_DENSE_BYTES * sight->run_count;
    if (sight->run_count == SIGHT_RUNS_MAX || dense ||
        !sight_pays(sight, RUN_WORK + LOOKED_UP_WORK * sum->words)) {
        sight->crowded = true;
        return;
    }
    struct run *run = &sight->runs[sight->run_count];
    char head = sight->text.ptr[at];
    *run = (struct run){.at = (uint16_t)at,
                        .len = (uint16_t)len,
                        .digits = (uint16_t)digits,
                        .lead = (uint16_t)count_lead(sight->text, at, len, digits),
                        .tail = (uint16_t)tail,
                        .head = to_lower(head),
                        .upper = is_upper(head),
                        .kinds = (unsigned char)sum->kinds};
    join(sight, run);
    run->wakes = run_wakes(sight, run);
    uint16_t *long_as = &sight->long_as[told_apart(len)];
    uint16_t *tailed_as = &sight->tailed_as[told_apart(tail)];
    sight->run_count++;
    run->as_long = *long_as;
    run->as_tailed = *tailed_as;
    *long_as = *tailed_as = (uint16_t)sight->run_count;
    sight->wakes |= run->wakes;
    sight->lengths |= length_bit(len);
    sight->numbers |= run->lead > 0 ? length_bit(len) : 0;
    sight->tails |= length_bit(tail);
}

bool sight_finds(const struct sight *sight, size_t *n, uint32_t wakes)
{
    if ((sight->wakes & wakes) == 0)
        return false;
    while (*n < sight->run_count && (sight->runs[*n].wakes & wakes) == 0)
        ++*n;
    return *n < sight->run_count && sight_pays(sight, WAKE_WORK);
}

// The run that begins here; its end. One step a character, without branches but for words.
static size_t take_run(struct sight *sight, size_t at, size_t *number)
{
    str text = sight->text;
    size_t start = at;
    size_t numerals = *number; // digits so far, O, I and l among them
    size_t most = sight->digits;
    struct sum sum = {.kinds = UINT_MAX};
    unsigned before = CHARACTER_DIGIT;
    if (!is_digit(text.ptr[start]) || text.ptr[start] == '0') {
        look_at_word(sight, start);
        sum.words++;
    }
    for (; at < text.len; at++) {
        unsigned kind = character_kind(text.ptr[at]);
        if ((kind & (CHARACTER_DIGIT | CHARACTER_LETTER)) == 0)
            break;
        size_t digit = kind & CHARACTER_DIGIT;
        sum.digits += digit;
        sum.tail = (sum.tail + 1) & (0 - digit);
        sum.kinds &= kind;
        numerals = (numerals + 1) & (0 - (size_t)((kind & CHARACTER_NUMERAL) != 0));
        most = numerals > most ? numerals : most;
        if ((before & CHARACTER_LOWER) != 0 && (kind & CHARACTER_UPPER) != 0) {
            look_at_word(sight, at);
            sum.words++;
            if (sight->crowded) // no further
                break;
        }
        before = kind;
    }
    *number = numerals;
    sight->digits = most;
    add_run(sight, start, at - start, &sum);
    return at;
}

// From these detectors look to either side, at times far.
static const uint64_t marks_looked_from = SIGN('@') | SIGN('(') | SIGN('[') | SIGN('^') |
                                          SIGN('+') | SIGN(',') | SIGN(':') | SIGN('|') |
                                          SIGN('*') | SIGN('/');

static void take_sign(struct sight *sight, char before, char c, size_t *number)
{
    bool beyond = (c & '\x80') != 0;
    bool goes_on = beyond && (before & '\x80') != 0; // within one word of another script
    sight->beyond = sight->beyond || beyond;
    sight->signs |= beyond ? 0 : SIGN(c);
    sight->marks += goes_on ? 0 : beyond || (SIGN(c) & marks_looked_from) != 0 ? 1 : 0;
    sight->marks += c == '(' ? 1 : 0; // from which three do
    if (beyond || c == ':' || c == '"')
        *number = 0;
}

void sight_take(str text, size_t *left, struct sight *sight)
{
    size_t number = 0;
    sight->text = text;
    sight->left = left;
    sight->marks = 0;
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
    sight->beyond = false;
    sight->crowded = text.len > SIGHT_TEXT_MAX;
    sight->crowded = sight->crowded || !work_pays(left, TEXT_WORK + CHARACTER_WORK * text.len);
    for (size_t at = 0; at < text.len && !sight->crowded;) {
        if (is_alnum(text.ptr[at]))
            at = take_run(sight, at, &number);
        else {
            take_sign(sight, at == 0 ? '\0' : text.ptr[at - 1], text.ptr[at], &number);
            at++;
        }
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
