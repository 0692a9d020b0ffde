// SPDX-License-Identifier: Apache-2.0
// Master keys out of hexadecimal digits, and out of a SoftHSM token made for this test.
#include "test_keyring.h"

#include "check_main.h"
#include "phial/crypto/keyring.h"

#include <p11-kit/p11-kit.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define TOKEN "pkcs11:token=phial-test"
#define PATH_AND_PIN "?module-path=" MODULE "&pin-value=1234"

static struct arena arena;
static char folder[] = "/tmp/phial-hsm-XXXXXX";

static void shell(str command)
{
    // NOLINTNEXTLINE(cert-env33-c): a test's own constant commands
    ck_assert_int_eq(system(str_to_c(&arena, command)), 0);
}

// A token with a generic secret, an AES key and two keys of one name.
static void put_key(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, CK_KEY_TYPE type,
                    const char *label)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    char value[] = "0123456789abcdef0123456789abcdef";
    char name[32];
    (void)snprintf(name, sizeof name, "%s", label);
    CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &class, sizeof class},
                                 {CKA_KEY_TYPE, &type, sizeof type},
                                 {CKA_TOKEN, &yes, sizeof yes},
                                 {CKA_PRIVATE, &yes, sizeof yes},
                                 {CKA_SENSITIVE, &yes, sizeof yes},
                                 {CKA_EXTRACTABLE, &no, sizeof no},
                                 {CKA_SIGN, &yes, sizeof yes},
                                 {CKA_LABEL, name, strlen(name)},
                                 {CKA_VALUE, value, 32}};
    CK_OBJECT_HANDLE made = 0;
    ck_assert_uint_eq(module->C_CreateObject(session, attributes, COUNT_OF(attributes), &made),
                      CKR_OK);
}

static void make_token(void)
{
    CK_SLOT_ID slots[8];
    CK_ULONG count = COUNT_OF(slots);
    CK_SESSION_HANDLE session = 0;
    unsigned char pin[] = "1234";
    if (getenv("SOFTHSM2_CONF") != NULL)
        return;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    shell(str_printf(&arena,
                     "cd %s && mkdir tokens && echo \"directories.tokendir = $PWD/tokens\" > conf",
                     folder));
    ck_assert_int_eq(setenv("SOFTHSM2_CONF", str_printf(&arena, "%s/conf", folder).ptr, 1), 0);
    shell(STR(
        "softhsm2-util --init-token --free --label phial-test --pin 1234 --so-pin 1234 > /dev/null"));
    CK_FUNCTION_LIST *module = p11_kit_module_load(MODULE, 0);
    ck_assert_ptr_nonnull(module);
    ck_assert_uint_eq(p11_kit_module_initialize(module), CKR_OK);
    ck_assert_uint_eq(module->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    ck_assert_uint_eq(
        module->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
        CKR_OK);
    ck_assert_uint_eq(module->C_Login(session, CKU_USER, pin, 4), CKR_OK);
    put_key(module, session, CKK_GENERIC_SECRET, "generic");
    put_key(module, session, CKK_AES, "aes");
    put_key(module, session, CKK_AES, "twice");
    put_key(module, session, CKK_AES, "twice");
    (void)p11_kit_module_finalize(module);
    p11_kit_module_release(module);
}

static void remove_token(void)
{
    shell(str_printf(&arena, "rm -rf %s", folder));
}

static str hex_of(const struct keyring *ring)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_array(&arena, char, 65);
    for (size_t i = 0; i < 32; i++) {
        text[2 * i] = digits[ring->keys[0].bytes[i] >> 4];
        text[2 * i + 1] = digits[ring->keys[0].bytes[i] & 15U];
    }
    return (str){text, 64};
}

// By openssl: printf phial/master-key/1 | openssl dgst -sha256 -mac HMAC -macopt hexkey:KEY, and
// printf '\\1phial/master-key/1' | openssl mac -cipher AES-256-CBC -macopt hexkey:KEY CMAC, then
// \\2.
START_TEST(derives_a_key_in_the_token)
{
    static const struct {
        const char *uri;
        const char *key;
    } cases[] = {
        {TOKEN ";object=generic;type=secret-key" PATH_AND_PIN,
         "374e947a1e8034fe7df9b189901fa5b1d562ce2cea84f49e7977ad74f0d989af"},
        {TOKEN ";object=aes" PATH_AND_PIN,
         "0c70f2f2b8e1666ab85d185d1ebcb85d21653d35ba77a01b5c207790990151e1"},
    };
    make_token();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct keyring ring = {0};
        ck_assert_ok(keyring_add(&arena, str_from(cases[i].uri), &ring));
        ck_assert_str_eq(hex_of(&ring).ptr, cases[i].key);
        struct keyring again = {0};
        ck_assert_ok(keyring_add(&arena, str_from(cases[i].uri), &again));
        ck_assert(str_eq(keyring_id(&ring), keyring_id(&again)));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(takes_the_pin_from_a_file)
{
    make_token();
    struct keyring ring = {0};
    shell(str_printf(&arena, "echo 1234 > %s/pin", folder));
    str uri = str_printf(&arena, TOKEN ";object=aes?module-path=" MODULE "&pin-source=file:%s/pin",
                         folder);
    ck_assert_ok(keyring_add(&arena, uri, &ring));
    ck_assert_uint_eq(ring.count, 1);
    arena_reset(&arena);
}
END_TEST

START_TEST(says_what_is_wrong_with_a_uri_in_a_sentence)
{
    static const struct {
        const char *uri;
        const char *says;
    } cases[] = {
        {"pkcs11:nonsense", "no PKCS#11 URI"},
        {"pkcs11:token=other" PATH_AND_PIN, "no token is there"},
        {TOKEN ";object=none" PATH_AND_PIN, "no such secret key"},
        {TOKEN ";object=twice" PATH_AND_PIN, "more than one secret key"},
        {TOKEN ";object=aes?module-path=" MODULE "&pin-value=9999", "refuses the PIN"},
        {TOKEN ";object=aes?module-path=" MODULE, "is the PIN given"},
        {TOKEN ";object=aes?module-path=/nonexistent.so", "cannot be loaded"},
        {TOKEN ";object=aes?module-path=" MODULE "&pin-source=file:/nonexistent", "cannot be read"},
    };
    make_token();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct keyring ring = {0};
        result added = keyring_add(&arena, str_from(cases[i].uri), &ring);
        ck_assert_int_eq(added.code, ERR_BAD_CONFIG);
        ck_assert_msg(strstr(added.detail, cases[i].says) != NULL, "%zu: %s", i, added.detail);
        ck_assert_uint_eq(ring.count, 0);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(seals_by_the_first_key_and_opens_by_any)
{
    struct keyring one = keyring_of(MASTER_KEY_ONE, NULL);
    struct keyring both = keyring_of(MASTER_KEY_TWO, MASTER_KEY_ONE);
    struct keyring two = keyring_of(MASTER_KEY_TWO, NULL);
    str by_one = {0};
    str by_both = {0};
    str plain = {0};
    ck_assert_ok(keyring_seal(&arena, &one, STR("x"), STR("secret"), &by_one));
    ck_assert_ok(keyring_seal(&arena, &both, STR("x"), STR("secret"), &by_both));
    ck_assert_ok(keyring_unseal(&arena, &both, STR("x"), by_one, &plain));
    ck_assert(str_eq(plain, STR("secret")));
    ck_assert_ok(keyring_unseal(&arena, &two, STR("x"), by_both, &plain));
    ck_assert_fails(VERIFICATION_FAILED, keyring_unseal(&arena, &two, STR("x"), by_one, &plain));
    ck_assert_fails(VERIFICATION_FAILED, keyring_unseal(&arena, &both, STR("y"), by_one, &plain));
    ck_assert(keyring_has(&both, keyring_id(&one)) && !keyring_has(&two, keyring_id(&one)));
    // printf phial/master-key-id/1 | openssl dgst -sha256 -mac HMAC -macopt hexkey:KEY, its first
    // half
    static const char id[] = "\xe8\xb0\x74\x44\xd3\xcc\x50\xb8\x34\x72\x64\x34\xfa\x21\xcf\xee";
    ck_assert(str_eq(keyring_id(&one), (str){id, sizeof id - 1}));
    struct keyring none = {0};
    ck_assert_fails(BAD_CONFIG, keyring_add(&arena, STR("00ff"), &none));
    arena_reset(&arena);
}
END_TEST

START_TEST(leaves_no_token_behind)
{
    remove_token();
    ck_assert_int_ne(access(folder, F_OK), 0);
}
END_TEST

TEST_MAIN("keyring", seals_by_the_first_key_and_opens_by_any, derives_a_key_in_the_token,
          takes_the_pin_from_a_file, says_what_is_wrong_with_a_uri_in_a_sentence,
          leaves_no_token_behind)
