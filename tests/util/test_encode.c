// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/array.h"
#include "phial/util/encode.h"
#include "phial/util/result.h"

START_TEST(encodes_the_vectors_of_rfc_4648)
{
    const struct {
        str bytes;
        const char *base64;
        const char *base64url;
        const char *base32;
        const char *hex;
    } cases[] = {
        {STR(""), "", "", "", ""},
        {STR("f"), "Zg==", "Zg", "my", "66"},
        {STR("fo"), "Zm8=", "Zm8", "mzxq", "666f"},
        {STR("foo"), "Zm9v", "Zm9v", "mzxw6", "666f6f"},
        {STR("foob"), "Zm9vYg==", "Zm9vYg", "mzxw6yq", "666f6f62"},
        {STR("foobar"), "Zm9vYmFy", "Zm9vYmFy", "mzxw6ytboi", "666f6f626172"},
        {STR("\xfb\xff"), "+/8=", "-_8", "7p7q", "fbff"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str back = {0};
        ck_assert(str_eq(encode_base64(&arena, cases[i].bytes), str_from(cases[i].base64)));
        ck_assert(str_eq(encode_base64url(&arena, cases[i].bytes), str_from(cases[i].base64url)));
        ck_assert(str_eq(encode_base32(&arena, cases[i].bytes), str_from(cases[i].base32)));
        ck_assert(str_eq(encode_hex(&arena, cases[i].bytes), str_from(cases[i].hex)));
        ck_assert(decode_base64(&arena, str_from(cases[i].base64), &back));
        ck_assert(str_eq(back, cases[i].bytes));
        ck_assert(decode_base64url(&arena, str_from(cases[i].base64url), &back));
        ck_assert(str_eq(back, cases[i].bytes));
        ck_assert(decode_hex(&arena, str_from(cases[i].hex), &back));
        ck_assert(str_eq(back, cases[i].bytes));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_text_that_no_encoder_writes)
{
    static const char *const base64[] = {
        "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm 9v", "Zg==Zg==", "Zm9v\n", "-_8="};
    static const char *const hex[] = {"6", "6G", "FF", "0x"};
    struct arena arena = {0};
    str back = STR("untouched");
    for (size_t i = 0; i < COUNT_OF(base64); i++)
        ck_assert_msg(!decode_base64(&arena, str_from(base64[i]), &back), "%s", base64[i]);
    for (size_t i = 0; i < COUNT_OF(hex); i++)
        ck_assert_msg(!decode_hex(&arena, str_from(hex[i]), &back), "%s", hex[i]);
    ck_assert(!decode_base64url(&arena, STR("Zh"), &back));
    ck_assert(!decode_base64url(&arena, STR("Zg=="), &back));
    ck_assert(str_eq(back, STR("untouched")));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("encode", encodes_the_vectors_of_rfc_4648, refuses_text_that_no_encoder_writes)
