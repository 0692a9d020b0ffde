// SPDX-License-Identifier: Apache-2.0
#include "phial/ledger/signer.h"

#include "ledger.sql.h"
#include "phial/ledger/keys.h"
#include "phial/merkle/note.h"
#include "phial/util/file.h"
#include "signed_heads.h"
#include "stored_log.h"

#include <pthread.h>
#include <string.h>

enum { PUBLIC_MODE = 0644, TURNS_MAX = 100 };

struct signer {
    struct arena arena;
    str name;           // as configured
    struct epoch epoch; // under whose name it signs
    struct signing_key *key;
    struct signing_key *previous; // NULL for none
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
    result before = options->previous_path == NULL
                        ? OK
                        : signing_key_read(options->previous_path, &signer->previous);
    if (before.code != ERR_NOT_FOUND)
        TRY(before);
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
    made->name = str_copy(&arena, options->server);
    made->epoch = (struct epoch){1, made->name};
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
    if (signer->previous != NULL)
        signing_key_close(signer->previous);
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
    return signer->epoch.server;
}

int64_t signer_epoch(const struct signer *signer)
{
    return signer->epoch.number;
}

result signer_sign(struct signer *signer, str message,
                   unsigned char signature[ED25519_SIGNATURE_BYTES])
{
    return signing_key_sign(signer->key, message, signature);
}

result signer_begin(struct signer *signer, struct db_tx *tx)
{
    struct epoch epoch = {0};
    TRY(epoch_read(tx, signer->name, &epoch));
    signer->epoch = (struct epoch){epoch.number, str_copy(&signer->arena, epoch.server)};
    return OK;
}

static result locked_heads(struct signer *signer)
{
    (void)pthread_mutex_lock(&signer->mutex);
    result locked = signed_heads_lock(signer->heads);
    if (failed(locked))
        (void)pthread_mutex_unlock(&signer->mutex);
    return locked;
}

static void release_heads(struct signer *signer)
{
    signed_heads_unlock(signer->heads);
    (void)pthread_mutex_unlock(&signer->mutex);
}

result signer_signed(struct signer *signer, struct arena *arena, const struct checkpoint **heads,
                     size_t *count)
{
    size_t found = 0;
    TRY(locked_heads(signer));
    while (signed_heads_at(signer->heads, found) != NULL)
        found++;
    struct checkpoint *list = arena_array(arena, struct checkpoint, found + 1);
    for (size_t i = 0; i < found; i++) {
        const struct checkpoint *head = signed_heads_at(signer->heads, i);
        list[i] = (struct checkpoint){str_copy(arena, head->origin), head->size, head->root};
    }
    release_heads(signer);
    *heads = list;
    *count = found;
    return OK;
}

// Whether the log is the one whose head was signed, or a longer one that begins with it; its
// compact range then.
static result check_head(struct db_tx *tx, const struct stored_log *log, const struct head *head,
                         const struct checkpoint *last, struct merkle_range *range)
{
    sha256 now = merkle_root(&head->range);
    if ((uint64_t)head->size < last->size)
        return FAIL(HEAD_REFUSED, "the log is shorter than what was signed");
    if ((uint64_t)head->size == last->size && !sha256_eq(&now, &last->root))
        return FAIL(HEAD_REFUSED, "the log is another than what was signed");
    result read = stored_log_range(tx, log, (int64_t)last->size, range);
    if (read.code == ERR_VERIFICATION_FAILED)
        return FAIL(HEAD_REFUSED, read.detail);
    TRY(read);
    sha256 root = merkle_root(range);
    if (!sha256_eq(&root, &last->root))
        return FAIL(HEAD_REFUSED, "the log is another than what was signed");
    return OK;
}

// Reads again, from what was signed last on, what is to be signed next.
static result vouch(struct db_tx *tx, const struct stored_log *log, const struct checkpoint *last,
                    struct checkpoint *next)
{
    struct head head;
    struct merkle_range range = {.size = 0};
    TRY(stored_log_head(tx, log, &head));
    if (last->size != 0)
        TRY(check_head(tx, log, &head, last, &range));
    result read = stored_log_rehash(tx, log, head.size, &range);
    if (read.code == ERR_VERIFICATION_FAILED)
        return FAIL(HEAD_REFUSED, read.detail);
    TRY(read);
    next->size = (uint64_t)head.size;
    next->root = merkle_root(&head.range);
    sha256 root = merkle_root(&range);
    if (!sha256_eq(&root, &next->root))
        return FAIL(HEAD_REFUSED, "the stored entries are other than their head says");
    return OK;
}

// Whether nothing was signed since `last` was; if so `next` is signed from now on.
static result settle(struct signer *signer, const struct checkpoint *last,
                     const struct checkpoint *next, bool *settled)
{
    const struct checkpoint *now = signed_heads_find(signer->heads, next->origin);
    *settled = (now == NULL ? 0 : now->size) == last->size;
    if (!*settled || (now != NULL && now->size == next->size))
        return OK;
    return signed_heads_add(signer->heads, next);
}

// Hashing may take long, and happens without the lock: where another daemon has signed meanwhile,
// the head is read again.
static result agree(struct signer *signer, struct db_tx *tx, const struct stored_log *log,
                    struct checkpoint *next)
{
    bool settled = false;
    for (int turn = 0; turn < TURNS_MAX && !settled; turn++) {
        struct checkpoint last = {.origin = next->origin};
        TRY(locked_heads(signer));
        const struct checkpoint *found = signed_heads_find(signer->heads, next->origin);
        if (found != NULL)
            last = (struct checkpoint){next->origin, found->size, found->root};
        release_heads(signer);
        TRY(vouch(tx, log, &last, next));
        TRY(locked_heads(signer));
        result done = settle(signer, &last, next, &settled);
        release_heads(signer);
        TRY(done);
    }
    return settled ? OK : FAIL(SIGNER_AWAY, "others keep signing the log");
}

static result print_note(struct signer *signer, struct arena *arena, const struct checkpoint *next,
                         str *note)
{
    str line = STR("");
    str body = checkpoint_print(arena, next);
    if (signer->previous != NULL)
        TRY(note_line(arena, body, next->origin, signer->previous, &line));
    TRY(note_sign(arena, body, next->origin, signer->key, note));
    *note = str_concat(arena, *note, line, STR(""));
    return OK;
}

// NOLINTNEXTLINE(readability-function-size): the face names the log and the three answers
result signer_checkpoint(struct signer *signer, struct db_tx *tx, int64_t customer_id, str customer,
                         str *note, int64_t *size, sha256 *root)
{
    struct arena *arena = db_arena(tx);
    struct stored_log log = customer_log(customer_id);
    struct checkpoint next = {.origin = ledger_origin(arena, signer->epoch.server, customer)};
    TRY(agree(signer, tx, &log, &next));
    TRY(print_note(signer, arena, &next, note));
    *size = (int64_t)next.size;
    *root = next.root;
    return OK;
}

static str heads_origin(const struct signer *signer, struct arena *arena)
{
    return str_concat(arena, signer->epoch.server, STR("/heads"), STR(""));
}

result signer_heads_checkpoint(struct signer *signer, struct db_tx *tx, str *note, int64_t *size)
{
    struct stored_log log = heads_stored_log(signer->epoch.number);
    struct checkpoint next = {.origin = heads_origin(signer, db_arena(tx))};
    TRY(agree(signer, tx, &log, &next));
    TRY(print_note(signer, db_arena(tx), &next, note));
    *size = (int64_t)next.size;
    return OK;
}

// Which log a head signed is of; false for another server's, or an earlier epoch's.
static result find_log(const struct signer *signer, struct db_tx *tx, str origin,
                       struct stored_log *log, bool *found)
{
    str server = signer->epoch.server;
    str prefix = str_concat(db_arena(tx), server, STR("/ledger/"), STR(""));
    *found = str_eq(origin, heads_origin(signer, db_arena(tx)));
    if (*found)
        *log = heads_stored_log(signer->epoch.number);
    bool trail = str_eq(origin, ledger_origin(db_arena(tx), server, STR("")));
    if (!trail && !str_starts_with(origin, prefix))
        return OK;
    int64_t customer_id = 0; // the audit trail's
    str customer = str_slice(origin, prefix.len, origin.len);
    if (!trail)
        TRY(db_one(tx, &ledger_find_customer_sql, PARAMS(db_text(customer)),
                   COLUMNS(db_into_i64("customer_id", &customer_id))));
    *log = customer_log(customer_id);
    *found = true;
    return OK;
}

static result check_origin(const struct signer *signer, struct db_tx *tx,
                           const struct checkpoint *last)
{
    struct head head;
    struct merkle_range range;
    struct stored_log log = {0};
    bool ours = false;
    result found = find_log(signer, tx, last->origin, &log, &ours);
    if (!failed(found) && ours)
        found = stored_log_head(tx, &log, &head);
    if (found.code == ERR_NOT_FOUND)
        return FAIL(HEAD_REFUSED, "a log that was signed is gone");
    TRY(found);
    return ours ? check_head(tx, &log, &head, last, &range) : OK;
}

struct origin_check {
    const struct signer *signer;
    const struct checkpoint *last;
};

static result check_in_scratch(struct db_tx *tx, void *context)
{
    const struct origin_check *check = context;
    return check_origin(check->signer, tx, check->last);
}

static result check_key(const struct signer *signer, struct db_tx *tx)
{
    struct ledger_key key = {0};
    result found = ledger_key_last(tx, &key);
    if (found.code == ERR_NOT_FOUND)
        return OK; // it is the first
    TRY(found);
    if (!str_eq(key.public, (str){(const char *)signer->public, sizeof signer->public}))
        return FAIL(CONFLICT, "[ledger] key_path: the key is not the last one that the ledger "
                              "names; phial ledger rotate-key announces another one");
    return OK;
}

result signer_check(struct signer *signer, struct db_tx *tx)
{
    TRY(check_key(signer, tx));
    TRY(locked_heads(signer));
    result checked = OK;
    struct origin_check check = {.signer = signer};
    for (size_t i = 0; !failed(checked) && (check.last = signed_heads_at(signer->heads, i)) != NULL;
         i++)
        checked = db_scratch(tx, check_in_scratch, &check);
    release_heads(signer);
    return checked;
}

result signer_enroll(struct signer *signer, struct db_tx *tx, instant now)
{
    struct ledger_key key = {0};
    result found = ledger_key_last(tx, &key);
    if (found.code != ERR_NOT_FOUND)
        return found;
    return ledger_key_enroll(tx, signer->public, signer->epoch.server, now);
}
