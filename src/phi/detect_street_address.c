// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

enum {
    STREET_WORDS_MAX = 4,
    HOUSE_DIGITS_MAX = 5,
    HOUSE_NUMBER_MAX = 5,
    WORD_WORK = 20,
    ENDING_WORK = 30
};

static bool is_word(str text, const char *word)
{
    for (size_t i = 0; i < text.len; i++)
        if (word[i] == '\0' || to_lower(text.ptr[i]) != word[i])
            return false;
    return word[text.len] == '\0';
}

// The words are in the order of their first letters.
static bool is_one_of(str word, const char *const *words)
{
    char first = to_lower(word.ptr[0]);
    while (*words != NULL && **words < first)
        words++;
    for (; *words != NULL && **words == first; words++)
        if (is_word(word, *words))
            return true;
    return false;
}

static bool is_street_word(str text, size_t at, size_t letters)
{
    static const char *const words[] = {
        "avenue",  "ave",     "alley", "apt",      "apartment", "boulevard", "blvd",  "court",
        "ct",      "circle",  "cir",   "crescent", "close",     "drive",     "dr",    "grove",
        "gardens", "highway", "hwy",   "heights",  "lane",      "ln",        "mews",  "place",
        "pl",      "parkway", "pkwy",  "plaza",    "road",      "rd",        "ridge", "street",
        "st",      "square",  "suite", "terrace",  "trail",     "unit",      "way",   NULL};
    return is_one_of(str_slice(text, at, at + letters), words);
}

// 10 GB Drive
static bool is_unit(str word)
{
    return word.len == 2 && word.ptr[1] == 'B' && among(word.ptr[0], "KMGTP");
}

// 42nd Avenue: the length of a street's number, with its ending
static size_t ordinal_at(str text, size_t at)
{
    static const char *const endings[] = {"nd", "rd", "st", "th", NULL};
    size_t digits = scan_digits(text, at);
    size_t letters = digits > 0 && digits <= 3 ? scan_letters(text, at + digits) : 0;
    bool ordinal =
        letters == 2 && is_one_of(str_slice(text, at + digits, at + digits + 2), endings);
    return ordinal ? digits + letters : 0;
}

static bool street_at(const struct sight *sight, size_t at)
{
    str text = sight->text;
    for (size_t words = 0; words <= STREET_WORDS_MAX; words++) {
        char head = at_or_nul(text, at + 1);
        size_t number = is_digit(head) ? ordinal_at(text, at + 1) : 0;
        if (at_or_nul(text, at) != ' ' || !(number > 0 || is_upper(head) || (head & '\x80') != 0) ||
            !sight_pays(sight, WORD_WORK))
            return false;
        size_t letters = number > 0 ? number : scan_letters(text, at + 1);
        at++;
        if (words > 0 && is_street_word(text, at, letters))
            return true;
        if (words == 0 && is_unit(str_slice(text, at, at + letters)))
            return false;
        at += letters;
        if (at_or_nul(text, at) == '\'') // O'Neill Avenue
            at += 1 + scan_letters(text, at + 1);
        at += at_or_nul(text, at) == '.' ? 1 : 0;
    }
    return false;
}

static str run_text(const struct sight *sight, size_t n)
{
    return str_slice(sight->text, sight->runs[n].at, sight->runs[n].at + sight->runs[n].len);
}

static size_t count_digits(str word)
{
    size_t digits = 0;
    for (size_t i = 0; i < word.len; i++)
        digits += is_digit(word.ptr[i]) ? 1 : 0;
    return digits;
}

static bool is_capital(const struct sight *sight, size_t n)
{
    return is_upper(sight->text.ptr[sight->runs[n].at]);
}

// Whether nothing but blanks, a comma, a dot or an apostrophe stands before the run.
static bool follows(const struct sight *sight, size_t n)
{
    size_t end = sight->runs[n - 1].at + sight->runs[n - 1].len;
    size_t gap = sight->runs[n].at - end;
    for (size_t at = end; at < sight->runs[n].at; at++)
        if (!joins_address(sight->text.ptr[at]))
            return false;
    return gap > 0 && gap <= 2;
}

static const char *const particles[] = {"a",   "al",    "aux",   "d",   "da", "de", "degli", "dei",
                                        "del", "della", "delle", "des", "di", "do", "dos",   "du",
                                        "der", "den",   "e",     "el",  "l",  "la", "las",   "le",
                                        "les", "los",   "van",   "y",   NULL};

// 12 rue de la Paix, 12 bis, avenue Foch
static bool french_at(const struct sight *sight, size_t n)
{
    static const char *const kinds[] = {
        "avenue", "av",      "allee", "boulevard", "bd",    "chemin", "cours",  "calle", "impasse",
        "place",  "passage", "quai",  "rue",       "route", "rua",    "square", "via",   NULL};
    static const char *const repeated[] = {"bis", "ter", NULL};
    size_t at = n + 1;
    if (at + 1 < sight->run_count && follows(sight, at) && is_one_of(run_text(sight, at), repeated))
        at++;
    if (at + 1 >= sight->run_count || !follows(sight, at) || !sight_pays(sight, WORD_WORK) ||
        !is_one_of(run_text(sight, at), kinds))
        return false;
    for (at++; at < sight->run_count && follows(sight, at); at++) {
        if (is_capital(sight, at))
            return sight->runs[at].len > 2;
        if (!sight_pays(sight, WORD_WORK) || !is_one_of(run_text(sight, at), particles))
            return false;
    }
    return false;
}

// C/ Serrano 15
static bool is_calle(const struct sight *sight, size_t n)
{
    const struct run *run = &sight->runs[n];
    return run->len == 1 && sight->text.ptr[run->at] == 'C' &&
           at_or_nul(sight->text, run->at + 1) == '/';
}

// Calle Mayor 5, Av. de la Liberte 8: the kind, particles and capitalised words, the number
static bool before_number(const struct sight *sight, size_t n)
{
    static const char *const kinds[] = {
        "avenida", "avda",   "av",    "avenue", "boulevard", "calle",    "carrera",
        "corso",   "chemin", "largo", "plaza",  "paseo",     "piazza",   "praca",
        "place",   "ronda",  "rua",   "rue",    "strada",    "travesia", "travessa",
        "ulica",   "ul",     "unter", "via",    "viale",     "vicolo",   NULL};
    static const char *const small[] = {"avenida", "avda", "calle", "rue",
                                        "rua",     "ul",   "ulica", NULL};
    size_t capitals = 0;
    for (size_t at = n, words = 0; at > 0 && words <= STREET_WORDS_MAX && follows(sight, at);
         words++) {
        if (count_digits(run_text(sight, at - 1)) != 0 || !sight_pays(sight, WORD_WORK))
            return false;
        str word = run_text(sight, --at);
        const char *const *names = is_capital(sight, at) ? kinds : small;
        if (capitals > 0 && (is_one_of(word, names) || is_calle(sight, at)))
            return true;
        bool capital = is_capital(sight, at) && word.len > 2 && !is_upper(word.ptr[word.len - 1]);
        if (!capital && !is_one_of(word, particles))
            return false;
        capitals += capital ? 1 : 0;
    }
    return false;
}

// Hauptstrasse 12, Musterweg 4a, Berliner Str. 7, Keizersgracht 123
static bool with_ending(const struct sight *sight, size_t n)
{
    static const str endings[] = {
        {"strasse", 7}, {"strase", 6}, {"str", 3},      {"weg", 3},    {"platz", 5}, {"allee", 5},
        {"gasse", 5},   {"damm", 4},   {"chaussee", 8}, {"straat", 6}, {"laan", 4},  {"plein", 5},
        {"gracht", 6},  {"kade", 4},   {"steeg", 5},    {"dijk", 4},   {"gatan", 5}, {"gata", 4},
        {"vagen", 5},   {"vej", 3},    {"gade", 4}};
    static const char *const others[] = {"arbeitsplatz", "brigade",    "messplatz",
                                         "parkplatz",    "stellplatz", "speicherplatz",
                                         "sitzplatz",    "upgrade",    NULL};
    str word = !is_capital(sight, n - 1) || !follows(sight, n) ? STR("") : run_text(sight, n - 1);
    if (word.len < 3 || sight->text.ptr[sight->runs[n].at - 1] != ' ' ||
        !sight_pays(sight, ENDING_WORK) || is_one_of(word, others))
        return false;
    char last = to_lower(word.ptr[word.len - 1]);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (endings[i].ptr[endings[i].len - 1] != last || word.len < endings[i].len ||
            scan_phrase(word, word.len - endings[i].len, endings[i].ptr) != endings[i].len)
            continue;
        if (word.len > endings[i].len + 1)
            return is_lower(word.ptr[word.len - 1]);
        char joint = before_or_nul(sight->text, sight->runs[n - 1].at);
        return n > 1 && is_capital(sight, n - 2) && (joint == ' ' || joint == '-') &&
               word.len == endings[i].len;
    }
    return false;
}

static bool is_house_number(const struct sight *sight, size_t n)
{
    const struct run *run = &sight->runs[n];
    if (run->lead == 0 || run->len > HOUSE_NUMBER_MAX)
        return false;
    size_t digits = count_digits(run_text(sight, n));
    return digits <= 4 && run->len <= digits + 1;
}

// Words of letters alone stand before or behind the number of a house.
static bool word_before(const struct sight *sight, size_t n)
{
    return n > 0 && sight->runs[n - 1].lead == 0 &&
           joins_address(before_or_nul(sight->text, sight->runs[n].at));
}

static bool word_behind(const struct sight *sight, size_t n)
{
    size_t end = (size_t)sight->runs[n].at + sight->runs[n].len;
    return n + 1 < sight->run_count && count_digits(run_text(sight, n + 1)) == 0 &&
           joins_address(at_or_nul(sight->text, end));
}

static bool begins_with_number(str rest)
{
    return scan_digits(rest, 0) > 0;
}

bool phi_detect_street_address(const struct sight *sight)
{
    if (scan_after(sight, KIND(BOX), begins_with_number))
        return true;
    for (size_t i = 0; sees(sight, ' ') && sight_finds(sight, &i, WAKE(STREET)); i++) {
        const struct run *run = &sight->runs[i];
        if (run->lead == run->len && run->len <= HOUSE_DIGITS_MAX &&
            street_at(sight, (size_t)run->at + run->len))
            return true;
        if (is_house_number(sight, i) &&
            ((word_behind(sight, i) && french_at(sight, i)) ||
             (word_before(sight, i) && (with_ending(sight, i) || before_number(sight, i)))))
            return true;
    }
    return false;
}
