// SPDX-License-Identifier: Apache-2.0
// /v1/reports/revenue and /v1/reports/aging
#include "books_period.h"
#include "spool.h"

static const char json_media[] = "application/json";
static const char csv_media[] = "text/csv; charset=utf-8";

struct report_question {
    const struct request *request;
    str customer;
    struct revenue_query revenue;
    struct aging_query aging;
    struct spool spool;
};

static void question_release(struct report_question *question)
{
    spool_release(&question->spool);
}

static result write_revenue(struct db_tx *tx, void *context)
{
    struct report_question *question = context;
    struct sink sink = {spool_put, &question->spool};
    spool_clear(&question->spool);
    TRY(caller_narrow(tx, question->request, question->customer,
                      &question->revenue.period.customer_id));
    return revenue_write(tx, &question->revenue, sink);
}

result get_reports_revenue(const struct request *request, struct reply *reply)
{
    OWNED(question_release)
    struct report_question question = {
        .request = request, .customer = STR(""), .revenue = {.by = STR("")}};
    struct revenue_query *query = &question.revenue;
    TRY(http_parameters_known(request, "from to customer currency by format"));
    TRY(books_period_read(request, &query->period, &question.customer));
    (void)http_parameter(request, "by", &query->by);
    TRY(parameter_csv(request, &query->csv));
    TRY(db_transact(request->db, request->arena, write_revenue, &question));
    return spool_reply(&question.spool, reply, query->csv ? csv_media : json_media);
}

static result write_aging(struct db_tx *tx, void *context)
{
    struct report_question *question = context;
    struct sink sink = {spool_put, &question->spool};
    spool_clear(&question->spool);
    TRY(caller_narrow(tx, question->request, question->customer, &question->aging.customer_id));
    return aging_write(tx, &question->aging, sink);
}

result get_reports_aging(const struct request *request, struct reply *reply)
{
    OWNED(question_release)
    struct report_question question = {.request = request, .customer = STR("")};
    struct aging_query *query = &question.aging;
    instant now = caller_of(request)->change.now;
    bool dated = false;
    query->as_of = now;
    TRY(http_parameters_known(request, "as_of customer currency format"));
    TRY(parameter_instant(request, "as_of", &dated, &query->as_of));
    if (query->as_of.us > now.us)
        return FAIL(BAD_PARAMETER, "as_of lies after now.");
    TRY(books_currency_read(request, &query->currency));
    (void)http_parameter(request, "customer", &question.customer);
    TRY(parameter_csv(request, &query->csv));
    TRY(db_transact(request->db, request->arena, write_aging, &question));
    return spool_reply(&question.spool, reply, query->csv ? csv_media : json_media);
}
