// SPDX-License-Identifier: Apache-2.0
// invoice_caller.h - an invoice that the caller may know of.
#pragma once

#include "caller.h"
#include "phial/invoicing/invoicing.h"

// NOT_FOUND for one of a customer that the key is not bound to as well.
result caller_invoice(struct db_tx *tx, const struct request *request, str id,
                      struct invoice *invoice);
