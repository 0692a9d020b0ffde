// SPDX-License-Identifier: Apache-2.0
#include "phial/merkle/witness.h"

#include "note_parts.h"
#include "phial/util/buf.h"
#include "phial/util/encode.h"

#include <string.h>

enum { SECOND_BYTES = 8, COSIGNATURE_BYTES = SECOND_BYTES + ED25519_SIGNATURE_BYTES };

str cosigner_key_print(struct arena *arena, str name,
                       const unsigned char public[ED25519_PUBLIC_BYTES])
{
    return key_print(arena, name, COSIGNATURE_ED25519, public);
}

result cosigner_key_parse(struct arena *arena, str text, str *name,
                          unsigned char public[ED25519_PUBLIC_BYTES])
{
    return key_parse(arena, text, COSIGNATURE_ED25519, name, public);
}

static str cosigned_text(struct arena *arena, str body, int64_t second)
{
    return str_printf(arena, "cosignature/v1\ntime %lld\n%" STR_FMT, (long long)second,
                      STR_ARG(body));
}

// NOLINTNEXTLINE(readability-function-size): who signs what, when, and the answer
result cosign(struct arena *arena, str body, int64_t second, str name,
              const struct signing_key *key, str *line)
{
    unsigned char public[ED25519_PUBLIC_BYTES];
    unsigned char blob[COSIGNATURE_BYTES];
    for (size_t i = 0; i < SECOND_BYTES; i++)
        blob[i] = (unsigned char)((uint64_t)second >> (8 * (SECOND_BYTES - 1 - i)));
    TRY(signing_key_sign(key, cosigned_text(arena, body, second), blob + SECOND_BYTES));
    signing_key_public(key, public);
    *line = line_print(arena, name, key_id_of(name, COSIGNATURE_ED25519, public),
                       (str){(const char *)blob, sizeof blob});
    return OK;
}

// NOLINTNEXTLINE(readability-function-size): what is looked for, in what, and the answer
result cosignature_find(struct arena *arena, str body, str lines, str key,
                        struct cosignature *found)
{
    unsigned char public[ED25519_PUBLIC_BYTES];
    str name = {0};
    TRY(cosigner_key_parse(arena, key, &name, public));
    uint32_t id = key_id_of(name, COSIGNATURE_ED25519, public);
    while (lines.len != 0) {
        str line = {0};
        str line_name = {0};
        str blob = {0};
        const char *begin = lines.ptr;
        uint64_t second = 0;
        if (!str_cut(lines, '\n', &line, &lines) || !line_read(arena, line, &line_name, &blob))
            return FAIL(INVALID, "the witness's lines are malformed");
        if (!str_eq(line_name, name) || !line_is_by(blob, id) ||
            blob.len != KEY_ID_BYTES + COSIGNATURE_BYTES)
            continue;
        for (size_t i = 0; i < SECOND_BYTES; i++)
            second = second << 8 | (unsigned char)blob.ptr[KEY_ID_BYTES + i];
        if (second > INT64_MAX ||
            !signature_holds(public, cosigned_text(arena, body, (int64_t)second),
                             str_slice(blob, KEY_ID_BYTES + SECOND_BYTES, blob.len)))
            continue;
        *found = (struct cosignature){{begin, line.len + 1}, (int64_t)second};
        return OK;
    }
    return FAIL(VERIFICATION_FAILED, "no line is this witness's cosignature of the checkpoint");
}

str witness_request_print(struct arena *arena, const struct witness_request *request)
{
    struct buf text = {.arena = arena};
    buf_addf(&text, "old %llu\n", (unsigned long long)request->old_size);
    for (size_t i = 0; i < request->proof.count; i++) {
        buf_add(&text, encode_base64(arena, sha256_str(&request->proof.hashes[i])));
        buf_add_char(&text, '\n');
    }
    buf_add_char(&text, '\n');
    buf_add(&text, request->note);
    return buf_str(&text);
}

static bool read_hash(struct arena *arena, str line, sha256 *hash)
{
    str bytes = {0};
    if (!decode_base64(arena, line, &bytes) || bytes.len != SHA256_BYTES)
        return false;
    memcpy(hash->bytes, bytes.ptr, SHA256_BYTES);
    return true;
}

result witness_request_parse(struct arena *arena, str text, struct witness_request *request)
{
    struct witness_request read = {0};
    str line = {0};
    str rest = {0};
    if (text.len > WITNESS_REQUEST_BYTES_MAX || !str_cut(text, '\n', &line, &rest) ||
        !str_starts_with(line, STR("old ")) ||
        !size_read(str_slice(line, sizeof "old " - 1, line.len), &read.old_size))
        return FAIL(INVALID, "The request begins with no old size.");
    for (;;) {
        if (!str_cut(rest, '\n', &line, &rest))
            return FAIL(INVALID, "No blank line ends the request's proof.");
        if (line.len == 0)
            break;
        if (read.proof.count == WITNESS_PROOF_MAX ||
            !read_hash(arena, line, &read.proof.hashes[read.proof.count]))
            return FAIL(INVALID, "The request's proof is no list of at most 63 hashes.");
        read.proof.count++;
    }
    read.note = rest;
    *request = read;
    return OK;
}

static enum witness_verdict judge_growth(const struct witness_request *request,
                                         const struct checkpoint *last,
                                         const struct checkpoint *next)
{
    sha256 empty = merkle_empty();
    if (request->old_size > next->size)
        return WITNESS_MALFORMED;
    if (request->old_size != last->size)
        return WITNESS_CONFLICTS;
    if (next->size == 0)
        return request->proof.count == 0 && sha256_eq(&next->root, &empty) ? WITNESS_TAKES
                                                                           : WITNESS_REFUTES;
    if (last->size == 0)
        return request->proof.count == 0 ? WITNESS_TAKES : WITNESS_REFUTES;
    if (last->size == next->size && !sha256_eq(&last->root, &next->root))
        return WITNESS_CONFLICTS;
    return failed(merkle_verify_consistency(last->size, next->size, &request->proof, &last->root,
                                            &next->root))
               ? WITNESS_REFUTES
               : WITNESS_TAKES;
}

enum witness_verdict witness_judge(struct arena *arena, const struct witness_request *request,
                                   const struct witnessed_log *log, struct checkpoint *next,
                                   str *body)
{
    struct checkpoint read = {0};
    str text = {0};
    str signature = {0};
    result opened = note_open(arena, request->note, log->name, log->public, &text, &signature);
    if (failed(opened))
        return opened.code == ERR_VERIFICATION_FAILED ? WITNESS_FORBIDS : WITNESS_MALFORMED;
    if (failed(checkpoint_parse(arena, text, &read)))
        return WITNESS_MALFORMED;
    if (!str_eq(read.origin, log->name))
        return WITNESS_UNKNOWN;
    enum witness_verdict verdict = judge_growth(request, &log->last, &read);
    if (verdict == WITNESS_TAKES) {
        *next = read;
        *body = text;
    }
    return verdict;
}
