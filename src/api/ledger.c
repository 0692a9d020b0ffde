// SPDX-License-Identifier: Apache-2.0
// /v1/ledger
#include "phial/ledger/removed.h"
#include "phial/util/encode.h"
#include "proof_reply.h"

enum { ENTRIES_MAX = 10000, ANSWER_BYTES_MAX = 64 * 1024 * 1024 };

struct log_question {
    const struct request *request;
    struct customer customer;
    struct head head;
    bool has_index, has_size, has_from, has_to;
    int64_t index, size, from, to;
    // answers
    str text;
    json_t *json;
};

static void question_release(struct log_question *question)
{
    json_release(&question->json);
}

static result open_log(struct db_tx *tx, struct log_question *question)
{
    const struct request *request = question->request;
    json_release(&question->json);
    question->json = NULL;
    if (request->args[0].len == 0) { // the audit trail's
        TRY(caller_unbound(request));
        question->customer = (struct customer){.id = TRAIL_LOG, .key = STR("")};
        TRY(trail_append_whole(tx, caller_of(request)->change.now));
    } else {
        TRY(caller_customer(tx, request, request->args[0], &question->customer));
    }
    return ledger_head(tx, question->customer.id, &question->head);
}

static result sign_checkpoint(struct db_tx *tx, void *context)
{
    struct log_question *question = context;
    int64_t size = 0;
    sha256 root = {{0}};
    TRY(open_log(tx, question));
    return signer_checkpoint(api_of(question->request)->signer, tx, question->customer.id,
                             question->customer.key, &question->text, &size, &root);
}

result get_ledger_customer_checkpoint(const struct request *request, struct reply *reply)
{
    struct log_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, sign_checkpoint, &question));
    return http_reply_text(reply, 200, "text/plain; charset=utf-8", question.text);
}

static result prove_inclusion(struct db_tx *tx, void *context)
{
    struct log_question *question = context;
    const struct request *request = question->request;
    struct merkle_proof proof = {.count = 0};
    struct position position = {.removed = false};
    sha256 root = {{0}};
    TRY(open_log(tx, question));
    int64_t size = question->has_size ? question->size : question->head.size;
    if (size > question->head.size || question->index >= size)
        return FAIL(INVALID, "The log has no such entry at that size.");
    TRY(ledger_inclusion(tx, question->customer.id, question->index, size, &proof));
    TRY(ledger_position(tx, question->customer.id, question->index, &position));
    TRY(ledger_root(tx, question->customer.id, size, &root));
    sha256 leaf = position_hash(&position);
    TRY(print_proof(request, &proof, &question->json));
    TRY(add_hash(request, question->json, "leaf", &leaf));
    TRY(add_hash(request, question->json, "root", &root));
    TRY(add_number(question->json, "index", question->index));
    return add_number(question->json, "size", size);
}

static result reply_log(const struct request *request, struct reply *reply,
                        struct log_question *question, result (*work)(struct db_tx *, void *))
{
    TRY(db_transact(request->db, request->arena, work, question));
    return http_reply_json(request, reply, 200, json_incref(question->json));
}

result get_ledger_customer_inclusion(const struct request *request, struct reply *reply)
{
    OWNED(question_release) struct log_question question = {.request = request};
    TRY(http_parameters_known(request, "index size"));
    TRY(parameter_i64(request, "index", INT64_MAX, &question.has_index, &question.index));
    TRY(parameter_i64(request, "size", INT64_MAX, &question.has_size, &question.size));
    if (!question.has_index)
        return FAIL(BAD_PARAMETER, "An inclusion proof is of an index.");
    return reply_log(request, reply, &question, prove_inclusion);
}

static result prove_consistency(struct db_tx *tx, void *context)
{
    struct log_question *question = context;
    struct merkle_proof proof = {.count = 0};
    TRY(open_log(tx, question));
    int64_t to = question->has_to ? question->to : question->head.size;
    if (question->from == 0)
        return FAIL(INVALID, "Consistency from size 0 is meaningless: every log extends it.");
    if (to > question->head.size || question->from > to)
        return FAIL(INVALID, "The log has not had that size.");
    TRY(ledger_consistency(tx, question->customer.id, question->from, to, &proof));
    TRY(print_proof(question->request, &proof, &question->json));
    TRY(add_number(question->json, "from", question->from));
    return add_number(question->json, "to", to);
}

static result read_range(const struct request *request, struct log_question *question)
{
    TRY(http_parameters_known(request, "from to"));
    TRY(parameter_i64(request, "from", INT64_MAX, &question->has_from, &question->from));
    TRY(parameter_i64(request, "to", INT64_MAX, &question->has_to, &question->to));
    if (question->has_to && question->from > question->to)
        return FAIL(BAD_PARAMETER, "from must not be greater than to.");
    return OK;
}

result get_ledger_customer_consistency(const struct request *request, struct reply *reply)
{
    OWNED(question_release) struct log_question question = {.request = request};
    TRY(read_range(request, &question));
    if (!question.has_from)
        return FAIL(BAD_PARAMETER, "A consistency proof begins from a size.");
    return reply_log(request, reply, &question, prove_consistency);
}

// An answer ends at 10,000 lines or 64 MiB; the caller goes on from the line after its last.
struct lines {
    struct buf text;
    bool full;
};

// Of a removed entry: its leaf's hash, and where the entry stands that says who removed it, and
// why.
static void print_removed(struct buf *text, const struct position *position)
{
    str hash = encode_base64(text->arena, sha256_str(&position->hash));
    buf_addf(text,
             "{\"index\":%lld,\"kind\":\"removed\",\"leaf\":\"%" STR_FMT "\",\"retention\":%lld}",
             (long long)position->entry.index, STR_ARG(hash), (long long)position->retention_index);
}

static result add_line(void *context, const struct position *position)
{
    struct lines *lines = context;
    str leaf = position->entry.leaf;
    lines->full =
        lines->full || (lines->text.len != 0 && lines->text.len + leaf.len > ANSWER_BYTES_MAX);
    if (lines->full)
        return OK;
    if (position->removed)
        print_removed(&lines->text, position);
    else
        buf_add(&lines->text, leaf);
    buf_add_char(&lines->text, '\n');
    return OK;
}

static result list_entries(struct db_tx *tx, void *context)
{
    struct log_question *question = context;
    struct lines lines = {.text = {.arena = question->request->arena}};
    TRY(open_log(tx, question));
    int64_t to =
        question->has_to && question->to < question->head.size ? question->to : question->head.size;
    if (to - question->from > ENTRIES_MAX)
        to = question->from + ENTRIES_MAX;
    if (question->from < to)
        TRY(ledger_each_position(tx, question->customer.id, question->from, to, add_line, &lines));
    question->text = buf_str(&lines.text);
    return OK;
}

result get_ledger_customer_entries(const struct request *request, struct reply *reply)
{
    struct log_question question = {.request = request};
    TRY(read_range(request, &question));
    TRY(db_transact(request->db, request->arena, list_entries, &question));
    return http_reply_text(reply, 200, "application/x-ndjson", question.text);
}
