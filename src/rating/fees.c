// SPDX-License-Identifier: Apache-2.0
#include "fees.h"

// A fee that is due in a part of a period.
struct due {
    const struct fixed_fee *fee;
    const struct part *part;
};

// What a statement billed ahead, as it says so.
struct billed {
    str key;
    str name;
    instant start;
    instant end;
    str amount; // the exact one, in its 12 digits
    bool settled;
};

static void add_line(struct arena *arena, struct fee_lines *lines, struct fee_line line)
{
    lines->items =
        arena_grow(arena, lines->items, lines->count, &lines->room, sizeof *lines->items);
    lines->items[lines->count++] = line;
}

// The amount for [start, end), which is a share of full_days where the fee is prorated.
static exact amount_for(struct arena *arena, const struct fixed_fee *fee, int64_t days,
                        int64_t full_days)
{
    exact amount = exact_from_decimal(arena, fee->amount);
    if (fee->once || !fee->prorate || days == full_days)
        return amount;
    exact share = exact_div(arena, exact_from_i64(arena, days), exact_from_i64(arena, full_days));
    return exact_mul(arena, amount, share);
}

static bool has_once(const struct plan *plan, str key)
{
    for (size_t i = 0; i < plan->fixed_count; i++) {
        if (plan->fixed[i].once && str_eq(plan->fixed[i].key, key))
            return true;
    }
    return false;
}

static bool has_whole(const struct plan *plan, str key)
{
    for (size_t i = 0; i < plan->fixed_count; i++) {
        if (!plan->fixed[i].prorate && str_eq(plan->fixed[i].key, key))
            return true;
    }
    return false;
}

// Whether an earlier part of the same period had this plan, and so this fee, already.
static bool was_due_before(const struct subscription_terms *terms, const struct part *part,
                           const struct fixed_fee *fee)
{
    for (size_t i = 0; i < terms->segment_count && &terms->segments[i] != part->segment; i++) {
        const struct plan *plan = terms->segments[i].plan;
        instant start = {0};
        instant end = {0};
        bool has_end = false;
        segment_bounds(terms, i, &start, &has_end, &end);
        if (start.us < end.us && end.us > part->period_start.us &&
            str_eq(plan->key, part->segment->plan->key) && has_whole(plan, fee->key))
            return true;
    }
    return false;
}

// A fee that is due once is due on the first billed day of the first segment that has it: a later
// version of the same plan does not ask for it again. One that is not prorated is due once a
// period.
static bool is_due(const struct subscription_terms *terms, const struct part *part,
                   const struct fixed_fee *fee)
{
    if (!fee->once)
        return fee->prorate || !was_due_before(terms, part, fee);
    for (size_t i = 0; i < terms->segment_count; i++) {
        const struct plan *plan = terms->segments[i].plan;
        instant start = {0};
        instant end = {0};
        bool has_end = false;
        segment_bounds(terms, i, &start, &has_end, &end);
        if ((has_end && start.us >= end.us) || !str_eq(plan->key, part->segment->plan->key) ||
            !has_once(plan, fee->key))
            continue;
        return &terms->segments[i] == part->segment && start.us == part->start.us;
    }
    return false;
}

static struct fee_line line_of(struct arena *arena, const struct subscription_terms *terms,
                               const struct due *due, int64_t full_days)
{
    const struct part *part = due->part;
    int64_t days = days_between(terms->zone, part->start, part->end);
    return (struct fee_line){.key = due->fee->key,
                             .name = due->fee->name,
                             .start = part->start,
                             .end = part->end,
                             .amount = amount_for(arena, due->fee, days, full_days)};
}

void fees_of_part(struct arena *arena, const struct subscription_terms *terms,
                  const struct part *part, int64_t full_days, enum fee_timing timing,
                  struct fee_lines *lines)
{
    const struct plan *plan = part->segment->plan;
    for (size_t i = 0; i < plan->fixed_count; i++) {
        const struct fixed_fee *fee = &plan->fixed[i];
        if (!part->trial && fee->advance == (timing == FEES_ADVANCE) && is_due(terms, part, fee))
            add_line(arena, lines, line_of(arena, terms, &(struct due){fee, part}, full_days));
    }
}

static struct due *dues_of(struct arena *arena, const struct subscription_terms *terms,
                           const struct period *period, size_t *count)
{
    struct part *parts = arena_array(arena, struct part, SEGMENTS_MAX);
    size_t part_count = period_parts(terms, period, parts);
    struct due *dues = arena_array(arena, struct due, part_count * FIXED_MAX);
    *count = 0;
    for (size_t i = 0; i < part_count; i++) {
        const struct plan *plan = parts[i].segment->plan;
        for (size_t j = 0; j < plan->fixed_count && !parts[i].trial; j++) {
            if (plan->fixed[j].advance && is_due(terms, &parts[i], &plan->fixed[j]))
                dues[(*count)++] = (struct due){&plan->fixed[j], &parts[i]};
        }
    }
    return dues;
}

void fees_ahead(struct arena *arena, const struct subscription_terms *terms, int64_t number,
                struct fee_lines *lines)
{
    struct period next = {0};
    int64_t full_days = 0;
    if (failed(period_locate(terms, number + 1, &next, &full_days)))
        return;
    size_t count = 0;
    const struct due *dues = dues_of(arena, terms, &next, &count);
    for (size_t i = 0; i < count; i++)
        add_line(arena, lines, line_of(arena, terms, &dues[i], full_days));
}

// A line of the statement before that lies in this period; false for any other.
static bool read_billed(const json_t *line, const struct period *period, struct billed *billed)
{
    const json_t *days = json_object_get(line, "period");
    if (!str_eq(json_str(json_object_get(line, "kind")), STR("fixed")) ||
        failed(instant_parse(json_str(json_object_get(days, "start")), &billed->start)) ||
        failed(instant_parse(json_str(json_object_get(days, "end")), &billed->end)) ||
        billed->start.us < period->start.us)
        return false;
    billed->key = json_str(json_object_get(line, "key"));
    billed->name = json_str(json_object_get(line, "name"));
    billed->amount = json_str(json_object_get(line, "exact_amount"));
    return true;
}

static struct billed *billed_before(struct arena *arena, const struct subscription_terms *terms,
                                    const struct period *period, size_t *count)
{
    const json_t *lines = json_object_get(terms->before, "lines");
    size_t size = json_array_size(lines);
    struct billed *billed = arena_array(arena, struct billed, size);
    *count = 0;
    for (size_t i = 0; i < size; i++) {
        billed[*count] = (struct billed){0};
        *count += read_billed(json_array_get(lines, i), period, &billed[*count]);
    }
    return billed;
}

// What was billed ahead for a period, against what is due for it.
struct settlement {
    struct arena *arena;
    const struct subscription_terms *terms;
    int64_t full_days;
    struct billed *billed;
    size_t billed_count;
    struct fee_lines *lines;
};

static exact amount_between(const struct settlement *settlement, const struct fixed_fee *fee,
                            instant start, instant end)
{
    int64_t days = days_between(settlement->terms->zone, start, end);
    return amount_for(settlement->arena, fee, days, settlement->full_days);
}

// Whether `billed` is this fee over its own days: then only the days by which they differ are
// settled, else all of it comes back.
static bool is_same_fee(const struct settlement *settlement, const struct billed *billed,
                        const struct due *due)
{
    if (billed->settled || !str_eq(billed->key, due->fee->key) ||
        billed->start.us != due->part->start.us)
        return false;
    exact amount = amount_between(settlement, due->fee, billed->start, billed->end);
    return str_eq(exact_print(settlement->arena, amount), billed->amount);
}

static void settle_days(const struct settlement *settlement, const struct billed *billed,
                        const struct due *due)
{
    if (due->fee->once || !due->fee->prorate || billed->end.us == due->part->end.us)
        return;
    bool unused = due->part->end.us < billed->end.us;
    struct fee_line line = {.key = due->fee->key,
                            .name = due->fee->name,
                            .start = unused ? due->part->end : billed->end,
                            .end = unused ? billed->end : due->part->end};
    line.amount = amount_between(settlement, due->fee, line.start, line.end);
    if (unused)
        line.amount = exact_sub(settlement->arena, exact_zero(), line.amount);
    add_line(settlement->arena, settlement->lines, line);
}

static void settle_due(const struct settlement *settlement, const struct due *due)
{
    for (size_t i = 0; i < settlement->billed_count; i++) {
        struct billed *billed = &settlement->billed[i];
        if (!is_same_fee(settlement, billed, due))
            continue;
        billed->settled = true;
        settle_days(settlement, billed, due);
        return;
    }
    add_line(settlement->arena, settlement->lines,
             line_of(settlement->arena, settlement->terms, due, settlement->full_days));
}

static void give_back(const struct settlement *settlement, const struct billed *billed)
{
    decimal amount = {0};
    if (billed->settled || failed(decimal_parse(billed->amount, &amount)))
        return;
    struct fee_line line = {
        .key = billed->key, .name = billed->name, .start = billed->start, .end = billed->end};
    line.amount =
        exact_sub(settlement->arena, exact_zero(), exact_from_decimal(settlement->arena, amount));
    add_line(settlement->arena, settlement->lines, line);
}

void fees_settle(struct arena *arena, const struct subscription_terms *terms,
                 const struct period *period, int64_t full_days, struct fee_lines *lines)
{
    // Without an opening statement nothing was billed ahead of the first period. Any other
    // statement that is not there yet will bill ahead by these very terms.
    bool none_before = period->number == 1 && !period_opening(terms);
    if (period->number == 0 || (terms->before == NULL && !none_before))
        return;
    struct settlement settlement = {
        .arena = arena, .terms = terms, .full_days = full_days, .lines = lines};
    settlement.billed = billed_before(arena, terms, period, &settlement.billed_count);
    size_t due_count = 0;
    const struct due *dues = dues_of(arena, terms, period, &due_count);
    for (size_t i = 0; i < due_count; i++)
        settle_due(&settlement, &dues[i]);
    for (size_t i = 0; i < settlement.billed_count; i++)
        give_back(&settlement, &settlement.billed[i]);
}
