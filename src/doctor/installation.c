// SPDX-License-Identifier: Apache-2.0
// Checks of what the installation stands on: schema, clock, disks, keys.
#include "doctor.sql.h"
#include "examination.h"
#include "phial/db/migrate.h"
#include "phial/ledger/signer.h"
#include "phial/util/file.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#define CLOCK_DIFFERENCE_US INT64_C(2000000)
#define BYTES_LEFT_MIN (UINT64_C(256) << 20)

enum { SHARE_LEFT_MIN = 20, PEM_BYTES_MAX = 4096 };

result doctor_schema_is_current(struct examination *examination)
{
    struct migration *list = NULL;
    size_t count = 0;
    TRY(migrate_status(examination->db, examination->arena, &list, &count));
    for (size_t i = 0; i < count; i++) {
        if (!list[i].applied)
            examination_fault(examination, str_printf(examination->arena, "%04d_%s is missing",
                                                      list[i].version, list[i].name));
    }
    return OK;
}

static result read_clock(struct db_tx *tx, void *context)
{
    return db_one(tx, &doctor_server_clock_sql, NO_PARAMS,
                  COLUMNS(db_into_instant("now", context)));
}

static int64_t machine_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// The server's clock was read between the two readings of this machine's.
result doctor_clocks_agree(struct examination *examination)
{
    instant theirs = {0};
    int64_t before = machine_us();
    TRY(db_transact(examination->db, examination->arena, read_clock, &theirs));
    int64_t after = machine_us();
    if (theirs.us < before - CLOCK_DIFFERENCE_US || theirs.us > after + CLOCK_DIFFERENCE_US)
        examination_fault(examination, STR("the database's clock"));
    return OK;
}

static void check_room(struct examination *examination, str path)
{
    struct statvfs volume = {0};
    if (statvfs(str_to_c(examination->arena, path), &volume) != 0) {
        examination_fault(examination,
                          str_concat(examination->arena, path, STR(" is not there"), STR("")));
        return;
    }
    uint64_t left = (uint64_t)volume.f_bavail * volume.f_frsize;
    bool scarce = left < BYTES_LEFT_MIN || volume.f_bavail < volume.f_blocks / SHARE_LEFT_MIN;
    if (scarce)
        examination_fault(examination, path);
}

static str folder_of(str path)
{
    size_t len = path.len;
    while (len > 0 && path.ptr[len - 1] != '/')
        len--;
    return len == 0 ? STR(".") : str_slice(path, 0, len);
}

result doctor_disks_have_room(struct examination *examination)
{
    const struct config *config = examination->options->config;
    check_room(examination, config->export_folder);
    check_room(examination, folder_of(config->ledger_state_path));
    return OK;
}

static void check_private(struct examination *examination, str path)
{
    struct stat about = {0};
    if (str_starts_with(path, STR("pkcs11:")))
        return; // a token guards it
    bool is_there = stat(str_to_c(examination->arena, path), &about) == 0;
    if (!is_there || (about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        examination_fault(examination, path);
}

// Of those that there need not be.
static void check_private_if_there(struct examination *examination, str path)
{
    struct stat about = {0};
    if (stat(str_to_c(examination->arena, path), &about) == 0)
        check_private(examination, path);
}

result doctor_secrets_are_private(struct examination *examination)
{
    const struct config *config = examination->options->config;
    check_private(examination, config->ledger_key_path);
    check_private(examination, config->ledger_state_path);
    check_private_if_there(examination, config->ledger_previous_key_path);
    check_private_if_there(examination, config->witness_key_path);
    check_private_if_there(examination, config->witness_state_path);
    return OK;
}

static result open_signer(const struct examination *examination, struct signer **signer)
{
    const struct config *config = examination->options->config;
    struct signer_options options = {
        .key_path = str_to_c(examination->arena, config->ledger_key_path),
        .public_path = str_to_c(examination->arena, config->ledger_public_path),
        .previous_path = str_to_c(examination->arena, config->ledger_previous_key_path),
        .state_path = str_to_c(examination->arena, config->ledger_state_path),
        .server = config->server_name,
    };
    return signer_open(&options, signer);
}

result doctor_key_is_its_own(struct examination *examination)
{
    str path = examination->options->config->ledger_public_path;
    struct signer *signer = NULL;
    unsigned char held[ED25519_PUBLIC_BYTES];
    unsigned char signature[ED25519_SIGNATURE_BYTES];
    str pem = {0};
    TRY(open_signer(examination, &signer));
    result outcome =
        file_read(examination->arena, str_to_c(examination->arena, path), PEM_BYTES_MAX, &pem);
    if (!failed(outcome))
        outcome = public_key_parse(pem, held);
    if (!failed(outcome))
        outcome = signer_sign(signer, STR("phial doctor"), signature);
    bool same = !failed(outcome) && memcmp(held, signer_public(signer), sizeof held) == 0 &&
                signature_holds(held, STR("phial doctor"),
                                (str){(const char *)signature, sizeof signature});
    signer_close(signer);
    if (!same)
        examination_fault(examination, path);
    return outcome;
}

static result check_heads(struct db_tx *tx, void *context)
{
    TRY(signer_begin(context, tx));
    return signer_check(context, tx);
}

result doctor_heads_extend_what_was_signed(struct examination *examination)
{
    struct signer *signer = NULL;
    struct arena arena = {0};
    TRY(open_signer(examination, &signer));
    result outcome = db_transact(examination->db, &arena, check_heads, signer);
    arena_reset(&arena);
    signer_close(signer);
    return outcome;
}
