// SPDX-License-Identifier: Apache-2.0
// /problems/:code: what the `type` of a problem document points at.
#include "phial/api/api.h"

result get_problems_code(const struct request *request, struct reply *reply)
{
    TRY(http_parameters_known(request, ""));
    for (int code = ERR_NONE + 1; code < ERROR_COUNT; code++) {
        const struct error_info *info = error_info((enum error_code)code);
        if (str_eq(request->args[0], str_from(info->slug)))
            return http_reply_json(request, reply, 200,
                                   json_pack("{s:s, s:i, s:s}", "code", info->slug, "status",
                                             info->status, "title", info->meaning));
    }
    return FAIL(NOT_FOUND, "No such problem.");
}

void api_print_errors(FILE *out)
{
    (void)fprintf(out, "| Code | Status | Meaning |\n|---|---|---|\n");
    for (int code = ERR_NONE + 1; code < ERROR_COUNT; code++) {
        const struct error_info *info = error_info((enum error_code)code);
        (void)fprintf(out, "| `%s` | %d | %s |\n", info->slug, info->status, info->meaning);
    }
}
