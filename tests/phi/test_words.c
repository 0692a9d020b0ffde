// SPDX-License-Identifier: Apache-2.0
// Tables that are searched by halves are in order.
#include "check_main.h"
#include "phial/util/array.h"

#include <string.h>

static const char *const product_words[] = {
#define PRODUCT(word) word,
#include "product_words.def"
#undef PRODUCT
};

START_TEST(words_of_products_are_in_order)
{
    for (size_t i = 1; i < COUNT_OF(product_words); i++)
        ck_assert_msg(strcmp(product_words[i - 1], product_words[i]) < 0, "%s", product_words[i]);
}
END_TEST

TEST_MAIN("words", words_of_products_are_in_order)
