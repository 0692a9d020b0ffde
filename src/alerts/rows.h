// SPDX-License-Identifier: Apache-2.0
// rows.h - rows of the table alert.
#pragma once

#include "phial/alerts/alerts.h"

enum { ALERT_COLUMNS = 9 };

// Fills in ALERT_COLUMNS of them.
void alert_columns(struct alert *alert, db_column *columns);
