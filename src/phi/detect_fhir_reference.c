// SPDX-License-Identifier: Apache-2.0
// Type/id as FHIR writes it, and resources of a person. The types are capitalised: patient.read and
// resource_type are names of an API.
#include "scan.h"

#include <string.h>

static const char *const types[] = {"Patient",      "RelatedPerson", "Person",
                                    "Practitioner", "Encounter",     "ExplanationOfBenefit",
                                    "Coverage",     "Claim",         NULL};

static size_t type_at(str text, size_t at)
{
    for (size_t i = 0; at < text.len && types[i] != NULL; i++)
        if (types[i][0] == text.ptr[at] &&
            str_starts_with(str_slice(text, at, text.len), str_from(types[i])))
            return strlen(types[i]);
    return 0;
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
    return type_at(rest, 0) > 0;
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

static bool is_reference(str text, size_t at)
{
    size_t len = type_at(text, at);
    return len > 0 && at_or_nul(text, at + len) == '/' &&
           is_id(str_slice(text, at + len + 1, text.len));
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
    bool assigned = sees(sight, '/') || sees(sight, ':') || sees(sight, '=');
    const uint32_t any =
        WAKE(FHIR_RESOURCE) | WAKE(FHIR_SEARCH) | WAKE(FHIR_SYSTEM) | WAKE(FHIR_TYPE);
    for (size_t i = 0; assigned && sight_finds(sight, &i, any); i++) {
        size_t at = sight->runs[i].at;
        str rest = str_slice(text, at, text.len);
        if (is_reference(text, at) || names_resource(rest) || is_identifier(rest) ||
            (at > 0 && is_search(text, at - 1)))
            return true;
    }
    return false;
}
