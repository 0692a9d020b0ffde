// SPDX-License-Identifier: Apache-2.0
// cluster_folder.h - where the private cluster and PostgreSQL's programs are, and making the
// former.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"

struct cluster_folder {
    const char *data;     // <folder>/cluster, without symbolic links
    const char *log;      // <folder>/postgresql.log
    const char *socket;   // the folder of the Unix socket
    const char *programs; // PostgreSQL's bin
    const char *user;     // ours, and the cluster's superuser
};
enum { CLUSTER_PORT = 5432 }; // of the socket's name; no TCP

// Finds everything, and makes the cluster when it is not there.
result cluster_folder_open(struct arena *arena, const char *folder, struct cluster_folder *found);
