// SPDX-License-Identifier: Apache-2.0
// Any bytes as a leaf: what is taken without a parser is taken with one, without a word, and means
// the same.
#include "../../src/audit/verify_parts.h"
#include "../../src/audit/verify_report.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *root = NULL;
    struct report report = {.out = fopen("/dev/null", "we"), .about = ""};
    struct exported exported = {
        .arena = &arena, .report = &report, .has_manifest = true, .customer = STR("c")};
    struct leaf_reading plain = {
        .exported = &exported, .arena = &arena, .bytes = {(const char *)data, size}};
    struct leaf_reading parsed = plain;
    assert(report.out != NULL);
    bool is_plain = leaf_read_plain(&plain);
    leaf_read_parsed(&parsed, &root);
    assert((report.faults == 0) == parsed.whole);
    if (is_plain) {
        assert(parsed.whole && parsed.kind == ENTRY_usage && plain.kind == ENTRY_usage);
        assert(parsed.at.us == plain.at.us && parsed.time.us == plain.time.us);
        assert(memcmp(parsed.identity.bytes, plain.identity.bytes, IDENTITY_BYTES) == 0);
    }
    (void)fclose(report.out);
    arena_reset(&arena);
    return 0;
}
