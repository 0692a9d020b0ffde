// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/crypto/crypto.h"
#include "phial/util/encode.h"
#include "phial/util/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static str repeat(struct arena *arena, char c, size_t count)
{
    char *text = arena_array(arena, char, count + 1);
    memset(text, c, count);
    return (str){text, count};
}

static void check_hex(struct arena *arena, const sha256 *hash, const char *wanted)
{
    ck_assert(str_eq(encode_hex(arena, sha256_str(hash)), str_from(wanted)));
}

START_TEST(hashes_as_fips_180_says)
{
    struct arena arena = {0};
    const struct {
        str text;
        const char *hash;
    } cases[] = {
        {STR(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {STR("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {repeat(&arena, 'a', 1000000),
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sha256 whole = sha256_of(cases[i].text);
        check_hex(&arena, &whole, cases[i].hash);
        struct sha256_state state;
        sha256_start(&state);
        sha256_add(&state, str_slice(cases[i].text, 0, 1));
        struct sha256_state kept = state; // a state is a value
        sha256_add(&state, STR("something else"));
        (void)sha256_end(&state);
        sha256_add(&kept, str_slice(cases[i].text, 1, cases[i].text.len));
        sha256 parts = sha256_end(&kept);
        ck_assert(sha256_eq(&whole, &parts));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(authenticates_as_rfc_4231_says)
{
    struct arena arena = {0};
    const struct {
        str key;
        str text;
        const char *mac;
    } cases[] = {
        {repeat(&arena, '\x0b', 20), STR("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {STR("Jefe"), STR("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {repeat(&arena, '\xaa', 20), repeat(&arena, '\xdd', 50),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {repeat(&arena, '\xaa', 131), STR("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hmac_key key;
        hmac_prepare(cases[i].key, &key);
        for (int again = 0; again < 2; again++) { // a prepared key serves many messages
            struct sha256_state state;
            hmac_start(&key, &state);
            sha256_add(&state, cases[i].text);
            sha256 mac = hmac_end(&key, &state);
            check_hex(&arena, &mac, cases[i].mac);
        }
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(keeps_a_key_in_a_file_that_only_its_owner_reads)
{
    struct arena arena = {0};
    char path[64];
    (void)snprintf(path, sizeof path, "/tmp/phial-test-key-%ld.pem", (long)getpid());
    struct signing_key *made = NULL;
    struct signing_key *read = NULL;
    ck_assert_fails(NOT_FOUND, signing_key_read(path, &read));
    ck_assert_ptr_null(read);
    ck_assert_ok(signing_key_make(&made));
    ck_assert_ok(signing_key_write(made, path));
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777U, 0600);
    str pem = {0};
    ck_assert_ok(file_read(&arena, path, 4096, &pem));
    ck_assert(str_starts_with(pem, STR("-----BEGIN PRIVATE KEY-----\n")));

    ck_assert_ok(signing_key_read(path, &read));
    unsigned char first[ED25519_PUBLIC_BYTES];
    unsigned char second[ED25519_PUBLIC_BYTES];
    signing_key_public(made, first);
    signing_key_public(read, second);
    ck_assert_mem_eq(first, second, sizeof first);
    signing_key_close(read);
    read = NULL;

    ck_assert_ok(file_write(path, STR("-----BEGIN PRIVATE KEY-----\nAAAA\n"), 0600));
    ck_assert_fails(INVALID, signing_key_read(path, &read));
    ck_assert_ptr_null(read);
    signing_key_close(made);
    (void)unlink(path);
    arena_reset(&arena);
}
END_TEST

START_TEST(prints_public_keys_that_openssl_reads)
{
    struct arena arena = {0};
    unsigned char seed[32] = {0};
    struct signing_key *key = NULL;
    unsigned char public[ED25519_PUBLIC_BYTES];
    unsigned char read[ED25519_PUBLIC_BYTES] = {0};
    ck_assert_ok(signing_key_parse((str){(const char *)seed, sizeof seed}, &key));
    signing_key_public(key, public);
    str pem = public_key_print(&arena, public);
    ck_assert(str_eq(pem, STR("-----BEGIN PUBLIC KEY-----\n"
                              "MCowBQYDK2VwAyEAO2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=\n"
                              "-----END PUBLIC KEY-----\n")));
    ck_assert_ok(public_key_parse(pem, read));
    ck_assert_mem_eq(read, public, sizeof read);
    ck_assert_fails(INVALID, public_key_parse(STR("not a key"), read));
    ck_assert_fails(INVALID, public_key_parse(str_slice(pem, 0, pem.len - 30), read));
    ck_assert_mem_eq(read, public, sizeof read);
    ck_assert_fails(INVALID, signing_key_parse(STR("short"), &key));
    signing_key_close(key);
    signing_key_close(NULL);
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_what_was_not_signed)
{
    struct signing_key *key = NULL;
    unsigned char public[ED25519_PUBLIC_BYTES];
    unsigned char bytes[ED25519_SIGNATURE_BYTES];
    str signature = {(const char *)bytes, sizeof bytes};
    ck_assert_ok(signing_key_make(&key));
    signing_key_public(key, public);
    ck_assert_ok(signing_key_sign(key, STR("ten"), bytes));
    ck_assert(signature_holds(public, STR("ten"), signature));
    ck_assert(!signature_holds(public, STR("tem"), signature));
    ck_assert(!signature_holds(public, STR("ten"), str_slice(signature, 0, 63)));
    ck_assert(!signature_holds(public, STR("ten"), STR("")));
    bytes[63] ^= 0x10U;
    ck_assert(!signature_holds(public, STR("ten"), signature));
    signing_key_close(key);
}
END_TEST

START_TEST(unseals_only_with_the_same_key_and_context)
{
    struct arena arena = {0};
    str key = repeat(&arena, 'k', 32);
    const str secrets[] = {STR("a webhook's secret"), STR(""), repeat(&arena, 's', 4096)};
    for (size_t i = 0; i < COUNT_OF(secrets); i++) {
        str sealed = {0};
        str again = {0};
        str plain = {0};
        ck_assert_ok(crypto_seal(&arena, key, STR("row 1"), secrets[i], &sealed));
        ck_assert_ok(crypto_seal(&arena, key, STR("row 1"), secrets[i], &again));
        ck_assert_uint_eq(sealed.len, 12 + secrets[i].len + 16);
        ck_assert(!str_eq(sealed, again)); // another nonce
        ck_assert_ok(crypto_unseal(&arena, key, STR("row 1"), sealed, &plain));
        ck_assert(str_eq(plain, secrets[i]));

        plain = STR("untouched");
        ck_assert_fails(VERIFICATION_FAILED,
                        crypto_unseal(&arena, key, STR("row 2"), sealed, &plain));
        ck_assert_fails(VERIFICATION_FAILED, crypto_unseal(&arena, repeat(&arena, 'l', 32),
                                                           STR("row 1"), sealed, &plain));
        ck_assert_fails(
            VERIFICATION_FAILED,
            crypto_unseal(&arena, key, STR("row 1"), str_slice(sealed, 0, sealed.len - 1), &plain));
        char *changed = arena_array(&arena, char, sealed.len);
        memcpy(changed, sealed.ptr, sealed.len);
        changed[sealed.len / 2] ^= 1;
        ck_assert_fails(VERIFICATION_FAILED, crypto_unseal(&arena, key, STR("row 1"),
                                                           (str){changed, sealed.len}, &plain));
        ck_assert(str_eq(plain, STR("untouched")));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(makes_ids_that_rise)
{
    struct arena arena = {0};
    str before = STR("");
    for (int i = 0; i < 1000; i++) {
        str id = crypto_id(&arena);
        ck_assert_uint_eq(id.len, 36);
        ck_assert_int_eq(id.ptr[14], '7');
        ck_assert(strchr("89ab", id.ptr[19]) != NULL);
        ck_assert(str_all_in(id, "0123456789abcdef-"));
        ck_assert(!str_eq(before, id));
        ck_assert(crypto_is_id(id));
        // The first 15 characters are the clock's, to a quarter of a microsecond.
        ck_assert_int_le(str_compare(str_slice(before, 0, 15), str_slice(id, 0, 15)), 0);
        before = id;
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(knows_what_can_be_no_id)
{
    static const char *const others[] = {
        "",
        "593aaa05-d864-1df7-5b96-155fbdb19f28",  // of another version
        "018f3c1e-7f2a-7c3b-9a55-2f0d6c1b7e1",   // short
        "018f3c1e-7f2a-7c3b-9a55-2f0d6c1b7e111", // long
        "018f3c1e-7f2a-7c3b-9a55-2f0d6c1b7e1g",
        "018F3C1E-7F2A-7C3B-9A55-2F0D6C1B7E11",
        "018f3c1e07f2a-7c3b-9a55-2f0d6c1b7e11",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!crypto_is_id(str_from(others[i])), "%s", others[i]);
}
END_TEST

START_TEST(compares_whole_strings)
{
    ck_assert(crypto_equal(STR("secret"), STR("secret")));
    ck_assert(crypto_equal(STR(""), (str){NULL, 0}));
    ck_assert(!crypto_equal(STR("secret"), STR("secreT")));
    ck_assert(!crypto_equal(STR("secret"), STR("secre")));
}
END_TEST

TEST_MAIN("crypto", hashes_as_fips_180_says, authenticates_as_rfc_4231_says,
          keeps_a_key_in_a_file_that_only_its_owner_reads, prints_public_keys_that_openssl_reads,
          refuses_what_was_not_signed, unseals_only_with_the_same_key_and_context,
          makes_ids_that_rise, knows_what_can_be_no_id, compares_whole_strings)
