// SPDX-License-Identifier: Apache-2.0
#include "phial/phi/phi.h"

#include "disguise.h"
#include "phial/util/array.h"
#include "scan.h"

enum {
    WRAPPINGS_MAX = 3,
    WORK_SHORT = 1700, // in about nanoseconds, as all work: a short text may be wrapped
    SHORT_MAX = 200,
    WORK_A_TEXT = 450,
    WORK_A_BYTE = 6,
    AMBIGUOUS_DIGITS_MIN = 7,
    AMBIGUOUS_DIGITS_MAX = 12
};

#define PHI_DETECTOR(name, digits, signs, words, wakes, finds) \
    static const struct phi_detector name = {#name, finds};
#include "phial/phi/detectors.def"
#undef PHI_DETECTOR

static const struct phi_detector *const detectors[] = {
#define PHI_DETECTOR(name, digits, signs, words, wakes, finds) &(name),
#include "phial/phi/detectors.def"
#undef PHI_DETECTOR
};
enum {
#define PHI_DETECTOR(name, digits, signs, words, wakes, finds) BIT_##name,
#include "phial/phi/detectors.def"
#undef PHI_DETECTOR
};
_Static_assert(COUNT_OF(detectors) <= 64, "detectors_off has a bit for each");

static bool (*const looks[])(const struct sight *sight) = {
#define PHI_DETECTOR(name, digits, signs, words, wakes, finds) phi_detect_##name,
#include "phial/phi/detectors.def"
#undef PHI_DETECTOR
};

struct phi_detectors phi_detectors(void)
{
    return (struct phi_detectors){detectors, COUNT_OF(detectors)};
}

// Eight, four, four, four and twelve hexadecimal digits hold no shape that a detector knows.
static bool is_uuid(str text)
{
    enum { UUID_BYTES = 36 };
    if (text.len != UUID_BYTES)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : hexadecimal_value(c) < 0)
            return false;
    }
    return true;
}

// What was not looked through to its end is refused: every limit fails closed.
static const struct phi_detector *give_up(uint64_t off)
{
    return (off >> BIT_too_complicated & 1) == 0 ? &too_complicated : NULL;
}

// The bits of the detectors that have something to look at.
static uint64_t woken(const struct sight *sight)
{
    uint64_t more = sight->digits + 1;
    uint64_t all_signs = sight->signs;
    uint64_t all_words = sight->words;
    uint64_t all_wakes = sight->wakes | wakes_of_long(sight->letters, sight->numbers);
    uint64_t bits = 0;
#define PHI_DETECTOR(name, digits, signs, words, wakes, finds)                             \
    bits |= (uint64_t)(more > (digits) && ((all_signs & (signs)) | (all_words & (words)) | \
                                           (all_wakes & (wakes))) != 0)                    \
            << BIT_##name;
#include "phial/phi/detectors.def"
#undef PHI_DETECTOR
    return bits;
}

static const struct phi_detector *find_plain(const struct sight *sight, uint64_t off)
{
    enum { DETECTOR_WORK = 16 };
    if (sight->crowded)
        return give_up(off);
    for (uint64_t left = woken(sight) & ~off; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        if (looks[i](sight))
            return detectors[i];
        if (!sight_pays(sight, DETECTOR_WORK))
            return give_up(off);
    }
    return NULL;
}

struct search {
    struct arena *arena;
    uint64_t off;
    size_t left;  // bytes that may still be unwrapped
    size_t *work; // that may still be done
};

// The text without its disguises, and, where those may be something else, as it is. The sight of
// the former stays.
static const struct phi_detector *find_here(struct search *search, str text, struct sight *sight)
{
    struct unfolding how;
    str bare = unfold(search->arena, text, search->work, &how);
    const struct phi_detector *hit = NULL;
    if (how.escaped) {
        sight_take(how.raw, search->work, sight);
        hit = find_plain(sight, search->off);
    }
    if (hit != NULL)
        return hit;
    sight_take(bare, search->work, sight);
    return how.endless ? give_up(search->off) : find_plain(sight, search->off);
}

// And what is wrapped in it, a few wrappings deep.
// NOLINTNEXTLINE(misc-no-recursion): WRAPPINGS_MAX deep
static const struct phi_detector *find(struct search *search, str text, int wrappings)
{
    struct sight sight;
    struct wrapped position = {0};
    str plain = {0};
    const struct phi_detector *hit = find_here(search, text, &sight);
    if (wrappings == WRAPPINGS_MAX)
        return hit;
    while (hit == NULL && unwrap_next(search->arena, &sight, &position, &plain)) {
        if (plain.len > search->left)
            return give_up(search->off);
        search->left -= plain.len;
        hit = find(search, plain, wrappings + 1);
    }
    return hit == NULL && *search->work == 0 ? give_up(search->off) : hit;
}

// What may be spent on the text: what dense ordinary ones of its length take, and what is less than
// ten nanoseconds a byte.
static size_t work_for(str text)
{
    return text.len <= SHORT_MAX ? WORK_SHORT : WORK_A_TEXT + WORK_A_BYTE * text.len;
}

const struct phi_detector *phi_find(str text, uint64_t off)
{
    enum { UNWRAPPED_MIN = 256 };
    struct arena scratch = {0};
    size_t work = work_for(text);
    if (give_up(off) == NULL) // nobody wants to know
        work = SIZE_MAX;
    struct search search = {&scratch, off, UNWRAPPED_MIN + text.len, &work};
    if (text.len == 0 || is_uuid(text))
        return NULL;
    if (text.len > SIGHT_TEXT_MAX)
        return give_up(off);
    const struct phi_detector *hit = find(&search, text, 0);
    arena_reset(&scratch);
    return hit;
}

uint64_t phi_detector_bit(str name)
{
    for (size_t i = 0; i < COUNT_OF(detectors); i++)
        if (str_eq(name, str_from(detectors[i]->name)))
            return UINT64_C(1) << i;
    return 0;
}

bool phi_ambiguous_number(str text)
{
    return text.len >= AMBIGUOUS_DIGITS_MIN && text.len <= AMBIGUOUS_DIGITS_MAX &&
           scan_digits(text, 0) == text.len;
}

void phi_print_markdown(FILE *out)
{
    (void)fputs(
        "# What the PHI boundary looks for\n\n"
        "Every text that would be stored passes these detectors, as it is and without its\n"
        "disguises: full-width, circled and foreign digits, look-alike letters, zero-width\n"
        "characters, Unicode dashes and blanks, percent, HTML and `\\u` escapes, and base64,\n"
        "base32 or hexadecimal wrapping. A hit refuses the text and names the detector, never\n"
        "what was found. A property may switch detectors off: `\"detectors_off\": [\"uk_nhs\"]`.\n"
        "\n"
        "| Detector | Finds |\n"
        "|---|---|\n",
        out);
    for (size_t i = 0; i < COUNT_OF(detectors); i++)
        (void)fprintf(out, "| `%s` | %s |\n", detectors[i]->name, detectors[i]->finds);
}
