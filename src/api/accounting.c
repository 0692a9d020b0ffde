// SPDX-License-Identifier: Apache-2.0
// /v1/accounting
#include "books_period.h"
#include "spool.h"

struct journal_question {
    const struct request *request;
    str customer;
    struct journal_query query;
    struct spool spool;
};

static void question_release(struct journal_question *question)
{
    spool_release(&question->spool);
}

static result write_journal(struct db_tx *tx, void *context)
{
    struct journal_question *question = context;
    struct sink sink = {spool_put, &question->spool};
    spool_clear(&question->spool);
    TRY(caller_narrow(tx, question->request, question->customer,
                      &question->query.period.customer_id));
    return journal_write(tx, &question->query, sink);
}

static result read_format(const struct request *request, struct journal_query *query)
{
    str name = STR("csv");
    str by = STR("date");
    (void)http_parameter(request, "format", &name);
    (void)http_parameter(request, "select_by", &by);
    query->format = journal_format_find(name);
    if (query->format == NULL)
        return FAIL(BAD_PARAMETER, "format is beancount, csv, hledger, quickbooks or xero.");
    query->by_recorded = str_eq(by, STR("recorded"));
    if (!query->by_recorded && !str_eq(by, STR("date")))
        return FAIL(BAD_PARAMETER, "select_by is date or recorded.");
    return OK;
}

result get_accounting_journal(const struct request *request, struct reply *reply)
{
    OWNED(question_release)
    struct journal_question question = {
        .request = request, .customer = STR(""), .query = {.chart = api_of(request)->chart}};
    TRY(http_parameters_known(request, "from to customer currency format select_by"));
    TRY(books_period_read(request, &question.query.period, &question.customer));
    TRY(read_format(request, &question.query));
    TRY(db_transact(request->db, request->arena, write_journal, &question));
    http_reply_header(reply, "Content-Disposition",
                      str_printf(request->arena, "attachment; filename=\"journal.%s\"",
                                 question.query.format->extension));
    return spool_reply(&question.spool, reply, question.query.format->media_type);
}
