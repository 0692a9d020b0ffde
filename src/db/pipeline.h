// SPDX-License-Identifier: Apache-2.0
// pipeline.h - statements that travel together: what is deferred is sent with the next statement
// that is waited for, and BEGIN with the first.
#pragma once

#include "connection.h"

// Makes the connection take a statement behind others that wait; sends BEGIN where the transaction
// has not begun.
result pipeline_open(struct db_tx *tx);
// Sends what waits and reads the deferred statements' results. What was sent behind them, if
// anything, is read next; pipeline_leave follows in any case.
result pipeline_collect(struct db_tx *tx);
// Reads to the end of the pipeline and leaves it.
result pipeline_leave(struct db_tx *tx, result so_far);
// All of it where nothing stands behind the deferred statements. The transaction has begun then.
result pipeline_flush(struct db_tx *tx);
