// SPDX-License-Identifier: Apache-2.0
// issue.h - what a billing run does with a draft past its grace.
#pragma once

#include "phial/invoicing/invoicing.h"

// issued: whether this call issued it; false when another run was first.
result invoice_issue_once(struct db_tx *tx, str id, const struct change *change, bool *issued);
