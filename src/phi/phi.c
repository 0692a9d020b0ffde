// SPDX-License-Identifier: Apache-2.0
#include "phial/phi/phi.h"

#include "disguise.h"
#include "phial/util/array.h"
#include "scan.h"

enum { WRAPPINGS_MAX = 3, AMBIGUOUS_DIGITS_MIN = 7, AMBIGUOUS_DIGITS_MAX = 12 };

#define PHI_DETECTOR(name, digits, signs, words, finds) \
    static const struct phi_detector name = {#name, finds};
#include "phial/phi/detectors.def"
#undef PHI_DETECTOR

static const struct phi_detector *const detectors[] = {
#define PHI_DETECTOR(name, digits, signs, words, finds) &(name),
#include "phial/phi/detectors.def"
#undef PHI_DETECTOR
};
_Static_assert(COUNT_OF(detectors) <= 64, "detectors_off has a bit for each");

static const struct {
    bool (*looks)(const struct sight *sight);
    unsigned digits; // needed, or it does not look
    uint64_t signs;  // one of these or of the words
    uint64_t words;
} looks[] = {
#define PHI_DETECTOR(name, digits, signs, words, finds) {phi_detect_##name, digits, signs, words},
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
        bool hex = is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
        if (dash ? c != '-' : !hex)
            return false;
    }
    return true;
}

// What was not looked through to its end is refused: every limit fails closed.
static const struct phi_detector *give_up(uint64_t off)
{
    return (off & phi_detector_bit(STR("too_complicated"))) == 0 ? &too_complicated : NULL;
}

static bool looks_at(size_t i, const struct sight *sight)
{
    bool anything = (looks[i].signs | looks[i].words) == 0;
    return sight->digits >= looks[i].digits &&
           (anything || ((sight->signs & looks[i].signs) | (sight->words & looks[i].words)) != 0);
}

static const struct phi_detector *find_plain(const struct sight *sight, uint64_t off)
{
    if (sight->crowded)
        return give_up(off);
    for (size_t i = 0; i < COUNT_OF(detectors); i++)
        if (looks_at(i, sight) && (off & UINT64_C(1) << i) == 0 && looks[i].looks(sight))
            return detectors[i];
    return NULL;
}

struct search {
    struct arena *arena;
    uint64_t off;
    size_t left; // bytes that may still be unwrapped
};

static bool may_be_disguised(const struct sight *sight)
{
    return sight->beyond || sees(sight, '%') || sees(sight, '&') || sees(sight, '\\');
}

// The text, the text without its disguises, and what is wrapped in it, a few wrappings deep.
// NOLINTNEXTLINE(misc-no-recursion): WRAPPINGS_MAX deep
static const struct phi_detector *find(struct search *search, str text, int wrappings)
{
    struct sight sight;
    sight_take(text, &sight);
    const struct phi_detector *hit = find_plain(&sight, search->off);
    str bare = may_be_disguised(&sight) ? unfold(search->arena, text) : text;
    if (hit == NULL && bare.ptr != text.ptr) {
        sight_take(bare, &sight);
        hit = find_plain(&sight, search->off);
    }
    if (wrappings == WRAPPINGS_MAX)
        return hit;
    struct wrapped position = {0};
    str plain = {0};
    while (hit == NULL && unwrap_next(search->arena, &sight, &position, &plain)) {
        if (plain.len > search->left)
            return give_up(search->off);
        search->left -= plain.len;
        hit = find(search, plain, wrappings + 1);
    }
    return hit;
}

const struct phi_detector *phi_find(str text, uint64_t off)
{
    enum { UNWRAPPED_MIN = 256 };
    struct arena scratch = {0};
    struct search search = {&scratch, off, UNWRAPPED_MIN + text.len};
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
