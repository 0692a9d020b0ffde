// SPDX-License-Identifier: Apache-2.0
#include "phial/rating/tally.h"

#include "filter.h"
#include "fnv.h"
#include "folded_switches.h"
#include "phial/rating/aggregation.h"

#include <assert.h>
#include <string.h>

enum { FIRST_SLOTS = 256 };
#define QUARTER_US INT64_C(900000000)
#define HOUR_US INT64_C(3600000000)
#define DAY_US INT64_C(86400000000)

// What a line or a value is found by.
struct key {
    size_t metric;
    enum usage_tally_level level;
    instant bucket;
    str group;
    size_t weight;
    str value;
};

// Places among the lines or the values, by their keys' hashes; 0 is none.
struct slots {
    size_t *places;
    size_t count;
};

struct usage_tally {
    struct arena *arena;
    const struct metric *const *metrics;
    size_t metric_count;
    int levels;
    const instant *bounds; // of its buckets; NULL: they are the levels' own
    size_t bound_count;
    struct usage_tally_line *lines;
    size_t line_count;
    size_t line_room;
    struct slots line_slots;
    struct usage_tally_value *values;
    size_t value_count;
    size_t value_room;
    struct slots value_slots;
    struct buf group; // of the event at hand: one piece of memory for all
    char number[DECIMAL_TEXT_MAX];
};

static const int64_t widths[TALLY_LEVELS] = {QUARTER_US, HOUR_US, DAY_US};

instant usage_tally_bucket(enum usage_tally_level level, instant at)
{
    assert(level < TALLY_LEVELS);
    int64_t width = widths[level];
    int64_t rest = at.us % width;
    return (instant){at.us - (rest < 0 ? rest + width : rest)};
}

instant usage_tally_bucket_end(enum usage_tally_level level, instant at)
{
    return (instant){usage_tally_bucket(level, at).us + widths[level]};
}

enum folding metric_folding(const struct metric *metric)
{
    if (metric->aggregation->folds == FOLDS_MOMENT && metric->property.len > 0)
        return FOLDS_SWITCHES;
    return metric->aggregation->folds;
}

bool metric_folds_values(const struct metric *metric)
{
    enum folding folds = metric_folding(metric);
    return folds == FOLDS_VALUES || folds == FOLDS_SWITCHES;
}

bool metric_folds_by_quarters(const struct metric *metric)
{
    return metric->aggregation->by_day || metric_folding(metric) == FOLDS_SWITCHES;
}

struct usage_tally *usage_tally_new(struct arena *arena, const struct metric *const *metrics,
                                    size_t count, int levels)
{
    struct usage_tally *tally = arena_new(arena, struct usage_tally);
    *tally = (struct usage_tally){
        .arena = arena,
        .metrics = metrics,
        .metric_count = count,
        .levels = levels,
        .group = {.arena = arena},
    };
    return tally;
}

struct usage_tally *usage_tally_new_between(struct arena *arena, const struct metric *metric,
                                            const instant *bounds, size_t count)
{
    const struct metric **metrics = arena_new(arena, const struct metric *);
    metrics[0] = metric;
    struct usage_tally *tally = usage_tally_new(arena, metrics, 1, 1);
    assert(count > 0);
    tally->bounds = bounds;
    tally->bound_count = count;
    return tally;
}

struct usage_tally_line *usage_tally_lines(const struct usage_tally *tally, size_t *count)
{
    *count = tally->line_count;
    return tally->lines;
}

struct usage_tally_value *usage_tally_values(const struct usage_tally *tally, size_t *count)
{
    *count = tally->value_count;
    return tally->values;
}

// ---- finding a key's line or value

static uint64_t hash_key(const struct key *key)
{
    uint64_t hash = FNV_BASIS;
    hash = (hash ^ (uint64_t)key->bucket.us) * FNV_PRIME;
    hash = (hash ^ key->metric ^ ((uint64_t)key->level << FNV_SHIFT)) * FNV_PRIME;
    hash = (hash ^ key->weight) * FNV_PRIME;
    return fnv_end(fnv_add(fnv_add(hash, key->group), key->value));
}

static struct key key_of_line(const struct usage_tally_line *line)
{
    return (struct key){line->metric, line->level,  line->bucket,
                        line->group,  line->weight, STR("")};
}

static struct key key_of_value(const struct usage_tally_value *value)
{
    return (struct key){value->metric, value->level, value->bucket, value->group, 0, value->value};
}

static bool same_key(const struct key *a, const struct key *b)
{
    return a->bucket.us == b->bucket.us && a->metric == b->metric && a->level == b->level &&
           a->weight == b->weight && str_eq(a->group, b->group) && str_eq(a->value, b->value);
}

static struct key key_at(const struct usage_tally *tally, bool values, size_t place)
{
    return values ? key_of_value(&tally->values[place]) : key_of_line(&tally->lines[place]);
}

// The slot of the key, or the free one where it belongs.
static size_t *find_slot(struct usage_tally *tally, bool values, const struct key *key)
{
    struct slots *slots = values ? &tally->value_slots : &tally->line_slots;
    size_t at = hash_key(key) & (slots->count - 1);
    while (slots->places[at] != 0) {
        struct key there = key_at(tally, values, slots->places[at] - 1);
        if (same_key(&there, key))
            break;
        at = (at + 1) & (slots->count - 1);
    }
    return &slots->places[at];
}

// Never more than half full.
static void make_room(struct usage_tally *tally, bool values)
{
    struct slots *slots = values ? &tally->value_slots : &tally->line_slots;
    size_t count = values ? tally->value_count : tally->line_count;
    if (2 * (count + 1) <= slots->count)
        return;
    slots->count = slots->count == 0 ? FIRST_SLOTS : slots->count * 2;
    slots->places = arena_array(tally->arena, size_t, slots->count);
    for (size_t i = 0; i < count; i++) {
        struct key key = key_at(tally, values, i);
        *find_slot(tally, values, &key) = i + 1;
    }
}

static struct usage_tally_line *line_of(struct usage_tally *tally, const struct key *key)
{
    make_room(tally, false);
    size_t *slot = find_slot(tally, false, key);
    if (*slot == 0) {
        tally->lines = arena_grow(tally->arena, tally->lines, tally->line_count, &tally->line_room,
                                  sizeof *tally->lines);
        tally->lines[tally->line_count] = (struct usage_tally_line){
            .metric = key->metric,
            .level = key->level,
            .bucket = key->bucket,
            .group = str_copy(tally->arena, key->group),
            .weight = key->weight,
        };
        *slot = ++tally->line_count;
    }
    return &tally->lines[*slot - 1];
}

// The texts of a line and what is kept already outlive the key.
static struct usage_tally_value *value_of(struct usage_tally *tally, const struct key *key,
                                          bool is_kept)
{
    make_room(tally, true);
    size_t *slot = find_slot(tally, true, key);
    if (*slot == 0) {
        tally->values = arena_grow(tally->arena, tally->values, tally->value_count,
                                   &tally->value_room, sizeof *tally->values);
        tally->values[tally->value_count] = (struct usage_tally_value){
            .metric = key->metric,
            .level = key->level,
            .bucket = key->bucket,
            .group = key->group,
            .value = is_kept ? key->value : str_copy(tally->arena, key->value),
        };
        *slot = ++tally->value_count;
    }
    return &tally->values[*slot - 1];
}

// ---- sums

// Above zero where a's extreme is beyond b's.
static int compare_extremes(enum folding folds, const struct usage_tally_sum *a,
                            const struct usage_tally_sum *b)
{
    if (folds == FOLDS_MOST)
        return decimal_compare(a->extreme, b->extreme);
    if (folds == FOLDS_LEAST)
        return decimal_compare(b->extreme, a->extreme);
    if (a->extreme_at.us != b->extreme_at.us)
        return a->extreme_at.us < b->extreme_at.us ? -1 : 1;
    return (a->extreme_index > b->extreme_index) - (a->extreme_index < b->extreme_index);
}

static bool has_extreme(enum folding folds)
{
    return folds == FOLDS_MOST || folds == FOLDS_LEAST || folds == FOLDS_LATEST;
}

static bool has_total(enum folding folds)
{
    return folds == FOLDS_TOTAL || folds == FOLDS_MOMENT;
}

static void take_extreme(struct usage_tally_sum *into, const struct usage_tally_sum *from)
{
    into->extreme = from->extreme;
    into->extreme_events = from->extreme_events;
    into->extreme_at = from->extreme_at;
    into->extreme_index = from->extreme_index;
}

result usage_tally_sum_add(struct arena *arena, const struct metric *metric,
                           struct usage_tally_sum *into, const struct usage_tally_sum *added)
{
    enum folding folds = metric_folding(metric);
    if (added->events == 0)
        return OK;
    if (into->events == 0) {
        *into = *added;
        return OK;
    }
    if (has_total(folds))
        TRY(decimal_add(into->total, added->total, &into->total));
    if (folds == FOLDS_MOMENT)
        into->moment = exact_add(arena, into->moment, added->moment);
    if (has_extreme(folds)) {
        int order = compare_extremes(folds, added, into);
        if (order == 0)
            into->extreme_events += added->extreme_events;
        else if (order > 0)
            take_extreme(into, added);
    }
    into->events += added->events;
    if (added->first_index < into->first_index)
        into->first_index = added->first_index;
    if (added->last_index > into->last_index)
        into->last_index = added->last_index;
    into->worn_bounds = into->worn_bounds || added->worn_bounds;
    into->worn = into->worn || added->worn;
    return OK;
}

result usage_tally_sum_remove(struct arena *arena, const struct metric *metric,
                              struct usage_tally_sum *from, const struct usage_tally_sum *removed)
{
    enum folding folds = metric_folding(metric);
    if (removed->events == 0)
        return OK;
    if (removed->events == from->events) {
        *from = (struct usage_tally_sum){0};
        return OK;
    }
    if (has_total(folds))
        TRY(decimal_add(from->total, (decimal){-removed->total.units}, &from->total));
    if (folds == FOLDS_MOMENT)
        from->moment = exact_sub(arena, from->moment, removed->moment);
    if (has_extreme(folds) && compare_extremes(folds, removed, from) >= 0) {
        from->extreme_events -= removed->extreme_events;
        // Of the latest event an amendment may have left the time and not the number.
        from->worn = from->worn || from->extreme_events <= 0 || folds == FOLDS_LATEST;
    }
    from->events -= removed->events;
    from->worn_bounds = from->worn_bounds || removed->first_index <= from->first_index ||
                        removed->last_index >= from->last_index;
    return OK;
}

bool usage_tally_sum_is_worn(const struct metric *metric, const struct usage_tally_sum *sum)
{
    return sum->events > 0 &&
           (sum->worn_bounds || (sum->worn && has_extreme(metric_folding(metric))));
}

// ---- events

str usage_tally_group(struct buf *group, const struct metric *metric,
                      const struct usage_event *event)
{
    group->len = 0;
    for (size_t i = 0; i < metric->group_by_count; i++) {
        str value = STR("");
        (void)event_property(event, metric->group_by[i], &value);
        buf_add(group, value);
        buf_add_char(group, '/');
    }
    return buf_str(group);
}

static exact moment_of(struct arena *arena, const struct sample *sample, instant bucket)
{
    return exact_mul(arena, exact_from_decimal(arena, sample->number),
                     exact_from_i64(arena, sample->event->time.us - bucket.us));
}

// Answers the group's text that lasts.
static result add_sample(struct usage_tally *tally, const struct sample *sample,
                         const struct key *key, bool removed, str *group)
{
    const struct metric *metric = tally->metrics[key->metric];
    enum folding folds = metric_folding(metric);
    int64_t index = sample->event->index;
    struct usage_tally_sum one = {
        .events = 1,
        .first_index = index,
        .last_index = index,
        .total = has_total(folds) ? sample->number : (decimal){0},
        .extreme = has_extreme(folds) ? sample->number : (decimal){0},
        .extreme_events = 1,
        .extreme_at = sample->event->time,
        .extreme_index = index,
    };
    if (folds == FOLDS_MOMENT)
        one.moment = moment_of(tally->arena, sample, key->bucket);
    struct usage_tally_line *line = line_of(tally, key);
    *group = line->group;
    return usage_tally_sum_add(tally->arena, metric, removed ? &line->removed : &line->added, &one);
}

static void add_value(struct usage_tally *tally, const struct sample *sample, struct key *key,
                      int64_t events)
{
    const struct metric *metric = tally->metrics[key->metric];
    bool is_switch = metric_folding(metric) == FOLDS_SWITCHES;
    key->value = sample->text;
    if (is_switch)
        key->value = folded_switch_print(
            tally->arena, &(struct folded_switch){sample->text, sample->event->time,
                                                  sample->event->index, sample->removes});
    else if (metric->aggregation->numeric)
        key->value = decimal_write(tally->number, sample->number);
    key->weight = 0;
    value_of(tally, key, is_switch)->events += events;
}

// The last bound up to an instant; before all of them, the beginning of time.
static instant bound_before(const struct usage_tally *tally, instant at)
{
    size_t first = 0;
    size_t end = tally->bound_count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (tally->bounds[middle].us <= at.us)
            first = middle + 1;
        else
            end = middle;
    }
    return first == 0 ? (instant){FIRST_INSTANT_US} : tally->bounds[first - 1];
}

static instant bucket_of(const struct usage_tally *tally, enum usage_tally_level level, instant at)
{
    return tally->bounds == NULL ? usage_tally_bucket(level, at) : bound_before(tally, at);
}

static bool keeps_values(const struct usage_tally *tally, const struct metric *metric,
                         enum usage_tally_level level)
{
    if (!metric_folds_values(metric) ||
        (level != TALLY_QUARTER && metric_folds_by_quarters(metric)))
        return false;
    return tally->bounds == NULL || metric_folding(metric) != FOLDS_SWITCHES;
}

static result add_to_metric(struct usage_tally *tally, size_t place,
                            const struct usage_event *event, bool removed)
{
    struct measurement what = {.metric = tally->metrics[place]};
    struct sample sample = {0};
    if (!sample_take(&what, event, &sample))
        return OK;
    str group = usage_tally_group(&tally->group, what.metric, event);
    for (int level = 0; level < tally->levels; level++) {
        struct key key = {
            .metric = place,
            .level = (enum usage_tally_level)level,
            .bucket = bucket_of(tally, (enum usage_tally_level)level, event->time),
            .group = group,
            .weight = sample.weight,
            .value = STR(""),
        };
        TRY(add_sample(tally, &sample, &key, removed, &key.group));
        if (!keeps_values(tally, what.metric, key.level))
            continue;
        instant quarter = usage_tally_bucket(TALLY_QUARTER, event->time);
        if (metric_folds_by_quarters(what.metric) && quarter.us > key.bucket.us)
            key.bucket = quarter;
        add_value(tally, &sample, &key, removed ? -1 : 1);
    }
    return OK;
}

result usage_tally_add(struct usage_tally *tally, const struct usage_event *event, bool removed)
{
    for (size_t i = 0; i < tally->metric_count; i++)
        TRY(add_to_metric(tally, i, event, removed));
    return OK;
}
