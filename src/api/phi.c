// SPDX-License-Identifier: Apache-2.0
// /v1/phi
#include "phial/phi/phi.h"

#include "caller.h"

result get_phi_detectors(const struct request *request, struct reply *reply)
{
    OWNED(json_release) json_t *rows = json_array();
    struct phi_detectors detectors = phi_detectors();
    TRY(http_parameters_known(request, ""));
    for (size_t i = 0; i < detectors.count; i++) {
        json_t *row = json_pack("{s:s, s:s}", "name", detectors.items[i]->name, "finds",
                                detectors.items[i]->finds);
        if (json_array_append_new(rows, row) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    return http_reply_json(request, reply, 200,
                           json_pack("{s:O, s:n}", "data", rows, "next_cursor"));
}
