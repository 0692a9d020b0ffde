// SPDX-License-Identifier: Apache-2.0
// answer.h - what became of every event, as the document that the caller gets.
#pragma once

#include "admit.h"

enum event_status { EVENT_ACCEPTED, EVENT_DUPLICATE, EVENT_CONFLICT, EVENT_REJECTED };

// held_back: the request is all or nothing and something was refused, so what could have been
// accepted is rejected as well.
struct outcome {
    enum event_status status;
    struct verdict verdict; // of what is rejected or in conflict
    bool has_index;
    int64_t index;
};
struct outcome outcome_of(const struct candidate *candidate, bool held_back);

void answer_write(const struct admission *admission, bool held_back, struct ingest_answer *answer);
