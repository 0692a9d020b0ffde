// SPDX-License-Identifier: Apache-2.0
// spool.h - an answer that may be larger than memory should hold: written to a file that has no
// name, sent from there. Nothing of it is sent before all of it is there.
#pragma once

#include "caller.h"

#include <stdio.h>

struct spool {
    FILE *file; // NULL until something is put
    int64_t bytes;
};

void spool_release(struct spool *spool);
void spool_clear(struct spool *spool);      // for a transaction that is run again
result spool_put(void *context, str bytes); // a sink's
// 200 with what was put; the spool is empty then.
result spool_reply(struct spool *spool, struct reply *reply, const char *media_type);
