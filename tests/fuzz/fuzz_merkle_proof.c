// SPDX-License-Identifier: Apache-2.0
#include "../support/root_from_parts.h"
#include "phial/merkle/merkle.h"

#include <assert.h>
#include <string.h>

enum { SPANS_MAX = 160, LEAVES_MAX = 64 };

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static uint64_t take_number(const unsigned char **data, size_t *size)
{
    uint64_t number = 0;
    size_t len = *size < sizeof number ? *size : sizeof number;
    memcpy(&number, *data, len);
    *data += len;
    *size -= len;
    return number;
}

// Places of the rest, with hashes that do not matter: only their shape may be accepted.
static size_t take_spans(const unsigned char *data, size_t size, struct merkle_span *spans)
{
    size_t count = 0;
    while (size >= 16 && count < SPANS_MAX) {
        spans[count] = (struct merkle_span){.begin = take_number(&data, &size)};
        spans[count++].end = take_number(&data, &size);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    uint64_t from = take_number(&data, &size);
    uint64_t to = take_number(&data, &size);
    uint64_t leaf_count = take_number(&data, &size) % LEAVES_MAX;
    sha256 leaves[LEAVES_MAX] = {{{0}}};
    struct merkle_span spans[SPANS_MAX];
    size_t span_count = take_spans(data, size, spans);

    struct merkle_proof proof = {.count = 0};
    for (; size >= SHA256_BYTES && proof.count < MERKLE_PROOF_MAX; size -= SHA256_BYTES) {
        memcpy(proof.hashes[proof.count++].bytes, data, SHA256_BYTES);
        data += SHA256_BYTES;
    }
    sha256 first = merkle_leaf(STR("first"));
    sha256 second = merkle_leaf(STR("second"));
    assert(failed(merkle_verify_inclusion(&first, from, to, &proof, &second)));
    assert(failed(merkle_verify_consistency(from, to, &proof, &first, &second)));

    struct arena arena = {0};
    sha256 root;
    if (!failed(root_from_parts(
            to, from, (struct given_parts){leaves, leaf_count, spans, span_count}, &root)))
        assert(from + leaf_count <= to);
    arena_reset(&arena);
    return 0;
}
