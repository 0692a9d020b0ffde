// SPDX-License-Identifier: Apache-2.0
#include "phial/crypto/crypto.h"
#include "vectors.h"

#define FILE_OF_VECTORS PHIAL_TEST_DATA "/vectors/ed25519.json"

static const unsigned char *raw(str bytes)
{
    return (const unsigned char *)bytes.ptr;
}

static void check_signs(struct arena *arena, const json_t *row)
{
    struct signing_key *key = NULL;
    unsigned char public[ED25519_PUBLIC_BYTES];
    unsigned char signature[ED25519_SIGNATURE_BYTES];
    str message = bytes_of(arena, json_object_get(row, "msg"));
    str wanted = bytes_of(arena, json_object_get(row, "sig"));

    ck_assert_ok(signing_key_parse(bytes_of(arena, json_object_get(row, "seed")), &key));
    signing_key_public(key, public);
    ck_assert(str_eq((str){(const char *)public, sizeof public},
                     bytes_of(arena, json_object_get(row, "pub"))));
    ck_assert_ok(signing_key_sign(key, message, signature));
    ck_assert(str_eq((str){(const char *)signature, sizeof signature}, wanted));
    ck_assert(signature_holds(public, message, wanted));
    signature[0] ^= 1U;
    ck_assert(!signature_holds(public, message, (str){(const char *)signature, sizeof signature}));
    signing_key_close(key);
}

START_TEST(signs_as_rfc_8032_and_sign_input_do)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    static const char *const lists[] = {"rfc8032", "sign_input"};
    size_t rows = 0;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const json_t *list = json_object_get(root, lists[i]);
        for (size_t j = 0; j < json_array_size(list); j++, rows++)
            check_signs(&arena, json_array_get(list, j));
    }
    ck_assert_uint_eq(rows, 5 + 128);
    arena_reset(&arena);
}
END_TEST

START_TEST(takes_and_refuses_as_wycheproof_says)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *list = json_object_get(root, "wycheproof");
    ck_assert_uint_eq(json_array_size(list), 151);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        str public = bytes_of(&arena, json_object_get(row, "pub"));
        bool valid = str_eq(text_of(row, "result"), STR("valid"));
        ck_assert_uint_eq(public.len, ED25519_PUBLIC_BYTES);
        ck_assert_msg(signature_holds(raw(public), bytes_of(&arena, json_object_get(row, "msg")),
                                      bytes_of(&arena, json_object_get(row, "sig"))) == valid,
                      "case %lld", (long long)json_integer_value(json_object_get(row, "tcId")));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_a_signature_with_the_order_added)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *row = json_object_get(root, "malleability");
    str public = bytes_of(&arena, json_object_get(row, "pub"));
    str signature = bytes_of(&arena, json_object_get(row, "sig"));
    ck_assert(!signature_holds(raw(public), STR(""), signature));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("crypto vectors", signs_as_rfc_8032_and_sign_input_do,
          takes_and_refuses_as_wycheproof_says, refuses_a_signature_with_the_order_added)
