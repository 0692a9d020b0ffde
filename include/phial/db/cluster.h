// SPDX-License-Identifier: Apache-2.0
// cluster.h - a private PostgreSQL under a folder, for --dev and for tests: Unix socket only.
//
// Never as root: the caller has dropped its rights before.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"

#include <stdbool.h>

struct cluster;

// Makes it when it is not there (initdb with checksums), takes over a server that a killed daemon
// left, else starts one, waits until it answers, and makes the database `phial`.
result cluster_start(struct arena *arena, const char *folder, struct cluster **cluster);
const char *cluster_url(const struct cluster *cluster); // postgresql://user@/phial?host=...
// Starts it again when it has died or is being shut down by somebody else; true while it is up and
// takes new connections. Called about once a second.
bool cluster_watch(struct cluster *cluster);
void cluster_stop(struct cluster *cluster); // fast shutdown; waits
