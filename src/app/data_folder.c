// SPDX-License-Identifier: Apache-2.0
#include "data_folder.h"

#include "folder_owner.h"
#include "phial/catalog/clock.h"
#include "phial/catalog/keys.h"
#include "phial/crypto/crypto.h"
#include "phial/util/array.h"
#include "phial/util/encode.h"
#include "phial/util/file.h"
#include "phial/util/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MASTER_KEY_BYTES = 32, SMALL_FILE_BYTES_MAX = 4096 };

static result complain(struct arena *arena, const char *path, const char *says)
{
    return FAIL(INTERNAL, str_printf(arena, "%s: %s", path, says).ptr);
}

// Parents can be searched by everyone, as mkdir -p makes them; the folder itself is ours alone.
static result make_folders(struct arena *arena, const char *path)
{
    mode_t mask = umask(022);
    int made = 0;
    for (const char *slash = strchr(path + 1, '/'); made == 0 && slash != NULL;
         slash = strchr(slash + 1, '/')) {
        const char *parent = str_to_c(arena, (str){path, (size_t)(slash - path)});
        made = mkdir(parent, 0755) != 0 && errno != EEXIST;
    }
    if (made == 0)
        made = mkdir(path, 0700) != 0 && errno != EEXIST;
    (void)umask(mask);
    return made == 0 ? OK : complain(arena, path, "the folder cannot be made");
}

// What a user other than the one who made the path sees of it.
static result check_reach(struct arena *arena, const struct data_folder *folder)
{
    const char *path = folder->path;
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        const char *parent = str_to_c(arena, (str){path, (size_t)(slash - path)});
        if (access(parent, X_OK) != 0)
            return FAIL(INTERNAL,
                        str_printf(arena,
                                   "user %s cannot search %s: choose another --data-dir, or "
                                   "chmod o+x %s",
                                   folder->user, parent, parent)
                            .ptr);
    }
    if (access(path, R_OK | W_OK | X_OK) != 0)
        return FAIL(INTERNAL,
                    str_printf(arena, "user %s cannot write to %s", folder->user, path).ptr);
    return OK;
}

static result become_its_user(struct arena *arena, struct data_folder *folder)
{
    static const char *const names[] = {"phial", "postgres", "nobody"};
    struct identity_of_user user = {0};
    if (!privileges_are_root()) {
        const struct passwd *self = getpwuid(geteuid());
        if (self == NULL)
            return FAIL(INTERNAL, "the user has no name: PostgreSQL needs one");
        folder->user = str_copy(arena, str_from(self->pw_name)).ptr;
        return OK;
    }
    TRY(privileges_find(arena, names, COUNT_OF(names), &user));
    TRY(folder_owner_set(arena, folder->path, user.uid, user.gid));
    folder->user = user.name;
    return privileges_drop(&user);
}

static result take_lock(struct arena *arena, struct data_folder *folder)
{
    const char *path = str_printf(arena, "%s/phial.lock", folder->path).ptr;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return complain(arena, path, "cannot be made");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return complain(arena, folder->path, "is in use by another phiald");
    }
    folder->lock = fd;
    return OK;
}

result data_folder_open(struct arena *arena, const char *path, struct data_folder *folder)
{
    char real[PATH_MAX];
    struct data_folder fresh = {.lock = -1};
    TRY(make_folders(arena, path));
    if (realpath(path, real) == NULL)
        return complain(arena, path, "cannot be reached");
    fresh.path = str_copy(arena, str_from(real)).ptr;
    TRY(become_its_user(arena, &fresh));
    TRY(check_reach(arena, &fresh));
    TRY(folder_owner_check(arena, fresh.path));
    TRY(take_lock(arena, &fresh));
    *folder = fresh;
    return OK;
}

static const char *path_in(struct arena *arena, const struct data_folder *folder, const char *name)
{
    return str_printf(arena, "%s/%s", folder->path, name).ptr;
}

static str text_in(struct arena *arena, const struct data_folder *folder, const char *name)
{
    return str_from(path_in(arena, folder, name));
}

// A new one when there is none. Never a new one over one that cannot be read: what was sealed with
// it would be lost.
static result keep_master_key(struct arena *arena, const struct data_folder *folder, str *hex)
{
    const char *path = path_in(arena, folder, "master.key");
    str text = {0};
    result outcome = file_read(arena, path, SMALL_FILE_BYTES_MAX, &text);
    if (outcome.code == ERR_NOT_FOUND) {
        char bytes[MASTER_KEY_BYTES];
        crypto_random(bytes, sizeof bytes);
        str fresh = encode_hex(arena, (str){bytes, sizeof bytes});
        crypto_wipe(bytes, sizeof bytes);
        text = str_printf(arena, "%" STR_FMT "\n", STR_ARG(fresh));
        outcome = file_write(path, text, 0600);
    }
    if (failed(outcome))
        return complain(arena, path, "cannot be read or made");
    str bytes = {0};
    str line = str_slice(text, 0, (size_t)MASTER_KEY_BYTES * 2);
    if (!decode_hex(arena, line, &bytes) || bytes.len != MASTER_KEY_BYTES)
        return complain(arena, path, "is no master key");
    *hex = line;
    return OK;
}

// Nobody has said who bills: an example that every representation can be made with.
static void configure_seller(struct config *config)
{
    if (config->seller_name.len != 0)
        return;
    config->seller_name = STR("Sample Health Software Ltd");
    config->seller_line1 = STR("1 Example Quay");
    config->seller_city = STR("Dublin");
    config->seller_postal_code = STR("D02 XY00");
    config->seller_country = STR("IE");
    config->seller_tax_id = STR("IE1234567FA");
    config->seller_registration_id = STR("000000");
    config->seller_email = STR("billing@sample.example");
    config->seller_endpoint_scheme = STR("9935");
    config->seller_endpoint_id = STR("IE1234567FA");
    config->seller_iban = STR("IE29AIBK93115212345678");
}

result data_folder_configure(struct arena *arena, const struct data_folder *folder,
                             const char *database_url, struct config *config)
{
    str master_key = {0};
    const char *exports = path_in(arena, folder, "exports");
    const char *url_path = path_in(arena, folder, "database.url");
    TRY(keep_master_key(arena, folder, &master_key));
    if (mkdir(exports, 0700) != 0 && errno != EEXIST)
        return complain(arena, exports, "the folder cannot be made");
    if (failed(file_write(url_path, str_printf(arena, "%s\n", database_url), 0600)))
        return complain(arena, url_path, "cannot be written");

    config->database_url = str_from(database_url);
    config->export_folder = str_from(exports);
    config->ledger_key_path = text_in(arena, folder, "ledger.key.pem");
    config->ledger_previous_key_path = text_in(arena, folder, "ledger.key.previous.pem");
    config->ledger_public_path = text_in(arena, folder, "ledger.pub.pem");
    config->ledger_state_path = text_in(arena, folder, "signer.state");
    config->witness_key_path = text_in(arena, folder, "witness.key.pem");
    config->witness_state_path = text_in(arena, folder, "witness.state");
    config->phi_master_key = master_key;
    config->server_address = STR("127.0.0.1");
    config->server_user = str_from(folder->user);
    configure_seller(config);
    return OK;
}

result data_folder_write_config(struct arena *arena, const struct data_folder *folder,
                                const struct config *config)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return FAIL(INTERNAL, "out of memory");
    (void)fprintf(out,
                  "# Made by phiald --dev at each start; for a second daemon on the same data:\n"
                  "# phiald --config %s/phial.conf --port N\n\n",
                  folder->path);
    config_print(config, out);
    (void)fprintf(out, "\n[database]\nurl_file = %s\n\n[phi]\nmaster_key_file = %s\n",
                  path_in(arena, folder, "database.url"), path_in(arena, folder, "master.key"));
    result outcome = fclose(out) == 0 ? OK : FAIL(INTERNAL, "out of memory");
    const char *path = path_in(arena, folder, "phial.conf");
    if (!failed(outcome) && failed(file_write(path, (str){text, len}, 0600)))
        outcome = complain(arena, path, "cannot be written");
    free(text);
    return outcome;
}

struct admin {
    bool test_clock;
    str secret;
};

static result make_admin(struct db_tx *tx, void *context)
{
    struct admin *admin = context;
    instant now = {0};
    TRY(clock_now(tx, admin->test_clock, &now));
    return key_create_admin(tx, STR("admin"), now, &admin->secret);
}

// A key whose file was never written stays in the database, where nobody knows its secret.
result data_folder_make_admin(struct arena *arena, const struct data_folder *folder, struct db *db,
                              bool test_clock)
{
    struct admin admin = {.test_clock = test_clock};
    const char *path = path_in(arena, folder, "admin.key");
    if (access(path, F_OK) == 0)
        return OK;
    TRY(db_transact(db, arena, make_admin, &admin));
    str line = str_printf(arena, "%" STR_FMT "\n", STR_ARG(admin.secret));
    return failed(file_write(path, line, 0600)) ? complain(arena, path, "cannot be written") : OK;
}
