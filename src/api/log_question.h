// SPDX-License-Identifier: Apache-2.0
// log_question.h - what may be asked of a log, a customer's or that of all heads: proofs, and
// lines.
#pragma once

#include "caller.h"
#include "phial/merkle/merkle.h"

// An answer ends at so many lines; the caller goes on from the line after its last.
enum { LINES_MAX = 10000 };

struct log_question;

// How a log is asked, and proven from there on by its id.
struct log_kind {
    result (*open)(struct db_tx *tx, struct log_question *question); // yields its id and length
    result (*root)(struct db_tx *tx, int64_t id, int64_t size, sha256 *root);
    result (*inclusion)(struct db_tx *tx, int64_t id, int64_t index, int64_t size,
                        struct merkle_proof *proof);
    result (*consistency)(struct db_tx *tx, int64_t id, int64_t from, int64_t to,
                          struct merkle_proof *proof);
};

struct log_question {
    const struct request *request;
    const struct log_kind *kind;
    bool has_index, has_size, has_from, has_to;
    int64_t index, size, from, to;
    str customer; // whose log it is, or whose leaf is looked for
    // the log
    int64_t id;
    int64_t length;
    // answers
    str text;
    json_t *json;
};
void log_question_release(struct log_question *question);

// Opens the log. Begins with no answer: a transaction may be run again.
result log_question_open(struct db_tx *tx, struct log_question *question);

// What is proven of `leaf` at `index`, in a log that has been opened.
result log_question_include(struct db_tx *tx, struct log_question *question, int64_t index,
                            const sha256 *leaf);
int64_t log_question_size(const struct log_question *question); // the one asked for, or the last

// ?from=&to=
result log_question_read_range(struct log_question *question);
int64_t log_question_end(const struct log_question *question); // of the lines of this answer

result log_question_reply(struct log_question *question, struct reply *reply,
                          result (*work)(struct db_tx *tx, void *question));
result log_question_reply_consistency(struct log_question *question, struct reply *reply);
result log_question_reply_lines(struct log_question *question, struct reply *reply,
                                result (*work)(struct db_tx *tx, void *question));
