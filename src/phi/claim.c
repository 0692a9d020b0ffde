// SPDX-License-Identifier: Apache-2.0
#include "phial/phi/claim.h"

#include "phial/phi/phi.h"
#include "phial/util/array.h"

enum {
    AGE_MAX = 89,
    IDENTIFYING = 1000000 // a number of seven digits may be somebody's
};

static const struct claim_info infos[] = {
    [CLAIM_PSEUDONYMOUS] =
        {"pseudonymous",
         "The events are about persons, or have to be taken for it: whoever has what is kept apart "
         "finds them again. They stay personal data and PHI; only an expert may determine more "
         "(45 CFR 164.514(b)(1)).",
         "GDPR Art. 4(5); 45 CFR 160.103"},
    [CLAIM_LIMITED_DATA_SET] =
        {"limited_data_set",
         "The direct identifiers are left out; dates, states, towns and ZIP codes may stay. Whoever "
         "receives the events needs a data use agreement.",
         "45 CFR 164.514(e)"},
    [CLAIM_SAFE_HARBOR] =
        {"safe_harbor",
         "None of the eighteen identifiers is in the events, as long as nobody knows that the rest "
         "identifies somebody.",
         "45 CFR 164.514(b)(2)"},
    [CLAIM_NO_PERSON] =
        {"no_person",
         "No property is declared to stand for a person or a record of one, and every text that is "
         "stored passes the detectors.",
         "45 CFR 160.103; GDPR Recital 26"},
};
_Static_assert(COUNT_OF(infos) == CLAIM_NO_PERSON + 1, "one row a claim");

const struct claim_info *claim_info(enum claim claim)
{
    return &infos[claim];
}

static bool is_text(const struct property *property)
{
    return property->type == PROPERTY_CODE || property->type == PROPERTY_VERSION;
}

static bool is_hmac(const struct property *property)
{
    return property->type == PROPERTY_TOKEN && !property->surrogate;
}

static bool is_event_hmac(const struct property *property)
{
    return is_hmac(property) && property->scope == TOKEN_EVENT;
}

static bool is_lasting_hmac(const struct property *property)
{
    return is_hmac(property) && property->scope != TOKEN_EVENT;
}

static bool is_surrogate(const struct property *property)
{
    return property->type == PROPERTY_TOKEN && property->surrogate;
}

// The bits that a version has switched off by being one are no declaration.
static uint64_t declared_off(const struct property *property)
{
    uint64_t by_type = property->type == PROPERTY_VERSION ? phi_detector_bit(STR("ipv4")) : 0;
    return is_text(property) ? property->detectors_off & ~by_type : 0;
}

static uint64_t dates_alone(void)
{
    return phi_detector_bit(STR("birth_date"));
}

static bool lets_dates_pass(const struct property *property)
{
    uint64_t off = declared_off(property);
    return off != 0 && off == dates_alone();
}

static bool lets_identifiers_pass(const struct property *property)
{
    uint64_t off = declared_off(property);
    return off != 0 && off != dates_alone();
}

static bool is_plain_number(const struct property *property)
{
    return property->plain_number;
}

static bool has_word(str name, const char *const *words, size_t count)
{
    str rest = name;
    while (rest.len != 0) {
        size_t end = 0;
        while (end < rest.len && rest.ptr[end] >= 'a' && rest.ptr[end] <= 'z')
            end++;
        for (size_t i = 0; i < count; i++) {
            if (str_eq(str_slice(rest, 0, end), str_from(words[i])))
                return true;
        }
        rest = str_slice(rest, end + 1, rest.len);
    }
    return false;
}

static bool is_place(const struct property *property)
{
    static const char *const words[] = {"area",     "city",    "county",  "district", "geo",
                                        "location", "parish",  "postal",  "postcode", "precinct",
                                        "province", "quarter", "region",  "site",     "town",
                                        "ward",     "zip",     "zipcode", "zone"};
    return (property->type == PROPERTY_ENUM || property->type == PROPERTY_CODE ||
            property->type == PROPERTY_INTEGER) &&
           has_word(property->name, words, COUNT_OF(words));
}

static bool may_exceed(const struct property *property, int64_t most)
{
    return !property->has_max || decimal_compare(property->max, decimal_from_i64(most)) > 0;
}

static bool is_age(const struct property *property)
{
    static const char *const words[] = {"age", "ages"};
    return (property->type == PROPERTY_INTEGER || property->type == PROPERTY_DECIMAL) &&
           may_exceed(property, AGE_MAX) && has_word(property->name, words, COUNT_OF(words));
}

static bool is_code(const struct property *property)
{
    return property->type == PROPERTY_CODE;
}

// What a property's declaration does to the claim; in the docs, in this order.
static const struct {
    bool (*holds)(const struct property *property);
    bool beside_person; // only where the type has a token
    enum claim allows;
    const char *declaration;
    const char *reason;
    const char *source;
} rules[] = {
    {is_lasting_hmac, false, CLAIM_PSEUDONYMOUS, "a token by HMAC",
     "It is computed from the person's identifier. A code that is derived from information about the "
     "individual is no re-identification code, so this is a pseudonym and not de-identification.",
     "45 CFR 164.514(c)(1); GDPR Art. 4(5)"},
    {is_event_hmac, false, CLAIM_PSEUDONYMOUS, "a token by HMAC of scope event",
     "It links no two events, but it is still computed from the person's identifier.",
     "45 CFR 164.514(c)(1); GDPR Art. 4(5)"},
    {is_surrogate, false, CLAIM_SAFE_HARBOR, "a surrogate token",
     "It stands for a person, by a random code whose crosswalk is kept apart and not disclosed.",
     "45 CFR 164.514(c); GDPR Art. 4(5)"},
    {lets_identifiers_pass, false, CLAIM_PSEUDONYMOUS, "detectors_off",
     "An identifier that the detector would have found is stored as it was sent.",
     "45 CFR 164.514(b)(2)(i), (e)(2)"},
    {lets_dates_pass, false, CLAIM_LIMITED_DATA_SET, "detectors_off",
     "A date of birth that the detector would have found is stored as it was sent.",
     "45 CFR 164.514(b)(2)(i)(C)"},
    {is_plain_number, false, CLAIM_PSEUDONYMOUS, "plain_numbers",
     "7 to 12 digits are stored on the declaration's word that they are no person's; a social security, "
     "telephone, beneficiary or record number looks the same.",
     "45 CFR 164.514(b)(2)(i)(D), (G), (H), (I), (J)"},
    {is_code, true, CLAIM_LIMITED_DATA_SET, "a code beside a person's token",
     "A code of the sender's choice may be a characteristic of that person alone.",
     "45 CFR 164.514(b)(2)(i)(R)"},
    {is_place, true, CLAIM_LIMITED_DATA_SET, "a place beside a person's token",
     "Every geographic subdivision smaller than a state is an identifier, but for the first three digits "
     "of some ZIP codes.",
     "45 CFR 164.514(b)(2)(i)(B)"},
    {is_age, true, CLAIM_LIMITED_DATA_SET, "an age above 89 beside a person's token",
     "Ages above 89 are identifiers; a max of 89, or one class for 90 and older, is none.",
     "45 CFR 164.514(b)(2)(i)(C)"},
};

static const struct claim_limit time_limit = {
    {"/time_precision", sizeof "/time_precision" - 1},
    "time_precision",
    CLAIM_LIMITED_DATA_SET,
    "Every element of a date but the year is an identifier where it belongs to a person, and `day` is the "
    "coarsest precision there is. In a limited data set dates may stay.",
    "45 CFR 164.514(b)(2)(i)(C), (e)(2)"};

static const struct claim_limit id_limit = {
    {"/plain_numbers", sizeof "/plain_numbers" - 1},
    "plain_numbers",
    CLAIM_PSEUDONYMOUS,
    "Ids of 7 to 12 digits are stored on the declaration's word that they are no person's; a social "
    "security, telephone, beneficiary or record number looks the same.",
    "45 CFR 164.514(b)(2)(i)(D), (G), (H), (I), (J)"};

static bool is_open_number(const struct property *property)
{
    return property->type == PROPERTY_INTEGER && may_exceed(property, IDENTIFYING - 1);
}

static bool is_version(const struct property *property)
{
    return property->type == PROPERTY_VERSION;
}

static bool is_open_decimal(const struct property *property)
{
    return property->type == PROPERTY_DECIMAL && may_exceed(property, IDENTIFYING - 1);
}

static bool is_list_unseen(const struct property *property)
{
    return property->type == PROPERTY_ENUM && property->detectors_off != 0;
}

// What has to be true of a property that the declaration cannot show.
static const struct {
    bool (*holds)(const struct property *property);
    const char *says;
} assumptions[] = {
    {is_code,
     "The code names no person and no record of one: the detectors know forms, not meanings."},
    {is_version, "It is a version of something: a date or a number would have the same form."},
    {is_open_number,
     "It counts or measures: without a max below 1,000,000 a person's number would fit."},
    {is_open_decimal, "It measures: without a max below 1,000,000 a person's number would fit."},
    {is_list_unseen,
     "None of the values is a person's: detectors were off when they were declared."},
};

static bool has_token(const struct event_type *type)
{
    for (size_t i = 0; i < type->property_count; i++) {
        if (type->properties[i].type == PROPERTY_TOKEN)
            return true;
    }
    return false;
}

struct making {
    struct arena *arena;
    struct claim_made made;
    struct claim_limit *limits;
    struct claim_assumption *assumptions;
};

static void add_limit(struct making *making, struct claim_limit limit)
{
    making->limits[making->made.limit_count++] = limit;
    if (limit.allows < making->made.claim)
        making->made.claim = limit.allows;
}

static void judge_property(struct making *making, const struct property *property)
{
    str pointer = pointer_member(making->arena, STR("/properties"), property->name);
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if (rules[i].holds(property) && (!rules[i].beside_person || making->made.names_persons))
            add_limit(making, (struct claim_limit){pointer, rules[i].declaration, rules[i].allows,
                                                   rules[i].reason, rules[i].source});
    }
    for (size_t i = 0; i < COUNT_OF(assumptions); i++) {
        if (assumptions[i].holds(property))
            making->assumptions[making->made.assumption_count++] =
                (struct claim_assumption){pointer, assumptions[i].says};
    }
}

struct claim_made claim_make(struct arena *arena, const struct event_type *type)
{
    size_t count = type->property_count;
    struct making making = {
        .arena = arena,
        .made = {.claim = CLAIM_NO_PERSON, .names_persons = has_token(type)},
        .limits = arena_array(arena, struct claim_limit, count * COUNT_OF(rules) + 2),
        .assumptions =
            arena_array(arena, struct claim_assumption, count * COUNT_OF(assumptions) + 1),
    };
    for (size_t i = 0; i < count; i++)
        judge_property(&making, &type->properties[i]);
    if (making.made.names_persons)
        add_limit(&making, time_limit);
    if (type->plain_id)
        add_limit(&making, id_limit);
    making.assumptions[making.made.assumption_count++] = (struct claim_assumption){
        STR(""), "Ids and sources are not made of anything that is a person's."};
    making.made.limits = making.limits;
    making.made.assumptions = making.assumptions;
    return making.made;
}

static void print_row(FILE *out, const char *declaration, enum claim allows, const char *reason,
                      const char *source)
{
    (void)fprintf(out, "| %s | `%s` | %s | %s |\n", declaration, infos[allows].name, reason,
                  source);
}

void claim_print_markdown(FILE *out)
{
    (void)fputs(
        "# What may be claimed of stored events\n\n"
        "`GET /v1/event-types/{type}/claim` goes by these rules. From the strongest claim to the\n"
        "weakest; a type has the strongest that all of its declarations allow.\n\n"
        "| Claim | Means | Source |\n|---|---|---|\n",
        out);
    for (size_t i = COUNT_OF(infos); i-- > 0;)
        (void)fprintf(out, "| `%s` | %s | %s |\n", infos[i].name, infos[i].means, infos[i].source);
    (void)fputs("\n| Declaration | Allows at most | Because | Source |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        print_row(out, rules[i].declaration, rules[i].allows, rules[i].reason, rules[i].source);
    print_row(out, "`time_precision` beside a person's token", time_limit.allows, time_limit.reason,
              time_limit.source);
    print_row(out, "plain_numbers of the id", id_limit.allows, id_limit.reason, id_limit.source);
    (void)fputs(
        "\nWhat a declaration cannot show is said beside the claim, as what it assumes:\n\n", out);
    for (size_t i = 0; i < COUNT_OF(assumptions); i++)
        (void)fprintf(out, "- %s\n", assumptions[i].says);
}
