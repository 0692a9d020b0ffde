// SPDX-License-Identifier: Apache-2.0
// What others are asked to say of a checkpoint: that they saw no other history, and when it was.
#include "keeper.h"
#include "phial/crypto/timestamp.h"
#include "phial/merkle/witness.h"
#include "phial/util/file.h"
#include "phial/webhooks/post.h"

enum { HTTP_OK = 200, HTTP_CONFLICT = 409, FILE_MODE = 0644 };

#define HOUR_US INT64_C(3600000000)

// The next of a list with commas; false at its end.
static bool next_of(str *list, str *one)
{
    str rest = STR("");
    if (list->len == 0)
        return false;
    if (!str_cut(*list, ',', one, &rest)) {
        *one = *list;
        rest = STR("");
    }
    *one = str_trim(*one);
    *list = rest;
    return true;
}

// ---- witnesses

struct asking {
    struct heads_keeper *keeper;
    int64_t old_size;
    struct witness_request request;
    // an answer's line
    str witness;
    str line;
};

static result prove(struct db_tx *tx, void *context)
{
    struct asking *asking = context;
    const struct heads_checkpoint *last = &asking->keeper->last;
    asking->request =
        (struct witness_request){(uint64_t)asking->old_size, {.count = 0}, last->note};
    if (asking->old_size == 0 || asking->old_size == last->size)
        return OK;
    return heads_consistency(tx, last->epoch, asking->old_size, last->size, &asking->request.proof);
}

static result keep_line(struct db_tx *tx, void *context)
{
    const struct asking *asking = context;
    return heads_cosigned(tx, &asking->keeper->last, asking->witness, asking->line);
}

// Of whichever witness that is known the lines are.
static void keep_lines(struct heads_keeper *keeper, struct arena *arena, str lines)
{
    str body = {0};
    str rest = {0};
    str key = {0};
    str keys = keeper->options.witness_keys;
    bool any = false;
    if (!note_cut(keeper->last.note, &body, &rest))
        return;
    while (next_of(&keys, &key)) {
        struct cosignature found = {{0}, 0};
        if (failed(cosignature_find(arena, body, lines, key, &found)))
            continue;
        struct asking asking = {.keeper = keeper, .witness = key, .line = found.line};
        any = true;
        if (failed(db_transact(keeper->job.db, arena, keep_line, &asking)))
            keeper_failed(keeper, "witness", "cannot_be_kept", 0);
        else
            atomic_store(&keeper->witnessed_size, (uint64_t)keeper->last.size);
    }
    if (!any)
        keeper_failed(keeper, "witness", "no_known_cosignature", HTTP_OK);
}

// False where the witness has to be asked again, from the size that it says it knows.
static bool ask(struct heads_keeper *keeper, struct arena *arena, size_t number, str url)
{
    struct asking asking = {.keeper = keeper, .old_size = keeper->known[number]};
    if (failed(db_transact(keeper->job.db, arena, prove, &asking))) {
        keeper_failed(keeper, "witness", "no_proof_from_what_it_knows", 0);
        return true;
    }
    struct post post = {.egress = keeper->options.egress,
                        .url = str_concat(arena, url, STR("/add-checkpoint"), STR("")),
                        .content_type = STR("text/plain; charset=utf-8"),
                        .body = witness_request_print(arena, &asking.request),
                        .timeout_ms = keeper->options.timeout_ms};
    struct post_answer answer = post_send(arena, &post);
    if (answer.error != NULL) {
        keeper_failed(keeper, "witness", answer.error, 0);
        return true;
    }
    if (answer.status == HTTP_OK) {
        keeper->known[number] = keeper->last.size;
        keep_lines(keeper, arena, answer.body);
        return true;
    }
    int64_t size = 0;
    str line = STR("");
    str rest = STR("");
    bool told = answer.status == HTTP_CONFLICT && str_cut(answer.body, '\n', &line, &rest) &&
                str_to_i64(line, &size) && size != keeper->known[number];
    if (told && size >= 0 && size <= keeper->last.size) {
        keeper->known[number] = size;
        return false;
    }
    // It has seen a longer log than there is: what a restored old backup looks like from outside.
    keeper_failed(keeper, "witness", told ? "witness_contradicts_database" : "status",
                  answer.status);
    return true;
}

void keeper_witness(struct heads_keeper *keeper, struct arena *arena)
{
    str urls = keeper->options.witness_urls;
    str url = {0};
    for (size_t number = 0; number < WITNESSES_MAX && next_of(&urls, &url); number++) {
        if (url.len == 0 || keeper->known[number] == keeper->last.size)
            continue;
        bool done = ask(keeper, arena, number, url);
        if (!done)
            done = ask(keeper, arena, number, url);
        if (!done)
            keeper_failed(keeper, "witness", "status", HTTP_CONFLICT);
    }
}

// ---- time stamps

struct stamping {
    const struct heads_keeper *keeper;
    bool present;
    instant at;
    str reply;
};

static result find_last(struct db_tx *tx, void *context)
{
    struct stamping *stamping = context;
    return heads_last_timestamp(tx, &stamping->present, &stamping->at);
}

static result keep_stamp(struct db_tx *tx, void *context)
{
    const struct stamping *stamping = context;
    return heads_stamped(tx, &stamping->keeper->last, stamping->reply);
}

static bool is_due(struct heads_keeper *keeper, struct arena *arena, instant now)
{
    struct stamping stamping = {.keeper = keeper};
    if (keeper->options.timestamp_url.len == 0 || keeper->last.size == 0 ||
        failed(db_transact(keeper->job.db, arena, find_last, &stamping)))
        return false;
    return !stamping.present ||
           now.us - stamping.at.us >= keeper->options.timestamp_hours * HOUR_US;
}

void keeper_stamp(struct heads_keeper *keeper, struct arena *arena, instant now)
{
    str query = {0};
    str signed_lines = {0};
    str body = {0};
    if (!is_due(keeper, arena, now) || !note_cut(keeper->last.note, &body, &signed_lines) ||
        failed(timestamp_ask(arena, body, &query)))
        return;
    struct post post = {.egress = keeper->options.egress,
                        .url = keeper->options.timestamp_url,
                        .content_type = STR("application/timestamp-query"),
                        .body = query,
                        .timeout_ms = keeper->options.timeout_ms};
    struct post_answer answer = post_send(arena, &post);
    if (answer.error != NULL || answer.status != HTTP_OK) {
        keeper_failed(keeper, "timestamp", answer.error == NULL ? "status" : answer.error,
                      answer.status);
        return;
    }
    struct stamping stamping = {.keeper = keeper, .reply = answer.body};
    if (failed(timestamp_check(body, query, answer.body, keeper->options.timestamp_ca))) {
        keeper_failed(keeper, "timestamp", "no_stamp_of_what_was_asked", HTTP_OK);
        return;
    }
    if (failed(db_transact(keeper->job.db, arena, keep_stamp, &stamping))) {
        keeper_failed(keeper, "timestamp", "cannot_be_kept", 0);
        return;
    }
    atomic_fetch_add(&keeper->stamps, 1);
    if (keeper->options.folder.len != 0 &&
        failed(
            file_write(keeper_path(keeper, arena, &keeper->last, "tsr"), answer.body, FILE_MODE)))
        keeper_failed(keeper, "folder", "cannot_be_written", 0);
}
