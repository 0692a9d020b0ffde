// SPDX-License-Identifier: Apache-2.0
#include "phial/ledger/signer.h"

#include "ledger.sql.h"
#include "phial/ledger/ledger.h"
#include "phial/merkle/note.h"
#include "phial/util/file.h"
#include "signed_heads.h"

#include <pthread.h>
#include <string.h>

enum { PUBLIC_MODE = 0644 };

struct signer {
    struct arena arena;
    str server;
    struct signing_key *key;
    unsigned char public[ED25519_PUBLIC_BYTES];
    struct signed_heads *heads; // under the mutex
    pthread_mutex_t mutex;
};

static result make_key(const struct signer_options *options, struct signing_key **key)
{
    struct signing_key *made = NULL;
    TRY(signing_key_make(&made));
    result written = signing_key_write(made, options->key_path);
    if (failed(written)) {
        signing_key_close(made);
        return written;
    }
    *key = made;
    return OK;
}

static result open_key(struct signer *signer, const struct signer_options *options)
{
    result read = signing_key_read(options->key_path, &signer->key);
    if (read.code == ERR_NOT_FOUND && options->make)
        read = make_key(options, &signer->key);
    TRY(read);
    signing_key_public(signer->key, signer->public);
    if (!options->make || options->public_path == NULL)
        return OK;
    struct arena scratch = {0};
    result written =
        file_write(options->public_path, public_key_print(&scratch, signer->public), PUBLIC_MODE);
    arena_reset(&scratch);
    return written;
}

result signer_open(const struct signer_options *options, struct signer **signer)
{
    struct arena arena = {0};
    struct signer *made = arena_new(&arena, struct signer);
    made->server = str_copy(&arena, options->server);
    made->arena = arena;
    (void)pthread_mutex_init(&made->mutex, NULL);
    result opened = open_key(made, options);
    if (!failed(opened))
        opened = signed_heads_open(options->state_path, &made->heads);
    if (failed(opened)) {
        signer_close(made);
        return opened;
    }
    *signer = made;
    return OK;
}

void signer_close(struct signer *signer)
{
    if (signer == NULL)
        return;
    signed_heads_close(signer->heads);
    if (signer->key != NULL)
        signing_key_close(signer->key);
    (void)pthread_mutex_destroy(&signer->mutex);
    struct arena arena = signer->arena; // holds `signer` itself
    arena_reset(&arena);
}

const unsigned char *signer_public(const struct signer *signer)
{
    return signer->public;
}

str signer_server(const struct signer *signer)
{
    return signer->server;
}

result signer_sign(struct signer *signer, str message,
                   unsigned char signature[ED25519_SIGNATURE_BYTES])
{
    return signing_key_sign(signer->key, message, signature);
}

// Whether the log is the one whose head was signed, or a longer one that begins with it.
static result check_head(struct db_tx *tx, int64_t customer_id, int64_t size,
                         const struct checkpoint *last)
{
    if ((uint64_t)size < last->size)
        return FAIL(HEAD_REFUSED, "the log is shorter than what was signed");
    sha256 root;
    TRY(ledger_root(tx, customer_id, (int64_t)last->size, &root));
    if (!sha256_eq(&root, &last->root))
        return FAIL(HEAD_REFUSED, "the log is another than what was signed");
    return OK;
}

// The head is read under the lock: what another daemon signed meanwhile is committed by now.
static result next_head(struct signer *signer, struct db_tx *tx, int64_t customer_id,
                        struct checkpoint *next)
{
    struct head head;
    TRY(ledger_head(tx, customer_id, &head));
    next->size = (uint64_t)head.size;
    next->root = merkle_root(&head.range);

    const struct checkpoint *last = signed_heads_find(signer->heads, next->origin);
    if (last != NULL) {
        TRY(check_head(tx, customer_id, head.size, last));
        if (last->size == next->size)
            return OK;
    }
    return signed_heads_add(signer->heads, next);
}

// NOLINTNEXTLINE(readability-function-size): the face names the log and the three answers
result signer_checkpoint(struct signer *signer, struct db_tx *tx, int64_t customer_id, str customer,
                         str *note, int64_t *size, sha256 *root)
{
    struct arena *arena = db_arena(tx);
    struct checkpoint next = {.origin = ledger_origin(arena, signer->server, customer)};
    (void)pthread_mutex_lock(&signer->mutex);
    result done = signed_heads_lock(signer->heads);
    if (!failed(done)) {
        done = next_head(signer, tx, customer_id, &next);
        signed_heads_unlock(signer->heads);
    }
    (void)pthread_mutex_unlock(&signer->mutex);
    TRY(done);

    TRY(note_sign(arena, checkpoint_print(arena, &next), next.origin, signer->key, note));
    *size = (int64_t)next.size;
    *root = next.root;
    return OK;
}

static result check_origin(const struct signer *signer, struct db_tx *tx,
                           const struct checkpoint *last)
{
    str prefix = str_printf(db_arena(tx), "%" STR_FMT "/ledger/", STR_ARG(signer->server));
    bool trail = str_eq(last->origin, ledger_origin(db_arena(tx), signer->server, STR("")));
    if (!trail && !str_starts_with(last->origin, prefix))
        return OK; // of another server name: not what this one signs
    str customer = str_slice(last->origin, prefix.len, last->origin.len);
    int64_t customer_id = 0; // the audit trail's
    struct head head;
    result found = OK;
    if (!trail)
        found = db_one(tx, &ledger_find_customer_sql, PARAMS(db_text(customer)),
                       COLUMNS(db_into_i64("customer_id", &customer_id)));
    if (!failed(found))
        found = ledger_head(tx, customer_id, &head);
    if (found.code == ERR_NOT_FOUND)
        return FAIL(HEAD_REFUSED, "a log that was signed is gone");
    TRY(found);
    return check_head(tx, customer_id, head.size, last);
}

result signer_check(struct signer *signer, struct db_tx *tx)
{
    (void)pthread_mutex_lock(&signer->mutex);
    result checked = signed_heads_lock(signer->heads);
    if (!failed(checked)) {
        const struct checkpoint *last = NULL;
        for (size_t i = 0; !failed(checked) && (last = signed_heads_at(signer->heads, i)) != NULL;
             i++)
            checked = check_origin(signer, tx, last);
        signed_heads_unlock(signer->heads);
    }
    (void)pthread_mutex_unlock(&signer->mutex);
    return checked;
}
