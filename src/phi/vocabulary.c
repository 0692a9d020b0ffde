// SPDX-License-Identifier: Apache-2.0
#include "vocabulary.h"

#include "phial/util/array.h"

#include <string.h>

static const struct word vocabulary[] = {
#define NAMED(word, tells) {word, tells},
#include "vocabulary.def"
#undef NAMED
};

static bool ends_in_plural(str word, str stem)
{
    if (!str_starts_with(word, str_slice(stem, 0, stem.len - 1)))
        return false;
    str ending = str_slice(word, stem.len, word.len);
    bool regular =
        str_starts_with(word, stem) && (str_eq(ending, STR("s")) || str_eq(ending, STR("es")));
    return regular || (stem.ptr[stem.len - 1] == 'y' &&
                       str_eq(str_slice(word, stem.len - 1, word.len), STR("ies")));
}

const struct word *vocabulary_find(str word, bool *plural)
{
    const struct word *stem = NULL;
    *plural = false;
    for (size_t i = 0; word.len > 0 && i < COUNT_OF(vocabulary); i++) {
        if (vocabulary[i].text[0] != word.ptr[0])
            continue;
        str text = str_from(vocabulary[i].text);
        if (str_eq(word, text))
            return &vocabulary[i];
        if (stem == NULL && text.len > 1 && ends_in_plural(word, text))
            stem = &vocabulary[i];
    }
    *plural = stem != NULL;
    return stem;
}

// One letter away: left out, added, another one, or two neighbours that changed places.
static bool is_one_letter_off(str word, str right)
{
    size_t at = 0;
    while (at < right.len && at < word.len && word.ptr[at] == right.ptr[at])
        at++;
    str rest = str_slice(word, at, word.len);
    str wanted = str_slice(right, at, right.len);
    if (rest.len == wanted.len + 1)
        return str_eq(str_slice(rest, 1, rest.len), wanted);
    if (rest.len + 1 == wanted.len)
        return str_eq(rest, str_slice(wanted, 1, wanted.len));
    return rest.len == wanted.len && rest.len > 0 &&
           str_eq(str_slice(rest, 1, rest.len), str_slice(wanted, 1, wanted.len));
}

static bool is_turned_round(str word, str right)
{
    if (word.len != right.len)
        return false;
    for (size_t at = 0; at + 1 < right.len; at++)
        if (word.ptr[at] != right.ptr[at])
            return word.ptr[at] == right.ptr[at + 1] && word.ptr[at + 1] == right.ptr[at] &&
                   str_eq(str_slice(word, at + 2, word.len), str_slice(right, at + 2, right.len));
    return false;
}

// Words of their own that are one letter away from one that means PHI.
static bool is_ordinary(str word)
{
    static const char *const words[] = {
        "accounted",  "admissible", "contract",  "diver",      "drive",       "driven",
        "driving",    "emergence",  "emergent",  "healthy",    "identified",  "identifies",
        "licensed",   "licensing",  "medial",    "middleware", "numeric",     "police",
        "provide",    "provided",   "provides",  "recorded",   "recorder",    "records",
        "referenced", "references", "serves",    "serviced",   "service",     "services",
        "series",     "sociable",   "secure",    "surgical",   "cellar",      "cellular",
        "compliant",  "country",    "decreased", "depth",      "direction",   "drives",
        "feather",    "finding",    "geocoder",  "geonode",    "observation", "initial",
        "insurer",    "martial",    "mediation", "meditation", "patent",      "persona",
        "plone",      "portal",     "prone",     "residency",  "retinal",     "subscribe",
        "subscribed", "subscribes", "telephony"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(word, str_from(words[i])))
            return true;
    return false;
}

// Shorter words have too many neighbours; these four have but few.
static bool is_long(str right)
{
    static const char *const words[] = {"birth", "death", "email", "phone"};
    enum { LETTERS_MIN = 6 };
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(right, str_from(words[i])))
            return true;
    return right.len >= LETTERS_MIN;
}

const struct word *vocabulary_find_misspelt(str word)
{
    enum { LETTERS_MIN = 4, TURNED_LETTERS_MIN = 5 };
    const unsigned told = STRONG | FREE | WHO | BARE | PART | ID | NAME_OF | DAY_OF;
    if (word.len < LETTERS_MIN || is_ordinary(word))
        return NULL;
    bool several = word.ptr[word.len - 1] == 's';
    str one = str_slice(word, 0, word.len - (several ? 1 : 0));
    for (size_t i = 0; i < COUNT_OF(vocabulary); i++) {
        str right = str_from(vocabulary[i].text);
        bool tells = (vocabulary[i].tells & told) != 0;
        if (!tells || right.ptr[0] != word.ptr[0])
            continue;
        if (right.len >= TURNED_LETTERS_MIN &&
            (is_turned_round(word, right) || is_turned_round(one, right)))
            return &vocabulary[i];
        if (is_long(right) && !is_ordinary(one) &&
            (is_one_letter_off(word, right) || is_one_letter_off(one, right)))
            return &vocabulary[i];
    }
    return NULL;
}
