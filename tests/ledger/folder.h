// SPDX-License-Identifier: Apache-2.0
// folder.h - a folder with a ledger's key and the file of its signed heads, for tests.
#pragma once

#include "check_main.h"
#include "phial/ledger/signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct folder {
    char path[64];
    char key[96];
    char public[96];
    char state[96];
};

static inline struct folder folder_make(void)
{
    struct folder folder = {.path = "/tmp/phial-signer-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(folder.path));
    (void)snprintf(folder.key, sizeof folder.key, "%s/ledger.key", folder.path);
    (void)snprintf(folder.public, sizeof folder.public, "%s/ledger.pub.pem", folder.path);
    (void)snprintf(folder.state, sizeof folder.state, "%s/signed", folder.path);
    return folder;
}

static inline void folder_remove(const struct folder *folder)
{
    (void)unlink(folder->key);
    (void)unlink(folder->public);
    (void)unlink(folder->state);
    ck_assert_int_eq(rmdir(folder->path), 0);
}

static inline result try_open(const struct folder *folder, struct signer **signer)
{
    return signer_open(&(struct signer_options){.key_path = folder->key,
                                                .public_path = folder->public,
                                                .state_path = folder->state,
                                                .server = STR("phial.test"),
                                                .make = true},
                       signer);
}

static inline struct signer *open_signer(const struct folder *folder)
{
    struct signer *signer = NULL;
    ck_assert_ok(try_open(folder, &signer));
    return signer;
}
