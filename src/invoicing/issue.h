// SPDX-License-Identifier: Apache-2.0
// issue.h - what a billing run does with a draft past its grace.
#pragma once

#include "phial/invoicing/invoicing.h"

// What became of a draft: another was first; this call issued it; or it is a closing statement that
// has nothing left to bill, and so is still a draft.
enum issuing { ISSUED_BEFORE, ISSUED_NOW, ISSUED_NOTHING };
result invoice_issue_once(struct db_tx *tx, str id, const struct change *change,
                          enum issuing *issuing);
