// SPDX-License-Identifier: Apache-2.0
// usage_privacy.h - usage about persons for keys that may not see single events.
#pragma once

#include "caller.h"
#include "phial/rating/metric.h"

struct usage_privacy {
    bool applies;   // the key sends no events, and an event of the metric may stand for a person
    bool of_person; // the quantity itself counts them
    int64_t threshold;
};

// By the metric's event types as they are declared now. BAD_PARAMETER where the windows would be
// finer than the time that those store.
result usage_privacy_read(struct db_tx *tx, const struct request *request,
                          const struct customer *customer, const struct metric *metric, str window,
                          struct usage_privacy *privacy);
// The answer without its small cells: windows and groups add up to the whole.
result usage_privacy_apply(const struct request *request, const struct usage_privacy *privacy,
                           const struct metric *metric, json_t *answer);
