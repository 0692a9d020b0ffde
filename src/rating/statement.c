// SPDX-License-Identifier: Apache-2.0
#include "phial/rating/statement.h"

#include "fees.h"
#include "items.h"
#include "lines.h"
#include "period.h"
#include "phial/rating/aggregation.h"
#include "price.h"

// A statement in the making.
struct draft {
    struct arena *arena;
    const struct subscription_terms *terms;
    const struct usage *usage;
    const struct period *period;
    int64_t full_days;
    bool closing; // only adjustments: nothing is measured, due or discounted
    const json_t
        *issued; // what was billed ahead is taken from this statement; NULL: from the terms
    struct lines lines;
    struct rated *scratch;
};

static const struct metric *find_metric(const struct segment *segment, str key)
{
    for (size_t i = 0; i < segment->metric_count; i++) {
        if (str_eq(segment->metrics[i]->key, key))
            return segment->metrics[i];
    }
    return NULL;
}

static exact share_of(const struct draft *draft, const struct part *part)
{
    int64_t days = days_between(draft->terms->zone, part->start, part->end);
    return exact_div(draft->arena, exact_from_i64(draft->arena, days),
                     exact_from_i64(draft->arena, draft->full_days));
}

// By how much what grows with time will have grown at the part's end, at the pace so far.
static exact growth_of(const struct draft *draft, const struct part *part)
{
    const struct subscription_terms *terms = draft->terms;
    struct arena *arena = draft->arena;
    bool runs = terms->projects && part->start.us < terms->projected_from.us &&
                terms->projected_from.us < part->end.us;
    if (!runs)
        return exact_from_i64(arena, 1);
    return exact_div(arena, exact_from_i64(arena, part->end.us - part->start.us),
                     exact_from_i64(arena, terms->projected_from.us - part->start.us));
}

// A charge's lines: one, or one a group. Of a trial's days nothing is measured.
static result add_charge(struct draft *draft, const struct part *part, struct pricing *pricing,
                         const struct charge *charge)
{
    struct charge_usage what = {
        .charge = charge,
        .metric = find_metric(part->segment, charge->metric),
        .zone = draft->terms->zone,
        .from = part->start,
        .to = part->trial ? part->start : part->end,
    };
    if (what.metric == NULL)
        return FAIL(INVALID, "a charge names a metric that is not there");
    struct usage_group *groups = NULL;
    size_t count = 0;
    pricing->grows = draft->terms->projects && what.metric->aggregation->grows;
    TRY(charge_measure(draft->arena, &what, draft->usage, &groups, &count));
    for (size_t i = 0; i < count; i++)
        TRY(price_group(pricing, charge, &groups[i]));
    return OK;
}

static result add_fees(const struct pricing *pricing, const struct fee_lines *fees)
{
    for (size_t i = 0; i < fees->count; i++) {
        const struct fee_line *fee = &fees->items[i];
        TRY(price_fee(pricing, (struct line){.key = fee->key,
                                             .name = fee->name,
                                             .exact_amount = fee->amount,
                                             .start = fee->start,
                                             .end = fee->end}));
    }
    return OK;
}

// What was billed ahead is settled, the next period's fees are billed ahead. These lines are beyond
// the plan's limits, which go by the period's own fees.
static result add_ahead(struct draft *draft, const struct pricing *pricing)
{
    struct fee_lines fees = {0};
    fees_settle(draft->arena, draft->terms, draft->period, draft->full_days, &fees);
    fees_ahead(draft->arena, draft->terms, draft->period->number, &fees);
    return add_fees(pricing, &fees);
}

static bool read_days(const json_t *line, instant *start, instant *end)
{
    const json_t *days = json_object_get(line, "period");
    return str_eq(json_str(json_object_get(line, "kind")), STR("fixed")) &&
           !failed(instant_parse(json_str(json_object_get(days, "start")), start)) &&
           !failed(instant_parse(json_str(json_object_get(days, "end")), end));
}

static bool is_within(const struct part *part, instant at)
{
    return at.us >= part->start.us && at.us < part->end.us;
}

// What the statement before took off the fees that it billed ahead for a part.
static result sum_taken_off(const struct draft *draft, const struct part *part, money *sum)
{
    const json_t *lines = json_object_get(draft->terms->before, "lines");
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        instant start = {0};
        instant end = {0};
        money discount = {0};
        if (read_days(line, &start, &end) && is_within(part, start) &&
            !failed(
                money_parse(json_str(json_object_get(line, "discount")), sum->currency, &discount)))
            TRY(money_add(*sum, discount, sum));
    }
    return OK;
}

// Where what a line settles begins: unused days that come back are those of a fee that the
// statement before billed from an earlier day on.
static instant settled_from(const struct draft *draft, const struct line *line)
{
    const json_t *lines = json_object_get(draft->terms->before, "lines");
    for (size_t i = 0; line->amount.minor < 0 && i < json_array_size(lines); i++) {
        const json_t *billed = json_array_get(lines, i);
        instant start = {0};
        instant end = {0};
        if (read_days(billed, &start, &end) && end.us == line->end.us &&
            str_eq(json_str(json_object_get(billed, "key")), line->key))
            return start;
    }
    return line->start;
}

// What this statement takes off the fees of a part that it settles: asked for late, or given back.
static result sum_taken_off_now(const struct draft *draft, const struct part *part, size_t beyond,
                                money *sum)
{
    for (size_t i = beyond; i < draft->lines.count; i++) {
        const struct line *line = &draft->lines.items[i];
        if (is_within(part, settled_from(draft, line)))
            TRY(money_add(*sum, line->discount, sum));
    }
    return OK;
}

// What the part's fees in advance come to, line by line as they were billed, after discounts. The
// lines from `beyond` on are of no part: settled, or the next period's.
static result sum_ahead(const struct draft *draft, const struct part *part, size_t beyond,
                        money *sum)
{
    struct fee_lines fees = {0};
    money total = {0, draft->terms->currency};
    fees_of_part(draft->arena, draft->terms, part, draft->full_days, FEES_ADVANCE, &fees);
    for (size_t i = 0; i < fees.count; i++) {
        money fee = {0};
        TRY(money_round(fees.items[i].amount, total.currency, part->segment->plan->rounding, &fee));
        TRY(money_add(total, fee, &total));
    }
    money taken_off = {0, total.currency};
    if (fees.count > 0) {
        TRY(sum_taken_off(draft, part, &taken_off));
        TRY(sum_taken_off_now(draft, part, beyond, &taken_off));
    }
    return money_sub(total, taken_off, sum);
}

// A part's usage and its fees in arrears. Its limits wait for the discounts, which are of the
// statement as a whole.
static result add_part(struct draft *draft, const struct part *part, struct pricing *pricing)
{
    const struct plan *plan = part->segment->plan;
    struct fee_lines fees = {0};
    *pricing = (struct pricing){
        .plan = plan,
        .currency = draft->terms->currency,
        .share = share_of(draft, part),
        .growth = growth_of(draft, part),
        .trial = part->trial,
        .start = part->start,
        .end = part->end,
        .first = draft->lines.count,
        .lines = &draft->lines,
        .rated = draft->scratch,
    };
    for (size_t i = 0; i < plan->charge_count; i++)
        TRY(add_charge(draft, part, pricing, &plan->charges[i]));
    fees_of_part(draft->arena, draft->terms, part, draft->full_days, FEES_ARREARS, &fees);
    TRY(add_fees(pricing, &fees));
    pricing->last = draft->lines.count;
    return OK;
}

// No days: no usage, no limits, only what is billed ahead, or comes back of it.
static result add_without_days(struct draft *draft)
{
    struct pricing pricing = {
        .plan = draft->terms->segments[0].plan,
        .currency = draft->terms->currency,
        .lines = &draft->lines,
    };
    return add_ahead(draft, &pricing);
}

static result read_amount(const json_t *line, const char *name, enum currency currency,
                          money *amount)
{
    return money_parse(json_str(json_object_get(line, name)), currency, amount);
}

// The fixed lines that an issued statement has beyond those of its period's own parts, as they are.
static result add_issued_ahead(struct draft *draft, const struct pricing *pricing)
{
    const json_t *lines = json_object_get(draft->issued, "lines");
    size_t own = 0;
    for (size_t i = 0; i < draft->lines.count; i++)
        own += draft->lines.items[i].kind == LINE_FIXED;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        money amount = {0};
        instant start = {0};
        instant end = {0};
        if (!read_days(line, &start, &end))
            continue;
        if (own > 0) {
            own--;
            continue;
        }
        TRY(read_amount(line, "amount", draft->terms->currency, &amount));
        TRY(price_fee(pricing, (struct line){.key = json_str(json_object_get(line, "key")),
                                             .name = json_str(json_object_get(line, "name")),
                                             .exact_amount = money_to_exact(draft->arena, amount),
                                             .start = start,
                                             .end = end}));
    }
    return OK;
}

static result add_adjustments(struct draft *draft, enum rounding rounding)
{
    const struct subscription_terms *terms = draft->terms;
    for (size_t i = 0; i < terms->adjustment_count; i++) {
        const struct adjustment *adjustment = &terms->adjustments[i];
        struct line line = {
            .key = adjustment->key,
            .name = adjustment->name,
            .kind = LINE_ADJUSTMENT,
            .measured = exact_from_i64(draft->arena, 1),
            .exact_amount = money_to_exact(draft->arena, adjustment->amount),
            .start = adjustment->period.start,
            .end = adjustment->period.end,
            .adjustment = adjustment,
        };
        TRY(lines_add(&draft->lines, line, terms->currency, rounding));
    }
    return OK;
}

// Every part's lines, then the discounts, then every part's limits. What is billed ahead and
// settled belongs to the end of a whole period, or of a stretch that reaches it.
static result make_lines(struct draft *draft, instant period_end, const struct plan **plan)
{
    const struct subscription_terms *terms = draft->terms;
    const struct period *period = draft->period;
    struct part *parts = arena_array(draft->arena, struct part, SEGMENTS_MAX);
    size_t part_count = period_parts(terms, period, parts);
    *plan = draft->closing ? plan_at_end(terms, period) : terms->segments[0].plan;
    if (draft->closing)
        return add_adjustments(draft, (*plan)->rounding);
    struct pricing *pricings = arena_array(draft->arena, struct pricing, part_count);
    draft->lines.plans = arena_array(draft->arena, const struct plan *, part_count);
    draft->lines.plan_count = part_count;
    for (size_t i = 0; i < part_count; i++) {
        *plan = parts[i].segment->plan;
        draft->lines.plans[i] = *plan;
        TRY(add_part(draft, &parts[i], &pricings[i]));
    }
    if (part_count == 0)
        TRY(add_without_days(draft));
    else if (draft->issued != NULL)
        TRY(add_issued_ahead(draft, &pricings[part_count - 1]));
    else if (period->end.us == period_end.us)
        TRY(add_ahead(draft, &pricings[part_count - 1]));
    TRY(discounts_spread(&draft->lines, terms, (*plan)->rounding));
    size_t beyond = part_count == 0 ? 0 : pricings[part_count - 1].last;
    for (size_t i = 0; i < part_count; i++)
        TRY(sum_ahead(draft, &parts[i], beyond, &pricings[i].ahead));
    for (size_t i = 0; i < part_count; i++)
        TRY(price_limits(&pricings[i]));
    return add_adjustments(draft, (*plan)->rounding);
}

static result compute(struct draft *draft, instant period_end, json_t **statement)
{
    const struct plan *plan = NULL;
    struct totals totals = {0};
    TRY(make_lines(draft, period_end, &plan));
    TRY(totals_compute(&draft->lines, draft->terms, plan->rounding, &totals));
    *statement = statement_print(&draft->lines, draft->terms, draft->period, plan, &totals);
    return OK;
}

const struct plan *plan_at_end(const struct subscription_terms *terms, const struct period *period)
{
    const struct plan *plan = terms->segments[0].plan;
    for (size_t i = 1; i < terms->segment_count; i++) {
        if (terms->segments[i].from.us < period->end.us)
            plan = terms->segments[i].plan;
    }
    return plan;
}

static struct draft draft_of(struct arena *arena, const struct subscription_terms *terms,
                             const struct period *period, const struct usage *usage)
{
    return (struct draft){
        .arena = arena,
        .terms = terms,
        .usage = usage,
        .period = period,
        .lines = {.arena = arena},
        .scratch = arena_array(arena, struct rated, PRICING_SCRATCH),
    };
}

// The bounds of the statement's own period.
static result locate(struct draft *draft, struct period *located)
{
    int64_t number = draft->period->number;
    draft->closing = period_closing(draft->terms, number);
    return draft->closing ? period_of_statement(draft->terms, number, located)
                          : period_locate(draft->terms, number, located, &draft->full_days);
}

bool statement_carries(const struct subscription_terms *terms)
{
    for (size_t i = 0; i < terms->segment_count; i++) {
        for (size_t k = 0; k < terms->segments[i].metric_count; k++) {
            if (metric_carries(terms->segments[i].metrics[k]))
                return true;
        }
    }
    return false;
}

result statement_compute(struct arena *arena, const struct subscription_terms *terms,
                         const struct period *period, const struct usage *usage, json_t **statement)
{
    struct period located = {0};
    struct draft draft = draft_of(arena, terms, period, usage);
    TRY(locate(&draft, &located));
    if (located.start.us != period->start.us || located.end.us != period->end.us)
        return FAIL(INVALID, "the period is not one of the subscription's");
    return compute(&draft, located.end, statement);
}

result statement_of_stretch(struct arena *arena, const struct subscription_terms *terms,
                            const struct period *stretch, const struct usage *usage,
                            json_t **statement)
{
    struct period located = {0};
    struct draft draft = draft_of(arena, terms, stretch, usage);
    TRY(period_locate(terms, stretch->number, &located, &draft.full_days));
    if (stretch->start.us < located.start.us || stretch->end.us > located.end.us ||
        stretch->start.us >= stretch->end.us)
        return FAIL(INVALID, "the stretch lies in no one period of the subscription");
    return compute(&draft, located.end, statement);
}

static result read_discounts(struct arena *arena, const json_t *issued,
                             struct subscription_terms *terms)
{
    const json_t *list = json_object_get(issued, "discount_details");
    size_t count = json_array_size(list);
    if (count > DISCOUNTS_MAX)
        return FAIL(INVALID, "a statement has too many discounts");
    struct discount *discounts = arena_array(arena, struct discount, count);
    for (size_t i = 0; i < count; i++)
        TRY(discount_read(arena, json_array_get(list, i), &discounts[i]));
    terms->discounts = discounts;
    terms->discount_count = count;
    return OK;
}

static result subtract(struct arena *arena, const struct key_amounts *from,
                       struct key_amounts *keys)
{
    for (size_t i = 0; i < from->count; i++) {
        struct key_amount less = from->items[i];
        TRY(money_sub((money){0, less.amount.currency}, less.amount, &less.amount));
        TRY(keys_add(arena, keys, less));
    }
    return OK;
}

result statement_difference(struct arena *arena, const struct subscription_terms *terms,
                            const struct period *period, const struct usage *usage,
                            const json_t *issued, struct key_amounts *difference)
{
    struct subscription_terms then = *terms;
    struct key_amounts billed = {0};
    struct key_amounts keys = {0};
    struct period located = {0};
    const struct plan *plan = NULL;
    then.adjustment_count = 0;
    TRY(read_discounts(arena, issued, &then));
    struct draft draft = draft_of(arena, &then, period, usage);
    draft.issued = issued;
    TRY(locate(&draft, &located));
    TRY(make_lines(&draft, period->end, &plan));
    for (size_t i = 0; i < draft.lines.count; i++) {
        const struct line *line = &draft.lines.items[i];
        struct key_amount amount = {.key = line->key, .name = line->name};
        TRY(money_sub(line->amount, line->discount, &amount.amount));
        TRY(keys_add(arena, &keys, amount));
    }
    TRY(keys_of_statement(arena, issued, LINES_WITHOUT_ADJUSTMENTS, terms->currency, &billed));
    TRY(subtract(arena, &billed, &keys));
    *difference = keys;
    return OK;
}
