// SPDX-License-Identifier: Apache-2.0
// tar.h - writes an export's files into a POSIX tar and sums each. libarchive stays in here: the
// verifier reads by itself.
#pragma once

#include "phial/crypto/crypto.h"
#include "phial/time/time.h"
#include "phial/util/buf.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

struct tar;

// The file is made beside and renamed by tar_finish.
result tar_open(const char *path, instant made_at, struct tar **tar);
// Adds a file and, when `sums` is given, its line of SHA256SUMS.
result tar_add(struct tar *tar, const char *name, str bytes, struct buf *sums);
// The same from a descriptor's first `size` bytes, whose sum is known.
result tar_add_file(struct tar *tar, const char *name, int fd, int64_t size, const sha256 *sum,
                    struct buf *sums);
result tar_finish(struct tar *tar, int64_t *bytes); // flushed to disk; frees it
void tar_abandon(struct tar *tar);
