// SPDX-License-Identifier: Apache-2.0
// /v1/ledger/checkpoint and /v1/heads: the log of all customers' heads.
#include "log_question.h"
#include "phial/ledger/publish.h"

enum { FRESH_US = 1000000 };

// Signs anew once a second at most, and only where a head has changed.
result get_ledger_checkpoint(const struct request *request, struct reply *reply)
{
    struct publication publication = {.signer = api_of(request)->signer,
                                      .now = caller_of(request)->change.now,
                                      .fresh_us = FRESH_US};
    TRY(http_parameters_known(request, ""));
    TRY(heads_publish(request->db, request->arena, &publication));
    return http_reply_text(reply, 200, "text/plain; charset=utf-8", publication.checkpoint.note);
}

// As long as what was signed last.
static result open_heads(struct db_tx *tx, struct log_question *question)
{
    struct heads_checkpoint last = {0};
    question->id = signer_epoch(api_of(question->request)->signer);
    result found = heads_checkpoint_last(tx, question->id, &last);
    question->length = failed(found) ? 0 : last.size;
    return found.code == ERR_NOT_FOUND ? OK : found;
}

static const struct log_kind heads = {open_heads, heads_root, heads_inclusion, heads_consistency};

static result find_leaf(struct db_tx *tx, const struct log_question *question,
                        struct heads_leaf *leaf)
{
    struct customer customer = {0};
    if (question->has_index) {
        TRY(caller_unbound(question->request)); // another customer's name may stand in it
        return heads_leaf(tx, question->id, question->index, leaf);
    }
    TRY(caller_customer(tx, question->request, question->customer, &customer));
    return heads_latest(tx, question->id, customer.id, log_question_size(question), leaf);
}

static result prove_inclusion(struct db_tx *tx, void *context)
{
    struct log_question *question = context;
    struct heads_leaf leaf = {0};
    TRY(log_question_open(tx, question));
    int64_t size = log_question_size(question);
    if (size > question->length || (question->has_index && question->index >= size))
        return FAIL(INVALID, "The log of heads has no such leaf at that size.");
    TRY(find_leaf(tx, question, &leaf));
    sha256 hash = merkle_leaf(leaf.leaf);
    TRY(log_question_include(tx, question, leaf.index, &hash));
    return json_object_set_new(question->json, "entry", json_from_str(leaf.leaf)) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

result get_heads_inclusion(const struct request *request, struct reply *reply)
{
    OWNED(log_question_release) struct log_question question = {.request = request, .kind = &heads};
    TRY(http_parameters_known(request, "customer index size"));
    bool has_customer = http_parameter(request, "customer", &question.customer);
    TRY(parameter_i64(request, "index", INT64_MAX, &question.has_index, &question.index));
    TRY(parameter_i64(request, "size", INT64_MAX, &question.has_size, &question.size));
    if (has_customer == question.has_index)
        return FAIL(BAD_PARAMETER, "An inclusion proof is of a customer, or of an index.");
    return log_question_reply(&question, reply, prove_inclusion);
}

result get_heads_consistency(const struct request *request, struct reply *reply)
{
    OWNED(log_question_release) struct log_question question = {.request = request, .kind = &heads};
    return log_question_reply_consistency(&question, reply);
}

static result add_line(void *context, const struct heads_leaf *leaf)
{
    struct buf *text = context;
    buf_add(text, leaf->leaf);
    buf_add_char(text, '\n');
    return OK;
}

static result list_entries(struct db_tx *tx, void *context)
{
    struct log_question *question = context;
    struct buf text = {.arena = question->request->arena};
    TRY(log_question_open(tx, question));
    int64_t to = log_question_end(question);
    if (question->from < to)
        TRY(heads_each(tx, question->id, question->from, to, add_line, &text));
    question->text = buf_str(&text);
    return OK;
}

// Every customer's name stands in it.
result get_heads_entries(const struct request *request, struct reply *reply)
{
    struct log_question question = {.request = request, .kind = &heads};
    TRY(caller_unbound(request));
    return log_question_reply_lines(&question, reply, list_entries);
}

static result find_timestamp(struct db_tx *tx, void *context)
{
    struct log_question *question = context;
    TRY(log_question_open(tx, question));
    return heads_timestamp(tx, question->id, log_question_size(question), &question->text);
}

result get_heads_timestamp(const struct request *request, struct reply *reply)
{
    struct log_question question = {.request = request, .kind = &heads};
    TRY(http_parameters_known(request, "size"));
    TRY(parameter_i64(request, "size", INT64_MAX, &question.has_size, &question.size));
    TRY(db_transact(request->db, request->arena, find_timestamp, &question));
    return http_reply_text(reply, 200, "application/timestamp-reply", question.text);
}
