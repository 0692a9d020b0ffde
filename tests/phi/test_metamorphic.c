// SPDX-License-Identifier: Apache-2.0
// What is found stays found in every disguise, and what is nothing stays nothing in all that says
// nothing.
#include "check_main.h"
#include "disguises.h"
#include "identifiers.h"
#include "phial/phi/phi.h"

struct disguise {
    const char *name;
    void (*put)(const char *text, struct disguised *into);
};

#define ROW(name)   \
    {               \
#name, name \
    }
static const struct disguise disguises[] = {
    ROW(full_width),
    ROW(full_width_digits),
    ROW(arabic_digits),
    ROW(devanagari_digits),
    ROW(bold_digits),
    ROW(subscript_digits),
    ROW(zero_width_spaces),
    ROW(soft_hyphens),
    ROW(joiners),
    ROW(em_dashes),
    ROW(minus_signs),
    ROW(hard_blanks),
    ROW(thin_blanks),
    ROW(percent_all),
    ROW(percent_signs),
    ROW(percent_twice),
    ROW(percent_of_too_many_bytes),
    ROW(percent_of_percent),
    ROW(html_decimal),
    ROW(html_hexadecimal),
    ROW(escaped),
    ROW(escaped_signs),
    ROW(hexadecimal),
    ROW(hexadecimal_upper),
    ROW(cyrillic),
    ROW(base64),
    ROW(base64_url),
    ROW(base32),
    ROW(base64_twice),
    ROW(base64_of_percent),
    ROW(base64_of_json),
    ROW(json),
    ROW(json_twice),
};
static const struct disguise neutral[] = {
    ROW(in_brackets),  ROW(in_quotes),    ROW(in_a_list),   ROW(in_columns),
    ROW(in_lines),     ROW(in_tabs),      ROW(in_a_log),    ROW(in_a_sentence),
    ROW(behind_a_key), ROW(json),         ROW(percent_all), ROW(base64),
    ROW(hexadecimal),  ROW(html_decimal), ROW(full_width),  ROW(zero_width_spaces),
};

static const char *finds(const char *text)
{
    const struct phi_detector *hit = phi_find(str_from(text), 0);
    return hit == NULL ? "-" : hit->name;
}

static size_t misses(const struct disguise *how, size_t count, const char *text, bool phi)
{
    enum { BYTES_MIN = 9 }; // less is not unwrapped
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct disguised into = {.len = 0};
        how[i].put(text, &into);
        bool found = strcmp(finds(into.text), "-") != 0;
        if (found != phi && (!phi || strlen(text) >= BYTES_MIN)) {
            (void)printf("%s %s: %s\n", how[i].name, text, finds(into.text));
            wrong++;
        }
    }
    return wrong;
}

START_TEST(finds_every_identifier_in_every_disguise)
{
    size_t missed = 0;
    for (size_t i = 0; i < COUNT_OF(identifiers); i++)
        missed += misses(disguises, COUNT_OF(disguises), identifiers[i].text, true);
    ck_assert_uint_eq(missed, 0);
}
END_TEST

START_TEST(finds_every_identifier_among_other_text)
{
    size_t missed = 0;
    for (size_t i = 0; i < COUNT_OF(identifiers); i++)
        missed += misses(neutral, COUNT_OF(neutral), identifiers[i].text, true);
    ck_assert_uint_eq(missed, 0);
}
END_TEST

START_TEST(leaves_ordinary_texts_alone_in_every_disguise)
{
    size_t found = 0;
    for (size_t i = 0; i < COUNT_OF(ordinary); i++)
        found += misses(neutral, COUNT_OF(neutral), ordinary[i], false);
    ck_assert_uint_eq(found, 0);
}
END_TEST

TEST_MAIN("metamorphic", finds_every_identifier_in_every_disguise,
          finds_every_identifier_among_other_text, leaves_ordinary_texts_alone_in_every_disguise)
