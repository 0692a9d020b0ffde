// SPDX-License-Identifier: Apache-2.0
// Folding. A customer's metrics are folded together as far as they stand at the same position; a
// new metric begins at 0, alone, and joins the others when it reaches them.
#include "invoicing.sql.h"
#include "phial/catalog/catalog.h"
#include "phial/invoicing/sums.h"
#include "phial/ledger/ledger.h"
#include "phial/rating/aggregation.h"
#include "sums_rows.h"

#include <assert.h>
#include <stdlib.h>

enum {
    ENTRIES_A_FOLD = 50000,
    FOLDS_A_TURN = 4,
    CUSTOMERS_A_PAGE = 200,
    SERIES_MAX = 10000,
    PLACES = 0
};

// A metric's version, or the places.
struct series {
    int64_t id;
    const struct metric *metric; // NULL: the places
    int64_t folded;
};

// One fold of one customer: a transaction.
struct fold {
    int64_t customer_id;
    // answers
    int64_t entries;
    bool busy;  // another daemon folds this customer
    bool ended; // all of the log is folded
    // while it goes on
    struct db_tx *tx;
    int64_t latest; // series
    int64_t size;
    struct series *series; // the places first
    size_t count;
    json_t *held; // the metrics' documents
    int64_t from;
    int64_t to;
    const struct metric **metrics; // of the series that stand at `from`, and their ids
    int64_t *ids;
    size_t metric_count;
    bool places; // stand at `from` too
};

// ---- which series, and where they stand

struct wanted_row {
    struct fold *fold;
    int64_t id;
    int64_t version;
    str key;
    str document;
};

static result take_wanted(void *context)
{
    struct wanted_row *row = context;
    struct fold *fold = row->fold;
    struct arena *arena = db_arena(fold->tx);
    struct faults *faults = arena_new(arena, struct faults);
    json_t *document = NULL;
    if (fold->count == SERIES_MAX)
        return FAIL(INTERNAL, "too many metrics to fold");
    TRY(json_parse(row->document, &document));
    if (json_array_append_new(fold->held, document) != 0)
        return FAIL(INTERNAL, "out of memory");
    faults->arena = arena;
    struct series *series = &fold->series[fold->count];
    *series = (struct series){
        .id = row->id,
        .metric = metric_parse((struct json_at){document, STR(""), faults}, true),
    };
    // What this version does not understand any more is measured by nobody.
    fold->count += series->metric != NULL;
    return OK;
}

static result read_wanted(struct fold *fold)
{
    struct wanted_row row = {.fold = fold};
    fold->series = arena_array(db_arena(fold->tx), struct series, SERIES_MAX);
    fold->series[0] = (struct series){.id = PLACES};
    fold->count = 1;
    return db_each(fold->tx, &sums_list_wanted_sql, PARAMS(db_i64(fold->customer_id)),
                   COLUMNS(db_into_i64("series_id", &row.id), db_into_text("metric", &row.key),
                           db_into_i64("version", &row.version),
                           db_into_text("document", &row.document)),
                   take_wanted, &row);
}

struct mark_row {
    struct fold *fold;
    int64_t id;
    int64_t folded;
    int64_t *dropped;
    size_t dropped_count;
};

static result take_mark(void *context)
{
    struct mark_row *row = context;
    for (size_t i = 0; i < row->fold->count; i++) {
        if (row->fold->series[i].id == row->id) {
            row->fold->series[i].folded = row->folded;
            return OK;
        }
    }
    if (row->dropped_count < SERIES_MAX)
        row->dropped[row->dropped_count++] = row->id;
    return OK;
}

// Series that nobody wants any more are forgotten with their sums.
static result read_marks(struct fold *fold)
{
    struct mark_row row = {
        .fold = fold,
        .dropped = arena_array(db_arena(fold->tx), int64_t, SERIES_MAX),
    };
    TRY(db_each(fold->tx, &sums_list_marks_sql, PARAMS(db_i64(fold->customer_id)),
                COLUMNS(db_into_i64("series_id", &row.id), db_into_i64("folded", &row.folded)),
                take_mark, &row));
    return row.dropped_count == 0 ? OK
                                  : db_exec(fold->tx, &sums_drop_series_sql,
                                            PARAMS(db_i64(fold->customer_id),
                                                   db_i64_array(row.dropped, row.dropped_count)));
}

static result write_marks(const struct fold *fold)
{
    struct arena *arena = db_arena(fold->tx);
    int64_t *ids = arena_array(arena, int64_t, fold->count);
    int64_t *folded = arena_array(arena, int64_t, fold->count);
    int64_t least = fold->size;
    for (size_t i = 0; i < fold->count; i++) {
        ids[i] = fold->series[i].id;
        folded[i] = fold->series[i].folded;
        if (folded[i] < least)
            least = folded[i];
    }
    return db_exec(fold->tx, &sums_set_mark_sql,
                   PARAMS(db_i64(fold->customer_id), db_i64(fold->latest), db_i64(least),
                          db_i64_array(ids, fold->count), db_i64_array(folded, fold->count)));
}

// From the least position to the next one that another series stands at, so that they meet.
static void choose(struct fold *fold)
{
    fold->from = fold->size;
    for (size_t i = 0; i < fold->count; i++) {
        if (fold->series[i].folded < fold->from)
            fold->from = fold->series[i].folded;
    }
    fold->to = fold->from + ENTRIES_A_FOLD < fold->size ? fold->from + ENTRIES_A_FOLD : fold->size;
    fold->metrics = arena_array(db_arena(fold->tx), const struct metric *, fold->count);
    fold->ids = arena_array(db_arena(fold->tx), int64_t, fold->count);
    for (size_t i = 0; i < fold->count; i++) {
        const struct series *series = &fold->series[i];
        if (series->folded > fold->from && series->folded < fold->to)
            fold->to = series->folded;
        if (series->folded != fold->from)
            continue;
        fold->places = fold->places || series->metric == NULL;
        if (series->metric == NULL)
            continue;
        fold->metrics[fold->metric_count] = series->metric;
        fold->ids[fold->metric_count++] = series->id;
    }
}

// ---- worn lines are made again

// The one key among a tally's lines. NULL when none of its events are left.
static const struct usage_tally_line *find_line(const struct usage_tally *tally,
                                                const struct usage_tally_line *like)
{
    size_t count = 0;
    const struct usage_tally_line *lines = usage_tally_lines(tally, &count);
    for (size_t i = 0; i < count; i++) {
        if (lines[i].metric == like->metric && lines[i].weight == like->weight &&
            str_eq(lines[i].group, like->group))
            return &lines[i];
    }
    return NULL;
}

// From the events of its quarter of an hour.
static result renew_quarter(const struct fold *fold, struct usage_tally_line *line)
{
    OWNED(usage_fold_release) struct usage_fold *events = NULL;
    struct usage usage = {0};
    instant end = usage_tally_bucket_end(TALLY_QUARTER, line->bucket);
    struct placed_span span = {fold->customer_id, fold->to, line->bucket, end};
    struct usage_tally *tally =
        usage_tally_new(db_arena(fold->tx), fold->metrics, fold->metric_count, 1);
    TRY(placed_read(fold->tx, &span, &events, &usage));
    for (size_t i = 0; i < usage.count; i++) {
        if (usage.events[i].time.us >= line->bucket.us && usage.events[i].time.us < end.us)
            TRY(usage_tally_add(tally, &usage.events[i], false));
    }
    const struct usage_tally_line *made = find_line(tally, line);
    line->added = made == NULL ? (struct usage_tally_sum){0} : made->added;
    return OK;
}

struct joining {
    const struct metric *metric;
    struct usage_tally_sum sum;
    instant begins;
    instant bucket;
    struct sum_row row;
};

static result join_quarter(void *context)
{
    struct joining *joining = context;
    TRY(sum_row_read(&joining->row));
    struct usage_tally_sum sum = joining->row.sum;
    int64_t later = joining->bucket.us - joining->begins.us;
    struct arena *arena = joining->row.arena;
    // Its moment counts from the quarter, the line's from its own bucket.
    if (metric_folding(joining->metric) == FOLDS_MOMENT)
        sum.moment = exact_add(
            arena, sum.moment,
            exact_mul(arena, exact_from_decimal(arena, sum.total), exact_from_i64(arena, later)));
    return usage_tally_sum_add(arena, joining->metric, &joining->sum, &sum);
}

// From its quarters, which are stored by then.
static result renew_longer(const struct fold *fold, struct usage_tally_line *line)
{
    struct joining joining = {
        .metric = fold->metrics[line->metric],
        .begins = line->bucket,
        .row = {.arena = db_arena(fold->tx)},
    };
    TRY(db_each(fold->tx, &sums_each_of_group_sql,
                PARAMS(db_i64(fold->customer_id), db_i64(fold->ids[line->metric]),
                       db_instant(line->bucket),
                       db_instant(usage_tally_bucket_end(line->level, line->bucket)),
                       db_text(line->group), db_i64((int64_t)line->weight)),
                COLUMNS(db_into_instant("bucket", &joining.bucket), SUM_COLUMNS(&joining.row)),
                join_quarter, &joining));
    line->added = joining.sum;
    return OK;
}

static result renew_worn(const struct fold *fold, struct usage_tally_line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!usage_tally_sum_is_worn(fold->metrics[lines[i].metric], &lines[i].added))
            continue;
        TRY(lines[i].level == TALLY_QUARTER ? renew_quarter(fold, &lines[i])
                                            : renew_longer(fold, &lines[i]));
    }
    return OK;
}

// ---- one fold

// In the order of the rows' key, but for the series: what is written together stands together.
static int by_bucket(const void *left, const void *right)
{
    const struct usage_tally_line *a = left;
    const struct usage_tally_line *b = right;
    if (a->level != b->level)
        return a->level < b->level ? -1 : 1;
    if (a->metric != b->metric)
        return a->metric < b->metric ? -1 : 1;
    if (a->bucket.us != b->bucket.us)
        return a->bucket.us < b->bucket.us ? -1 : 1;
    int order = str_compare(a->group, b->group);
    return order != 0 ? order : (a->weight > b->weight) - (a->weight < b->weight);
}

static bool only_adds(const struct fold *fold, const struct usage_tally_line *line)
{
    const struct metric *metric = fold->metrics[line->metric];
    enum folding folds = metric_folding(metric);
    return line->removed.events == 0 && !metric_folds_values(metric) && folds != FOLDS_MOST &&
           folds != FOLDS_LEAST && folds != FOLDS_LATEST;
}

enum part { PART_NEW, PART_ADDING, PART_OTHERS, PARTS };

// Nothing is stored of what lies behind the latest bucket.
static enum part part_of(const struct fold *fold, const instant *latest,
                         const struct usage_tally_line *line)
{
    instant stored = latest[line->metric * TALLY_LEVELS + line->level];
    if (line->removed.events == 0 && line->bucket.us > stored.us)
        return PART_NEW;
    return only_adds(fold, line) ? PART_ADDING : PART_OTHERS;
}

// Part after part, each in its order. Answers how many of each there are.
static void part_lines(const struct fold *fold, const instant *latest,
                       struct usage_tally_line *lines, size_t count, size_t counts[PARTS])
{
    struct arena *arena = db_arena(fold->tx);
    struct usage_tally_line *parts[PARTS];
    for (int part = 0; part < PARTS; part++)
        parts[part] = arena_array(arena, struct usage_tally_line, count);
    if (count > 1)
        qsort(lines, count, sizeof *lines, by_bucket);
    for (size_t i = 0; i < count; i++) {
        enum part part = part_of(fold, latest, &lines[i]);
        parts[part][counts[part]++] = lines[i];
    }
    for (int part = 0; part < PARTS; part++) {
        for (size_t i = 0; i < counts[part]; i++)
            *lines++ = parts[part][i];
    }
}

// What a tally has of values, and what of it is left for rows of its own.
struct values {
    struct usage_tally_value *all; // in the order of lines, then of their bytes
    size_t count;
    size_t taken;
    struct usage_tally_value *left;
    size_t left_count;
    size_t left_room;
};

static int compare_places(const struct usage_tally_value *value,
                          const struct usage_tally_line *line)
{
    struct usage_tally_line like = {
        .level = value->level,
        .metric = value->metric,
        .bucket = value->bucket,
        .group = value->group,
        .weight = line->weight,
    };
    return by_bucket(&like, line);
}

static int by_value(const void *left, const void *right)
{
    const struct usage_tally_value *a = left;
    const struct usage_tally_value *b = right;
    struct usage_tally_line like = {
        .level = b->level, .metric = b->metric, .bucket = b->bucket, .group = b->group};
    int order = compare_places(a, &like);
    return order != 0 ? order : str_compare(a->value, b->value);
}

static void leave(const struct fold *fold, struct values *values,
                  const struct usage_tally_value *left, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        values->left = arena_grow(db_arena(fold->tx), values->left, values->left_count,
                                  &values->left_room, sizeof *values->left);
        values->left[values->left_count++] = left[i];
    }
}

// The line's values are `count` from the first.
static size_t find_values(const struct values *values, const struct usage_tally_line *line,
                          size_t *count)
{
    size_t first = 0;
    size_t end = values->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (compare_places(&values->all[middle], line) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    for (end = first; end < values->count && compare_places(&values->all[end], line) == 0;)
        end++;
    *count = end - first;
    return first;
}

// A line holds its values until they are too many: then, and from then on, they are rows.
static result hold_values(const struct fold *fold, struct usage_tally_line *line,
                          struct values *values)
{
    struct arena *arena = db_arena(fold->tx);
    size_t count = 0;
    size_t first = find_values(values, line, &count);
    struct usage_tally_value *merged = NULL;
    size_t merged_count = 0;
    values->taken += count;
    if (count == 0)
        return OK;
    if (line->held.len == 0) {
        leave(fold, values, &values->all[first], count);
        return OK;
    }
    TRY(usage_tally_held_merge(arena, line->held, &values->all[first], count, &merged,
                               &merged_count));
    line->held = usage_tally_held_print(arena, merged, merged_count);
    if (line->held.len == 0)
        leave(fold, values, merged, merged_count);
    return OK;
}

static result write_new_lines(const struct fold *fold, const struct sums_place *at,
                              struct usage_tally_line *lines, size_t count, struct values *values)
{
    for (size_t i = 0; i < count; i++) {
        if (!metric_folds_values(fold->metrics[lines[i].metric]))
            continue;
        lines[i].held = USAGE_TALLY_HELD_NONE;
        TRY(hold_values(fold, &lines[i], values));
    }
    return sums_insert(at, lines, count);
}

static result write_other_lines(const struct fold *fold, const struct sums_place *at,
                                struct usage_tally_line *lines, size_t count, struct values *values)
{
    size_t quarters = 0;
    while (quarters < count && lines[quarters].level == TALLY_QUARTER)
        quarters++;
    TRY(sums_merge(at, lines, count));
    for (size_t i = 0; i < count; i++)
        TRY(hold_values(fold, &lines[i], values));
    TRY(renew_worn(fold, lines, quarters));
    TRY(sums_write(at, lines, quarters));
    TRY(renew_worn(fold, lines + quarters, count - quarters));
    return sums_write(at, lines + quarters, count - quarters);
}

static result write_lines(const struct fold *fold, const struct sums_place *at,
                          struct usage_tally_line *lines, size_t count, struct values *values)
{
    instant *latest = NULL;
    size_t counts[PARTS] = {0};
    TRY(sums_latest(at, fold->metric_count, &latest));
    part_lines(fold, latest, lines, count, counts);
    TRY(write_new_lines(fold, at, lines, counts[PART_NEW], values));
    lines += counts[PART_NEW];
    TRY(sums_add(at, lines, counts[PART_ADDING]));
    lines += counts[PART_ADDING];
    TRY(write_other_lines(fold, at, lines, counts[PART_OTHERS], values));
    assert(values->taken == values->count); // each has its line
    return OK;
}

static result write_tally(const struct fold *fold, const struct usage_tally *tally)
{
    struct sums_place at = {fold->tx, fold->customer_id, fold->ids, fold->metrics};
    size_t count = 0;
    struct values values = {0};
    struct usage_tally_line *lines = usage_tally_lines(tally, &count);
    values.all = usage_tally_values(tally, &values.count);
    if (values.count > 1)
        qsort(values.all, values.count, sizeof *values.all, by_value);
    if (count > 0)
        TRY(write_lines(fold, &at, lines, count, &values));
    return sums_write_values(&at, values.left, values.left_count);
}

static result fold_stretch(struct fold *fold)
{
    OWNED(stretch_release) struct stretch stretch = {0};
    struct usage_tally *tally =
        usage_tally_new(db_arena(fold->tx), fold->metrics, fold->metric_count, TALLY_LEVELS);
    TRY(stretch_read(fold->tx, fold->customer_id, fold->from, fold->to, &stretch));
    for (size_t i = 0; i < stretch.added.count; i++)
        TRY(usage_tally_add(tally, &stretch.added.events[i], false));
    for (size_t i = 0; i < stretch.removed.count; i++)
        TRY(usage_tally_add(tally, &stretch.removed.events[i], true));
    if (fold->places)
        TRY(places_add(fold->tx, fold->customer_id, &stretch.added));
    return write_tally(fold, tally);
}

static result fold_locked(struct fold *fold)
{
    struct head head = {0};
    TRY(db_one(fold->tx, &sums_find_latest_sql, NO_PARAMS,
               COLUMNS(db_into_i64("latest", &fold->latest))));
    TRY(ledger_head(fold->tx, fold->customer_id, &head));
    fold->size = head.size;
    TRY(read_wanted(fold));
    TRY(read_marks(fold));
    choose(fold);
    if (fold->from < fold->to) {
        TRY(fold_stretch(fold));
        for (size_t i = 0; i < fold->count; i++) {
            if (fold->series[i].folded == fold->from)
                fold->series[i].folded = fold->to;
        }
    }
    fold->entries = fold->to - fold->from;
    fold->ended = fold->to == fold->size;
    for (size_t i = 0; i < fold->count; i++)
        fold->ended = fold->ended && fold->series[i].folded == fold->size;
    return write_marks(fold);
}

static result fold_once(struct db_tx *tx, void *context)
{
    struct fold *wanted = context;
    int64_t locked = 0;
    OWNED(json_release) json_t *held = json_array();
    struct fold fold = {.customer_id = wanted->customer_id, .tx = tx, .held = held};
    TRY(db_exec(tx, &sums_open_mark_sql, PARAMS(db_i64(fold.customer_id))));
    result lock = db_one(tx, &sums_lock_mark_sql, PARAMS(db_i64(fold.customer_id)),
                         COLUMNS(db_into_i64("customer_id", &locked)));
    wanted->entries = 0;
    wanted->busy = lock.code == ERR_NOT_FOUND;
    if (wanted->busy)
        return OK;
    TRY(lock);
    TRY(fold_locked(&fold));
    wanted->entries = fold.entries;
    wanted->ended = fold.ended;
    return OK;
}

// ---- all customers

struct page {
    int64_t after;
    int64_t latest; // series
    int64_t least;
    int64_t id; // of the row that is being read
    int64_t ids[CUSTOMERS_A_PAGE];
    size_t count;
};

static result take_candidate(void *context)
{
    struct page *page = context;
    page->ids[page->count++] = page->id;
    return OK;
}

static result list_candidates(struct db_tx *tx, void *context)
{
    struct page *page = context;
    page->count = 0;
    if (page->after == 0)
        TRY(db_exec(tx, &sums_add_series_sql, NO_PARAMS));
    TRY(db_one(tx, &sums_find_latest_sql, NO_PARAMS,
               COLUMNS(db_into_i64("latest", &page->latest))));
    return db_each(tx, &sums_list_candidates_sql,
                   PARAMS(db_i64(page->after), db_i64(page->latest), db_i64(CUSTOMERS_A_PAGE),
                          db_i64(page->least)),
                   COLUMNS(db_into_i64("customer_id", &page->id)), take_candidate, page);
}

// A customer whose log cannot be folded does not hold up the others; its failure is returned. Nor
// does one with much to fold: the next run goes on with it.
static result fold_customer(struct db *db, int64_t customer_id, struct sums_run *run)
{
    struct fold fold = {.customer_id = customer_id};
    for (int folds = 0; folds < FOLDS_A_TURN && !fold.busy && !fold.ended; folds++) {
        if (!run->goes_on(run->context))
            break;
        struct arena arena = {0};
        result folded = db_transact(db, &arena, fold_once, &fold);
        arena_reset(&arena);
        TRY(folded);
        run->entries += fold.entries;
    }
    return OK;
}

struct naming {
    struct arena *arena;
    int64_t customer_id;
    str name;
};

static result find_name(struct db_tx *tx, void *context)
{
    struct naming *naming = context;
    struct customer customer = {0};
    TRY(customer_get_by_id(tx, naming->customer_id, &customer));
    naming->name = str_copy(naming->arena, customer.key);
    return OK;
}

// The failure, its detail with whose log it is.
static result name_customer(struct db *db, struct arena *arena, int64_t customer_id, result failure)
{
    struct arena scratch = {0};
    struct naming naming = {.arena = arena, .customer_id = customer_id};
    result found = db_transact(db, &scratch, find_name, &naming);
    arena_reset(&scratch);
    if (failed(found))
        return failure;
    failure.detail = str_to_c(arena, str_printf(arena, "%s Not folded: customer %" STR_FMT ".",
                                                failure_detail(failure), STR_ARG(naming.name)));
    return failure;
}

result sums_fold(struct db *db, struct arena *arena, struct sums_run *run)
{
    struct page page = {.least = run->least > 1 ? run->least : 1};
    result first_failure = OK;
    do {
        TRY(db_transact(db, arena, list_candidates, &page));
        for (size_t i = 0; i < page.count && run->goes_on(run->context); i++) {
            result folded = fold_customer(db, page.ids[i], run);
            if (folded.code == ERR_DB_AWAY)
                return folded;
            if (failed(folded) && !failed(first_failure))
                first_failure = name_customer(db, arena, page.ids[i], folded);
            page.after = page.ids[i];
        }
    } while (page.count == CUSTOMERS_A_PAGE && run->goes_on(run->context));
    return first_failure;
}

result sums_progress(struct db_tx *tx, str metric, int64_t version, struct sums_progress *progress)
{
    return db_one(tx, &sums_progress_sql, PARAMS(db_text(metric), db_i64(version)),
                  COLUMNS(db_into_i64("customers", &progress->customers),
                          db_into_i64("customers_folded", &progress->customers_folded),
                          db_into_i64("entries", &progress->entries),
                          db_into_i64("entries_folded", &progress->entries_folded)));
}
