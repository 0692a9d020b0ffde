// SPDX-License-Identifier: Apache-2.0
// erased.h - conflicts that cannot be told from duplicates: the stored event holds a token whose
// key has been destroyed, so nobody can say any more whether the repeat has the same content.
#pragma once

#include "admit.h"

// Makes duplicates of them.
result erased_forgive(struct db_tx *tx, const struct admission *admission);
