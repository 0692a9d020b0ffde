// SPDX-License-Identifier: Apache-2.0
// export_archive.h - one export's archive, made from the ledger.
#pragma once

#include "phial/audit/audit.h"

struct export_work {
    struct signer *signer;
    struct export_renderer renderer;
    instant now;
    struct export_request request;
    str id;
    const char *path; // of the archive
    int64_t bytes;
};

// Writes the archive; sets bytes.
result export_archive_make(struct db_tx *tx, struct export_work *work);
