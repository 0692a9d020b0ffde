// SPDX-License-Identifier: Apache-2.0
// data_folder.h - the folder of --dev: made, taken for this process, filled.
//
//   phial.lock       held for as long as the daemon lives
//   cluster/         PostgreSQL's; run/ its socket; postgresql.log
//   admin.key        an API key with every right
//   master.key       wraps the token keys
//   ledger.key.pem   signs; ledger.pub.pem is what auditors hold; signer.state the heads signed
//   database.url     the connection string
//   exports/         signed exports
//   phial.conf       what a second daemon is started with
#pragma once

#include "phial/config/config.h"
#include "phial/db/db.h"

struct data_folder {
    const char *path; // absolute, without symbolic links
    const char *user; // as whom it is used
    int lock;
};

// Makes the folder, becomes its user when started as root, and locks it. Every failure's detail is
// one clear line.
result data_folder_open(struct arena *arena, const char *path, struct data_folder *folder);

// What the folder decides: database, keys, exports, address, user. Makes master.key, database.url
// and exports/.
result data_folder_configure(struct arena *arena, const struct data_folder *folder,
                             const char *database_url, struct config *config);
// Writes phial.conf, with the port that is listened on.
result data_folder_write_config(struct arena *arena, const struct data_folder *folder,
                                const struct config *config);
// Makes an admin key unless admin.key is there.
result data_folder_make_admin(struct arena *arena, const struct data_folder *folder, struct db *db,
                              bool test_clock);
