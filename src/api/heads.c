// SPDX-License-Identifier: Apache-2.0
// /v1/ledger/checkpoint and /v1/heads: the log of all customers' heads.
#include "phial/ledger/publish.h"
#include "proof_reply.h"

enum { HEADS_MAX = 10000, FRESH_US = 1000000 };

struct heads_question {
    const struct request *request;
    int64_t epoch;
    int64_t published; // the last size that was signed
    bool has_index, has_size, has_from, has_to;
    int64_t index, size, from, to;
    str customer;
    // answers
    str text;
    json_t *json;
};

static void question_release(struct heads_question *question)
{
    json_release(&question->json);
}

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

static result open_heads(struct db_tx *tx, struct heads_question *question)
{
    struct heads_checkpoint last = {0};
    question->epoch = signer_epoch(api_of(question->request)->signer);
    json_release(&question->json);
    question->json = NULL;
    result found = heads_checkpoint_last(tx, question->epoch, &last);
    question->published = failed(found) ? 0 : last.size;
    return found.code == ERR_NOT_FOUND ? OK : found;
}

static result find_leaf(struct db_tx *tx, const struct heads_question *question, int64_t size,
                        struct heads_leaf *leaf)
{
    struct customer customer = {0};
    if (question->has_index) {
        TRY(caller_unbound(question->request)); // another customer's name may stand in it
        return heads_leaf(tx, question->epoch, question->index, leaf);
    }
    TRY(caller_customer(tx, question->request, question->customer, &customer));
    return heads_latest(tx, question->epoch, customer.id, size, leaf);
}

static result prove_inclusion(struct db_tx *tx, void *context)
{
    struct heads_question *question = context;
    const struct request *request = question->request;
    struct merkle_proof proof = {.count = 0};
    struct heads_leaf leaf = {0};
    sha256 root = {{0}};
    TRY(open_heads(tx, question));
    int64_t size = question->has_size ? question->size : question->published;
    if (size > question->published || (question->has_index && question->index >= size))
        return FAIL(INVALID, "The log of heads has no such leaf at that size.");
    TRY(find_leaf(tx, question, size, &leaf));
    TRY(heads_inclusion(tx, question->epoch, leaf.index, size, &proof));
    TRY(heads_root(tx, question->epoch, size, &root));
    sha256 hash = merkle_leaf(leaf.leaf);
    TRY(print_proof(request, &proof, &question->json));
    TRY(add_hash(request, question->json, "leaf", &hash));
    TRY(add_hash(request, question->json, "root", &root));
    TRY(add_number(question->json, "index", leaf.index));
    TRY(add_number(question->json, "size", size));
    return json_object_set_new(question->json, "entry", json_from_str(leaf.leaf)) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

static result reply_heads(const struct request *request, struct reply *reply,
                          struct heads_question *question, result (*work)(struct db_tx *, void *))
{
    TRY(db_transact(request->db, request->arena, work, question));
    return http_reply_json(request, reply, 200, json_incref(question->json));
}

result get_heads_inclusion(const struct request *request, struct reply *reply)
{
    OWNED(question_release) struct heads_question question = {.request = request};
    TRY(http_parameters_known(request, "customer index size"));
    bool has_customer = http_parameter(request, "customer", &question.customer);
    TRY(parameter_i64(request, "index", INT64_MAX, &question.has_index, &question.index));
    TRY(parameter_i64(request, "size", INT64_MAX, &question.has_size, &question.size));
    if (has_customer == question.has_index)
        return FAIL(BAD_PARAMETER, "An inclusion proof is of a customer, or of an index.");
    return reply_heads(request, reply, &question, prove_inclusion);
}

static result prove_consistency(struct db_tx *tx, void *context)
{
    struct heads_question *question = context;
    struct merkle_proof proof = {.count = 0};
    TRY(open_heads(tx, question));
    int64_t to = question->has_to ? question->to : question->published;
    if (question->from == 0)
        return FAIL(INVALID, "Consistency from size 0 is meaningless: every log extends it.");
    if (to > question->published || question->from > to)
        return FAIL(INVALID, "The log of heads has not had that size.");
    TRY(heads_consistency(tx, question->epoch, question->from, to, &proof));
    TRY(print_proof(question->request, &proof, &question->json));
    TRY(add_number(question->json, "from", question->from));
    return add_number(question->json, "to", to);
}

static result read_range(const struct request *request, struct heads_question *question)
{
    TRY(http_parameters_known(request, "from to"));
    TRY(parameter_i64(request, "from", INT64_MAX, &question->has_from, &question->from));
    TRY(parameter_i64(request, "to", INT64_MAX, &question->has_to, &question->to));
    if (question->has_to && question->from > question->to)
        return FAIL(BAD_PARAMETER, "from must not be greater than to.");
    return OK;
}

result get_heads_consistency(const struct request *request, struct reply *reply)
{
    OWNED(question_release) struct heads_question question = {.request = request};
    TRY(read_range(request, &question));
    if (!question.has_from)
        return FAIL(BAD_PARAMETER, "A consistency proof begins from a size.");
    return reply_heads(request, reply, &question, prove_consistency);
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
    struct heads_question *question = context;
    struct buf text = {.arena = question->request->arena};
    TRY(open_heads(tx, question));
    int64_t most = question->published;
    int64_t to = question->has_to && question->to < most ? question->to : most;
    if (to - question->from > HEADS_MAX)
        to = question->from + HEADS_MAX;
    if (question->from < to)
        TRY(heads_each(tx, question->epoch, question->from, to, add_line, &text));
    question->text = buf_str(&text);
    return OK;
}

// Every customer's name stands in it.
result get_heads_entries(const struct request *request, struct reply *reply)
{
    struct heads_question question = {.request = request};
    TRY(caller_unbound(request));
    TRY(read_range(request, &question));
    TRY(db_transact(request->db, request->arena, list_entries, &question));
    return http_reply_text(reply, 200, "application/x-ndjson", question.text);
}

static result find_timestamp(struct db_tx *tx, void *context)
{
    struct heads_question *question = context;
    TRY(open_heads(tx, question));
    return heads_timestamp(tx, question->epoch,
                           question->has_size ? question->size : question->published,
                           &question->text);
}

result get_heads_timestamp(const struct request *request, struct reply *reply)
{
    struct heads_question question = {.request = request};
    TRY(http_parameters_known(request, "size"));
    TRY(parameter_i64(request, "size", INT64_MAX, &question.has_size, &question.size));
    TRY(db_transact(request->db, request->arena, find_timestamp, &question));
    return http_reply_text(reply, 200, "application/timestamp-reply", question.text);
}
