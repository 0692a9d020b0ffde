// SPDX-License-Identifier: Apache-2.0
// catalog_apply.h - makes a server's catalog equal to a document: what `phial apply`, packs and the
// demo do.
#pragma once

#include "client.h"

#include <stdio.h>

struct catalog_figures {
    int made;
    int changed;
    int same;
    int waiting;    // for a second person
    int impossible; // subscriptions that differ where no server lets them be changed
};

// document: any of event_types, metrics, plans, report_templates, customers, subscriptions, each
// keys to documents. Where one of them is none that a server takes, nothing is asked of it: its
// faults are printed. Prints the difference to `out`, then, unless `dry_run`, makes the changes in
// an order in which each finds what it refers to. What was archived comes back in force. A
// subscription is the same when customer, plan and start are, or when it alone of the customer's
// running ones began that day and no other document is about it; where its plan, the version of it
// or its overrides are others, it is changed, on the day of the document's member `at`, else today;
// where its end is, it is cancelled. What the document leaves out stays as it is, and is told. A
// dry run also prints what the running subscriptions of a changed plan would cost.
result catalog_apply(struct client *client, struct arena *arena, const json_t *document,
                     bool dry_run, FILE *out, struct catalog_figures *figures);
// The whole difference on standard output first, then the changes, and what came of them: a
// command.
result catalog_apply_shown(struct client *client, struct arena *arena, const json_t *document,
                           bool dry_run);
