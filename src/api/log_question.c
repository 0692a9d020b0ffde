// SPDX-License-Identifier: Apache-2.0
#include "log_question.h"

#include "phial/util/encode.h"

void log_question_release(struct log_question *question)
{
    json_release(&question->json);
}

result log_question_open(struct db_tx *tx, struct log_question *question)
{
    json_release(&question->json);
    return question->kind->open(tx, question);
}

static str base64_of(const struct log_question *question, const sha256 *hash)
{
    return encode_base64(question->request->arena, sha256_str(hash));
}

// {"proof": [base64 ...]}
static result print_proof(struct log_question *question, const struct merkle_proof *proof)
{
    OWNED(json_release) json_t *hashes = json_array();
    for (size_t i = 0; i < proof->count; i++) {
        str hash = base64_of(question, &proof->hashes[i]);
        if (json_array_append_new(hashes, json_from_str(hash)) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    question->json = json_pack("{s:O}", "proof", hashes);
    return question->json == NULL ? FAIL(INTERNAL, "out of memory") : OK;
}

static result add(struct log_question *question, const char *name, json_t *value)
{
    return json_object_set_new(question->json, name, value) == 0 ? OK
                                                                 : FAIL(INTERNAL, "out of memory");
}

static result add_hash(struct log_question *question, const char *name, const sha256 *hash)
{
    return add(question, name, json_from_str(base64_of(question, hash)));
}

result log_question_include(struct db_tx *tx, struct log_question *question, int64_t index,
                            const sha256 *leaf)
{
    const struct log_kind *kind = question->kind;
    int64_t size = log_question_size(question);
    struct merkle_proof proof = {.count = 0};
    sha256 root = {{0}};
    TRY(kind->inclusion(tx, question->id, index, size, &proof));
    TRY(kind->root(tx, question->id, size, &root));
    TRY(print_proof(question, &proof));
    TRY(add_hash(question, "leaf", leaf));
    TRY(add_hash(question, "root", &root));
    TRY(add(question, "index", json_integer(index)));
    return add(question, "size", json_integer(size));
}

int64_t log_question_size(const struct log_question *question)
{
    return question->has_size ? question->size : question->length;
}

result log_question_read_range(struct log_question *question)
{
    const struct request *request = question->request;
    TRY(http_parameters_known(request, "from to"));
    TRY(parameter_i64(request, "from", INT64_MAX, &question->has_from, &question->from));
    TRY(parameter_i64(request, "to", INT64_MAX, &question->has_to, &question->to));
    if (question->has_to && question->from > question->to)
        return FAIL(BAD_PARAMETER, "from must not be greater than to.");
    return OK;
}

int64_t log_question_end(const struct log_question *question)
{
    bool inside = question->has_to && question->to < question->length;
    int64_t to = inside ? question->to : question->length;
    return to - question->from > LINES_MAX ? question->from + LINES_MAX : to;
}

result log_question_reply(struct log_question *question, struct reply *reply,
                          result (*work)(struct db_tx *tx, void *question))
{
    const struct request *request = question->request;
    TRY(db_transact(request->db, request->arena, work, question));
    return http_reply_json(request, reply, 200, json_incref(question->json));
}

static result prove_consistency(struct db_tx *tx, void *context)
{
    struct log_question *question = context;
    struct merkle_proof proof = {.count = 0};
    TRY(log_question_open(tx, question));
    int64_t to = question->has_to ? question->to : question->length;
    if (question->from == 0)
        return FAIL(INVALID, "Consistency from size 0 is meaningless: every log extends it.");
    if (to > question->length || question->from > to)
        return FAIL(INVALID, "The log has not had that size.");
    TRY(question->kind->consistency(tx, question->id, question->from, to, &proof));
    TRY(print_proof(question, &proof));
    TRY(add(question, "from", json_integer(question->from)));
    return add(question, "to", json_integer(to));
}

result log_question_reply_consistency(struct log_question *question, struct reply *reply)
{
    TRY(log_question_read_range(question));
    if (!question->has_from)
        return FAIL(BAD_PARAMETER, "A consistency proof begins from a size.");
    return log_question_reply(question, reply, prove_consistency);
}

result log_question_reply_lines(struct log_question *question, struct reply *reply,
                                result (*work)(struct db_tx *tx, void *question))
{
    const struct request *request = question->request;
    TRY(log_question_read_range(question));
    TRY(db_transact(request->db, request->arena, work, question));
    return http_reply_text(reply, 200, "application/x-ndjson", question->text);
}
