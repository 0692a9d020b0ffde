// SPDX-License-Identifier: Apache-2.0
// usage_privacy.h - usage about persons for keys that may not see single events.
#pragma once

#include "caller.h"
#include "phial/rating/metric.h"

// Whether a key sees usage as it is, whatever that is about.
bool usage_privacy_spares(const struct api_key *key);

struct usage_privacy {
    bool applies;   // an event of the metric may stand for a person
    bool of_person; // the quantity itself counts them
    int64_t threshold;
};

// By the metric's event types as they are declared now. BAD_PARAMETER where the windows would be
// finer than the time that those store.
result usage_privacy_read(struct db_tx *tx, const struct customer *customer,
                          const struct metric *metric, str window, struct usage_privacy *privacy);
// The answer without its small cells: windows and groups add up to the whole.
result usage_privacy_apply(struct arena *arena, const struct usage_privacy *privacy,
                           const struct metric *metric, json_t *answer);
// The same of the running periods; a sum that holds a withheld amount is withheld too.
result usage_privacy_apply_current(struct db_tx *tx, const struct customer *customer,
                                   json_t *answer);
