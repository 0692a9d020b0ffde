// SPDX-License-Identifier: Apache-2.0
// catalog_applying.h - what the parts of catalog_apply share.
#pragma once

#include "catalog_apply.h"

struct applying {
    struct client *client;
    struct arena *arena;
    bool dry_run;
    FILE *out;
    struct catalog_figures *figures;
    const json_t *document; // the whole of it
};

// Sends a change; counts one that waits for a second person.
result applying_send(const struct applying *applying, const struct call *call);

// Prints where a subscription differs, makes it, or makes it so. What the server has no way to do
// is printed and counted as impossible.
result apply_subscriptions(const struct applying *applying, const json_t *documents);
// Prints each fault of a subscription's overrides over the plan's version (0: the document's own)
// as the server finds them; *possible is false then.
result check_overrides(const struct applying *applying, const char *key, const json_t *wanted,
                       int64_t version, bool *possible);
