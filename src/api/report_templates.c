// SPDX-License-Identifier: Apache-2.0
// /v1/report-templates
#include "catalog_reply.h"
#include "states.h"

result get_report_templates(const struct request *request, struct reply *reply)
{
    return catalog_reply_list(request, reply, CATALOG_REPORT_TEMPLATE);
}

result get_report_templates_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_item(request, reply, CATALOG_REPORT_TEMPLATE);
}

result put_report_templates_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_put(request, reply, CATALOG_REPORT_TEMPLATE);
}

result delete_report_templates_key(const struct request *request, struct reply *reply)
{
    return catalog_reply_archive(request, reply, CATALOG_REPORT_TEMPLATE);
}

result state_report_template(struct db_tx *tx, const struct request *request, str id, json_t **json)
{
    return catalog_state(tx, request, id, CATALOG_REPORT_TEMPLATE, json);
}
