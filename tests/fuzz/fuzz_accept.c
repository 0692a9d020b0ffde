// SPDX-License-Identifier: Apache-2.0
#include "../../src/api/accept.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum media offered[] = {MEDIA_JSON, MEDIA_CSV};
    enum media media = accept_media((str){(const char *)data, size}, offered, 2);
    if (media != MEDIA_NONE && media != MEDIA_JSON && media != MEDIA_CSV)
        abort();
    return 0;
}
