// SPDX-License-Identifier: Apache-2.0
// A TZif file that zone_parse takes answers every question, and an hour begins where it begins.
#include "../../src/time/zone.h"
#include "phial/util/array.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t moments[] = {-62135596800000000, -1, 0, 1793505600123456,
                                      253402300799999999};
    struct arena arena = {0};
    const struct zone *zone = NULL;
    if (!failed(zone_parse(&arena, (str){(const char *)data, size}, &zone))) {
        for (size_t i = 0; i < COUNT_OF(moments); i++) {
            instant at = {moments[i]};
            assert(zone_midnight(zone, zone_day(zone, at)).us <= at.us);
            instant hour = zone_hour(zone, at);
            assert(hour.us <= at.us && at.us - hour.us < 3600000000);
        }
    }
    arena_reset(&arena);
    return 0;
}
