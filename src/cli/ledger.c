// SPDX-License-Identifier: Apache-2.0
// phial ledger rotate-key | retire-key | new-epoch | status
#include "installation.h"
#include "phial/json/json.h"
#include "phial/ledger/keys.h"
#include "phial/merkle/note.h"
#include "phial/phi/phi.h"
#include "phial/util/array.h"
#include "phial/util/file.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { REASON_BYTES_MAX = 500, PUBLIC_MODE = 0644 };

struct ledger_command {
    struct arena *arena;
    struct config config;
    struct db *db;
    str reason;
    instant now;
    // rotate-key
    const char *key_path;
    const char *next_path;
    const char *next_given; // --next; NULL for none
    const char *previous_path;
    struct signing_key *key;
    struct signing_key *next;
    // new-epoch
    struct signer *signer;
    struct epoch_change change;
};

static instant machine_now(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (instant){(int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000};
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

// ---- rotate-key

static result open_keys(struct ledger_command *command)
{
    TRY(signing_key_read(command->key_path, &command->key));
    result read = signing_key_read(command->next_path, &command->next);
    if (read.code != ERR_NOT_FOUND)
        return read;
    TRY(signing_key_make(&command->next));
    return signing_key_write(command->next, command->next_path);
}

static result announce(struct db_tx *tx, void *context)
{
    const struct ledger_command *command = context;
    unsigned char public[ED25519_PUBLIC_BYTES];
    unsigned char next[ED25519_PUBLIC_BYTES];
    struct epoch epoch = {0};
    struct ledger_key last = {0};
    signing_key_public(command->key, public);
    signing_key_public(command->next, next);
    TRY(epoch_read(tx, command->config.server_name, &epoch));
    result found = ledger_key_last(tx, &last);
    if (found.code == ERR_NOT_FOUND)
        found = ledger_key_enroll(tx, public, epoch.server, command->now);
    TRY(found);
    if (str_eq(last.public, (str){(const char *)next, sizeof next}))
        return OK; // announced by a run that ended before it moved the files
    struct key_change change = {.previous = command->key,
                                .next = command->next,
                                .epoch = &epoch,
                                .reason = command->reason,
                                .now = command->now};
    return ledger_key_rotate(tx, &change);
}

// The old key goes first: where the second step fails, a daemon finds no key and does not start.
static result move_keys(const struct ledger_command *command)
{
    unsigned char public[ED25519_PUBLIC_BYTES];
    signing_key_public(command->next, public);
    if (rename(command->key_path, command->previous_path) != 0 ||
        rename(command->next_path, command->key_path) != 0)
        return FAIL(INTERNAL, "the key files cannot be renamed");
    return file_write(str_to_c(command->arena, command->config.ledger_public_path),
                      public_key_print(command->arena, public), PUBLIC_MODE);
}

// Between keys that stay where they are: in tokens, or in files that others lay out.
static result announce_next(struct ledger_command *command)
{
    TRY(signing_key_read(command->key_path, &command->key));
    TRY(signing_key_read(command->next_given, &command->next));
    TRY(db_transact(command->db, command->arena, announce, command));
    (void)printf(
        "The next key is announced in every log. Make it [ledger] key_path and the present "
        "one previous_key_path, and restart every daemon.\n");
    return OK;
}

static result rotate_key(struct ledger_command *command)
{
    if (command->next_given != NULL)
        return announce_next(command);
    if (str_starts_with(str_from(command->key_path), STR("pkcs11:")))
        return FAIL(CONFLICT, "the key is in a token: name the next one by --next");
    // What an earlier run left between its two steps.
    if (!is_there(command->key_path) && is_there(command->previous_path) &&
        is_there(command->next_path) && rename(command->previous_path, command->key_path) != 0)
        return FAIL(INTERNAL, "the key files cannot be renamed");
    if (is_there(command->previous_path))
        return FAIL(CONFLICT, "the key before still signs: phial ledger retire-key ends that");
    TRY(open_keys(command));
    TRY(db_transact(command->db, command->arena, announce, command));
    TRY(move_keys(command));
    (void)printf("The next key is announced in every log. Restart every daemon: it signs with both "
                 "until `phial ledger retire-key`.\nGive auditors the new %" STR_FMT ".\n",
                 STR_ARG(command->config.ledger_public_path));
    return OK;
}

static result retire_key(struct ledger_command *command)
{
    if (unlink(command->previous_path) != 0)
        return FAIL(NOT_FOUND, "no key before is there");
    (void)printf("The key before is gone. Restart every daemon: it signs with one key again.\n");
    return OK;
}

// ---- new-epoch

static result begin_epoch(struct db_tx *tx, void *context)
{
    struct ledger_command *command = context;
    TRY(signer_begin(command->signer, tx));
    result checked = signer_check(command->signer, tx);
    if (!failed(checked))
        return FAIL(CONFLICT, "the database holds all that was signed: no epoch has to begin");
    if (checked.code != ERR_HEAD_REFUSED)
        return checked;
    command->change = (struct epoch_change){.signer = command->signer,
                                            .name = command->config.server_name,
                                            .reason = command->reason,
                                            .now = command->now};
    return epoch_begin(tx, &command->change);
}

static result new_epoch(struct ledger_command *command)
{
    if (command->reason.len == 0)
        return FAIL(REASON_REQUIRED, "a new epoch needs --reason");
    struct signer_options options = {
        .key_path = command->key_path,
        .state_path = str_to_c(command->arena, command->config.ledger_state_path),
        .server = command->config.server_name,
    };
    TRY(signer_open(&options, &command->signer));
    TRY(db_transact(command->db, command->arena, begin_epoch, command));
    (void)printf("Epoch %lld has begun: every log goes on as %" STR_FMT
                 "/ledger/..., and says what was signed of it before. Start the daemon.\n",
                 (long long)command->change.epoch.number, STR_ARG(command->change.epoch.server));
    return OK;
}

// ---- status

static result print_key(void *context, const struct ledger_key *key)
{
    struct arena *arena = context;
    str name = str_concat(arena, key->server, STR("/heads"), STR(""));
    (void)printf("key %lld: %" STR_FMT "\n", (long long)key->number,
                 STR_ARG(note_verifier_key(arena, name, (const unsigned char *)key->public.ptr)));
    return OK;
}

static result print_status(struct db_tx *tx, void *context)
{
    const struct ledger_command *command = context;
    struct epoch epoch = {0};
    struct head head = {0};
    TRY(epoch_read(tx, command->config.server_name, &epoch));
    TRY(heads_head(tx, epoch.number, &head));
    (void)printf("epoch %lld, as %" STR_FMT "; %lld heads entered\n", (long long)epoch.number,
                 STR_ARG(epoch.server), (long long)head.size);
    return ledger_key_each(tx, print_key, db_arena(tx));
}

static result show_status(struct ledger_command *command)
{
    return db_transact(command->db, command->arena, print_status, command);
}

// ----

static const struct {
    const char *name;
    result (*run)(struct ledger_command *command);
} verbs[] = {
    {"new-epoch", new_epoch},
    {"retire-key", retire_key},
    {"rotate-key", rotate_key},
    {"status", show_status},
};

static result check_reason(str reason)
{
    json_t *text = json_from_str(reason);
    json_decref(text);
    if (text == NULL || reason.len > REASON_BYTES_MAX)
        return FAIL(INVALID, "the reason is 1 to 500 bytes of UTF-8");
    return phi_find(reason, 0) == NULL
               ? OK
               : FAIL(PHI_DETECTED, "the reason holds what looks like a patient's identifier");
}

static result run_verb(struct ledger_command *command, size_t verb)
{
    struct arena *arena = command->arena;
    struct db_options options = {.url = str_to_c(arena, command->config.database_url),
                                 .role = str_to_c(arena, command->config.database_role)};
    TRY(check_reason(command->reason));
    command->now = machine_now();
    command->key_path = str_to_c(arena, command->config.ledger_key_path);
    command->next_path =
        str_concat(arena, command->config.ledger_key_path, STR(".next"), STR("")).ptr;
    command->previous_path = str_to_c(arena, command->config.ledger_previous_key_path);
    command->db = db_open(&options);
    result outcome = verbs[verb].run(command);
    db_close(command->db);
    signer_close(command->signer);
    signing_key_close(command->key);
    signing_key_close(command->next);
    return outcome;
}

int command_ledger(struct arena *arena, int argc, char **argv)
{
    static const struct option known[] = {{"config", required_argument, NULL, 'c'},
                                          {"next", required_argument, NULL, 'n'},
                                          {"reason", required_argument, NULL, 'r'},
                                          {0}};
    struct ledger_command command = {.arena = arena, .reason = STR("")};
    const char *path = NULL;
    size_t verb = 0;
    for (int option = 0; (option = getopt_long(argc, argv, "c:n:r:", known, NULL)) != -1;) {
        if (option == 'c')
            path = optarg;
        else if (option == 'n')
            command.next_given = optarg;
        else if (option == 'r')
            command.reason = str_trim(str_from(optarg));
        else
            return command_usage("ledger");
    }
    while (argc - optind == 1 && verb < COUNT_OF(verbs) &&
           strcmp(argv[optind], verbs[verb].name) != 0)
        verb++;
    if (argc - optind != 1 || verb == COUNT_OF(verbs))
        return command_usage("ledger");
    int code = installation_read(arena, "ledger", path, &command.config);
    if (code != EXIT_SUCCESS)
        return code;
    result outcome = run_verb(&command, verb);
    return failed(outcome) ? command_failed("ledger", outcome) : EXIT_SUCCESS;
}
