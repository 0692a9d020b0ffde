// SPDX-License-Identifier: Apache-2.0
// /v1/metrics
#include "caller.h"
#include "catalog_reply.h"
#include "phial/invoicing/sums.h"
#include "states.h"

result get_v1_metrics(const struct request *request, struct reply *reply)
{
    return catalog_reply_list(request, reply, CATALOG_METRIC);
}

result get_metrics_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_item(request, reply, CATALOG_METRIC);
}

result put_metrics_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_put(request, reply, CATALOG_METRIC);
}

result delete_metrics_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_archive(request, reply, CATALOG_METRIC);
}

// ---- how far the running sums of its current version are

struct folding_question {
    const struct request *request;
    struct catalog_item item;
    struct sums_progress progress;
};

static result find_progress(struct db_tx *tx, void *context)
{
    struct folding_question *question = context;
    TRY(catalog_get(tx, CATALOG_METRIC, question->request->args[0], &question->item));
    return sums_progress(tx, question->item.key, question->item.version, &question->progress);
}

result get_metrics_key_folding(const struct request *request, struct reply *reply)
{
    struct folding_question question = {.request = request};
    const struct sums_progress *progress = &question.progress;
    TRY(http_parameters_known(request, ""));
    TRY(caller_unbound(request));
    TRY(db_transact(request->db, request->arena, find_progress, &question));
    return http_reply_json(
        request, reply, 200,
        json_pack("{s:o, s:I, s:{s:I, s:I}, s:{s:I, s:I}}", "metric",
                  json_from_str(question.item.key), "version", (json_int_t)question.item.version,
                  "customers", "folded", (json_int_t)progress->customers_folded, "of",
                  (json_int_t)progress->customers, "entries", "folded",
                  (json_int_t)progress->entries_folded, "of", (json_int_t)progress->entries));
}

result state_metric(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    return catalog_state(tx, request, id, CATALOG_METRIC, json);
}
