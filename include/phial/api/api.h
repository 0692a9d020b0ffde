// SPDX-License-Identifier: Apache-2.0
// api.h - the routes of the daemon. One file per resource in src/api; one row per route.
#pragma once

#include "phial/accounting/accounting.h"
#include "phial/api/rate_limit.h"
#include "phial/api/usage_streams.h"
#include "phial/catalog/cache.h"
#include "phial/catalog/keys.h"
#include "phial/catalog/tally.h"
#include "phial/catalog/tokens.h"
#include "phial/egress/egress.h"
#include "phial/http/http.h"
#include "phial/ingest/lanes.h"
#include "phial/jobs/heads.h"
#include "phial/jobs/jobs.h"
#include "phial/jobs/scrubber.h"
#include "phial/ledger/signer.h"
#include "phial/ledger/witness.h"
#include "phial/phi/retention.h"
#include "phial/render/bill.h"
#include "phial/reports/templates.h"
#include "phial/webhooks/webhooks.h"

#include <stdio.h>

extern const struct route_table api_routes;
const struct route *api_quick_route(void); // POST /v1/events, which mostly needs nothing but memory

// Who bills, and the server whose ledger proves it.
struct biller {
    struct bill_seller seller;
    str server;
};
// An export_renderer's: `context` is the biller. No PDF where nobody bills.
result api_invoice_pdf(void *context, struct db_tx *tx, struct arena *arena,
                       const json_t *statement, str *pdf);

// What waits for a second person: "" never, "always", or amounts above which it does, "1000.00 USD,
// 900.00 EUR", and above 0 in any other currency.
enum approval_action {
#define APPROVAL(name) APPROVAL_##name,
#include "phial/api/approval_actions.def"
#undef APPROVAL
    APPROVAL_ACTION_COUNT
};
bool approval_rule_valid(str rule);

// What the handlers share: http_options.context.
struct api {
    struct signer *signer;
    struct witness *witness; // NULL: no log is witnessed
    const struct heads_keeper *heads_keeper;
    const struct scrubber *scrubber; // NULL: nothing is hashed again
    struct jobs *jobs;
    struct lanes *lanes;
    const struct biller *biller;
    const struct chart *chart;
    const struct report_templates *report_templates;
    struct usage_streams *usage_streams;
    const struct keyring *keyring;
    struct catalog_cache *cache;   // that every worker's shares with
    struct tally *tally;           // NULL: nobody counts
    struct rate_limit *rate_limit; // NULL: every key may send as much as it likes
    const struct egress *egress;
    const struct webhook_sender *webhook_sender;
    const struct log *log;
    _Atomic(const struct http_server *) server; // for /metrics; set after http_start
    bool test_clock;
    int64_t period_key_days;    // as jobs_options
    bool approve_detectors_off; // [approvals] phi_detectors_off
    str approval_rules[APPROVAL_ACTION_COUNT];
    struct retention_terms retention;
    const char *erasures_path;      // audit/erasure_file.h; NULL: nobody keeps one
    result (*ready)(void *context); // for /readyz: STOPPING, DB_AWAY
    void *ready_context;
    struct { // for /metrics
        _Atomic uint64_t accepted;
        _Atomic uint64_t duplicates;
        _Atomic uint64_t rejected;
    } events;
};

// The hooks of http_options.
void *api_worker_open(void *context, struct db *db);
void api_worker_close(void *worker);
result api_enter(void *context, struct request *request, struct reply *reply);
void api_leave(void *context, struct request *request, struct reply *reply, result outcome);

void api_print_markdown(FILE *out); // becomes docs/api.md
void api_print_openapi(FILE *out);  // becomes docs/openapi.json, and answers /openapi.json
void api_print_errors(FILE *out);   // becomes docs/errors.md

#define ROUTE(method, path, handler, body, scope, summary) \
    result handler(const struct request *request, struct reply *reply);
#include "phial/api/routes.def"
#undef ROUTE
