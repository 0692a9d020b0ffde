// SPDX-License-Identifier: Apache-2.0
// A refused event is lost revenue: of ids that hold nothing, at most one in 100,000 is refused.
// PHIAL_CLEAN_IDS=10000000 tries so many of every kind instead of the everyday number.
#include "check_main.h"
#include "clean_ids.h"
#include "phial/phi/phi.h"

enum { ONE_IN = 100000, PRINTED_MAX = 20 };

static size_t wanted(size_t everyday)
{
    const char *text = getenv("PHIAL_CLEAN_IDS");
    return text == NULL ? everyday : strtoul(text, NULL, 10);
}

static void check_styles(const char *const *styles, size_t count, size_t total)
{
    struct clean_ids ids = {.state = 1};
    size_t refused = 0;
    size_t each = total / count + 1;
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 0; n < each; n++) {
            bool mixed = clean_next(&ids, styles[i]);
            const struct phi_detector *hit = mixed ? phi_find((str){ids.id, ids.len}, 0) : NULL;
            if (hit != NULL && ++refused <= PRINTED_MAX)
                (void)printf("%s: %s\n", ids.id, hit->name); // of no one's: made by this test
        }
    }
    (void)printf("%zu of %zu refused\n", refused, count * each);
    ck_assert_msg(refused * ONE_IN <= count * each, "%zu of %zu", refused, count * each);
}

START_TEST(lets_ids_of_every_style_pass)
{
    check_styles(clean_id_styles, COUNT_OF(clean_id_styles), wanted(230000));
}
END_TEST

START_TEST(lets_keys_of_customers_pass)
{
    static const char *const styles[] = {"%w-%4-10d", "%w_%4-10h",  "org-%8d",
                                         "c-%8d",     "acme.%w_%n", "%p%s%4-10d"};
    check_styles(styles, COUNT_OF(styles), wanted(300000));
}
END_TEST

START_TEST(lets_versions_decimals_and_codes_pass)
{
    static const char *const styles[] = {"%1-2d.%1-2d.%1-3d",
                                         "%1-2d.%1-2d.%1-3d-rc.%n",
                                         "v%1-2d.%1-2d.%1-3d+build.%8d",
                                         "%4d.%4d",
                                         "0.%6d",
                                         "%n.%2d",
                                         "NCT0%7d",
                                         "ONC-%3d-%3d",
                                         "%4A%3d%A%4d",
                                         "STUDY-%4d",
                                         "20%2d-00%4d-%2d",
                                         "%2A%2d-%4d",
                                         "PROT-%5d-A",
                                         "site-%3d-arm-B",
                                         "%4A-%2d-%3d"};
    check_styles(styles, COUNT_OF(styles), wanted(300000));
}
END_TEST

TEST_MAIN("clean_ids", lets_ids_of_every_style_pass, lets_keys_of_customers_pass,
          lets_versions_decimals_and_codes_pass)
