// SPDX-License-Identifier: Apache-2.0
// name.c - what a property's name says. Names are cut into words at every sign, digit and change of
// case; words written together are taken apart (patientname), and those cut in pieces are joined
// (s_s_n, e_mail); single words and pairs decide.
#include "disguise.h"
#include "phial/phi/phi.h"
#include "phial/util/array.h"
#include "scan.h"
#include "vocabulary.h"

#include <string.h>

enum { WORDS_MAX = 20, WORD_BYTES_MAX = 64, NAME_LETTERS_MAX = 128, NAME_BYTES_MAX = 256 };

// The letters of a name in lower case, and where its words begin in them; starts[count] is the end.
struct pieces {
    char letters[NAME_LETTERS_MAX];
    size_t starts[WORDS_MAX + 1];
    size_t count;
};

struct name {
    unsigned tells[WORDS_MAX];
    size_t count;
    bool plural; // the last word is
};

static void add(struct name *name, unsigned tells, bool plural)
{
    if (name->count == WORDS_MAX)
        return;
    name->tells[name->count++] = tells;
    name->plural = plural;
}

// Words written together: the fewest of the vocabulary that make up the whole, the last of them the
// shortest: a model's name is no mode of an lname.
static bool take_apart(str word, struct name *name)
{
    enum { LETTERS_MIN = 2 };
    size_t fewest[WORD_BYTES_MAX + 1] = {0}; // words up to there; 0: cannot be reached
    size_t from[WORD_BYTES_MAX + 1] = {0};
    const struct word *ending[WORD_BYTES_MAX + 1] = {NULL};
    if (word.len > WORD_BYTES_MAX)
        return false;
    for (size_t end = LETTERS_MIN; end <= word.len; end++) {
        for (size_t start = 0; start + LETTERS_MIN <= end; start++) {
            bool plural = false;
            if (start > 0 && fewest[start] == 0)
                continue;
            const struct word *found = vocabulary_find(str_slice(word, start, end), &plural);
            if (found == NULL || (fewest[end] != 0 && fewest[end] < fewest[start] + 1))
                continue;
            fewest[end] = fewest[start] + 1;
            from[end] = start;
            ending[end] = found;
        }
    }
    if (fewest[word.len] == 0)
        return false;
    size_t count = fewest[word.len];
    if (name->count + count > WORDS_MAX)
        return false;
    for (size_t end = word.len, left = count; left > 0 && ending[end] != NULL; end = from[end])
        name->tells[name->count + --left] = ending[end]->tells;
    name->count += count;
    name->plural = false;
    return true;
}

static void read_word(str word, struct name *name)
{
    bool plural = false;
    const struct word *found = vocabulary_find(word, &plural);
    if (found == NULL)
        found = vocabulary_find_misspelt(word);
    if (found != NULL)
        add(name, found->tells, plural);
    else if (!take_apart(word, name))
        add(name, 0, false);
}

// A word ends before a sign or a digit; and, when cases count, where aB or ABc begins a new one
// (but not in IDs).
static bool ends_word(str text, size_t at, bool cases)
{
    char last = text.ptr[at - 1];
    char c = at_or_nul(text, at);
    char next = at_or_nul(text, at + 1);
    if (!is_letter(c))
        return true;
    bool plural = next == 's' && !is_lower(at_or_nul(text, at + 2));
    return cases && is_upper(c) &&
           (is_lower(last) || (is_upper(last) && is_lower(next) && !plural));
}

static void cut(str text, bool cases, struct pieces *pieces)
{
    size_t len = 0;
    pieces->count = 0;
    for (size_t at = 0; at < text.len && pieces->count < WORDS_MAX;) {
        if (!is_letter(text.ptr[at])) {
            at++;
            continue;
        }
        pieces->starts[pieces->count++] = len;
        do {
            if (len < sizeof(pieces->letters))
                pieces->letters[len++] = to_lower(text.ptr[at]);
            at++;
        } while (!ends_word(text, at, cases));
    }
    pieces->starts[pieces->count] = len;
}

static str joined(const struct pieces *pieces, size_t from, size_t count)
{
    return (str){pieces->letters + pieces->starts[from],
                 pieces->starts[from + count] - pieces->starts[from]};
}

enum { HARMLESS = COUNTS | SORTS | LIFTS };

// fingerprint_ms is no fingerprints that are misspelt.
static bool makes_harmless(str word)
{
    bool plural = false;
    const struct word *found = vocabulary_find(word, &plural);
    return found != NULL && (found->tells & HARMLESS) != 0;
}

// How many of the words from there on make up one of the vocabulary together: single letters, or
// pieces of a long one. What makes a name harmless is not made up like that.
static size_t count_joined(const struct pieces *pieces, size_t from, const struct word **word,
                           bool *plural)
{
    enum { LETTERS_MIN = 6, LETTERS_MAX = 32, MISSPELT_LETTERS_MIN = 10, MISSPELT_PIECES_MAX = 3 };
    for (size_t count = pieces->count - from; count > 1; count--) {
        str text = joined(pieces, from, count);
        if (text.len > LETTERS_MAX || (text.len != count && text.len < LETTERS_MIN))
            continue;
        *word = vocabulary_find(text, plural);
        if (*word == NULL && text.len >= MISSPELT_LETTERS_MIN && count <= MISSPELT_PIECES_MAX &&
            !makes_harmless(joined(pieces, from + count - 1, 1)))
            *word = vocabulary_find_misspelt(text);
        if (*word != NULL && ((*word)->tells & HARMLESS) == 0)
            return count;
    }
    return 0;
}

static struct name read_name(str text, bool cases)
{
    struct name name = {0};
    struct pieces pieces;
    cut(text, cases, &pieces);
    for (size_t at = 0; at < pieces.count;) {
        const struct word *word = NULL;
        bool plural = false;
        size_t count = count_joined(&pieces, at, &word, &plural);
        if (count > 0)
            add(&name, word->tells, plural);
        else
            read_word(joined(&pieces, at, 1), &name);
        at += count > 0 ? count : 1;
    }
    return name;
}

static unsigned all_of(const struct name *name)
{
    unsigned tells = 0;
    for (size_t i = 0; i < name->count; i++)
        tells |= name->tells[i];
    return tells;
}

static bool only(const struct name *name, unsigned tells)
{
    for (size_t i = 0; i < name->count; i++)
        if ((name->tells[i] & tells) == 0)
            return false;
    return name->count > 0;
}

// One word tells the one thing, another one the other.
static bool pair(const struct name *name, unsigned one, unsigned other)
{
    for (size_t i = 0; i < name->count; i++)
        for (size_t j = 0; j < name->count; j++)
            if (i != j && (name->tells[i] & one) != 0 && (name->tells[j] & other) != 0)
                return true;
    return false;
}

static bool is_person(const struct name *name)
{
    unsigned tells = all_of(name);
    bool bare = (tells & BARE) != 0 && only(name, BARE | WHO | ID | NAME | GLUE);
    return (tells & STRONG) != 0 || bare || only(name, WHO) || pair(name, WHO, ID) ||
           pair(name, NAME_OF, NAME) || pair(name, DAY_OF, DATE) || pair(name, NUMBERED, NUMBER) ||
           (pair(name, PART, ID) && (tells & SORTS) == 0);
}

static bool means_phi(const struct name *name)
{
    unsigned tells = all_of(name);
    unsigned last = name->count > 1 ? name->tells[name->count - 1] : 0;
    bool alone = (tells & ALONE) != 0 && only(name, ALONE | GLUE);
    bool kind = (last & SORTS) != 0 && (tells & (CLINICAL | ITEM)) == 0; // note_type is no note
    bool lifted = kind || (last & LIFTS) != 0;
    return !lifted && ((tells & FREE) != 0 || alone || only(name, NAME) || is_person(name));
}

static bool means_phi_of_closed(const struct name *name)
{
    unsigned tells = all_of(name);
    bool several =
        name->plural && name->count > 1 && (name->tells[0] & NUMBER) != 0; // num_patients
    bool counts = (tells & (COUNTS | LIFTS)) != 0 || several ||
                  (only(name, WHO | ITEM) && name->plural) || only(name, ORDINAL | NUMBER | GLUE);
    bool sorts = (tells & SORTS) != 0 && (tells & CLINICAL) == 0;
    return !counts && !sorts && is_person(name);
}

// DICOM's JSON names a patient's attributes by tag: 00100010 is the name, 00080050 the accession.
static bool is_dicom_tag(str text)
{
    static const str tags[] = {{"00080018", 8}, {"00080050", 8}, {"00080090", 8},
                               {"0020000D", 8}, {"0020000E", 8}, {"00200010", 8}};
    for (size_t i = 0; i < COUNT_OF(tags); i++)
        if (str_eq(text, tags[i]))
            return true;
    return text.len == 8 && str_starts_with(text, STR("0010"));
}

// d0b, n0te: digits between letters that stand for the letters they look like
static str spell_out(struct arena *arena, str text)
{
    static const char digits[] = "0134";
    static const char letters[] = "oiea";
    char *bytes = arena_array(arena, char, text.len);
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = is_digit(text.ptr[i]) ? strchr(digits, text.ptr[i]) : NULL;
        bool inside = is_letter(before_or_nul(text, i)) && is_letter(at_or_nul(text, i + 1));
        bytes[i] = text.ptr[i];
        if (digit != NULL && inside)
            bytes[i] = letters[digit - digits];
    }
    return (str){bytes, text.len};
}

static bool has_many_words(str text)
{
    size_t words = 0;
    for (size_t at = 0; at < text.len; at++)
        words += is_letter(text.ptr[at]) &&
                         (at == 0 || ends_word(text, at, true) || !is_letter(text.ptr[at - 1]))
                     ? 1
                     : 0;
    return words > WORDS_MAX;
}

static bool judge(str text, bool (*means)(const struct name *))
{
    struct arena scratch = {0};
    if (text.len > NAME_BYTES_MAX || has_many_words(text)) // no declaration has it: refused unread
        return true;
    size_t work = SIZE_MAX;
    struct unfolding how;
    str bare = unfold(&scratch, text, &work, &how);
    str spelled = spell_out(&scratch, bare);
    struct name with_cases = read_name(bare, true);
    struct name without = read_name(bare, false); // dOb
    struct name letters = read_name(spelled, false);
    bool phi = how.endless || is_dicom_tag(bare) || means(&with_cases) || means(&without) ||
               means(&letters);
    arena_reset(&scratch);
    return phi;
}

bool phi_name(str name)
{
    return judge(name, means_phi);
}

bool phi_name_of_closed(str name)
{
    return judge(name, means_phi_of_closed);
}
