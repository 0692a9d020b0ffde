// SPDX-License-Identifier: Apache-2.0
#include "places.h"

#include "scan.h"

#include <endian.h>
#include <string.h>

enum {
    FILLERS_MAX = 6,
    FILLER_LETTERS_MAX = 7,
    CAMEL_CASE_MIN = 5,
    PLACE_WORK = 4,
    FILLER_WORK = 23,
    LOOK_WORK = 18
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
    enum { HEAD_WORK = 10, PHRASE_WORK = 8, READ_FOR_WORK = 2 };
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
void places_look(struct sight *sight, size_t at)
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
