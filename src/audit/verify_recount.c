// SPDX-License-Identifier: Apache-2.0
// Every invoice counted and rated again, from nothing but the entries below its ledger's size.
#include "verify_terms.h"

struct recount {
    struct arena *arena; // for this invoice alone
    const struct exported *exported;
    const struct exported_document *invoice;
    int64_t size;
    struct subscription_terms terms;
    struct period period;
    struct usage usage;
};

static str text_at(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

// Voids and amendments, and the events that they or the period name: no other can count.
static bool is_needed(const struct recount *recount, const struct exported_leaf *leaf)
{
    if (!leaf->whole)
        return false;
    if (leaf->kind == ENTRY_void || leaf->kind == ENTRY_amend)
        return leaf->reference >= recount->exported->from;
    return leaf->kind == ENTRY_usage &&
           (leaf->amended || leaf->voided ||
            (leaf->time.us >= recount->period.start.us && leaf->time.us < recount->period.end.us));
}

static result read_usage(struct recount *recount, struct usage_fold *fold)
{
    const struct exported *exported = recount->exported;
    for (size_t i = 0; i < exported->leaf_count; i++) {
        int64_t index = exported->from + (int64_t)i;
        if (index >= recount->size)
            break;
        if (is_needed(recount, &exported->leaves[i]))
            TRY(usage_fold_add(fold, index, exported->leaves[i].bytes));
    }
    return usage_fold_end(fold, &recount->usage);
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
        failed(period_find(&recount->terms, json_integer_value(number), &recount->period)))
        return FAIL(VERIFICATION_FAILED, "its subscription has no period of that number");
    if (!is_instant(period, "start", recount->period.start) ||
        !is_instant(period, "end", recount->period.end))
        return FAIL(VERIFICATION_FAILED, "its period does not begin and end where it should");
    return OK;
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
static bool same_members(const struct recount *recount, str where, const json_t *stated,
                         const json_t *recounted, bool tell)
{
    bool same = true;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(recounted), name, value)
    {
        const json_t *other = json_object_get(stated, name);
        if (str_eq(str_from(name), STR("lines")) || json_equal(other, value))
            continue;
        same = false;
        if (tell)
            differs(recount, where, name, other, value);
    }
    return same;
}

static bool same_lines(const struct recount *recount, const json_t *recounted, bool tell)
{
    const json_t *stated = json_object_get(recount->invoice->body, "lines");
    const json_t *made = json_object_get(recounted, "lines");
    size_t count = json_array_size(stated);
    bool same = count == json_array_size(made);
    if (!same && tell)
        fault(recount->exported->report, "Entry %lld: it has %zu lines, recounted %zu.",
              (long long)recount->invoice->index, count, json_array_size(made));
    for (size_t i = 0; i < count && i < json_array_size(made); i++) {
        const json_t *line = json_array_get(stated, i);
        const json_t *again = json_array_get(made, i);
        str key = report_text(recount->arena, text_at(line, "key"));
        str where = str_printf(recount->arena, "line %zu (%" STR_FMT "): ", i + 1, STR_ARG(key));
        same = same_members(recount, where, line, again, tell) && same;
        if (json_object_size(line) <= json_object_size(again))
            continue;
        same = false;
        if (tell)
            fault(recount->exported->report, "Entry %lld: %" STR_FMT "it says more than recounted.",
                  (long long)recount->invoice->index, STR_ARG(where));
    }
    return same;
}

// Rates it with one statement before it, or none. With `tell` each difference is a fault.
static result compare_with(struct recount *recount, const json_t *before, bool tell, bool *same)
{
    OWNED(json_release) json_t *recounted = NULL;
    recount->terms.before = before;
    TRY(statement_compute(recount->arena, &recount->terms, &recount->period, &recount->usage,
                          &recounted));
    bool lines = same_lines(recount, recounted, tell);
    bool members = same_members(recount, STR(""), recount->invoice->body, recounted, tell);
    *same = lines && members;
    return OK;
}

// The statement of the period before, at or below a place in the list of documents; NULL when there
// is none. `place` moves below what was found.
static const json_t *find_before(const struct recount *recount, size_t *place)
{
    for (; *place != 0; (*place)--) {
        const struct exported_document *document = &recount->exported->documents[*place - 1];
        const json_t *number = json_object_get(json_object_get(document->body, "period"), "number");
        if (document->kind != ENTRY_invoice || document->index >= recount->size ||
            !str_eq(text_at(document->body, "subscription"), recount->terms.id) ||
            !json_is_integer(number) || json_integer_value(number) != recount->period.number - 1)
            continue;
        (*place)--;
        return document->body;
    }
    return NULL;
}

// An invoice settles what the standing statement of the period before billed ahead. Which one stood
// is not in the log, where a voided invoice leaves no trace: usually the newest, else an older one
// or none.
static result compare(struct recount *recount)
{
    size_t place = recount->exported->document_count;
    const json_t *newest = find_before(recount, &place);
    bool same = false;
    TRY(compare_with(recount, newest, false, &same));
    for (const json_t *other = newest; !same && other != NULL;) {
        other = find_before(recount, &place);
        TRY(compare_with(recount, other, false, &same));
    }
    return same ? OK : compare_with(recount, newest, true, &same);
}

static result run(struct recount *recount)
{
    OWNED(usage_fold_release) struct usage_fold *fold = usage_fold_new(recount->arena);
    const json_t *invoice = recount->invoice->body;
    const json_t *size = json_object_get(json_object_get(invoice, "ledger"), "size");
    if (!json_is_integer(size) || json_integer_value(size) > recount->invoice->index)
        return FAIL(VERIFICATION_FAILED, "it does not say on which entries it was computed");
    recount->size = json_integer_value(size);
    TRY(terms_read(recount->arena, recount->exported, invoice, recount->size, &recount->terms));
    TRY(find_period(recount));
    TRY(read_usage(recount, fold));
    return compare(recount);
}

void verify_recount(const struct exported *exported, const struct exported_document *invoice)
{
    struct arena arena = {0};
    struct recount recount = {.arena = &arena, .exported = exported, .invoice = invoice};
    result done = run(&recount);
    if (failed(done))
        fault(exported->report, "Entry %lld: the invoice cannot be recounted: %s.",
              (long long)invoice->index, done.detail);
    arena_reset(&arena);
}
