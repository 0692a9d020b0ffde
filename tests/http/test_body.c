// SPDX-License-Identifier: Apache-2.0
#include "body.h"
#include "check_main.h"
#include "squeeze.h"

#include <string.h>

static str filled(struct arena *arena, size_t len)
{
    char *bytes = arena_array(arena, char, len + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)('a' + (int)(i * i % 26));
    return (str){bytes, len};
}

static struct bytes collected(str encoded)
{
    struct bytes body = {0};
    for (size_t at = 0; at < encoded.len; at += 1000)
        ck_assert(bytes_add(&body, str_slice(encoded, at, at + 1000)));
    return body;
}

START_TEST(decodes_what_was_encoded)
{
    static const size_t sizes[] = {0, 1, 100, 16384, 16385, 100000, 1048576};
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        str plain = filled(&arena, sizes[i]);
        const struct {
            const char *coding;
            str encoded;
        } cases[] = {
            {"", plain},
            {"identity", plain},
            {"gzip", squeeze_gzip(&arena, plain)},
            {"X-GZIP", squeeze_gzip(&arena, plain)},
            {"zstd", squeeze_zstd(&arena, plain, 0)},
            {"ZStd", squeeze_zstd(&arena, plain, 23)},
        };
        for (size_t at = 0; at < COUNT_OF(cases); at++) {
            struct bytes body = collected(cases[at].encoded);
            ck_assert_ok(body_decode(str_from(cases[at].coding), 1 << 20, &body));
            ck_assert_msg(str_eq(bytes_str(&body), plain), "%s %zu", cases[at].coding, sizes[i]);
            bytes_wipe(&body);
        }
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(bounds_what_comes_out)
{
    struct arena arena = {0};
    char *zeros = arena_array(&arena, char, 64 << 20);
    str bomb = squeeze_gzip(&arena, (str){zeros, 64 << 20});
    str more = squeeze_gzip(&arena, (str){zeros, 1001});
    str exact = squeeze_gzip(&arena, (str){zeros, 1000});
    const struct {
        const char *coding;
        str encoded;
        bool fits;
    } cases[] = {
        {"gzip", bomb, false},
        {"gzip", more, false},
        {"gzip", exact, true},
        {"zstd", squeeze_zstd(&arena, (str){zeros, 64 << 20}, 0), false},
        {"zstd", squeeze_zstd(&arena, (str){zeros, 1001}, 0), false},
        {"zstd", squeeze_zstd(&arena, (str){zeros, 1000}, 0), true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes body = collected(cases[i].encoded);
        result decoded = body_decode(str_from(cases[i].coding), 1000, &body);
        ck_assert_msg(decoded.code == (cases[i].fits ? ERR_NONE : ERR_BODY_TOO_LARGE), "%zu", i);
        ck_assert_uint_lt(body.size, 1 << 20);
        bytes_wipe(&body);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_what_does_not_decode)
{
    struct arena arena = {0};
    str plain = filled(&arena, 50000);
    str gzip = squeeze_gzip(&arena, plain);
    str zstd = squeeze_zstd(&arena, plain, 0);
    const struct {
        const char *coding;
        str encoded;
        enum error_code code;
    } cases[] = {
        {"gzip", STR("not gzip at all"), ERR_BAD_ENCODING},
        {"gzip", str_slice(gzip, 0, gzip.len - 1), ERR_BAD_ENCODING},
        {"gzip", str_slice(gzip, 0, gzip.len / 2), ERR_BAD_ENCODING},
        {"gzip", str_printf(&arena, "%" STR_FMT, 3, gzip.ptr), ERR_BAD_ENCODING},
        {"gzip", zstd, ERR_BAD_ENCODING},
        {"zstd", gzip, ERR_BAD_ENCODING},
        {"zstd", str_slice(zstd, 0, zstd.len - 1), ERR_BAD_ENCODING},
        {"zstd", squeeze_zstd(&arena, plain, 24), ERR_BAD_ENCODING}, // RFC 9659
        {"br", plain, ERR_UNSUPPORTED_CODING},
        {"deflate", plain, ERR_UNSUPPORTED_CODING},
        {"gzip, gzip", gzip, ERR_UNSUPPORTED_CODING},
        {"gzi", gzip, ERR_UNSUPPORTED_CODING},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes body = collected(cases[i].encoded);
        result decoded = body_decode(str_from(cases[i].coding), 1 << 20, &body);
        ck_assert_msg(decoded.code == cases[i].code, "%zu: %s", i, error_info(decoded.code)->slug);
        ck_assert(str_eq(bytes_str(&body), cases[i].encoded)); // as it was
        bytes_wipe(&body);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(reads_members_and_refuses_what_trails)
{
    struct arena arena = {0};
    str gzip = squeeze_gzip(&arena, STR("abc"));
    struct bytes body = {0};
    ck_assert(bytes_add(&body, gzip) && bytes_add(&body, gzip));
    ck_assert_ok(body_decode(STR("gzip"), 100, &body));
    ck_assert(str_eq(bytes_str(&body), STR("abcabc")));
    bytes_wipe(&body);
    ck_assert(bytes_add(&body, gzip) && bytes_add(&body, STR("x")));
    ck_assert_fails(BAD_ENCODING, body_decode(STR("gzip"), 100, &body));
    bytes_wipe(&body);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("http/body", decodes_what_was_encoded, bounds_what_comes_out,
          refuses_what_does_not_decode, reads_members_and_refuses_what_trails)
