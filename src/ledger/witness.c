// SPDX-License-Identifier: Apache-2.0
#include "phial/ledger/witness.h"

#include "signed_heads.h"

#include <pthread.h>

enum { LOGS_MAX = 64 };

#define SECOND_US 1000000

struct witness {
    struct arena arena;
    struct signing_key *key;
    str name;
    str public_name; // the verifier key
    struct witnessed_log logs[LOGS_MAX];
    size_t count;
    struct signed_heads *seen; // under the mutex
    pthread_mutex_t mutex;
};

static result read_logs(struct witness *witness, str list)
{
    while (list.len != 0) {
        str one = list;
        str rest = STR("");
        if (!str_cut(list, ',', &one, &rest))
            one = list;
        list = rest;
        struct witnessed_log *log = &witness->logs[witness->count];
        if (witness->count == LOGS_MAX ||
            failed(
                note_verifier_key_parse(&witness->arena, str_trim(one), &log->name, log->public)))
            return FAIL(BAD_CONFIG, "[witness] logs: is no list of at most 64 verifier keys");
        log->name = str_copy(&witness->arena, log->name);
        witness->count++;
    }
    return OK;
}

static result open_key(struct witness *witness, const char *path)
{
    unsigned char public[ED25519_PUBLIC_BYTES];
    result read = signing_key_read(path, &witness->key);
    if (read.code == ERR_NOT_FOUND) {
        TRY(signing_key_make(&witness->key));
        read = signing_key_write(witness->key, path);
    }
    TRY(read);
    signing_key_public(witness->key, public);
    witness->public_name = cosigner_key_print(&witness->arena, witness->name, public);
    return OK;
}

result witness_open(const struct witness_options *options, struct witness **witness)
{
    struct arena arena = {0};
    struct witness *made = arena_new(&arena, struct witness);
    made->name = str_copy(&arena, options->name);
    made->arena = arena;
    (void)pthread_mutex_init(&made->mutex, NULL);
    result opened = read_logs(made, options->logs);
    if (!failed(opened))
        opened = open_key(made, options->key_path);
    if (!failed(opened))
        opened = signed_heads_open(options->state_path, &made->seen);
    if (failed(opened)) {
        witness_close(made);
        return opened;
    }
    *witness = made;
    return OK;
}

void witness_close(struct witness *witness)
{
    if (witness == NULL)
        return;
    signed_heads_close(witness->seen);
    if (witness->key != NULL)
        signing_key_close(witness->key);
    (void)pthread_mutex_destroy(&witness->mutex);
    struct arena arena = witness->arena; // holds `witness` itself
    arena_reset(&arena);
}

str witness_key(const struct witness *witness)
{
    return witness->public_name;
}

static const struct witnessed_log *find_log(const struct witness *witness, struct arena *arena,
                                            str note)
{
    str body = {0};
    str lines = {0};
    struct checkpoint said = {0};
    if (!note_cut(note, &body, &lines) || failed(checkpoint_parse(arena, body, &said)))
        return NULL;
    for (size_t i = 0; i < witness->count; i++) {
        if (str_eq(witness->logs[i].name, said.origin))
            return &witness->logs[i];
    }
    return NULL;
}

static const char *complaint(enum witness_verdict verdict)
{
    switch (verdict) {
    case WITNESS_MALFORMED:
        return "The request is malformed.\n";
    case WITNESS_FORBIDS:
        return "The log's key has not signed this checkpoint.\n";
    case WITNESS_UNKNOWN:
        return "This log is not witnessed here.\n";
    case WITNESS_REFUTES:
        return "The proof does not show that the log has only grown.\n";
    case WITNESS_TAKES:
    case WITNESS_CONFLICTS:
        break;
    }
    return "";
}

// Decides with the file locked; what it agrees to is flushed by then.
static result decide(struct witness *witness, struct arena *arena,
                     const struct witness_request *request, struct witnessed_log *log,
                     struct witness_answer *answer)
{
    struct checkpoint next = {0};
    str body = {0};
    const struct checkpoint *seen = signed_heads_find(witness->seen, log->name);
    if (seen != NULL)
        log->last = *seen;
    answer->status = witness_judge(arena, request, log, &next, &body);
    answer->text = str_from(complaint(answer->status));
    if (answer->status == WITNESS_CONFLICTS)
        answer->text = str_printf(arena, "%llu\n", (unsigned long long)log->last.size);
    if (answer->status != WITNESS_TAKES)
        return OK;
    if (seen == NULL || seen->size != next.size)
        TRY(signed_heads_add(witness->seen, &next));
    answer->text = body; // to be signed
    return OK;
}

result witness_add(struct witness *witness, struct arena *arena, str body, instant now,
                   struct witness_answer *answer)
{
    struct witness_request request = {0};
    *answer = (struct witness_answer){WITNESS_MALFORMED, str_from(complaint(WITNESS_MALFORMED))};
    if (failed(witness_request_parse(arena, body, &request)))
        return OK;
    const struct witnessed_log *known = find_log(witness, arena, request.note);
    if (known == NULL) {
        answer->status = WITNESS_UNKNOWN;
        answer->text = str_from(complaint(WITNESS_UNKNOWN));
        return OK;
    }
    struct witnessed_log log = *known;
    (void)pthread_mutex_lock(&witness->mutex);
    result decided = signed_heads_lock(witness->seen);
    if (!failed(decided)) {
        decided = decide(witness, arena, &request, &log, answer);
        signed_heads_unlock(witness->seen);
    }
    (void)pthread_mutex_unlock(&witness->mutex);
    TRY(decided);
    if (answer->status == WITNESS_TAKES)
        return cosign(arena, answer->text, now.us / SECOND_US, witness->name, witness->key,
                      &answer->text);
    return OK;
}
