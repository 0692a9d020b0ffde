// SPDX-License-Identifier: Apache-2.0
// Measuring a metric over any time, as of the ledger's present size.
#include "compute.h"
#include "phial/util/encode.h"
#include "sums_read.h"

enum {
    WINDOWS_MAX = 10000,
    TRIES = 2 // sums may have been folded beyond the head that was read
};

#define HOUR_US INT64_C(3600000000)

struct answering {
    struct arena *arena;
    const struct usage_query *query;
    const struct zone *zone;
    struct head head;
    struct sums_reading *reading; // NULL: of no time
    exact quantity;               // of all of the time
    int64_t events;
    json_t *printed; // NULL: nothing else is asked
};

enum outcome { NOT_READ, WORN, ANSWERED };

static json_t *print_instant(struct arena *arena, instant at)
{
    return json_from_str(instant_print(arena, at));
}

static result set_measured(struct arena *arena, exact quantity, int64_t events, json_t *into)
{
    TRY(statement_set(into, "quantity", json_from_str(exact_print(arena, quantity))));
    return statement_set(into, "events", json_integer(events));
}

// NOT_READY: only the entries tell; the caller reads them and begins anew.
static result measure(const struct answering *answering, struct arena *arena,
                      const struct measurement *what, struct usage_group **groups, size_t *count)
{
    struct sums_answer answer = {0};
    if (answering->reading == NULL) {
        const struct usage none = {0};
        return metric_measure(arena, what, &none, groups, count);
    }
    TRY(sums_measure(answering->reading, arena, what, &answer));
    if (!answer.answered)
        return FAIL(NOT_READY, "a running sum is worn");
    *groups = answer.groups;
    *count = answer.count;
    return OK;
}

static struct measurement measurement_of(const struct answering *answering, instant from,
                                         instant to)
{
    return (struct measurement){
        .metric = answering->query->metric,
        .from = from,
        .to = to,
        .zone = answering->zone,
    };
}

static result measure_whole(const struct answering *answering, struct arena *arena, instant from,
                            instant to, struct usage_group *whole)
{
    struct measurement what = measurement_of(answering, from, to);
    struct usage_group *groups = NULL;
    size_t count = 0;
    TRY(measure(answering, arena, &what, &groups, &count));
    *whole = groups[0];
    return OK;
}

// The first instant of the local hour, day or month after the one that holds `at`.
static instant next_bound(const struct zone *zone, str window, instant at)
{
    if (str_eq(window, STR("hour"))) {
        instant start = zone_hour(zone, at);
        instant probe = {start.us + HOUR_US};
        return zone_hour(zone, probe);
    }
    day today = zone_day(zone, at);
    if (str_eq(window, STR("day")))
        return zone_midnight(zone, (day){today.number + 1});
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    day_to_civil(today, &year, &month, &day_of_month);
    return zone_midnight(zone, day_add_months(day_from_civil(year, month, 1), 1));
}

static result add_windows(const struct answering *answering, json_t *windows)
{
    OWNED(arena_reset) struct arena scratch = {0};
    const struct usage_query *query = answering->query;
    for (instant start = query->from; start.us < query->to.us;) {
        instant end = next_bound(answering->zone, query->window, start);
        if (end.us > query->to.us)
            end = query->to;
        struct usage_group whole = {0};
        arena_clear(&scratch);
        TRY(measure_whole(answering, &scratch, start, end, &whole));
        json_t *window = json_pack("{s:o, s:o}", "start", print_instant(&scratch, start), "end",
                                   print_instant(&scratch, end));
        if (window == NULL || json_array_append_new(windows, window) != 0)
            return FAIL(INTERNAL, "a window cannot be written");
        TRY(set_measured(&scratch, whole.quantity, whole.events, window));
        start = end;
    }
    return OK;
}

static result add_groups(const struct answering *answering, json_t *printed)
{
    OWNED(arena_reset) struct arena scratch = {0};
    const struct usage_query *query = answering->query;
    struct measurement what = measurement_of(answering, query->from, query->to);
    struct usage_group *groups = NULL;
    size_t count = 0;
    what.group_by = query->group_by;
    what.group_by_count = query->group_by_count;
    TRY(measure(answering, &scratch, &what, &groups, &count));
    for (size_t i = 0; i < count; i++) {
        json_t *values = json_object();
        json_t *group = json_pack("{s:o}", "group", values);
        if (group == NULL || json_array_append_new(printed, group) != 0)
            return FAIL(INTERNAL, "a group cannot be written");
        for (size_t j = 0; j < query->group_by_count; j++)
            TRY(statement_set(values, str_to_c(&scratch, query->group_by[j]),
                              json_from_str(groups[i].values[j])));
        TRY(set_measured(&scratch, groups[i].quantity, groups[i].events, group));
    }
    return OK;
}

static result add_list(const struct answering *answering, const char *name, json_t *answer,
                       result (*add)(const struct answering *, json_t *))
{
    json_t *list = json_array();
    TRY(statement_set(answer, name, list));
    return add(answering, list);
}

result usage_as_of(struct arena *arena, const struct head *head, json_t *answer)
{
    sha256 root = merkle_root(&head->range);
    return statement_set(answer, "as_of",
                         json_pack("{s:I, s:o}", "index", (json_int_t)head->size, "root",
                                   json_from_str(encode_base64(arena, sha256_str(&root)))));
}

static result print_answer(const struct answering *answering)
{
    const struct usage_query *query = answering->query;
    json_t *answer = answering->printed;
    TRY(statement_set(answer, "metric", json_from_str(query->metric->key)));
    TRY(statement_set(answer, "from", print_instant(answering->arena, query->from)));
    TRY(statement_set(answer, "to", print_instant(answering->arena, query->to)));
    TRY(set_measured(answering->arena, answering->quantity, answering->events, answer));
    if (query->window.len > 0)
        TRY(add_list(answering, "windows", answer, add_windows));
    if (query->group_by != NULL)
        TRY(add_list(answering, "groups", answer, add_groups));
    return usage_as_of(answering->arena, &answering->head, answer);
}

static result answer(struct answering *answering)
{
    OWNED(arena_reset) struct arena scratch = {0};
    const struct usage_query *query = answering->query;
    struct usage_group whole = {0};
    TRY(measure_whole(answering, &scratch, query->from, query->to, &whole));
    answering->events = whole.events;
    answering->quantity = exact_add(answering->arena, whole.quantity, exact_zero()); // a copy
    arena_reset(&scratch);
    return answering->printed == NULL ? OK : print_answer(answering);
}

// Where the windows begin, and the longest buckets that none of them cuts. cuts: one cuts even
// quarters of an hour, as no zone's hours do since 1972.
static result find_bounds(const struct answering *answering, struct sums_asked *asked, bool *cuts)
{
    const struct usage_query *query = answering->query;
    instant *bounds = NULL;
    size_t room = 0;
    *cuts = false;
    for (instant at = query->from; at.us < query->to.us;) {
        if (asked->bound_count == WINDOWS_MAX)
            return FAIL(BAD_PARAMETER, "There would be more than 10,000 windows.");
        bounds = arena_grow(answering->arena, bounds, asked->bound_count, &room, sizeof *bounds);
        bounds[asked->bound_count++] = at;
        at = query->window.len == 0 ? query->to : next_bound(answering->zone, query->window, at);
        if (at.us >= query->to.us)
            break;
        while (asked->level != TALLY_QUARTER && usage_tally_bucket(asked->level, at).us != at.us)
            asked->level -= 1;
        *cuts = *cuts || usage_tally_bucket(asked->level, at).us != at.us;
    }
    asked->bounds = bounds;
    return OK;
}

static struct sums_asked asked_of(const struct answering *answering)
{
    const struct usage_query *query = answering->query;
    struct sums_asked asked = {
        .what = measurement_of(answering, query->from, query->to),
        .level = TALLY_DAY,
    };
    asked.what.group_by = query->group_by;
    asked.what.group_by_count = query->group_by_count;
    return asked;
}

static result read_entries(struct db_tx *tx, const struct head *head,
                           const struct sums_asked *asked, struct sums_reading **reading)
{
    TRY(usage_check_unsealed(tx, head, usage_since(asked->what.metric, asked->what.from)));
    return sums_read_entries(tx, head, asked, 1, reading);
}

typedef result reader(struct db_tx *tx, const struct head *head, const struct sums_asked *asked,
                      struct sums_reading **reading);

// As of the size that the log has by then.
static result answer_by(reader *read, struct db_tx *tx, struct answering *answering,
                        const struct sums_asked *asked, enum outcome *outcome)
{
    OWNED(sums_reading_release) struct sums_reading *reading = NULL;
    TRY(ledger_head(tx, answering->query->customer->id, &answering->head));
    TRY(read(tx, &answering->head, asked, &reading));
    *outcome = NOT_READ;
    if (reading == NULL)
        return OK;
    answering->reading = reading;
    result done = answer(answering);
    answering->reading = NULL;
    *outcome = done.code == ERR_NOT_READY ? WORN : ANSWERED;
    return *outcome == WORN ? OK : done;
}

// Out of running sums, where they tell, else out of the entries.
static result answer_of_time(struct db_tx *tx, struct answering *answering,
                             const struct sums_asked *asked, bool cuts)
{
    enum outcome outcome = NOT_READ;
    for (int tries = 0; tries < TRIES && !cuts && outcome == NOT_READ; tries++)
        TRY(answer_by(sums_read, tx, answering, asked, &outcome));
    // Of entries nothing is taken away again, so that nothing is worn.
    return outcome == ANSWERED ? OK : answer_by(read_entries, tx, answering, asked, &outcome);
}

static result run(struct db_tx *tx, struct answering *answering)
{
    const struct usage_query *query = answering->query;
    str window = query->window;
    bool cuts = false;
    if (window.len > 0 && !str_eq(window, STR("hour")) && !str_eq(window, STR("day")) &&
        !str_eq(window, STR("month")))
        return FAIL(BAD_PARAMETER, "A window is an hour, a day or a month.");
    if (query->from.us > query->to.us)
        return FAIL(BAD_PARAMETER, "The time ends before it begins.");
    TRY(zone_load(db_arena(tx), query->customer->zone_name, &answering->zone));
    struct sums_asked asked = asked_of(answering);
    TRY(find_bounds(answering, &asked, &cuts));
    if (asked.bound_count > 0)
        return answer_of_time(tx, answering, &asked, cuts);
    TRY(ledger_head(tx, query->customer->id, &answering->head));
    return answer(answering); // no time
}

result usage_query_run(struct db_tx *tx, const struct usage_query *query, json_t **answer)
{
    OWNED(json_release) json_t *printed = json_object();
    struct answering answering = {.arena = db_arena(tx), .query = query, .printed = printed};
    TRY(run(tx, &answering));
    *answer = json_incref(printed);
    return OK;
}

result usage_query_measure(struct db_tx *tx, const struct usage_query *query, exact *quantity,
                           int64_t *size)
{
    struct answering answering = {.arena = db_arena(tx), .query = query};
    TRY(run(tx, &answering));
    *quantity = answering.quantity;
    *size = answering.head.size;
    return OK;
}
