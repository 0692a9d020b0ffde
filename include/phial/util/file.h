// SPDX-License-Identifier: Apache-2.0
// file.h - whole files in, whole files out.
#pragma once

#include "phial/util/result.h"
#include "phial/util/str.h"

// NOT_FOUND, BODY_TOO_LARGE beyond `max`, INTERNAL for the rest.
result file_read(struct arena *arena, const char *path, size_t max, str *bytes);
// The same of a file that is open, a pipe too: from where it stands to its end.
result file_read_open(struct arena *arena, int fd, size_t max, str *bytes);

// Written beside, flushed to disk, renamed over: a reader sees the old or the new, never a part.
result file_write(const char *path, str bytes, unsigned mode);

// All of it; false when it could not be. file_append also flushes it to disk, which a pipe has not.
bool file_put(int fd, str bytes);
bool file_append(int fd, str bytes);
