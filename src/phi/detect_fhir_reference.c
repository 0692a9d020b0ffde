// SPDX-License-Identifier: Apache-2.0
// Type/id as FHIR writes it, and resources of a person. The types are capitalised: patient.read and
// resource_type are names of an API.
#include "phial/util/array.h"
#include "scan.h"

static const str types[] = {{"Patient", 7},   {"RelatedPerson", 13},
                            {"Person", 6},    {"Practitioner", 12},
                            {"Encounter", 9}, {"ExplanationOfBenefit", 20},
                            {"Coverage", 8},  {"Claim", 5}}; // all of different lengths

static bool begins_with_type(str rest)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_starts_with(rest, types[i]))
            return true;
    return false;
}

static bool is_type(str word)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (types[i].len == word.len)
            return str_eq(word, types[i]);
    return false;
}

// What follows the type is an id: it has a digit, or is long. `Patient/read` is neither.
static bool is_id(str rest)
{
    size_t len = 0;
    size_t digits = 0;
    for (; len < rest.len; len++) {
        char c = rest.ptr[len];
        if (!is_alnum(c) && c != '-' && c != '.')
            break;
        digits += is_digit(c) ? 1 : 0;
    }
    return digits > 0 || len > 16;
}

static bool is_resource(str rest)
{
    while (rest.len > 0 && among(rest.ptr[0], "\"': ="))
        rest = str_slice(rest, 1, rest.len);
    return begins_with_type(rest);
}

// GET /Observation?patient=52abc519: a search names the person too
static bool is_search(str text, size_t at)
{
    static const char *const names[] = {"patient=", "subject=", "encounter=", "beneficiary=", NULL};
    if (text.ptr[at] != '?' && text.ptr[at] != '&')
        return false;
    for (size_t i = 0; names[i] != NULL; i++) {
        size_t len = scan_phrase(text, at + 1, names[i]);
        if (len > 0 && is_id(str_slice(text, at + 1 + len, text.len)))
            return true;
    }
    return false;
}

static bool is_reference(str text, const struct run *run)
{
    size_t end = (size_t)run->at + run->len;
    return at_or_nul(text, end) == '/' && is_type(str_slice(text, run->at, end)) &&
           is_id(str_slice(text, end + 1, text.len));
}

// resourceType: Patient
static bool names_resource(str rest)
{
    return str_starts_with(rest, STR("resourceType")) && is_resource(str_slice(rest, 12, rest.len));
}

static bool is_identifier(str rest)
{
    return str_starts_with(rest, STR("hl7.org/fhir/sid/us-")) && str_contains(rest, '|');
}

bool phi_detect_fhir_reference(const struct sight *sight)
{
    str text = sight->text;
    enum { FHIR_WORK = 8 };
    bool assigned = sees(sight, '/') || sees(sight, ':') || sees(sight, '=');
    const uint32_t any =
        WAKE(FHIR_RESOURCE) | WAKE(FHIR_SEARCH) | WAKE(FHIR_SYSTEM) | WAKE(FHIR_TYPE);
    for (size_t i = 0; assigned && sight_finds(sight, &i, any) && sight_pays(sight, FHIR_WORK);
         i++) {
        size_t at = sight->runs[i].at;
        str rest = str_slice(text, at, text.len);
        if (is_reference(text, &sight->runs[i]) || names_resource(rest) || is_identifier(rest) ||
            (at > 0 && is_search(text, at - 1)))
            return true;
    }
    return false;
}
