// SPDX-License-Identifier: Apache-2.0
// Every invoice counted and rated again, from nothing but the entries below its ledger's size.
#include "verify_settlement.h"
#include "verify_terms.h"

struct recount {
    struct arena *arena; // for this invoice alone
    struct exported *exported;
    const struct exported_document *invoice;
    int64_t size;
    struct subscription_terms terms;
    struct period period;
    instant since; // events from then on count: the period's, or with terms that carry all before
    struct usage usage;
};

static str text_at(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

static bool is_instant(const json_t *object, const char *name, instant wanted)
{
    instant at = {0};
    return !failed(instant_parse(text_at(object, name), &at)) && at.us == wanted.us;
}

static result find_period(struct recount *recount)
{
    const json_t *period = json_object_get(recount->invoice->body, "period");
    const json_t *number = json_object_get(period, "number");
    if (!json_is_integer(number) ||
        failed(period_of_statement(&recount->terms, json_integer_value(number), &recount->period)))
        return FAIL(VERIFICATION_FAILED, "its subscription has no period of that number");
    if (!is_instant(period, "start", recount->period.start) ||
        !is_instant(period, "end", recount->period.end))
        return FAIL(VERIFICATION_FAILED, "its period does not begin and end where it should");
    recount->since =
        statement_carries(&recount->terms) ? (instant){FIRST_INSTANT_US} : recount->period.start;
    return needs_removed(recount->exported, recount->since)
               ? FAIL(ENTRY_REMOVED, "retention has removed entries that it was counted from")
               : OK;
}

static void differs(const struct recount *recount, str where, const char *name,
                    const json_t *stated, const json_t *recounted)
{
    struct report *report = recount->exported->report;
    long long index = recount->invoice->index;
    if (json_is_string(stated) && json_is_string(recounted))
        fault(report, "Entry %lld: %" STR_FMT "%s is %" STR_FMT ", recounted %" STR_FMT ".", index,
              STR_ARG(where), name, STR_ARG(report_text(recount->arena, json_str(stated))),
              STR_ARG(report_text(recount->arena, json_str(recounted))));
    else
        fault(report, "Entry %lld: %" STR_FMT "%s is not as recounted.", index, STR_ARG(where),
              name);
}

// Every member that the recount has; `where` begins the sentence.
static void compare_members(const struct recount *recount, str where, const json_t *stated,
                            const json_t *recounted)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(recounted), name, value)
    {
        const json_t *other = json_object_get(stated, name);
        if (!str_eq(str_from(name), STR("lines")) && !json_equal(other, value))
            differs(recount, where, name, other, value);
    }
}

static void compare_lines(const struct recount *recount, const json_t *recounted)
{
    struct report *report = recount->exported->report;
    long long index = recount->invoice->index;
    const json_t *stated = json_object_get(recount->invoice->body, "lines");
    const json_t *made = json_object_get(recounted, "lines");
    size_t count = json_array_size(stated);
    if (count != json_array_size(made))
        fault(report, "Entry %lld: it has %zu lines, recounted %zu.", index, count,
              json_array_size(made));
    for (size_t i = 0; i < count && i < json_array_size(made); i++) {
        const json_t *line = json_array_get(stated, i);
        const json_t *again = json_array_get(made, i);
        str key = report_text(recount->arena, text_at(line, "key"));
        str where = str_printf(recount->arena, "line %zu (%" STR_FMT "): ", i + 1, STR_ARG(key));
        compare_members(recount, where, line, again);
        if (json_object_size(line) > json_object_size(again))
            fault(report, "Entry %lld: %" STR_FMT "it says more than recounted.", index,
                  STR_ARG(where));
    }
}

// What neither the recount nor the issue gives an invoice.
static void check_no_more(const struct recount *recount, const json_t *recounted)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(recount->invoice->body), name, value)
    {
        if (json_object_get(recounted, name) == NULL && !is_of_issue(name))
            fault(recount->exported->report, "Entry %lld: no invoice has a member %" STR_FMT ".",
                  (long long)recount->invoice->index,
                  STR_ARG(report_text(recount->arena, str_from(name))));
    }
}

// The statement of the period before that stood at the ledger's size; NULL when there was none.
static const json_t *find_before(const struct recount *recount)
{
    for (size_t i = recount->exported->document_count; i != 0; i--) {
        const struct exported_document *document = &recount->exported->documents[i - 1];
        const json_t *number = json_object_get(json_object_get(document->body, "period"), "number");
        if (stands_at(document, recount->size) && json_is_integer(number) &&
            json_integer_value(number) == recount->period.number - 1 &&
            str_eq(text_at(document->body, "subscription"), recount->terms.id))
            return document->body;
    }
    return NULL;
}

static void compare(const struct recount *recount, const json_t *recounted)
{
    compare_lines(recount, recounted);
    compare_members(recount, STR(""), recount->invoice->body, recounted);
    check_no_more(recount, recounted);
}

static result run(struct recount *recount, json_t **recounted)
{
    OWNED(usage_held_release) struct usage_held held = {0};
    const json_t *invoice = recount->invoice->body;
    const json_t *size = json_object_get(json_object_get(invoice, "ledger"), "size");
    if (!json_is_integer(size) || json_integer_value(size) > recount->invoice->index)
        return FAIL(VERIFICATION_FAILED, "it does not say on which entries it was computed");
    recount->size = json_integer_value(size);
    TRY(terms_read(recount->arena, recount->exported, invoice, recount->size, &recount->terms));
    TRY(find_period(recount));
    struct measured measured = {recount->exported, &recount->terms, recount->since,
                                recount->period.end, recount->size};
    TRY(usage_measured(recount->arena, &measured, &held, &recount->usage));
    TRY(reductions_read(recount->arena, recount->exported, recount->invoice, &recount->terms));
    TRY(adjustments_read(recount->arena, recount->exported, recount->size, recount->period.number,
                         &recount->terms));
    recount->terms.before = find_before(recount);
    if (recount->terms.adjustment_count == 0 &&
        period_closing(&recount->terms, recount->period.number))
        return FAIL(VERIFICATION_FAILED, "it closes a subscription that owes nothing");
    return statement_compute(recount->arena, &recount->terms, &recount->period, &recount->usage,
                             recounted);
}

result recount_statement(struct arena *arena, struct exported *exported,
                         const struct exported_document *invoice, json_t **recounted)
{
    struct recount recount = {.arena = arena, .exported = exported, .invoice = invoice};
    return run(&recount, recounted);
}

bool verify_recount(struct exported *exported, const struct exported_document *invoice)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *recounted = NULL;
    struct recount recount = {.arena = &arena, .exported = exported, .invoice = invoice};
    result done = run(&recount, &recounted);
    if (done.code == ERR_ENTRY_REMOVED)
        limit(exported->report, "Entry %lld: the invoice cannot be recounted: %s.",
              (long long)invoice->index, done.detail);
    else if (failed(done))
        fault(exported->report, "Entry %lld: the invoice cannot be recounted: %s.",
              (long long)invoice->index, done.detail);
    else
        compare(&recount, recounted);
    arena_reset(&arena);
    return done.code != ERR_ENTRY_REMOVED;
}
