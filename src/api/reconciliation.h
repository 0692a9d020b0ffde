// SPDX-License-Identifier: Apache-2.0
// reconciliation.h - a reconciliation between its request and its answer.
#pragma once

#include "accept.h"
#include "caller.h"
#include "phial/audit/attestation.h"
#include "phial/audit/reconciliation.h"

// What was asked, as it stands in the document. Its texts borrow from that.
struct reconciliation_question {
    const struct request *request;
    str customer_key;
    str metric_key; // one of the two
    str type_key;
    str source; // of the ids that name none; with has_source
    bool has_source;
    bool is_staged;
    const json_t *ids; // NULL without
    struct customer customer;
    bool plain_ids; // a type of it takes ids of digits alone
    struct reconciliation what;
};

// The members of the document: faults in document.faults.
result reconciliation_read(struct json_at document, struct reconciliation_question *question);
// The customer, the metric or type. `held` owns what the metric borrows.
result reconciliation_resolve(struct db_tx *tx, struct json_at document, json_t *held,
                              struct reconciliation_question *question);

// The customer's events, into the sink as they are read: their texts borrow from the document or
// the body, of NDJSON until the sink has taken them. Faults point at /ids/N, or are of the whole
// body.
result claims_read_json(const struct reconciliation_question *question, struct json_at ids,
                        struct claim_sink *sink);
result claims_read_ndjson(const struct reconciliation_question *question, str body,
                          struct claim_sink *sink);
result claims_read_csv(const struct reconciliation_question *question, str body,
                       struct claim_sink *sink);
// No body of CSV has more.
size_t claims_count_lines(str body);

json_t *reconciliation_print(const struct reconciliation_question *question,
                             const struct reconciled *reconciled);
str reconciliation_print_csv(const struct reconciliation_question *question,
                             const struct reconciled *reconciled);
// In attestations.c.
json_t *attested_source_print(const struct attested_source *source);
