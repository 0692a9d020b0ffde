// SPDX-License-Identifier: Apache-2.0
// verify_log.h - the lines of entries.ndjson while they are verified: their bytes stay in the
// archive, and of each is kept a byte, of every 64 when their events happened. So ten million cost
// some fifteen megabytes.
#pragma once

#include "phial/ledger/ledger.h"
#include "phial/time/time.h"
#include "phial/util/arena.h"
#include "phial/util/str.h"
#include "verify_archive.h"

enum { LOG_BLOCK = 64 };

// What is known of a line.
enum {
    LOG_KIND = 0x0f, // the entry_kind
    LOG_WHOLE = 0x10,
    LOG_VOIDED = 0x20,  // by an entry of the range
    LOG_AMENDED = 0x40, // by an entry of the range
};

struct log_block {
    size_t at; // of its first line in the text
    instant least;
    instant most;   // of its whole events' times; least above most where there are none
    bool corrects;  // a void or an amendment is in it
    bool corrected; // an event of it is voided or amended
};

struct exported_log {
    struct arena *arena;
    const struct archive_files *files; // that the text is one of
    str text;
    size_t count;         // of whole lines
    unsigned char *flags; // a line each
    struct log_block *blocks;
    size_t *corrections; // the positions of voids and amendments of events within the export
    size_t correction_count;
    size_t correction_room;
    size_t looked_up; // since pages were given back
};

// Finds the lines. `rest`: what stands behind the last line's end.
void log_open(struct arena *arena, const struct archive_files *files, str text,
              struct exported_log *log, str *rest);

static inline enum entry_kind log_kind(const struct exported_log *log, size_t position)
{
    return (enum entry_kind)(log->flags[position] & LOG_KIND);
}
static inline bool log_is(const struct exported_log *log, size_t position, unsigned flags)
{
    return (log->flags[position] & flags) != 0;
}
static inline size_t log_block_count(const struct exported_log *log)
{
    return (log->count + LOG_BLOCK - 1) / LOG_BLOCK;
}
// One line, wherever it stands.
str log_line(struct exported_log *log, size_t position);

// Line after line from a position on.
struct log_walk {
    const struct exported_log *log;
    size_t position;  // of the line that log_next answers next
    size_t at;        // where it stands
    size_t forgotten; // up to there
};
struct log_walk log_walk_from(const struct exported_log *log, size_t position);
bool log_next(struct log_walk *walk, str *line); // false behind the last

void log_note_event(struct exported_log *log, size_t position, instant time);
void log_note_correction(struct exported_log *log, size_t position);
void log_note_corrected(struct exported_log *log, size_t position, unsigned flag);
