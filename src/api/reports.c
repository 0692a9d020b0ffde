// SPDX-License-Identifier: Apache-2.0
// /v1/reports/utilization
#include "phial/reports/reports.h"

#include "caller.h"

enum { TURNS_MAX = 5 };

static const int64_t members_max = INT64_C(1000000000000);
static const int64_t rated_us_max = INT64_C(36525) * 86400 * 1000000; // a hundred years

struct utilization {
    const struct request *request;
    str customer;
    str group;
    str metric_key;
    str by_text;
    str members_text;
    bool metric_named;
    bool by_named;
    str template_key;
    const struct report_template *form;
    bool as_csv;
    json_t *held;
    json_t *members_as_of;
    struct report_scope scope;
    struct report_question question;
    struct report report;
    struct report_members members;
};

static void utilization_release(struct utilization *asked)
{
    json_release(&asked->held);
    json_release(&asked->members_as_of);
    json_release(&asked->report.as_of);
}

static bool is_groupable(const struct report_question *question, str name)
{
    bool is = false;
    for (size_t i = 0; i < question->metric->group_by_count; i++)
        is |= str_eq(question->metric->group_by[i], name);
    for (size_t i = 0; i < question->by_count; i++)
        is &= !str_eq(question->by[i], name);
    return is;
}

// A comma list out of the metric's own, each once.
static result read_by(struct utilization *asked)
{
    struct report_question *question = &asked->question;
    str *names = arena_array(asked->request->arena, str, GROUP_BY_MAX);
    str rest = asked->by_text;
    bool more = rest.len != 0;
    question->by = names;
    question->by_count = 0;
    while (more) {
        str name = {0};
        str tail = {0};
        more = str_cut(rest, ',', &name, &tail);
        if (!more)
            name = rest;
        rest = tail;
        if (question->by_count == GROUP_BY_MAX || !is_groupable(question, name))
            return FAIL(BAD_PARAMETER,
                        "by is a comma list out of the metric's group_by, each name once.");
        names[question->by_count++] = name;
    }
    return OK;
}

static result find_scope(struct db_tx *tx, struct utilization *asked)
{
    const struct request *request = asked->request;
    struct customer *customer = arena_new(request->arena, struct customer);
    const struct zone *zone = NULL;
    if (asked->group.len != 0) {
        TRY(caller_unbound(request));
        return report_group(tx, asked->group, &asked->scope);
    }
    if (asked->customer.len != 0)
        TRY(caller_customer(tx, request, asked->customer, customer));
    else
        TRY(customer_get_by_id(tx, bound_customer(request), customer));
    TRY(zone_load(request->arena, customer->zone_name, &zone));
    asked->scope = (struct report_scope){STR(""), customer, 1, zone};
    return OK;
}

// A number, or the total of a metric, which is a report of its own.
static result read_members(struct db_tx *tx, struct utilization *asked)
{
    struct arena *arena = asked->request->arena;
    struct report_question question = asked->question;
    struct report report = {.as_of = asked->members_as_of};
    decimal count = {0};
    int64_t number = 0;
    asked->members = (struct report_members){.given = asked->members_text.len != 0};
    if (!asked->members.given)
        return OK;
    asked->members.months = report_months(arena, asked->scope.zone, question.from, question.to);
    if (str_to_i64(asked->members_text, &number)) {
        asked->members.count = exact_from_i64(arena, number);
        return OK;
    }
    TRY(catalog_metric(tx, asked->members_text, asked->held, &question.metric));
    question.by_count = 0;
    TRY(report_utilization(tx, &question, &report));
    asked->members.withheld = failed(decimal_parse(report.table.labels[0], &count));
    if (!asked->members.withheld && count.units == 0)
        return FAIL(INVALID, "There are no members in this time: nothing can be rated by them.");
    asked->members.count = exact_from_decimal(arena, count);
    return OK;
}

// The catalog's own before those that come with the program.
static result find_form(struct db_tx *tx, struct utilization *asked)
{
    const struct request *request = asked->request;
    struct report_template *form = arena_new(request->arena, struct report_template);
    if (asked->template_key.len == 0)
        return OK;
    result found = catalog_report_template(tx, asked->template_key, asked->held, form);
    if (failed(found) && found.code != ERR_NOT_FOUND)
        return found;
    asked->form = failed(found)
                      ? report_template_find(api_of(request)->report_templates, asked->template_key)
                      : form;
    if (asked->form == NULL)
        return FAIL(BAD_PARAMETER, "No report template has this name.");
    if (asked->metric_named)
        return OK;
    asked->metric_key = asked->form->metric;
    if (!asked->by_named)
        asked->by_text = asked->form->by;
    return OK;
}

static result make_report(struct db_tx *tx, void *context)
{
    struct utilization *asked = context;
    struct report_question *question = &asked->question;
    TRY(find_form(tx, asked));
    if (asked->metric_key.len == 0)
        return FAIL(BAD_PARAMETER, "A report needs a metric, or a template that names one.");
    TRY(find_scope(tx, asked));
    question->scope = &asked->scope;
    TRY(catalog_metric(tx, asked->metric_key, asked->held, &question->metric));
    TRY(read_by(asked));
    TRY(read_members(tx, asked));
    return report_utilization(tx, question, &asked->report);
}

// ---- the question

static result read_who(struct utilization *asked)
{
    const struct request *request = asked->request;
    bool has_customer = http_parameter(request, "customer", &asked->customer);
    bool has_group = http_parameter(request, "group", &asked->group);
    bool bound = bound_customer(request) != 0;
    if (has_customer + has_group > 1 || (!has_customer && !has_group && !bound) ||
        (has_customer && asked->customer.len == 0) || (has_group && asked->group.len == 0))
        return FAIL(BAD_PARAMETER, "A report is of a customer or of a group.");
    return OK;
}

static result read_time(struct utilization *asked)
{
    const struct request *request = asked->request;
    struct report_question *question = &asked->question;
    bool has_from = false;
    bool has_to = false;
    TRY(parameter_instant(request, "from", &has_from, &question->from));
    TRY(parameter_instant(request, "to", &has_to, &question->to));
    if (!has_from || !has_to || question->from.us >= question->to.us)
        return FAIL(BAD_PARAMETER, "A report needs from, and to after it.");
    if (asked->members_text.len != 0 && question->to.us - question->from.us > rated_us_max)
        return FAIL(BAD_PARAMETER, "Members are rated by for a hundred years at most.");
    return OK;
}

static result read_form(struct utilization *asked)
{
    const struct request *request = asked->request;
    TRY(parameter_csv(request, &asked->as_csv));
    if (http_parameter(request, "template", &asked->template_key) && asked->template_key.len == 0)
        return FAIL(BAD_PARAMETER, "No report template has this name.");
    return OK;
}

static result read_question(struct utilization *asked)
{
    const struct request *request = asked->request;
    int64_t number = 0;
    TRY(http_parameters_known(request, "customer group metric by from to format members template"));
    TRY(read_who(asked));
    asked->metric_named = http_parameter(request, "metric", &asked->metric_key);
    asked->by_named = http_parameter(request, "by", &asked->by_text);
    if (http_parameter(request, "members", &asked->members_text) &&
        (asked->members_text.len == 0 ||
         (str_to_i64(asked->members_text, &number) && (number < 1 || number > members_max))))
        return FAIL(BAD_PARAMETER, "members is a number from 1, or a metric's key.");
    TRY(read_time(asked));
    return read_form(asked);
}

// Two who ask for the same at once give out one version.
static result make_in_turns(struct utilization *asked)
{
    const struct request *request = asked->request;
    result outcome = OK;
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        outcome = db_transact(request->db, request->arena, make_report, asked);
        if (outcome.code != ERR_HEAD_MOVED)
            break;
    }
    return outcome;
}

static result reply_csv(const struct utilization *asked, const struct report_paper *paper,
                        struct reply *reply)
{
    struct arena *arena = asked->request->arena;
    str csv = {0};
    TRY(report_csv(arena, paper, &csv));
    http_reply_header(reply, "Content-Disposition",
                      STR("attachment; filename=\"utilization.csv\""));
    http_reply_header(reply, "Report-Version",
                      str_printf(arena, "%lld", (long long)paper->report->version));
    return http_reply_text(reply, 200, "text/csv; charset=utf-8", csv);
}

result get_reports_utilization(const struct request *request, struct reply *reply)
{
    OWNED(utilization_release)
    struct utilization asked = {.request = request};
    json_t *answer = NULL;
    asked.held = json_array();
    asked.members_as_of = json_array();
    asked.report.as_of = json_array();
    TRY(read_question(&asked));
    asked.question.actor = caller_of(request)->change.actor;
    asked.question.now = caller_of(request)->change.now;
    TRY(make_in_turns(&asked));
    struct report_paper paper = {.question = &asked.question,
                                 .report = &asked.report,
                                 .members = asked.members,
                                 .form = asked.form};
    if (asked.as_csv)
        return reply_csv(&asked, &paper, reply);
    TRY(report_json(request->arena, &paper, &answer));
    return http_reply_json(request, reply, 200, answer);
}
