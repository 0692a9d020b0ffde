// SPDX-License-Identifier: Apache-2.0
// file.h - whole files in, whole files out.
#pragma once

#include "phial/util/result.h"
#include "phial/util/str.h"

// NOT_FOUND, BODY_TOO_LARGE beyond `max`, INTERNAL for the rest.
result file_read(struct arena *arena, const char *path, size_t max, str *bytes);

// Written beside, flushed to disk, renamed over: a reader sees the old or the new, never a part.
result file_write(const char *path, str bytes, unsigned mode);

// All of it, flushed to disk; false when it could not be.
bool file_append(int fd, str bytes);
