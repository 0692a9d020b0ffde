// SPDX-License-Identifier: Apache-2.0
// A refused event is lost revenue: of ids that hold nothing, at most one in 100,000 is refused.
#include "check_main.h"
#include "clean_ids.h"
#include "phial/phi/phi.h"

enum { ONE_IN = 100000 };

static void check_styles(const char *const *styles, size_t count, size_t each)
{
    struct clean_ids ids = {.state = 1};
    size_t refused = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 0; n < each; n++) {
            bool mixed = clean_next(&ids, styles[i]);
            refused += mixed && phi_find((str){ids.id, ids.len}, 0) != NULL ? 1 : 0;
        }
    }
    ck_assert_msg(refused * ONE_IN <= count * each, "%zu of %zu", refused, count * each);
}

START_TEST(lets_ids_of_every_style_pass)
{
    check_styles(clean_id_styles, COUNT_OF(clean_id_styles), 2000);
}
END_TEST

START_TEST(lets_keys_of_customers_pass)
{
    static const char *const styles[] = {"%w-%4-10d", "%w_%4-10h",  "org-%8d",
                                         "c-%8d",     "acme.%w_%n", "%p%s%4-10d"};
    check_styles(styles, COUNT_OF(styles), 50000);
}
END_TEST

TEST_MAIN("clean_ids", lets_ids_of_every_style_pass, lets_keys_of_customers_pass)
