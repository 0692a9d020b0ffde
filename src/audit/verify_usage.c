// SPDX-License-Identifier: Apache-2.0
// The events that a recount measures. Held one by one they answer anything; where there are many
// they are added up quarter by quarter of an hour, as running sums are, and forgotten. What such
// sums cannot tell is measured with the events held after all.
#include "phial/rating/tally.h"
#include "verify_settlement.h"

void usage_held_release(struct usage_held *held)
{
    usage_fold_release(&held->fold);
    usage_fold_release(&held->corrected);
}

static bool overlaps(const struct measured *what, const struct log_block *block)
{
    return block->least.us < what->to.us && block->most.us >= what->from.us;
}

// The first position that lies beyond the size.
static size_t end_of(const struct measured *what)
{
    const struct exported *exported = what->exported;
    int64_t count = what->size - exported->from;
    if (count < 0)
        return 0;
    return (size_t)count < exported->log.count ? (size_t)count : exported->log.count;
}

static bool is_corrected(const struct exported_log *log, size_t position)
{
    return log_is(log, position, LOG_VOIDED | LOG_AMENDED);
}

// Each whole event of the time, or that a correction names; time is known for the former.
struct visitor {
    result (*take)(void *context, const struct usage_event *event, str line, bool corrected);
    void *context;
};

static result visit_line(const struct measured *what, size_t position, str line,
                         const struct visitor *visitor)
{
    OWNED(json_release) json_t *held = NULL;
    const struct exported_log *log = &what->exported->log;
    struct usage_event event = {.index = what->exported->from + (int64_t)position};
    bool is_usage = false;
    if (!log_is(log, position, LOG_WHOLE) || log_kind(log, position) != ENTRY_usage)
        return OK;
    TRY(usage_leaf_read(line, &event, &held, &is_usage));
    bool corrected = is_corrected(log, position);
    bool in_time = event.time.us >= what->from.us && event.time.us < what->to.us;
    return corrected || in_time ? visitor->take(visitor->context, &event, line, corrected) : OK;
}

static result visit(const struct measured *what, const struct visitor *visitor)
{
    struct exported_log *log = &what->exported->log;
    size_t end = end_of(what);
    for (size_t block = 0; block * LOG_BLOCK < end; block++) {
        const struct log_block *about = &log->blocks[block];
        if (!about->corrected && !overlaps(what, about))
            continue;
        struct log_walk walk = log_walk_from(log, block * LOG_BLOCK);
        for (size_t i = 0; i < LOG_BLOCK && walk.position < end; i++) {
            str line = {0};
            (void)log_next(&walk, &line);
            TRY(visit_line(what, walk.position - 1, line, visitor));
        }
        if (block % 1024 == 0) // some megabytes
            archive_files_forget(log->files, log->text);
    }
    return OK;
}

static result add_corrections(const struct measured *what, struct usage_fold *fold)
{
    struct exported_log *log = &what->exported->log;
    size_t end = end_of(what);
    for (size_t i = 0; i < log->correction_count && log->corrections[i] < end; i++) {
        size_t position = log->corrections[i];
        TRY(usage_fold_add(fold, what->exported->from + (int64_t)position,
                           log_line(log, position)));
    }
    return OK;
}

// ---- held

static result hold(void *context, const struct usage_event *event, str line, bool corrected)
{
    (void)corrected;
    return usage_fold_add(context, event->index, line);
}

static result read_all(struct arena *arena, const struct measured *what, struct usage_fold **fold,
                       struct usage *usage)
{
    *fold = usage_fold_new(arena);
    TRY(visit(what, &(struct visitor){hold, *fold}));
    TRY(add_corrections(what, *fold));
    return usage_fold_end(*fold, usage);
}

// ---- added up

struct tallying {
    struct arena *arena;
    struct measured what;
    struct usage_held *held;
    const struct metric **metrics;
    size_t metric_count;
    struct usage_tally *tally; // NULL: not yet
    struct usage all;          // when the fold is there
};

struct tallied_source {
    struct usage_source base;
    struct tallying *tallying;
};

static result tally_event(void *context, const struct usage_event *event, str line, bool corrected)
{
    const struct tallying *tallying = context;
    if (corrected) // as it is now, after all corrections
        return usage_fold_add(tallying->held->corrected, event->index, line);
    return usage_tally_add(tallying->tally, event, false);
}

static result tally_all(struct tallying *tallying)
{
    struct usage live = {0};
    tallying->held->corrected = usage_fold_new(tallying->arena);
    tallying->tally =
        usage_tally_new(tallying->arena, tallying->metrics, tallying->metric_count, 1);
    TRY(visit(&tallying->what, &(struct visitor){tally_event, tallying}));
    TRY(add_corrections(&tallying->what, tallying->held->corrected));
    TRY(usage_fold_end(tallying->held->corrected, &live));
    for (size_t i = 0; i < live.count; i++)
        TRY(usage_tally_add(tallying->tally, &live.events[i], false));
    return OK;
}

static size_t place_of(const struct tallying *tallying, const struct metric *metric)
{
    size_t place = 0;
    while (place < tallying->metric_count && tallying->metrics[place] != metric)
        place++;
    return place;
}

static bool is_cut_between_buckets(const struct measurement *what)
{
    return usage_tally_bucket(TALLY_QUARTER, what->from).us == what->from.us &&
           usage_tally_bucket(TALLY_QUARTER, what->to).us == what->to.us;
}

// 1 where a bucket counts for a window, -1 where it is of the time before.
static int side_of(const struct measurement *what, instant bucket)
{
    if (bucket.us >= what->to.us)
        return 0;
    if (bucket.us >= what->from.us)
        return 1;
    return metric_carries(what->metric) ? -1 : 0;
}

static result feed(const struct tallying *tallying, const struct measurement *what, size_t place,
                   struct usage_tally_window *window)
{
    size_t count = 0;
    const struct usage_tally_line *lines = usage_tally_lines(tallying->tally, &count);
    for (size_t i = 0; i < count; i++) {
        int side = lines[i].metric == place ? side_of(what, lines[i].bucket) : 0;
        if (side != 0)
            TRY(usage_tally_window_line(window, &lines[i], side < 0));
    }
    const struct usage_tally_value *values = usage_tally_values(tallying->tally, &count);
    for (size_t i = 0; i < count; i++) {
        int side = values[i].metric == place ? side_of(what, values[i].bucket) : 0;
        if (side != 0)
            TRY(usage_tally_window_value(window, &values[i], side < 0));
    }
    return OK;
}

static result measure_held(struct tallying *tallying, struct arena *arena,
                           const struct measurement *what, struct usage_group **groups,
                           size_t *count)
{
    if (tallying->held->fold == NULL)
        TRY(read_all(tallying->arena, &tallying->what, &tallying->held->fold, &tallying->all));
    return metric_measure(arena, what, &tallying->all, groups, count);
}

static result measure(const struct usage_source *base, struct arena *arena,
                      const struct measurement *what, struct usage_group **groups, size_t *count)
{
    struct tallying *tallying = ((const struct tallied_source *)base)->tallying;
    size_t place = place_of(tallying, what->metric);
    bool worn = true;
    if (what->from.us >= what->to.us) { // a trial
        const struct usage none = {0};
        return metric_measure(arena, what, &none, groups, count);
    }
    if (!usage_tally_serves(what) || !is_cut_between_buckets(what) ||
        place == tallying->metric_count)
        return measure_held(tallying, arena, what, groups, count);
    if (tallying->tally == NULL)
        TRY(tally_all(tallying));
    struct usage_tally_window *window = usage_tally_window_new(arena, what, true);
    TRY(feed(tallying, what, place, window));
    TRY(usage_tally_window_measure(window, &worn, groups, count));
    return worn ? measure_held(tallying, arena, what, groups, count) : OK;
}

static void list_metrics(struct arena *arena, const struct subscription_terms *terms,
                         struct tallying *tallying)
{
    size_t most = 0;
    for (size_t i = 0; i < terms->segment_count; i++)
        most += terms->segments[i].metric_count;
    tallying->metrics = arena_array(arena, const struct metric *, most);
    for (size_t i = 0; i < terms->segment_count; i++) {
        for (size_t j = 0; j < terms->segments[i].metric_count; j++)
            tallying->metrics[tallying->metric_count++] = terms->segments[i].metrics[j];
    }
}

// About how many events would be held.
static size_t count_lines(const struct measured *what)
{
    const struct exported_log *log = &what->exported->log;
    size_t end = end_of(what);
    size_t count = 0;
    for (size_t block = 0; block * LOG_BLOCK < end; block++)
        count += overlaps(what, &log->blocks[block]) ? LOG_BLOCK : 0;
    return count;
}

result usage_measured(struct arena *arena, const struct measured *what, struct usage_held *held,
                      struct usage *usage)
{
    if (count_lines(what) < what->exported->tallied_from)
        return read_all(arena, what, &held->fold, usage);
    struct tallying *tallying = arena_new(arena, struct tallying);
    *tallying = (struct tallying){.arena = arena, .what = *what, .held = held};
    list_metrics(arena, what->terms, tallying);
    struct tallied_source *source = arena_new(arena, struct tallied_source);
    *source = (struct tallied_source){{.measure = measure}, tallying};
    *usage = (struct usage){.source = &source->base};
    return OK;
}
