// SPDX-License-Identifier: Apache-2.0
// No dictionary of names: Grace and Paris are words too. What stands beside a title, a degree or
// `patient name`, and what has the form FAMILY^GIVEN.
#include "phial/util/array.h"
#include "scan.h"

#include <stdlib.h>
#include <string.h>

enum {
    PRODUCT_WORD_MAX = 16,
    TITLE_WORK = 20,
    TITLED_WORK = 14,
    SUFFIX_WORK = 15,
    DEGREE_WORK = 20,
    FULL_NAME_WORK = 80,
};

static bool is_of_a_name(char c)
{
    return is_letter(c) || (c & '\x80') != 0 || c == '\'' || c == '-';
}

static size_t name_word(str text, size_t at)
{
    size_t len = 0;
    bool begins = at < text.len && (is_upper(text.ptr[at]) || (text.ptr[at] & '\x80') != 0);
    while (begins && at + len < text.len && is_of_a_name(text.ptr[at + len]))
        len++;
    return len >= 2 ? len : 0;
}

static const char *const product_words[] = {
#define PRODUCT(word) word,
#include "product_words.def"
#undef PRODUCT
};

static int compare_words(const void *key, const void *row)
{
    const str *word = key;
    const char *other = *(const char *const *)row;
    int order = strncmp(word->ptr, other, word->len);
    return order != 0 || other[word->len] == '\0' ? order : -1;
}

static bool is_of_a_product(str text, size_t at, size_t len)
{
    char word[PRODUCT_WORD_MAX];
    if (len > sizeof word)
        return false;
    for (size_t i = 0; i < len; i++)
        word[i] = to_lower(text.ptr[at + i]);
    return bsearch(&(str){word, len}, product_words, COUNT_OF(product_words),
                   sizeof product_words[0], compare_words) != NULL;
}

// The length of a capitalised word that is one of a name, not of a product.
static size_t proper_word(str text, size_t at)
{
    size_t len = name_word(text, at);
    bool owner = len > 2 && text.ptr[at + len - 2] == '\''; // Let's
    bool lower = len > 1 && !owner && !is_upper(text.ptr[at + len - 1]);
    return lower && !is_of_a_product(text, at, len) ? len : 0;
}

static size_t particle_at(str text, size_t at)
{
    static const char *const particles[] = {"al ",  "d'",   "da ",  "de ", "del ", "della ", "den ",
                                            "der ", "di ",  "dos ", "du ", "la ",  "le ",    "ten ",
                                            "ter ", "van ", "von ", "zu ", NULL};
    char first = at_or_nul(text, at);
    char second = at_or_nul(text, at + 1);
    for (size_t i = 0; among(first, "adltvz") && particles[i] != NULL; i++) {
        if (particles[i][0] == first && particles[i][1] == second &&
            str_starts_with(str_slice(text, at, text.len), str_from(particles[i])))
            return strlen(particles[i]);
    }
    return 0;
}

// "de ", "van der ", "de la ": what stands before a family's name
static size_t particles_at(str text, size_t at)
{
    size_t one = particle_at(text, at);
    return one == 0 ? 0 : one + particle_at(text, at + one);
}

// Two of them, an initial perhaps between.
static bool begins_with_full_name(str rest)
{
    size_t at = proper_word(rest, 0);
    at += at > 0 && at_or_nul(rest, at) == ',' ? 1 : 0; // Roe, Jane
    if (at == 0 || at_or_nul(rest, at) != ' ')
        return false;
    at++;
    if (is_upper(at_or_nul(rest, at)) && at_or_nul(rest, at + 1) == '.')
        at += at_or_nul(rest, at + 2) == ' ' ? 3 : 2;
    at += particles_at(rest, at);
    return proper_word(rest, at) > 0;
}

static bool begins_with_name(str rest)
{
    return name_word(rest, 0) > 0;
}

// "Mr. Wei Smith": the length of a title and what parts it from the name
static size_t title_at(str text, size_t at)
{
    static const struct {
        char first;
        const char *titles[16];
    } rows[] = {
        {'M',
         {"Mr", "Mrs", "Ms", "Miss", "Mme", "Mlle", "Madame", "Mademoiselle", "Monsieur", "Mevr",
          "Mevrouw", "Meneer", NULL}},
        {'D',
         {"Dr.med", "Dr. med", "Dr", "Doctor", "Dra", "Dott", "Dottssa", "Drs", "Dhr", "Doutor",
          "Doktor", "Docteur", NULL}},
        {'S',
         {"Sra", "Sig.", "Senor", "Senora", "Senorita", "Signor", "Signora", "Signorina", "Sig.ra",
          "Srta", NULL}},
        {'H', {"Herr", "Hr", "Herrn", NULL}},
        {'P', {"Prof", "Professor", "Pani", NULL}},
        {'F', {"Frau", "Fru", NULL}},
    };
    const char *const *titles = NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].first == text.ptr[at])
            titles = rows[i].titles;
    for (size_t i = 0; titles != NULL && titles[i] != NULL; i++) {
        if (titles[i][1] != at_or_nul(text, at + 1) ||
            !str_starts_with(str_slice(text, at, text.len), str_from(titles[i])))
            continue;
        size_t len = strlen(titles[i]);
        size_t next = at + len;
        next += at_or_nul(text, next) == '.' ? 1 : 0;
        next += at_or_nul(text, next) == ' ' ? 1 : 0;
        if (next > at + len)
            return next - at;
    }
    return 0;
}

// "Sr. Juan Perez", "M. Jean Dupont": what may be other things asks for two names.
static bool short_title_at(str text, size_t at)
{
    static const char *const titles[] = {"Sr.", "M.", "Pr.", "Pt.", "Fr.", "Sr", "Pt", NULL};
    for (size_t i = 0; titles[i] != NULL; i++) {
        size_t len = strlen(titles[i]);
        if (titles[i][0] == text.ptr[at] &&
            str_starts_with(str_slice(text, at, text.len), str_from(titles[i])) &&
            at_or_nul(text, at + len) == ' ')
            return begins_with_full_name(str_slice(text, at + len + 1, text.len));
    }
    return false;
}

// "J. Smith", "van der Berg", "Smith": what may stand behind a title
static bool is_titled(str rest)
{
    enum { INITIALS_MAX = 3 };
    size_t at = 0;
    for (size_t i = 0;
         i < INITIALS_MAX && is_upper(at_or_nul(rest, at)) && at_or_nul(rest, at + 1) == '.'; i++)
        at += at_or_nul(rest, at + 2) == ' ' ? 3 : 2;
    at += particles_at(rest, at);
    return name_word(rest, at) > 0;
}

static bool after_title(const struct sight *sight)
{
    str text = sight->text;
    for (size_t i = 0; sight_finds(sight, &i, WAKE(TITLE)); i++) {
        size_t at = sight->runs[i].at;
        size_t len = sight_pays(sight, TITLE_WORK) ? title_at(text, at) : 0;
        if (len > 0 && sight_pays(sight, TITLED_WORK) &&
            is_titled(str_slice(text, at + len, text.len)))
            return true;
        if (sight->runs[i].len <= 2 && short_title_at(text, at))
            return true;
    }
    return false;
}

// "John Smith, MD"; "Smith,James S,MD"
static bool before_degree(const struct sight *sight)
{
    str text = sight->text;
    static const char *const degrees[] = {"MD", "M.D.", "DO", "RN", "NP", "PA", "DDS", "PhD", NULL};
    if ((sight->wakes & WAKE(SUFFIX)) == 0 || name_word(text, 0) == 0)
        return false;
    for (size_t n = 0; sight_finds(sight, &n, WAKE(SUFFIX)) && sight_pays(sight, SUFFIX_WORK);
         n++) {
        size_t at = sight->runs[n].at;
        for (size_t i = 0; degrees[i] != NULL; i++)
            if (degrees[i][0] == text.ptr[at] &&
                str_starts_with(str_slice(text, at, text.len), str_from(degrees[i])) &&
                !is_alnum(at_or_nul(text, at + strlen(degrees[i]))))
                return true;
    }
    return false;
}

// "John J. van Smith" ends there.
static bool name_with_initial_ends(str text, size_t end)
{
    enum { FAMILY_NAME_MAX = 32 };
    size_t least = end > FAMILY_NAME_MAX ? end - FAMILY_NAME_MAX : 0;
    for (size_t at = end; at > least && at > 5; at--) {
        const char *before = text.ptr + at - 5;
        if (before[4] != ' ' || before[3] != '.' || !is_upper(before[2]) || before[1] != ' ' ||
            !is_letter(before[0]))
            continue;
        size_t family = at + particles_at(text, at);
        return family < end && family + name_word(text, family) == end;
    }
    return false;
}

// "Giulia Rossi": two words that begin so, just before the run
static bool follows_two_names(const struct sight *sight, size_t n)
{
    str text = sight->text;
    const struct run *run = &sight->runs[n];
    size_t first = sight->runs[n - 2].at;
    size_t second = sight->runs[n - 1].at;
    return text.ptr[second - 1] == ' ' && text.ptr[run->at - 1] == ' ' && // no word goes beyond
           first + proper_word(text, first) + 1 == second &&
           second + proper_word(text, second) + 1 == run->at;
}

// "Giulia Rossi MD"; "seen by John J. van Smith, MD"
static bool before_degree_in_a_sentence(const struct sight *sight)
{
    str text = sight->text;
    for (size_t i = 2; sight_finds(sight, &i, WAKE(DEGREE)); i++) {
        const struct run *run = &sight->runs[i];
        str word = str_slice(text, run->at, run->at + run->len);
        bool degree = str_eq(word, STR("MD")) || str_eq(word, STR("RN")) ||
                      (str_eq(word, STR("M")) && at_or_nul(text, run->at + 2) == 'D');
        if (!degree || !sight_pays(sight, DEGREE_WORK))
            continue;
        bool comma = text.ptr[run->at - 1] == ' ' && text.ptr[run->at - 2] == ',';
        if (comma ? name_with_initial_ends(text, run->at - 2) : follows_two_names(sight, i))
            return true;
    }
    return false;
}

static bool with_caret(const struct sight *sight)
{
    enum { LETTERS_MIN = 5, CARET_WORK = 8 }; // of both names: LI^WEI
    str text = sight->text;
    if (!has(text, '^'))
        return false;
    for (size_t at = scan_next(text, 2, '^'); at < text.len; at = scan_next(text, at + 1, '^')) {
        size_t before = 0;
        while (before < at &&
               (is_letter(text.ptr[at - 1 - before]) || (text.ptr[at - 1 - before] & '\x80') != 0))
            before++;
        size_t after = scan_letters(text, at + 1);
        if (!sight_pays(sight, CARET_WORK + before + after))
            return false;
        if (before >= 2 && after >= 2 && before + after >= LETTERS_MIN)
            return true;
    }
    return false;
}

// name: Jane Roe
static bool after_sign(const struct sight *sight)
{
    for (size_t i = 0; (sight->words & KIND(CALLED)) != 0 && i < sight->place_count; i++) {
        const struct place *place = &sight->places[i];
        if ((place->kinds & KIND(CALLED)) != 0 && sight_pays(sight, FULL_NAME_WORK) &&
            scan_follows_sign(sight, place) && begins_with_full_name(place->rest))
            return true;
    }
    return false;
}

bool phi_detect_person_name(const struct sight *sight)
{
    return (sees(sight, '^') && with_caret(sight)) || after_title(sight) || before_degree(sight) ||
           scan_after(sight, KIND(NAME), begins_with_name) ||
           scan_after(sight, KIND(SEEN), begins_with_full_name) || after_sign(sight) ||
           before_degree_in_a_sentence(sight);
}
