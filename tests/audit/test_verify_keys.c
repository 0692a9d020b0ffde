// SPDX-License-Identifier: Apache-2.0
// Entries that announce a key or begin an epoch, in themselves.
#include "check_main.h"
#include "phial/ledger/keys.h"
#include "phial/util/encode.h"
#include "verify_parts.h"
#include "verify_report.h"

#include <string.h>

static struct arena arena;

static bool is_whole(str key, char said[300])
{
    OWNED(json_release) json_t *root = NULL;
    struct report report = {.out = fmemopen(said, 300, "w"), .about = ""};
    struct exported exported = {.arena = &arena, .report = &report};
    struct leaf_reading reading = {
        .exported = &exported,
        .arena = &arena,
        .index = 3,
        .bytes = str_printf(&arena,
                            "{\"actor\":\"key:a\",\"at\":\"2026-12-01T00:00:00.000000Z\","
                            "\"customer\":\"c\",\"key\":%" STR_FMT ",\"kind\":\"key\",\"v\":1}",
                            STR_ARG(key))};
    ck_assert_ptr_nonnull(report.out);
    leaf_read(&reading, &root);
    ck_assert_int_eq(fclose(report.out), 0);
    return reading.whole;
}

struct pair {
    struct signing_key *old_one;
    struct signing_key *new_one;
};

static str raw(const struct signing_key *key)
{
    unsigned char *public = arena_array(&arena, unsigned char, ED25519_PUBLIC_BYTES);
    signing_key_public(key, public);
    return (str){(const char *)public, ED25519_PUBLIC_BYTES};
}

static str sign_by(const struct signing_key *key, str text)
{
    unsigned char *signature = arena_array(&arena, unsigned char, ED25519_SIGNATURE_BYTES);
    ck_assert_ok(signing_key_sign(key, text, signature));
    return encode_base64(&arena, (str){(const char *)signature, ED25519_SIGNATURE_BYTES});
}

// As `by` and the new key sign it for `server`; the entry names log.test.
static str rotation(const struct pair *pair, const struct signing_key *by, const char *server,
                    const char *more)
{
    str old_public = raw(pair->old_one);
    str public = raw(pair->new_one);
    str text = ledger_key_announcement(&arena, str_from(server), old_public, public);
    return str_printf(&arena,
                      "{\"action\":\"rotate\",\"number\":2,\"previous\":\"%" STR_FMT
                      "\",\"previous_signature\":\"%" STR_FMT "\",\"public\":\"%" STR_FMT
                      "\",%s\"server\":\"log.test\",\"signature\":\"%" STR_FMT "\"}",
                      STR_ARG(encode_base64(&arena, old_public)), STR_ARG(sign_by(by, text)),
                      STR_ARG(encode_base64(&arena, public)), more,
                      STR_ARG(sign_by(pair->new_one, text)));
}

START_TEST(takes_an_announcement_that_both_keys_signed)
{
    struct pair pair = {NULL, NULL};
    ck_assert_ok(signing_key_make(&pair.old_one));
    ck_assert_ok(signing_key_make(&pair.new_one));
    char said[300] = "";
    ck_assert_msg(is_whole(rotation(&pair, pair.old_one, "log.test", ""), said), "%s", said);
    ck_assert(is_whole(rotation(&pair, pair.old_one, "log.test", "\"reason\":\"due\","), said));
    ck_assert(!is_whole(rotation(&pair, pair.new_one, "log.test", ""), said));
    ck_assert(!is_whole(rotation(&pair, pair.old_one, "other.test", ""), said));
    ck_assert(!is_whole(rotation(&pair, pair.old_one, "log.test", "\"saying\":\"x\","), said));
    ck_assert_ptr_nonnull(strstr(said, "Entry 3: it announces no key"));
    signing_key_close(pair.old_one);
    signing_key_close(pair.new_one);
    arena_reset(&arena);
}
END_TEST

START_TEST(tells_of_a_new_epoch)
{
    static const struct {
        const char *key;
        bool whole;
    } cases[] = {
        {"{\"action\":\"epoch\",\"number\":2,\"reason\":\"lost\",\"server\":\"a/epoch-2\"}", true},
        {"{\"action\":\"epoch\",\"last\":{\"origin\":\"a/ledger/c\",\"root\":\"\",\"size\":7},"
         "\"number\":2,\"reason\":\"lost\",\"server\":\"a/epoch-2\"}",
         true},
        {"{\"action\":\"epoch\",\"number\":2,\"server\":\"a/epoch-2\"}", false},
        {"{\"action\":\"epoch\",\"number\":2,\"reason\":\"lost\"}", false},
        {"{\"action\":\"other\",\"number\":2,\"reason\":\"lost\",\"server\":\"a\"}", false},
        {"{\"action\":\"rotate\",\"number\":2,\"server\":\"a\"}", false},
        {"{}", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char said[300] = "";
        ck_assert_msg(is_whole(str_from(cases[i].key), said) == cases[i].whole, "%zu: %s", i, said);
        ck_assert_msg(strstr(said, cases[i].whole ? "Note: Entry 3: a new epoch" : "Entry 3: it") !=
                          NULL,
                      "%zu: %s", i, said);
    }
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("verify_keys", takes_an_announcement_that_both_keys_signed, tells_of_a_new_epoch)
