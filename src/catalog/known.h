// SPDX-License-Identifier: Apache-2.0
// known.h - whether a key is one of the catalog's, without telling the database which one is meant.
//
// A key that is not may be anything, a patient's name or number among it: an event's customer, a
// path. So the database is asked for what has a key whose SHA-256 begins with the same two bytes,
// and the keys are compared by who asked.
#pragma once

#include "phial/catalog/catalog.h"

db_param known_bucket(struct arena *arena, str key);                        // the two bytes
result catalog_is_known(struct db_tx *tx, enum catalog_kind kind, str key); // NOT_FOUND
