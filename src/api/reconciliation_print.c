// SPDX-License-Identifier: Apache-2.0
// A reconciliation's answer, as a document and as CSV.
#include "phial/util/array.h"
#include "phial/util/csv.h"
#include "phial/util/encode.h"
#include "reconciliation.h"

struct printing {
    struct arena *arena;
    const struct reconciliation_question *question;
    const struct reconciled *reconciled;
};

static json_t *exact_text(const struct printing *printing, exact number)
{
    return json_from_str(exact_print(printing->arena, number));
}

static json_t *instant_text(const struct printing *printing, instant at)
{
    return json_from_str(instant_print(printing->arena, at));
}

// What the ledger has more than the customer.
static exact difference(const struct printing *printing, exact ledger, exact yours)
{
    return exact_sub(printing->arena, ledger, yours);
}

static bool differs(const struct printing *printing, const struct compared_window *window)
{
    return exact_compare(window->ledger, exact_from_decimal(printing->arena, window->yours)) != 0;
}

static json_t *print_windows(const struct printing *printing)
{
    const struct reconciliation *what = &printing->question->what;
    json_t *list = json_array();
    for (size_t i = 0; i < what->window_count; i++) {
        const struct compared_window *window = &what->windows[i];
        exact yours = exact_from_decimal(printing->arena, window->yours);
        if (!differs(printing, window))
            continue;
        json_t *row = json_pack(
            "{s:o, s:o, s:o, s:o, s:o}", "start", instant_text(printing, window->start), "end",
            instant_text(printing, window->end), "ledger", exact_text(printing, window->ledger),
            "yours", exact_text(printing, yours), "difference",
            exact_text(printing, difference(printing, window->ledger, yours)));
        (void)json_array_append_new(list, row);
    }
    return list;
}

static json_t *print_ids(const struct compared_list *listed)
{
    json_t *list = json_array();
    for (const struct compared_event *event = listed->first; event != NULL; event = event->next)
        (void)json_array_append_new(list, json_from_str(event->id));
    return list;
}

static json_t *print_different(const struct printing *printing)
{
    json_t *list = json_array();
    const struct compared_event *event = printing->reconciled->different.first;
    for (; event != NULL; event = event->next) {
        const struct claimed_event *yours = &event->yours;
        json_t *theirs = json_object();
        if (yours->has_quantity)
            (void)json_object_set_new(
                theirs, "quantity", json_from_str(decimal_print(printing->arena, yours->quantity)));
        if (yours->has_time)
            (void)json_object_set_new(theirs, "time", instant_text(printing, yours->time));
        (void)json_array_append_new(
            list, json_pack("{s:o, s:o, s:{s:o, s:o}, s:o}", "id", json_from_str(event->id),
                            "source", json_from_str(event->source), "ledger", "quantity",
                            json_from_str(decimal_print(printing->arena, event->quantity)), "time",
                            instant_text(printing, event->time), "yours", theirs));
    }
    return list;
}

static bool is_complete(const struct reconciled *reconciled)
{
    const struct compared_list *const lists[] = {&reconciled->missing_here,
                                                 &reconciled->missing_there, &reconciled->different,
                                                 &reconciled->voided, &reconciled->elsewhere};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        if (lists[i]->listed != lists[i]->count)
            return false;
    }
    return true;
}

static void set(json_t *into, const char *name, json_t *value)
{
    (void)json_object_set_new(into, name, value);
}

static void set_events(const struct printing *printing, json_t *answer)
{
    const struct reconciled *reconciled = printing->reconciled;
    const struct claimed *claimed = printing->question->what.claimed;
    set(answer, "missing_here", print_ids(&reconciled->missing_here));
    set(answer, "missing_there", print_ids(&reconciled->missing_there));
    set(answer, "different", print_different(printing));
    set(answer, "voided", print_ids(&reconciled->voided));
    set(answer, "elsewhere", print_ids(&reconciled->elsewhere));
    if (claimed == NULL)
        return;
    set(answer, "complete", json_boolean(is_complete(reconciled)));
    set(answer, "ids",
        json_pack(
            "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "sent", (json_int_t)claimed->sent,
            "refused", (json_int_t)claimed->refused, "repeated", (json_int_t)reconciled->repeated,
            "missing_here", (json_int_t)reconciled->missing_here.count, "missing_there",
            (json_int_t)reconciled->missing_there.count, "different",
            (json_int_t)reconciled->different.count, "voided", (json_int_t)reconciled->voided.count,
            "elsewhere", (json_int_t)reconciled->elsewhere.count));
}

json_t *reconciliation_print(const struct reconciliation_question *question,
                             const struct reconciled *reconciled)
{
    struct printing printing = {question->request->arena, question, reconciled};
    const struct reconciliation *what = &question->what;
    bool by_metric = what->metric != NULL;
    bool has_yours = reconciled->has_yours;
    json_t *answer = json_pack(
        "{s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:I, s:o}", "customer",
        json_from_str(question->customer_key), by_metric ? "metric" : "type",
        json_from_str(by_metric ? question->metric_key : question->type_key), "from",
        instant_text(&printing, what->from), "to", instant_text(&printing, what->to), "matches",
        (int)reconciled->matches, "ledger", exact_text(&printing, reconciled->ledger), "yours",
        has_yours ? exact_text(&printing, reconciled->yours) : json_null(), "difference",
        has_yours
            ? exact_text(&printing, difference(&printing, reconciled->ledger, reconciled->yours))
            : json_null(),
        "events", (json_int_t)reconciled->events, "windows", print_windows(&printing));
    if (answer == NULL)
        return NULL;
    set_events(&printing, answer);
    set(answer, "as_of",
        json_pack("{s:I, s:o}", "index", (json_int_t)reconciled->size, "root",
                  json_from_str(encode_base64(printing.arena, sha256_str(&reconciled->root)))));
    return answer;
}

// ---- CSV: a row for each thing that differs, and one for the whole

struct csv_line {
    const char *what;
    str id;
    str source;
    str start;
    str end;
    str ledger;
    str yours;
    str difference;
};

static void add_line(struct buf *csv, const struct csv_line *line)
{
    struct csv_row row = {.into = csv};
    const str figures[] = {line->start, line->end, line->ledger, line->yours, line->difference};
    csv_text(&row, str_from(line->what));
    csv_text(&row, line->id);
    csv_text(&row, line->source);
    for (size_t i = 0; i < COUNT_OF(figures); i++)
        csv_number(&row, figures[i]);
    csv_end(&row);
}

static void add_figures(const struct printing *printing, struct csv_line *line, exact ledger,
                        exact yours)
{
    line->ledger = exact_print(printing->arena, ledger);
    line->yours = exact_print(printing->arena, yours);
    line->difference = exact_print(printing->arena, difference(printing, ledger, yours));
}

static void add_windows(const struct printing *printing, struct buf *csv)
{
    const struct reconciliation *what = &printing->question->what;
    for (size_t i = 0; i < what->window_count; i++) {
        const struct compared_window *window = &what->windows[i];
        struct csv_line line = {.what = "window",
                                .start = instant_print(printing->arena, window->start),
                                .end = instant_print(printing->arena, window->end)};
        if (!differs(printing, window))
            continue;
        add_figures(printing, &line, window->ledger,
                    exact_from_decimal(printing->arena, window->yours));
        add_line(csv, &line);
    }
}

static void add_list(const struct printing *printing, struct buf *csv, const char *what,
                     const struct compared_list *list)
{
    for (const struct compared_event *event = list->first; event != NULL; event = event->next) {
        struct csv_line line = {.what = what, .id = event->id, .source = event->source};
        if (event->differs) {
            line.ledger = decimal_print(printing->arena, event->quantity);
            line.start = instant_print(printing->arena, event->time);
        }
        if (event->yours.has_quantity)
            line.yours = decimal_print(printing->arena, event->yours.quantity);
        add_line(csv, &line);
    }
}

str reconciliation_print_csv(const struct reconciliation_question *question,
                             const struct reconciled *reconciled)
{
    struct printing printing = {question->request->arena, question, reconciled};
    struct buf csv = {.arena = printing.arena};
    struct csv_line total = {.what = reconciled->matches ? "matches" : "differs",
                             .start = instant_print(printing.arena, question->what.from),
                             .end = instant_print(printing.arena, question->what.to),
                             .ledger = exact_print(printing.arena, reconciled->ledger)};
    if (reconciled->has_yours)
        add_figures(&printing, &total, reconciled->ledger, reconciled->yours);
    buf_add(&csv, STR("what,id,source,start,end,ledger,yours,difference\r\n"));
    add_line(&csv, &total);
    add_windows(&printing, &csv);
    add_list(&printing, &csv, "missing_here", &reconciled->missing_here);
    add_list(&printing, &csv, "missing_there", &reconciled->missing_there);
    add_list(&printing, &csv, "different", &reconciled->different);
    add_list(&printing, &csv, "voided", &reconciled->voided);
    add_list(&printing, &csv, "elsewhere", &reconciled->elsewhere);
    return buf_str(&csv);
}
