// SPDX-License-Identifier: Apache-2.0
// Tables that are searched by halves are in order.
#include "check_main.h"
#include "phial/util/array.h"
#include "words.h"

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

static const char *const context_words[] = {
#define PAIR(first, second, name, thirds)
#define WORD(phrase, spaced, kinds) phrase,
#include "words.def"
#undef WORD
#undef PAIR
};

START_TEST(words_of_context_are_in_order)
{
    for (size_t i = 1; i < COUNT_OF(context_words); i++)
        ck_assert_msg(strcmp(context_words[i - 1], context_words[i]) <= 0, "%s", context_words[i]);
}
END_TEST

// As many characters as a head has, or as there are before the first blank behind the second.
static uint64_t head_of(const char *phrase)
{
    uint64_t head = 0;
    size_t len = strlen(phrase);
    for (size_t i = 0; i < WORD_HEAD_MAX && i < len && (i < 2 || phrase[i] != ' '); i++)
        head |= (uint64_t)phrase[i] << (56 - 8 * i);
    return head;
}

START_TEST(heads_of_words_are_in_order)
{
    for (size_t i = 0; i < COUNT_OF(context_words); i++) {
        ck_assert_msg(word_heads[i] == head_of(context_words[i]), "%s", context_words[i]);
        ck_assert(i == 0 || word_heads[i - 1] <= word_heads[i]);
    }
    ck_assert_uint_eq(word_heads[COUNT_OF(context_words)], UINT64_MAX); // nothing is behind it
}
END_TEST

static const struct {
    unsigned from;
    unsigned to;
} folds[] = {
#define FOLD(from, to, how, what) {from, to},
#include "folds.def"
#undef FOLD
};

START_TEST(characters_that_stand_for_others_are_in_order)
{
    for (size_t i = 0; i < COUNT_OF(folds); i++) {
        ck_assert_uint_le(folds[i].from, folds[i].to);
        ck_assert_msg(i == 0 || folds[i - 1].to < folds[i].from, "%04X", folds[i].from);
    }
}
END_TEST

TEST_MAIN("words", words_of_products_are_in_order, words_of_context_are_in_order,
          heads_of_words_are_in_order, characters_that_stand_for_others_are_in_order)
