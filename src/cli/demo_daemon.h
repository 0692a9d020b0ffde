// SPDX-License-Identifier: Apache-2.0
// demo_daemon.h - a phiald --dev --test-clock of our own, as a child process.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

struct demo_daemon;

// Starts the phiald that stands beside this program (else the one on PATH) and waits until it is
// ready. Its log goes to <folder>.log, or to standard error when that cannot be written.
result demo_daemon_start(struct arena *arena, const char *folder, struct demo_daemon **started);
const char *demo_daemon_url(const struct demo_daemon *running);
// SIGTERM, and its exit code: 0 when it drained.
int demo_daemon_stop(struct demo_daemon *running);
