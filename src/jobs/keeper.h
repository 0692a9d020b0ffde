// SPDX-License-Identifier: Apache-2.0
// keeper.h - the ways in which a checkpoint leaves the database.
#pragma once

#include "job.h"
#include "phial/jobs/heads.h"

#include <stdatomic.h>

struct heads_keeper {
    struct heads_keeper_options options;
    struct job job;
    // the thread's alone
    struct heads_checkpoint last; // its texts last for a turn
    int64_t written;              // in the folder
    sha256 latest;                // of what latest.note holds, once it was written
    bool began;                   // the folder has been looked at
    int64_t known[WITNESSES_MAX]; // the size that each witness saw last, as far as it said
    // for whoever reads the figures
    _Atomic uint64_t published_size;
    _Atomic uint64_t written_size;
    _Atomic uint64_t witnessed_size;
    _Atomic uint64_t stamps;
    _Atomic uint64_t failures;
};

// Logs that it came to nothing. `where` is "folder", "witness" or "timestamp".
void keeper_failed(struct heads_keeper *keeper, const char *where, const char *why, int64_t status);

void keeper_write(struct heads_keeper *keeper, struct arena *arena);   // folder.c
void keeper_witness(struct heads_keeper *keeper, struct arena *arena); // witnesses.c
void keeper_stamp(struct heads_keeper *keeper, struct arena *arena, instant now);

// The file of a checkpoint, with another ending: DIR/YYYY-MM-DD/heads-EPOCH-SIZE.note
const char *keeper_path(const struct heads_keeper *keeper, struct arena *arena,
                        const struct heads_checkpoint *checkpoint, const char *ending);
