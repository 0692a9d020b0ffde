// SPDX-License-Identifier: Apache-2.0
#include "phial/merkle/witness.h"
#include "vectors.h"

#include <string.h>

#define FILE_OF_VECTORS PHIAL_TEST_DATA "/vectors/notes.json"

// The log of the published requests, which has its first entries only.
static struct witnessed_log published_log(struct arena *arena, const json_t *vectors)
{
    struct witnessed_log log = {.name = text_of(vectors, "origin")};
    str public = bytes_of(arena, json_object_get(vectors, "log_public_key_hex"));
    ck_assert_uint_eq(public.len, sizeof log.public);
    memcpy(log.public, public.ptr, public.len);
    return log;
}

static struct checkpoint checkpoint_of(struct arena *arena, str note)
{
    struct checkpoint checkpoint = {{0}, 0, {{0}}};
    str body = {0};
    str lines = {0};
    ck_assert(note_cut(note, &body, &lines));
    ck_assert_ok(checkpoint_parse(arena, body, &checkpoint));
    return checkpoint;
}

// The published checkpoint of a size, as the requests that are taken hold it.
static struct checkpoint known_at(struct arena *arena, const json_t *rows, int64_t size)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct witness_request request = {0};
        if (json_integer_value(json_object_get(row, "status")) != 200)
            continue;
        ck_assert_ok(witness_request_parse(arena, text_of(row, "body"), &request));
        struct checkpoint checkpoint = checkpoint_of(arena, request.note);
        if ((int64_t)checkpoint.size == size)
            return checkpoint;
    }
    ck_abort_msg("no such checkpoint");
}

static enum witness_verdict answer(struct arena *arena, const struct witnessed_log *log, str text)
{
    struct witness_request request = {0};
    struct checkpoint next = {{0}, 0, {{0}}};
    str body = {0};
    str lines = {0};
    struct checkpoint said = {{0}, 0, {{0}}};
    if (failed(witness_request_parse(arena, text, &request)))
        return WITNESS_MALFORMED;
    if (note_cut(request.note, &body, &lines) && !failed(checkpoint_parse(arena, body, &said)) &&
        !str_eq(said.origin, log->name))
        return WITNESS_UNKNOWN; // whoever keeps the list of logs finds none
    return witness_judge(arena, &request, log, &next, &body);
}

START_TEST(answers_the_published_requests)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *vectors = json_object_get(root, "witness");
    const json_t *rows = json_object_get(vectors, "requests");
    ck_assert_uint_eq(json_array_size(rows), 11);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct witnessed_log log = published_log(&arena, vectors);
        int64_t known = json_integer_value(json_object_get(row, "known_size"));
        if (known != 0)
            log.last = known_at(&arena, rows, known);
        ck_assert_msg(answer(&arena, &log, text_of(row, "body")) ==
                          json_integer_value(json_object_get(row, "status")),
                      "%s", json_string_value(json_object_get(row, "desc")));
    }
    arena_reset(&arena);
}
END_TEST

// A log of our own, for the cases that need its key.
struct own_log {
    struct arena *arena;
    struct signing_key *key;
    struct witnessed_log log;
};

static str request_of(const struct own_log *own, uint64_t old, const struct checkpoint *next,
                      size_t proof)
{
    struct witness_request request = {.old_size = old, .proof.count = proof};
    ck_assert_ok(note_sign(own->arena, checkpoint_print(own->arena, next), own->log.name, own->key,
                           &request.note));
    return witness_request_print(own->arena, &request);
}

static struct own_log own_log_make(struct arena *arena)
{
    struct own_log own = {.arena = arena, .log = {.name = STR("log.test/heads")}};
    ck_assert_ok(signing_key_make(&own.key));
    signing_key_public(own.key, own.log.public);
    return own;
}

START_TEST(answers_about_empty_trees_and_forks)
{
    struct arena arena = {0};
    struct own_log own = own_log_make(&arena);
    sha256 other = sha256_of(STR("other"));
    struct checkpoint empty = {own.log.name, 0, merkle_empty()};
    struct checkpoint odd = {own.log.name, 0, other};
    struct checkpoint one = {own.log.name, 1, other};
    struct checkpoint fork = {own.log.name, 1, merkle_empty()};
    ck_assert_int_eq(answer(&arena, &own.log, request_of(&own, 0, &empty, 0)), WITNESS_TAKES);
    ck_assert_int_eq(answer(&arena, &own.log, request_of(&own, 0, &odd, 0)), WITNESS_REFUTES);
    ck_assert_int_eq(answer(&arena, &own.log, request_of(&own, 0, &empty, 1)), WITNESS_REFUTES);
    ck_assert_int_eq(answer(&arena, &own.log, request_of(&own, 0, &one, 0)), WITNESS_TAKES);
    ck_assert_int_eq(answer(&arena, &own.log, request_of(&own, 0, &one, 1)), WITNESS_REFUTES);
    ck_assert_int_eq(answer(&arena, &own.log, request_of(&own, 1, &one, 0)), WITNESS_CONFLICTS);
    ck_assert_int_eq(answer(&arena, &own.log, request_of(&own, 2, &one, 0)), WITNESS_MALFORMED);
    own.log.last = one;
    ck_assert_int_eq(answer(&arena, &own.log, request_of(&own, 1, &one, 0)), WITNESS_TAKES);
    ck_assert_int_eq(answer(&arena, &own.log, request_of(&own, 1, &fork, 0)), WITNESS_CONFLICTS);
    ck_assert_int_eq(answer(&arena, &own.log, request_of(&own, 0, &one, 0)), WITNESS_CONFLICTS);
    signing_key_close(own.key);
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_malformed_requests)
{
    static const char *const texts[] = {
        "",
        "old",
        "old \n\n",
        "old 01\n\n",
        "old -1\n\nx\n",
        "old 1\n",
        "new 1\n\nx\n",
        "old 1\nAAAA\n\nx\n",
        "old 1\n \n\nx\n",
        "old 18446744073709551616\n\nx\n",
    };
    struct arena arena = {0};
    struct witness_request request = {.old_size = 7};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        ck_assert_fails(INVALID, witness_request_parse(&arena, str_from(texts[i]), &request));
    ck_assert_uint_eq(request.old_size, 7);
    arena_reset(&arena);
}
END_TEST

START_TEST(finds_the_cosignature_of_a_witness_it_knows)
{
    struct arena arena = {0};
    struct own_log own = own_log_make(&arena);
    struct checkpoint one = {own.log.name, 1, sha256_of(STR("root"))};
    str body = checkpoint_print(&arena, &one);
    str name = STR("witness.test");
    str key = cosigner_key_print(&arena, name, own.log.public);
    str stranger = cosigner_key_print(&arena, STR("stranger.test"), own.log.public);
    str line = {0};
    str foreign = {0};
    struct cosignature found = {{0}, 0};
    ck_assert_ok(cosign(&arena, body, 1727964367, name, own.key, &line));
    ck_assert_ok(note_line(&arena, body, own.log.name, own.key, &foreign));
    str lines = str_concat(&arena, foreign, line, STR(""));
    ck_assert_ok(cosignature_find(&arena, body, lines, key, &found));
    ck_assert(str_eq(found.line, line));
    ck_assert_int_eq(found.second, 1727964367);
    ck_assert_fails(VERIFICATION_FAILED, cosignature_find(&arena, body, lines, stranger, &found));
    ck_assert_fails(VERIFICATION_FAILED,
                    cosignature_find(&arena, STR("other\n"), lines, key, &found));
    ck_assert_fails(INVALID, cosignature_find(&arena, body, STR("no line\n"), key, &found));
    ck_assert_fails(INVALID, cosignature_find(&arena, body, lines, STR("a+b+c"), &found));
    signing_key_close(own.key);
    arena_reset(&arena);
}
END_TEST

// A cosignature's time stands before its signature, eight bytes, the greatest first.
START_TEST(reads_the_time_of_a_published_cosignature)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *vector = json_object_get(root, "cosig_timestamp");
    str blob = base64_of(&arena, json_object_get(vector, "sig"));
    ck_assert_uint_eq(blob.len, 4 + 8 + ED25519_SIGNATURE_BYTES);
    int64_t second = 0;
    for (size_t i = 4; i < 12; i++)
        second = second << 8 | (unsigned char)blob.ptr[i];
    ck_assert_int_eq(second, json_integer_value(json_object_get(vector, "time")));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("witness", answers_the_published_requests, answers_about_empty_trees_and_forks,
          refuses_malformed_requests, finds_the_cosignature_of_a_witness_it_knows,
          reads_the_time_of_a_published_cosignature)
