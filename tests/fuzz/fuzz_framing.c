// SPDX-License-Identifier: Apache-2.0
// Any bytes on a connection: cut in two anywhere, they end and fail at the same places.
#include "framing.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct framing_limits limits = {
        .target_max = 64, .head_max = 512, .body_max = 4096};
    if (size == 0)
        return 0;
    size_t cut = data[0] < size ? data[0] : size - 1; // the first byte says where
    str bytes = {(const char *)data + 1, size - 1};

    struct framing whole = {0};
    framing_start(&whole, &limits);
    struct framing_found found = framing_scan(&whole, bytes);
    assert(found.complete <= bytes.len);
    assert((found.requests == 0) == (found.complete == 0));

    struct framing parts = {0};
    framing_start(&parts, &limits);
    struct framing_found first = framing_scan(&parts, str_slice(bytes, 0, cut));
    struct framing_found second = {.verdict = OK};
    if (!failed(first.verdict))
        second = framing_scan(&parts, str_slice(bytes, cut, bytes.len));
    assert(first.requests + second.requests == found.requests);
    assert((second.requests == 0 ? first.complete : cut + second.complete) == found.complete);
    assert((failed(first.verdict) ? first.verdict.code : second.verdict.code) ==
           found.verdict.code);
    if (!failed(found.verdict))
        assert(framing_phase(&whole) == framing_phase(&parts) && whole.left == parts.left);
    return 0;
}
