// SPDX-License-Identifier: Apache-2.0
// /v1/customers/:customer/usage
#include "caller.h"
#include "phial/invoicing/invoicing.h"
#include "usage_privacy.h"

struct usage_question {
    const struct request *request;
    str metric;
    str group_by;
    struct usage_query query;
    struct customer customer;
    json_t *answer;
};

static void question_release(struct usage_question *question)
{
    json_release(&question->answer);
}

static bool groups_by(const struct metric *metric, str name)
{
    for (size_t i = 0; i < metric->group_by_count; i++) {
        if (str_eq(metric->group_by[i], name))
            return true;
    }
    return false;
}

// A comma list out of the metric's own.
static result read_groups(struct usage_question *question, const struct metric *metric)
{
    str *names = arena_array(question->request->arena, str, GROUP_BY_MAX);
    str rest = question->group_by;
    size_t count = 0;
    bool more = rest.len != 0;
    while (more) {
        str name = {0};
        str tail = {0};
        more = str_cut(rest, ',', &name, &tail);
        if (!more)
            name = rest;
        rest = tail;
        if (count == GROUP_BY_MAX || !groups_by(metric, name))
            return FAIL(BAD_PARAMETER, "group_by is a comma list out of the metric's own.");
        names[count++] = name;
    }
    question->query.group_by = count == 0 ? NULL : names;
    question->query.group_by_count = count;
    return OK;
}

static result measure(struct db_tx *tx, void *context)
{
    struct usage_question *question = context;
    const struct request *request = question->request;
    OWNED(json_release) json_t *held = json_array();
    const struct metric *metric = NULL;
    struct usage_privacy privacy = {0};
    TRY(caller_customer(tx, request, request->args[0], &question->customer));
    TRY(catalog_metric(tx, question->metric, held, &metric));
    TRY(read_groups(question, metric));
    question->query.customer = &question->customer;
    question->query.metric = metric;
    json_release(&question->answer);
    if (!usage_privacy_spares(&caller_of(request)->key))
        TRY(usage_privacy_read(tx, &question->customer, metric, question->query.window, &privacy));
    TRY(usage_query_run(tx, &question->query, &question->answer));
    return usage_privacy_apply(request->arena, &privacy, metric, question->answer);
}

static result read_query(const struct request *request, struct usage_question *question)
{
    bool has_from = false;
    bool has_to = false;
    struct usage_query *query = &question->query;
    TRY(http_parameters_known(request, "metric from to window group_by"));
    TRY(parameter_instant(request, "from", &has_from, &query->from));
    TRY(parameter_instant(request, "to", &has_to, &query->to));
    (void)http_parameter(request, "window", &query->window);
    (void)http_parameter(request, "group_by", &question->group_by);
    if (!http_parameter(request, "metric", &question->metric) || !has_from || !has_to)
        return FAIL(BAD_PARAMETER, "Usage is asked for with metric, from and to.");
    if (query->from.us >= query->to.us)
        return FAIL(BAD_PARAMETER, "from must lie before to.");
    if (query->window.len != 0 && !str_eq(query->window, STR("hour")) &&
        !str_eq(query->window, STR("day")) && !str_eq(query->window, STR("month")))
        return FAIL(BAD_PARAMETER, "window is hour, day or month.");
    return OK;
}

result get_customers_customer_usage(const struct request *request, struct reply *reply)
{
    OWNED(question_release)
    struct usage_question question = {.request = request, .query = {.window = STR("")}};
    TRY(read_query(request, &question));
    TRY(db_transact(request->db, request->arena, measure, &question));
    return http_reply_json(request, reply, 200, json_incref(question.answer));
}
