// SPDX-License-Identifier: Apache-2.0
// The rule on names in both directions: PHI in any spelling, and nothing that usage events say.
#include "check_main.h"
#include "phial/phi/phi.h"
#include "phial/util/file.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128 };

// Hands every name of the kind to `judge` and adds up what it answers.
static size_t for_names(const char *kind, size_t (*judge)(const char *name))
{
    struct arena arena = {0};
    str bytes = {0};
    str line = {0};
    str name = {0};
    str label = {0};
    size_t lines = 0;
    size_t sum = 0;
    ck_assert_ok(file_read(&arena, PHIAL_TEST_DATA "/phi/names.txt", 1 << 20, &bytes));
    while (str_cut(bytes, '\n', &line, &bytes)) {
        ck_assert(str_cut(line, ' ', &label, &name));
        if (!str_eq(label, str_from(kind)))
            continue;
        sum += judge(str_to_c(&arena, name));
        lines++;
    }
    ck_assert_uint_gt(lines, 10);
    arena_reset(&arena);
    return sum;
}

struct spelling {
    char text[NAME_MAX_BYTES];
    size_t len;
};

static void put(struct spelling *into, char c)
{
    ck_assert_uint_lt(into->len + 1, sizeof into->text);
    into->text[into->len++] = c;
    into->text[into->len] = '\0';
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

// The words parted by `sign`, or by capitals where it is NUL.
static struct spelling spell(const char *words, char sign, bool capital, const char *ending)
{
    struct spelling into = {.len = 0};
    for (bool begins = capital; *words != '\0'; words++) {
        if (*words == ' ') {
            begins = sign == '\0';
            if (sign != '\0')
                put(&into, sign);
            continue;
        }
        put(&into, begins ? upper(*words) : *words);
        begins = false;
    }
    while (*ending != '\0')
        put(&into, *ending++);
    return into;
}

static size_t passes(struct spelling name)
{
    if (phi_name((str){name.text, name.len}))
        return 0;
    (void)printf("passes: %s\n", name.text);
    return 1;
}

static size_t passing_spellings(const char *words)
{
    size_t missed = 0;
    char last = words[strlen(words) - 1];
    missed += passes(spell(words, '_', false, ""));
    missed += passes(spell(words, '-', false, ""));
    missed += passes(spell(words, '.', false, ""));
    missed += passes(spell(words, ' ', false, ""));
    missed += passes(spell(words, '\0', false, ""));
    missed += passes(spell(words, '\0', true, ""));
    missed += passes(spell(words, '_', false, "2"));
    missed += passes(spell(words, '_', false, "_1"));
    missed += passes(spell(words, '\0', false, "V2"));
    missed += passes(spell(words, '_', false, last == 's' || last == 'x' ? "" : "s"));
    return missed;
}

START_TEST(knows_every_spelling)
{
    ck_assert_uint_eq(for_names("phi", passing_spellings), 0);
}
END_TEST

// One letter left out, doubled, taken for another one, changed places: at every place in the word.
static size_t misspell(const char *before, const char *word, const char *after)
{
    size_t missed = 0;
    size_t len = strlen(word);
    for (size_t at = 1; at + 1 < len; at++) {
        char texts[4][NAME_MAX_BYTES];
        int head = (int)at;
        (void)snprintf(texts[0], NAME_MAX_BYTES, "%s%.*s%s%s", before, head, word, word + at + 1,
                       after);
        (void)snprintf(texts[1], NAME_MAX_BYTES, "%s%.*s%c%s%s", before, head, word, 'q', word + at,
                       after);
        (void)snprintf(texts[2], NAME_MAX_BYTES, "%s%.*s%c%s%s", before, head, word, 'q',
                       word + at + 1, after);
        (void)snprintf(texts[3], NAME_MAX_BYTES, "%s%.*s%c%c%s%s", before, head, word, word[at + 1],
                       word[at], word + at + 2, after);
        for (size_t i = 0; i < COUNT_OF(texts); i++) {
            bool phi = phi_name(str_from(texts[i]));
            if (!phi)
                (void)printf("passes: %s\n", texts[i]);
            missed += phi ? 0 : 1;
        }
    }
    return missed;
}

START_TEST(knows_words_that_are_one_letter_off)
{
    static const struct {
        const char *before;
        const char *word;
        const char *after;
    } cases[] = {
        {"", "diagnosis", ""},     {"", "surname", ""},         {"", "telephone", ""},
        {"", "birthdate", ""},     {"", "passport", ""},        {"", "prescription", ""},
        {"", "insurance", "_id"},  {"", "encounter", "_id"},    {"", "beneficiary", "_id"},
        {"", "subscriber", "_no"}, {"date_of_", "service", ""}, {"", "physician", "_name"},
        {"", "accession", "_no"},  {"", "geburtsdatum", ""},    {"", "versichertennummer", ""},
        {"", "krankenkasse", ""},  {"", "naissance", ""},       {"", "apellido", ""},
        {"", "nacimiento", ""},    {"", "ethnicity", ""},       {"", "address", ""},
        {"", "comment", ""},       {"", "description", ""},     {"", "pregnancy", "_code"},
        {"", "cognome", ""},
    };
    size_t missed = 0;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        missed += misspell(cases[i].before, cases[i].word, cases[i].after);
    ck_assert_uint_eq(missed, 0);
}
END_TEST

static size_t is_refused_among_numbers(const char *name)
{
    bool phi = phi_name_of_closed(str_from(name));
    if (phi)
        (void)printf("refused: %s\n", name);
    return phi ? 1 : 0;
}

static size_t is_refused(const char *name)
{
    bool phi = phi_name(str_from(name));
    if (phi)
        (void)printf("refused: %s\n", name);
    return (phi ? 1 : 0) + is_refused_among_numbers(name);
}

START_TEST(leaves_the_names_of_usage_events_alone)
{
    ck_assert_uint_eq(for_names("ordinary", is_refused), 0);
    ck_assert_uint_eq(for_names("counting", is_refused_among_numbers), 0);
}
END_TEST

static size_t passes_among_numbers(const char *name)
{
    bool phi = phi_name_of_closed(str_from(name));
    if (!phi)
        (void)printf("passes: %s\n", name);
    return phi ? 0 : 1;
}

// A number can hold them.
START_TEST(knows_numbers_of_persons_among_numbers)
{
    ck_assert_uint_eq(for_names("number", passes_among_numbers), 0);
}
END_TEST

// Short words have too many neighbours to be guessed at.
START_TEST(does_not_mistake_one_word_for_another)
{
    static const char *const names[] = {
        "node",     "dose",     "dos",       "page",    "stage",    "rate",       "game",
        "state",    "update",   "gate",      "mode",    "code",     "vote",       "date",
        "frame",    "same",     "zone",      "phase",   "phrase",   "drag",       "trace",
        "pace",     "grace",    "sax",       "set",     "six",      "rage",       "wage",
        "cage",     "image",    "usage",     "tip",     "trip",     "chip",       "clip",
        "skip",     "flip",     "max",       "tax",     "fox",      "mix",        "box",
        "format",   "former",   "contract",  "context", "content",  "police",     "provide",
        "provided", "licensed", "medial",    "healthy", "driving",  "identified", "patent",
        "portal",   "persona",  "mediation", "country", "counter",  "course",     "source",
        "stream",   "strict",   "struct",    "direct",  "capacity", "velocity",   "quality",
        "utility",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        ck_assert_msg(!phi_name(str_from(names[i])), "%s", names[i]);
}
END_TEST

TEST_MAIN("names", knows_every_spelling, knows_words_that_are_one_letter_off,
          leaves_the_names_of_usage_events_alone, knows_numbers_of_persons_among_numbers,
          does_not_mistake_one_word_for_another)
