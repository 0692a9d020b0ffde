// SPDX-License-Identifier: Apache-2.0
// fees.h - the fixed fees of a period, and the settlement of those that were billed ahead.
#pragma once

#include "period.h"

// A fee, or a share of one, over some days. Negative where unused days come back.
struct fee_line {
    str key;
    str name;
    instant start;
    instant end;
    exact amount;
};

struct fee_lines {
    struct fee_line *items;
    size_t count;
    size_t room;
};

// The fees of a part of a period: those in advance stand on the statement before it, those in
// arrears on its own.
enum fee_timing { FEES_ARREARS, FEES_ADVANCE };
void fees_of_part(struct arena *arena, const struct subscription_terms *terms,
                  const struct part *part, int64_t full_days, enum fee_timing timing,
                  struct fee_lines *lines);
// The advance fees of the period after this one, as far as the subscription is known to last.
void fees_ahead(struct arena *arena, const struct subscription_terms *terms, int64_t number,
                struct fee_lines *lines);
// The difference between what the statement before billed ahead for this period and what is due.
void fees_settle(struct arena *arena, const struct subscription_terms *terms,
                 const struct period *period, int64_t full_days, struct fee_lines *lines);
