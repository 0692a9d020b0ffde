// SPDX-License-Identifier: Apache-2.0
#include "verify_log.h"

#include <string.h>

enum { FORGET_BYTES = 16 * 1024 * 1024, LOOKED_UP_MAX = 2000 };

_Static_assert(ENTRY_KIND_COUNT <= LOG_KIND + 1, "a kind fits into the flags of a line");

static size_t line_end(str text, size_t at) // text.len where it has none
{
    const char *newline = memchr(text.ptr + at, '\n', text.len - at);
    return newline == NULL ? text.len : (size_t)(newline - text.ptr);
}

static size_t count_lines(const struct archive_files *files, str text)
{
    size_t count = 0;
    size_t kept = 0;
    for (size_t at = 0; at < text.len; count++) {
        at = line_end(text, at) + 1;
        if (at - kept > FORGET_BYTES) {
            archive_files_forget(files, str_slice(text, kept, at));
            kept = at;
        }
    }
    bool whole = text.len == 0 || text.ptr[text.len - 1] == '\n';
    return whole ? count : count - 1;
}

void log_open(struct arena *arena, const struct archive_files *files, str text,
              struct exported_log *log, str *rest)
{
    size_t count = count_lines(files, text);
    *log = (struct exported_log){.arena = arena, .files = files, .text = text, .count = count};
    log->flags = arena_array(arena, unsigned char, count);
    log->blocks = arena_array(arena, struct log_block, log_block_count(log));
    memset(log->flags, 0, count);
    struct log_walk walk = {.log = log};
    for (size_t i = 0; i < count; i++) {
        str line = {0};
        if (i % LOG_BLOCK == 0)
            log->blocks[i / LOG_BLOCK] =
                (struct log_block){.at = walk.at, .least = {INT64_MAX}, .most = {INT64_MIN}};
        (void)log_next(&walk, &line);
    }
    *rest = str_slice(text, walk.at, text.len);
}

struct log_walk log_walk_from(const struct exported_log *log, size_t position)
{
    size_t block = position / LOG_BLOCK;
    if (position >= log->count)
        return (struct log_walk){.log = log, .position = log->count};
    struct log_walk walk = {.log = log, .position = block * LOG_BLOCK, .at = log->blocks[block].at};
    walk.forgotten = walk.at;
    for (str line = {0}; walk.position < position;)
        (void)log_next(&walk, &line);
    return walk;
}

bool log_next(struct log_walk *walk, str *line)
{
    const struct exported_log *log = walk->log;
    if (walk->position == log->count)
        return false;
    if (walk->at - walk->forgotten > FORGET_BYTES) {
        archive_files_forget(log->files, str_slice(log->text, walk->forgotten, walk->at));
        walk->forgotten = walk->at;
    }
    size_t end = line_end(log->text, walk->at);
    *line = str_slice(log->text, walk->at, end);
    walk->at = end + 1;
    walk->position++;
    return true;
}

str log_line(struct exported_log *log, size_t position)
{
    str line = {0};
    if (++log->looked_up > LOOKED_UP_MAX) { // each may hold some pages
        archive_files_forget(log->files, log->text);
        log->looked_up = 0;
    }
    struct log_walk walk = log_walk_from(log, position);
    (void)log_next(&walk, &line);
    return line;
}

void log_note_event(struct exported_log *log, size_t position, instant time)
{
    struct log_block *block = &log->blocks[position / LOG_BLOCK];
    if (time.us < block->least.us)
        block->least = time;
    if (time.us > block->most.us)
        block->most = time;
}

void log_note_correction(struct exported_log *log, size_t position)
{
    log->blocks[position / LOG_BLOCK].corrects = true;
    log->corrections = arena_grow(log->arena, log->corrections, log->correction_count,
                                  &log->correction_room, sizeof *log->corrections);
    log->corrections[log->correction_count++] = position;
}

void log_note_corrected(struct exported_log *log, size_t position, unsigned flag)
{
    log->flags[position] = (unsigned char)(log->flags[position] | flag);
    log->blocks[position / LOG_BLOCK].corrected = true;
}
