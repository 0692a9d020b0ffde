// SPDX-License-Identifier: Apache-2.0
// books_period.h - which documents a journal or a report is of: ?from= &to= &customer= &currency=.
#pragma once

#include "caller.h"

// BAD_PARAMETER. The customer is found by who has a transaction.
result books_period_read(const struct request *request, struct books_period *period, str *customer);
result books_currency_read(const struct request *request, str *currency);
