// SPDX-License-Identifier: Apache-2.0
// The folder of checkpoints: a file each, never written twice, and `latest.note`. What stands there
// is compared with the database at the start: a folder that knows more is a witness against it.
#include "keeper.h"
#include "phial/merkle/note.h"
#include "phial/util/file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTE_BYTES_MAX = 1048576, FILE_MODE = 0644, FOLDER_MODE = 0755, DATE_LEN = 10 };

static const char *folder_of(const struct heads_keeper *keeper, struct arena *arena, instant at)
{
    str date = str_slice(instant_print(arena, at), 0, DATE_LEN);
    return str_printf(arena, "%" STR_FMT "/%" STR_FMT, STR_ARG(keeper->options.folder),
                      STR_ARG(date))
        .ptr;
}

const char *keeper_path(const struct heads_keeper *keeper, struct arena *arena,
                        const struct heads_checkpoint *checkpoint, const char *ending)
{
    return str_printf(arena, "%s/heads-%lld-%lld.%s", folder_of(keeper, arena, checkpoint->at),
                      (long long)checkpoint->epoch, (long long)checkpoint->size, ending)
        .ptr;
}

static const char *latest_path(const struct heads_keeper *keeper, struct arena *arena)
{
    return str_concat(arena, keeper->options.folder, STR("/latest.note"), STR("")).ptr;
}

struct comparison {
    int64_t epoch;
    struct checkpoint seen;
    sha256 root;
    bool longer; // the folder's, than the log is
};

static result compare(struct db_tx *tx, void *context)
{
    struct comparison *comparison = context;
    struct head head;
    TRY(heads_head(tx, comparison->epoch, &head));
    comparison->longer = comparison->seen.size > (uint64_t)head.size;
    return comparison->longer ? OK
                              : heads_root(tx, comparison->epoch, (int64_t)comparison->seen.size,
                                           &comparison->root);
}

// Goes on after what the folder has. False where it speaks against the database.
static bool begin(struct heads_keeper *keeper, struct arena *arena)
{
    str note = {0};
    str body = {0};
    str lines = {0};
    struct comparison comparison = {.epoch = signer_epoch(keeper->options.signer)};
    result read = file_read(arena, latest_path(keeper, arena), NOTE_BYTES_MAX, &note);
    if (read.code == ERR_NOT_FOUND)
        return true;
    str origin = str_concat(arena, signer_server(keeper->options.signer), STR("/heads"), STR(""));
    if (failed(read) || !note_cut(note, &body, &lines) ||
        failed(checkpoint_parse(arena, body, &comparison.seen))) {
        keeper_failed(keeper, "folder", "latest_is_damaged", 0);
        return false;
    }
    if (!str_eq(comparison.seen.origin, origin))
        return true; // of an earlier epoch
    if (failed(db_transact(keeper->job.db, arena, compare, &comparison)))
        return false;
    if (comparison.longer || !sha256_eq(&comparison.root, &comparison.seen.root)) {
        keeper_failed(keeper, "folder", "folder_contradicts_database", 0);
        return false;
    }
    keeper->written = (int64_t)comparison.seen.size;
    return true;
}

struct writing {
    struct heads_keeper *keeper;
    struct arena *arena;
    size_t count;
    bool failed;
};

static result write_one(void *context, const struct heads_checkpoint *checkpoint)
{
    struct writing *writing = context;
    const struct heads_keeper *keeper = writing->keeper;
    const char *folder = folder_of(keeper, writing->arena, checkpoint->at);
    const char *path = keeper_path(keeper, writing->arena, checkpoint, "note");
    writing->count++;
    if (writing->failed)
        return OK;
    bool there = mkdir(folder, FOLDER_MODE) == 0 || errno == EEXIST;
    if (!there ||
        (access(path, F_OK) != 0 && failed(file_write(path, checkpoint->note, FILE_MODE))))
        writing->failed = true;
    else
        writing->keeper->written = checkpoint->size;
    return OK;
}

static result write_new(struct db_tx *tx, void *context)
{
    struct writing *writing = context;
    writing->count = 0;
    return heads_each_checkpoint(tx, signer_epoch(writing->keeper->options.signer),
                                 writing->keeper->written, write_one, writing);
}

void keeper_write(struct heads_keeper *keeper, struct arena *arena)
{
    struct writing writing = {.keeper = keeper, .arena = arena};
    if (keeper->options.folder.len == 0)
        return;
    if (!keeper->began)
        (void)mkdir(str_to_c(arena, keeper->options.folder), FOLDER_MODE);
    if (!keeper->began && !begin(keeper, arena))
        return;
    keeper->began = true;
    result written = OK;
    bool grew = true;
    while (grew && !failed(written) && !writing.failed) {
        int64_t before = keeper->written;
        written = db_transact(keeper->job.db, arena, write_new, &writing);
        grew = keeper->written != before;
    }
    sha256 latest = sha256_of(keeper->last.note);
    if (!failed(written) && !writing.failed && !sha256_eq(&latest, &keeper->latest)) {
        written = file_write(latest_path(keeper, arena), keeper->last.note, FILE_MODE);
        if (!failed(written))
            keeper->latest = latest;
    }
    if (failed(written) || writing.failed)
        keeper_failed(keeper, "folder", "cannot_be_written", 0);
    else
        atomic_store(&keeper->written_size, (uint64_t)keeper->written);
}
