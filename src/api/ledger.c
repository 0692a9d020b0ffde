// SPDX-License-Identifier: Apache-2.0
// /v1/ledger
#include "log_question.h"
#include "phial/ledger/removed.h"
#include "phial/util/encode.h"

enum { ANSWER_BYTES_MAX = 64 * 1024 * 1024 };

static result open_log(struct db_tx *tx, struct log_question *question)
{
    const struct request *request = question->request;
    struct customer customer = {.id = TRAIL_LOG, .key = STR("")};
    struct head head;
    if (request->args[0].len == 0) { // the audit trail's
        TRY(caller_unbound(request));
        TRY(trail_append_whole(tx, caller_of(request)->change.now));
    } else {
        TRY(caller_customer(tx, request, request->args[0], &customer));
    }
    TRY(ledger_head(tx, customer.id, &head));
    question->customer = customer.key;
    question->id = customer.id;
    question->length = head.size;
    return OK;
}

static const struct log_kind customers = {open_log, ledger_root, ledger_inclusion,
                                          ledger_consistency};

static result sign_checkpoint(struct db_tx *tx, void *context)
{
    struct log_question *question = context;
    int64_t size = 0;
    sha256 root = {{0}};
    TRY(log_question_open(tx, question));
    return signer_checkpoint(api_of(question->request)->signer, tx, question->id,
                             question->customer, &question->text, &size, &root);
}

result get_ledger_customer_checkpoint(const struct request *request, struct reply *reply)
{
    struct log_question question = {.request = request, .kind = &customers};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, sign_checkpoint, &question));
    return http_reply_text(reply, 200, "text/plain; charset=utf-8", question.text);
}

static result prove_inclusion(struct db_tx *tx, void *context)
{
    struct log_question *question = context;
    struct position position = {.removed = false};
    TRY(log_question_open(tx, question));
    int64_t size = log_question_size(question);
    if (size > question->length || question->index >= size)
        return FAIL(INVALID, "The log has no such entry at that size.");
    TRY(ledger_position(tx, question->id, question->index, &position));
    sha256 leaf = position_hash(&position);
    return log_question_include(tx, question, question->index, &leaf);
}

result get_ledger_customer_inclusion(const struct request *request, struct reply *reply)
{
    OWNED(log_question_release)
    struct log_question question = {.request = request, .kind = &customers};
    TRY(http_parameters_known(request, "index size"));
    TRY(parameter_i64(request, "index", INT64_MAX, &question.has_index, &question.index));
    TRY(parameter_i64(request, "size", INT64_MAX, &question.has_size, &question.size));
    if (!question.has_index)
        return FAIL(BAD_PARAMETER, "An inclusion proof is of an index.");
    return log_question_reply(&question, reply, prove_inclusion);
}

result get_ledger_customer_consistency(const struct request *request, struct reply *reply)
{
    OWNED(log_question_release)
    struct log_question question = {.request = request, .kind = &customers};
    return log_question_reply_consistency(&question, reply);
}

// An answer ends at 64 MiB as well.
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
    TRY(log_question_open(tx, question));
    int64_t to = log_question_end(question);
    if (question->from < to)
        TRY(ledger_each_position(tx, question->id, question->from, to, add_line, &lines));
    question->text = buf_str(&lines.text);
    return OK;
}

result get_ledger_customer_entries(const struct request *request, struct reply *reply)
{
    struct log_question question = {.request = request, .kind = &customers};
    return log_question_reply_lines(&question, reply, list_entries);
}
