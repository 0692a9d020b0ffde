// SPDX-License-Identifier: Apache-2.0
// usage_fixture.h - what the clinic has used, as the API is answered.
#pragma once

#include "billing_fixture.h"

struct asking {
    const char *from;
    const char *to;
    const char *window;
    bool by_modality;
    json_t *answer;
};

static inline result ask_usage(struct db_tx *tx, void *context)
{
    struct asking *asking = context;
    static const str modality[] = {{"modality", 8}};
    struct customer customer = {0};
    OWNED(json_release) json_t *held = json_array();
    struct usage_query query = {
        .customer = &customer,
        .from = moment(asking->from),
        .to = moment(asking->to),
        .window = str_from(asking->window),
        .group_by = asking->by_modality ? modality : NULL,
        .group_by_count = asking->by_modality ? 1 : 0,
    };
    TRY(customer_get(tx, STR("clinic"), &customer));
    TRY(catalog_metric(tx, STR("images"), held, &query.metric));
    json_release(&asking->answer);
    return usage_query_run(tx, &query, &asking->answer);
}
