// SPDX-License-Identifier: Apache-2.0
// An Ed25519 key in a SoftHSM token: RFC 8032's first, so that what it signs is known.
#include "check_main.h"
#include "phial/crypto/crypto.h"
#include "phial/util/encode.h"
#include "phial/util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define WITH_PIN "?module-path=" MODULE "&pin-value=1234"

static struct arena arena;
static char folder[] = "/tmp/phial-sign-XXXXXX";

static void shell(const char *command)
{
    // NOLINTNEXTLINE(cert-env33-c): a test's own constant commands
    ck_assert_int_eq(
        system(str_printf(&arena, "cd %s && { %s; } > /dev/null", folder, command).ptr), 0);
}

static void make_token(void)
{
    struct signing_key *key = NULL;
    str seed = {0};
    ck_assert_ptr_nonnull(mkdtemp(folder));
    shell("mkdir tokens && echo \"directories.tokendir = $PWD/tokens\" > conf");
    ck_assert_int_eq(setenv("SOFTHSM2_CONF", str_printf(&arena, "%s/conf", folder).ptr, 1), 0);
    ck_assert(decode_hex(
        &arena, STR("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"), &seed));
    ck_assert_ok(signing_key_parse(seed, &key));
    ck_assert_ok(signing_key_write(key, str_printf(&arena, "%s/k.pem", folder).ptr));
    signing_key_close(key);
    shell("softhsm2-util --init-token --free --label sign --pin 1234 --so-pin 1234");
    shell("softhsm2-util --import k.pem --token sign --label ledger --id A1 --pin 1234");
}

START_TEST(signs_as_the_same_key_in_a_file_does)
{
    static const char *const messages[] = {"", "a checkpoint\n"};
    struct signing_key *held = NULL;
    struct signing_key *filed = NULL;
    unsigned char public[ED25519_PUBLIC_BYTES];
    make_token();
    ck_assert_ok(signing_key_read("pkcs11:token=sign;object=ledger" WITH_PIN, &held));
    ck_assert_ok(signing_key_read(str_printf(&arena, "%s/k.pem", folder).ptr, &filed));
    signing_key_public(held, public);
    ck_assert(str_eq(encode_hex(&arena, (str){(const char *)public, sizeof public}),
                     STR("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")));
    for (size_t i = 0; i < COUNT_OF(messages); i++) {
        unsigned char by_token[ED25519_SIGNATURE_BYTES];
        unsigned char by_file[ED25519_SIGNATURE_BYTES];
        ck_assert_ok(signing_key_sign(held, str_from(messages[i]), by_token));
        ck_assert_ok(signing_key_sign(filed, str_from(messages[i]), by_file));
        ck_assert_mem_eq(by_token, by_file, sizeof by_file);
    }
    signing_key_close(held);
    signing_key_close(filed);
}
END_TEST

START_TEST(says_what_is_wrong_with_a_uri)
{
    static const char *const uris[] = {
        "pkcs11:token=none;object=ledger" WITH_PIN,
        "pkcs11:token=sign;object=none" WITH_PIN,
        "pkcs11:token=sign;object=ledger?module-path=" MODULE "&pin-value=0000",
        "pkcs11:token=sign;object=ledger?module-path=/nowhere.so",
        "pkcs11:%",
    };
    struct signing_key *key = NULL;
    for (size_t i = 0; i < COUNT_OF(uris); i++)
        ck_assert_fails(BAD_CONFIG, signing_key_read(uris[i], &key));
    ck_assert_ptr_null(key);
    shell("cd / && rm -rf \"$OLDPWD\"");
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("signing token", signs_as_the_same_key_in_a_file_does, says_what_is_wrong_with_a_uri)
