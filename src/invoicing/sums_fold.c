// SPDX-License-Identifier: Apache-2.0
// Folding. A customer's metrics are folded together as far as they stand at the same position; a
// new metric begins at 0, alone, and joins the others when it reaches them.
#include "invoicing.sql.h"
#include "phial/catalog/catalog.h"
#include "phial/invoicing/sums.h"
#include "phial/ledger/ledger.h"
#include "sums_stretch.h"
#include "sums_tally.h"

#include <assert.h>
#include <stdlib.h>

enum {
    ENTRIES_A_FOLD_MAX = 50000,
    ENTRIES_A_FOLD_MIN = 2000,
    MEASURES_A_FOLD = 250000, // an entry by a metric, which takes up to a kilobyte each
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
    struct usage_tally *tally;
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

// So many that what is measured of them has room, whatever number of metrics.
static int64_t entries_a_fold(const struct fold *fold)
{
    int64_t together = 0;
    for (size_t i = 0; i < fold->count; i++)
        together += fold->series[i].folded == fold->from;
    int64_t entries = MEASURES_A_FOLD / together;
    if (entries < ENTRIES_A_FOLD_MIN)
        return ENTRIES_A_FOLD_MIN;
    return entries < ENTRIES_A_FOLD_MAX ? entries : ENTRIES_A_FOLD_MAX;
}

// From the least position to the next one that another series stands at, so that they meet.
static void choose(struct fold *fold)
{
    fold->from = fold->size;
    for (size_t i = 0; i < fold->count; i++) {
        if (fold->series[i].folded < fold->from)
            fold->from = fold->series[i].folded;
    }
    int64_t entries = fold->from < fold->size ? entries_a_fold(fold) : 0;
    fold->to = fold->from + entries < fold->size ? fold->from + entries : fold->size;
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

// ---- one fold

static result read_stretch(struct db_tx *tx, void *context)
{
    const struct fold *fold = context;
    OWNED(stretch_release) struct stretch stretch = {0};
    struct grown grown = grown_of_all_time(fold->customer_id, fold->from, fold->to);
    TRY(stretch_read(tx, &grown, fold->from, fold->to, &stretch));
    for (size_t i = 0; i < stretch.added.count; i++)
        TRY(usage_tally_add(fold->tally, &stretch.added.events[i], false));
    for (size_t i = 0; i < stretch.removed.count; i++)
        TRY(usage_tally_add(fold->tally, &stretch.removed.events[i], true));
    return fold->places ? places_add(tx, fold->customer_id, &stretch.added) : OK;
}

// The entries' memory is given back before what they come to is stored.
static result fold_stretch(struct fold *fold)
{
    fold->tally =
        usage_tally_new(db_arena(fold->tx), fold->metrics, fold->metric_count, TALLY_LEVELS);
    TRY(db_scratch(fold->tx, read_stretch, fold));
    return sums_store_tally(
        &(struct sums_stretch){
            .at = {fold->tx, fold->customer_id, fold->ids, fold->metrics},
            .metric_count = fold->metric_count,
            .from = fold->from,
            .to = fold->to,
        },
        fold->tally);
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
