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

static inline void amend_event(struct clinic *clinic, int64_t index, const char *set)
{
    str ref = str_printf(&clinic->arena, "{\"index\":%lld,\"leaf\":\"\"}", (long long)index);
    append_entry(clinic,
                 (struct append){
                     .kind = ENTRY_amend,
                     .has_reference = true,
                     .reference = index,
                     .members = {{.name = "reason", .json = STR("\"a test\"")},
                                 {.name = "ref", .json = ref},
                                 {.name = "set", .json = str_from(doc(&clinic->arena, set))}},
                     .member_count = 3,
                 });
}
