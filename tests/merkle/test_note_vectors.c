// SPDX-License-Identifier: Apache-2.0
#include "phial/merkle/merkle.h"
#include "phial/merkle/note.h"
#include "vectors.h"

#include <string.h>

#define FILE_OF_VECTORS PHIAL_TEST_DATA "/vectors/notes.json"

// A note that must be taken is taken under every key given; one to refuse, under none.
static void check_note(struct arena *arena, const json_t *row)
{
    const json_t *keys = json_object_get(row, "vkeys");
    str note = text_of(row, "note");
    bool wanted = str_eq(text_of(row, "expect"), STR("ok"));
    for (size_t i = 0; i < json_array_size(keys); i++) {
        str name = {0};
        str body = {0};
        str signature = {0};
        unsigned char public[ED25519_PUBLIC_BYTES];
        ck_assert_ok(
            note_verifier_key_parse(arena, json_str(json_array_get(keys, i)), &name, public));
        result opened = note_open(arena, note, name, public, &body, &signature);
        ck_assert_msg(failed(opened) != wanted, "%s",
                      json_string_value(json_object_get(row, "desc")));
        if (failed(opened)) {
            ck_assert_uint_eq(body.len, 0);
            continue;
        }
        ck_assert_uint_eq(signature.len, ED25519_SIGNATURE_BYTES);
        ck_assert(str_starts_with(note, body));
        ck_assert(signature_holds(public, body, signature));
    }
}

START_TEST(takes_and_refuses_notes)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *rows = json_object_get(root, "notes");
    ck_assert_uint_eq(json_array_size(rows), 17);
    for (size_t i = 0; i < json_array_size(rows); i++)
        check_note(&arena, json_array_get(rows, i));
    arena_reset(&arena);
}
END_TEST

static const char peter[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

START_TEST(tells_malformed_notes_from_unproven_ones)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    str name = {0};
    str body = {0};
    str signature = {0};
    unsigned char public[ED25519_PUBLIC_BYTES];
    ck_assert_ok(note_verifier_key_parse(&arena, str_from(peter), &name, public));

    str bytes = bytes_of(&arena, json_object_get(root, "invalid_utf8_note_hex"));
    ck_assert_fails(INVALID, note_open(&arena, bytes, name, public, &body, &signature));
    ck_assert_fails(INVALID, note_open(&arena, STR(""), name, public, &body, &signature));
    const json_t *rows = json_object_get(root, "notes");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        str note = text_of(json_array_get(rows, i), "note");
        if (str_starts_with(text_of(json_array_get(rows, i), "desc"), STR("known key id under")))
            ck_assert_fails(VERIFICATION_FAILED,
                            note_open(&arena, note, name, public, &body, &signature));
        if (str_starts_with(text_of(json_array_get(rows, i), "desc"), STR("unexpected line")))
            ck_assert_fails(INVALID, note_open(&arena, note, name, public, &body, &signature));
    }
    arena_reset(&arena);
}
END_TEST

static struct signing_key *private_key(struct arena *arena, str text, str *name)
{
    str rest = text;
    str part = {0};
    str bytes = {0};
    struct signing_key *key = NULL;
    for (int i = 0; i < 4; i++) {
        ck_assert(str_cut(rest, '+', &part, &rest));
        if (i == 2)
            *name = part;
    }
    ck_assert(decode_base64(arena, rest, &bytes));
    ck_assert_ok(signing_key_parse(str_slice(bytes, 1, bytes.len), &key));
    return key;
}

START_TEST(signs_notes_byte_for_byte)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *rows = json_object_get(root, "sign");
    ck_assert_uint_eq(json_array_size(rows), 2);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        str name = {0};
        str note = {0};
        struct signing_key *key = private_key(&arena, text_of(row, "skey_TEST_ONLY"), &name);
        ck_assert_ok(note_sign(&arena, text_of(row, "text"), name, key, &note));
        ck_assert(str_eq(note, text_of(row, "want")));
        ck_assert_fails(INVALID, note_sign(&arena, STR("no newline"), name, key, &note));
        ck_assert_fails(INVALID, note_sign(&arena, STR("text\n"), STR("a b"), key, &note));
        ck_assert_fails(INVALID, note_sign(&arena, STR("text\n"), STR("a\u00a0b"), key, &note));
        ck_assert(str_eq(note, text_of(row, "want")));
        signing_key_close(key);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(takes_and_refuses_verifier_keys)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *keys = json_object_get(root, "vkeys");
    static const struct {
        const char *list;
        bool taken;
    } lists[] = {{"ok", true}, {"ok_cosignature_type4", false}, {"reject", false}};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const json_t *list = json_object_get(keys, lists[i].list);
        ck_assert_uint_ne(json_array_size(list), 0);
        for (size_t j = 0; j < json_array_size(list); j++) {
            str text = json_str(json_array_get(list, j));
            str name = {0};
            unsigned char public[ED25519_PUBLIC_BYTES];
            result parsed = note_verifier_key_parse(&arena, text, &name, public);
            ck_assert_int_eq(!failed(parsed), lists[i].taken);
            if (!failed(parsed))
                ck_assert(str_eq(note_verifier_key(&arena, name, public), text));
        }
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_every_part_and_every_change_of_a_verifier_key)
{
    struct arena arena = {0};
    str whole = str_from(peter);
    str name = {0};
    unsigned char public[ED25519_PUBLIC_BYTES];
    for (size_t from = 0; from <= whole.len; from++) {
        for (size_t to = from; to <= whole.len; to++) {
            if (to - from != whole.len)
                ck_assert_fails(INVALID, note_verifier_key_parse(&arena, str_slice(whole, from, to),
                                                                 &name, public));
        }
    }
    for (size_t i = 0; i < whole.len; i++) {
        char changed[sizeof peter];
        memcpy(changed, peter, sizeof peter);
        changed[i]++;
        ck_assert_fails(INVALID,
                        note_verifier_key_parse(&arena, (str){changed, whole.len}, &name, public));
    }
    ck_assert_uint_eq(name.len, 0);
    arena_reset(&arena);
}
END_TEST

// The published cases hold roots of other lengths, which their parser takes; ours must have 32
// bytes, so each good one is tried again with such a root in its place.
START_TEST(takes_and_refuses_checkpoint_bodies)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *rows = json_object_get(json_object_get(root, "checkpoint_body"), "cases");
    ck_assert_uint_eq(json_array_size(rows), 11);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct checkpoint read = {{0}, 0, {{0}}};
        ck_assert_fails(INVALID, checkpoint_parse(&arena, text_of(row, "m"), &read));
        if (!json_is_true(json_object_get(row, "ok")))
            continue;
        struct checkpoint wanted = {text_of(row, "origin"),
                                    (uint64_t)json_integer_value(json_object_get(row, "size")),
                                    sha256_of(STR("root"))};
        str rest = text_of(row, "rest");
        str body = str_printf(&arena, "%" STR_FMT "%" STR_FMT,
                              STR_ARG(checkpoint_print(&arena, &wanted)), STR_ARG(rest));
        ck_assert_ok(checkpoint_parse(&arena, body, &read));
        ck_assert(str_eq(read.origin, wanted.origin));
        ck_assert_uint_eq(read.size, wanted.size);
        ck_assert(sha256_eq(&read.root, &wanted.root));
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_bad_checkpoint_bodies_whatever_their_root)
{
    static const char root[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    static const char *const formats[] = {
        "\n0\n%s\n",      "log\n\n%s\n",     "log\n00\n%s\n", "log\n-1\n%s\n",
        "log\n 1\n%s\n",  "log\n1\n%s",      "log\n1\n%s \n", "log\n18446744073709551616\n%s\n",
        "log\n1\n%s\n\n", "log\n1\n%s\next", "log\n1a\n%s\n",
    };
    struct arena arena = {0};
    struct checkpoint read = {{0}, 7, {{0}}};
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        char *body = arena_array(&arena, char, 256);
        const char *place = strstr(formats[i], "%s");
        (void)snprintf(body, 256, "%.*s%s%s", (int)(place - formats[i]), formats[i], root,
                       place + 2);
        ck_assert_fails(INVALID, checkpoint_parse(&arena, str_from(body), &read));
    }
    ck_assert_uint_eq(read.size, 7);
    ck_assert_ok(checkpoint_parse(
        &arena, str_printf(&arena, "log\n18446744073709551615\n%s\n", root), &read));
    ck_assert_uint_eq(read.size, UINT64_MAX);
    arena_reset(&arena);
}
END_TEST

struct branch {
    sha256 leaves[6];
};

static result leaf_of_branch(void *context, struct merkle_subtree subtree, sha256 *hash)
{
    const struct branch *branch = context;
    struct merkle_range range = {.size = 0};
    for (uint64_t i = 0; i < UINT64_C(1) << subtree.level; i++)
        TRY(merkle_append(&range, &branch->leaves[(subtree.number << subtree.level) + i], NULL,
                          NULL));
    *hash = merkle_root(&range);
    return OK;
}

static struct branch branch_of(const json_t *fork, const char *name)
{
    struct branch branch;
    const json_t *common = json_object_get(fork, "common_records");
    const json_t *own = json_object_get(fork, name);
    for (size_t i = 0; i < COUNT_OF(branch.leaves); i++)
        branch.leaves[i] =
            merkle_leaf(json_str(i < 4 ? json_array_get(common, i) : json_array_get(own, i - 4)));
    return branch;
}

// The signed root of a branch, as its client prints it.
static sha256 signed_root(struct arena *arena, const json_t *fork, const char *which, int size)
{
    const json_t *head = json_object_get(fork, which);
    str name = {0};
    str body = {0};
    str signature = {0};
    unsigned char public[ED25519_PUBLIC_BYTES];
    sha256 root;
    ck_assert_ok(note_verifier_key_parse(arena, text_of(fork, "vkey"), &name, public));
    str note = str_printf(arena, "go.sum database tree\n%d\n%" STR_FMT "\n\n%" STR_FMT "\n", size,
                          STR_ARG(text_of(head, "root")), STR_ARG(text_of(head, "sig")));
    ck_assert_ok(note_open(arena, note, name, public, &body, &signature));
    memcpy(root.bytes, base64_of(arena, json_object_get(head, "root")).ptr, sizeof root.bytes);
    return root;
}

START_TEST(catches_a_log_that_shows_two_histories)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = read_vectors(&arena, FILE_OF_VECTORS);
    const json_t *fork = json_object_get(root, "fork");
    const json_t *misbehaviour = json_object_get(fork, "proof_of_misbehavior");
    struct branch a = branch_of(fork, "branch_a_extra");
    struct branch b = branch_of(fork, "branch_b_extra");
    sha256 older = signed_root(&arena, fork, "comment_old", 5);
    sha256 newer = signed_root(&arena, fork, "comment_new", 6);

    sha256 roots[3];
    ck_assert_ok(merkle_root_at(5, leaf_of_branch, &a, &roots[0]));
    ck_assert_ok(merkle_root_at(5, leaf_of_branch, &b, &roots[1]));
    ck_assert_ok(merkle_root_at(6, leaf_of_branch, &b, &roots[2]));
    ck_assert(sha256_eq(&older, &roots[0]));
    ck_assert(sha256_eq(&newer, &roots[2]));

    struct merkle_proof proof;
    ck_assert_ok(merkle_prove_consistency(5, 6, leaf_of_branch, &b, &proof));
    ck_assert_uint_eq(proof.count + 1, json_array_size(misbehaviour));
    ck_assert(str_eq(sha256_str(&roots[1]), base64_of(&arena, json_array_get(misbehaviour, 0))));
    for (size_t i = 0; i < proof.count; i++)
        ck_assert(str_eq(sha256_str(&proof.hashes[i]),
                         base64_of(&arena, json_array_get(misbehaviour, i + 1))));
    ck_assert_ok(merkle_verify_consistency(5, 6, &proof, &roots[1], &newer));
    ck_assert_fails(VERIFICATION_FAILED, merkle_verify_consistency(5, 6, &proof, &older, &newer));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("notes", takes_and_refuses_notes, tells_malformed_notes_from_unproven_ones,
          signs_notes_byte_for_byte, takes_and_refuses_verifier_keys,
          refuses_every_part_and_every_change_of_a_verifier_key,
          takes_and_refuses_checkpoint_bodies, refuses_bad_checkpoint_bodies_whatever_their_root,
          catches_a_log_that_shows_two_histories)
