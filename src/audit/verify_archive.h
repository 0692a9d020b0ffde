// SPDX-License-Identifier: Apache-2.0
// verify_archive.h - the files of an export, where they stand in its tar: the archive is mapped,
// not read into memory.
#pragma once

#include "phial/util/result.h"
#include "verify_report.h"

struct archive_file {
    str name;
    str bytes;
};

struct archive_files {
    const struct archive_file *items; // in byte order of their names, each name once
    size_t count;
    char *map; // the whole archive; NULL for files that are of none
    size_t map_bytes;
};

// Faults for whatever is not a ustar archive of regular files, to the last byte: headers, what
// fills their last blocks, the end; names that are no plain relative path, a name twice, a file
// beyond its bound. What could be read is there all the same. NOT_FOUND, INTERNAL when the file
// cannot be opened.
result archive_files_read(struct arena *arena, const char *path, struct report *report,
                          struct archive_files *files);
// The system may take back the memory of a stretch of the map: it is read again when needed.
void archive_files_forget(const struct archive_files *files, str bytes);
void archive_files_close(struct archive_files *files);
// NULL when there is none.
const struct archive_file *archive_files_find(const struct archive_files *files, str name);
