// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/util/encode.h"
#include "secret.h"

#include <string.h>

// The example of the specification's own test suites.
START_TEST(signs_as_the_specification_says)
{
    struct arena arena = {0};
    struct signed_content content = {STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
                                     STR("{\"test\": 2432232314}")};
    str secret = {0};
    ck_assert(decode_base64(&arena, STR("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &secret));
    str signature = secret_sign(&arena, secret, &content);
    ck_assert(str_eq(signature, STR("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")));
    content.timestamp++;
    ck_assert(!str_eq(signature, secret_sign(&arena, secret, &content)));
    arena_reset(&arena);
}
END_TEST

START_TEST(seals_for_one_webhook_under_one_key)
{
    struct arena arena = {0};
    struct keyring key = {0};
    struct keyring other = {0};
    str secret = secret_make(&arena);
    str sealed = {0};
    str opened = STR("untouched");
    ck_assert_ok(keyring_add(
        &arena, STR("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), &key));
    ck_assert_ok(keyring_add(
        &arena, STR("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee"), &other));
    ck_assert_uint_eq(secret.len, SECRET_BYTES);
    ck_assert(!str_eq(secret, secret_make(&arena)));
    ck_assert(str_starts_with(secret_print(&arena, secret), STR("whsec_")));
    ck_assert_ok(secret_seal(&arena, &key, STR("a"), secret, &sealed));
    ck_assert_ptr_null(memmem(sealed.ptr, sealed.len, secret.ptr, secret.len));
    ck_assert(failed(secret_unseal(&arena, &key, STR("b"), sealed, &opened)));
    ck_assert(failed(secret_unseal(&arena, &other, STR("a"), sealed, &opened)));
    ck_assert(str_eq(opened, STR("untouched")));
    ck_assert_ok(secret_unseal(&arena, &key, STR("a"), sealed, &opened));
    ck_assert(str_eq(opened, secret));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("secret", signs_as_the_specification_says, seals_for_one_webhook_under_one_key)
