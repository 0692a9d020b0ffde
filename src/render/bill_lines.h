// SPDX-License-Identifier: Apache-2.0
// bill_lines.h - the lines of a statement, and the readers of a member that bill.c shares.
#pragma once

#include "phial/render/bill.h"

str bill_clean(struct arena *arena, str text); // fit for paper and for XML
result bill_text(struct arena *arena, const json_t *object, const char *name, str *text);
// Nothing where there is no such member.
result bill_money(const json_t *object, const char *name, enum currency currency, money *amount);
result bill_instant(const json_t *object, const char *name, bool *has, instant *at);

// Needs the bill's currency and period.
result bill_read_lines(struct arena *arena, const json_t *statement, struct bill *bill);
