// SPDX-License-Identifier: Apache-2.0
// A rule that zone_rule_parse takes has an offset at every second, and its stretches join.
#include "../../src/time/zone.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone_rule rule = {0};
    if (failed(zone_rule_parse((str){(const char *)data, size}, &rule)))
        return 0;
    int64_t second = 1767225600;
    for (int i = 0; i < 10; i++) {
        struct zone_stretch stretch = zone_rule_stretch(&rule, second);
        assert(stretch.from <= second && second < stretch.to);
        assert(stretch.offset == rule.standard || stretch.offset == rule.summer);
        if (stretch.to == INT64_MAX)
            break;
        second = stretch.to;
    }
    return 0;
}
