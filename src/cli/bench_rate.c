// SPDX-License-Identifier: Apache-2.0
#include "bench_rate.h"

#include "phial/rating/simulate.h"

#include <time.h>

enum { TIERS = 10, CHARGES_A_STATEMENT = 20 };

static int64_t read_us(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t bench_now_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

// Of the one core that this thread has: what others do on the machine does not count.
static int64_t core_us(void)
{
    return read_us(CLOCK_THREAD_CPUTIME_ID);
}

// Charges of ten tiers, each with usage in all of them.
static str plan_text(struct arena *arena)
{
    struct buf text = {.arena = arena};
    buf_add(&text, STR("{\"currency\":\"USD\",\"interval\":\"month\",\"charges\":["));
    for (int i = 0; i < CHARGES_A_STATEMENT; i++) {
        buf_addf(&text, "%s{\"key\":\"c%d\",\"metric\":\"m\",\"model\":\"graduated\",\"tiers\":[",
                 i == 0 ? "" : ",", i);
        for (int tier = 0; tier < TIERS; tier++) {
            buf_addf(&text, "%s{\"unit_amount\":\"0.%03d\",\"flat_amount\":\"%d\",\"up_to\":",
                     tier == 0 ? "" : ",", 975 - 60 * tier + i % 7, tier);
            if (tier + 1 < TIERS)
                buf_addf(&text, "\"%d\"}", 1000 * (tier + 1));
            else
                buf_add(&text, STR("null}"));
        }
        buf_add(&text, STR("]}"));
    }
    buf_add(&text, STR("]}"));
    return buf_str(&text);
}

static result read_simulation(struct arena *arena, json_t **document, struct simulation *simulation)
{
    struct faults *faults = arena_new(arena, struct faults);
    struct simulated_usage *usage = arena_array(arena, struct simulated_usage, CHARGES_A_STATEMENT);
    faults->arena = arena;
    TRY(json_parse(plan_text(arena), document));
    for (int i = 0; i < CHARGES_A_STATEMENT; i++) {
        struct usage_group *group = arena_new(arena, struct usage_group);
        decimal quantity = {(int128)(9500 + i) * 1000000000000 + 250000000000};
        group->quantity = exact_from_decimal(arena, quantity);
        usage[i] = (struct simulated_usage){group, 1};
    }
    *simulation = (struct simulation){
        .plan = plan_parse((struct json_at){*document, STR(""), faults}, false),
        .usage = usage,
        .share = exact_from_i64(arena, 1),
    };
    return simulation->plan == NULL ? FAIL(INTERNAL, "the plan of the bench is not valid") : OK;
}

// The amounts of a charge's tiers, which its own amount is the sum of.
static exact tier_amounts(struct arena *arena, const struct simulation *simulation,
                          exact amounts[TIERS])
{
    struct rated *rated = arena_new(arena, struct rated);
    const struct charge *charge = &simulation->plan->charges[0];
    struct metered metered = {.quantity = simulation->usage[0].groups[0].quantity};
    charge->model->rate(arena, charge, &metered, rated);
    for (size_t i = 0; i < TIERS; i++)
        amounts[i] = rated->tiers[i].amount;
    return rated->amount;
}

static result rate_all(const struct simulation *simulation, int64_t statements)
{
    struct arena arena = {0};
    money first = {0};
    money total = {0};
    result outcome = simulation_total(&arena, simulation, &first);
    for (int64_t i = 1; i < statements && !failed(outcome); i++) {
        arena_reset(&arena);
        outcome = simulation_total(&arena, simulation, &total);
        if (!failed(outcome) && total.minor != first.minor)
            outcome = FAIL(INTERNAL, "the same charges came to another amount");
    }
    arena_reset(&arena);
    return outcome;
}

static result measure(struct arena *arena, const struct bench_rate_options *options,
                      const struct simulation *simulation, FILE *out)
{
    int64_t statements = (options->charges + CHARGES_A_STATEMENT - 1) / CHARGES_A_STATEMENT;
    int64_t charges = statements * CHARGES_A_STATEMENT;
    exact amounts[TIERS];
    int64_t wall = bench_now_us();
    int64_t begin = core_us();
    TRY(rate_all(simulation, statements));
    int64_t rated = core_us() - begin;
    wall = bench_now_us() - wall;
    exact amount = tier_amounts(arena, simulation, amounts);
    begin = core_us();
    exact sum = exact_sum_by_gmp(arena, amounts, TIERS, charges);
    int64_t added = core_us() - begin;
    if (exact_compare(sum, amount) != 0)
        return FAIL(INTERNAL, "a charge is not the sum of its tiers");
    double rated_a_second = (double)charges * 1e6 / (double)(rated > 0 ? rated : 1);
    double added_a_second = (double)charges * 1e6 / (double)(added > 0 ? added : 1);
    (void)fprintf(out,
                  "\"charges\":%lld,\"tiers\":%d,\"seconds\":%.3f,\"core_seconds\":%.3f,"
                  "\"charges_per_second\":%.0f,"
                  "\"gmp_additions_seconds\":%.3f,\"gmp_additions_charges_per_second\":%.0f,"
                  "\"ratio\":%.2f",
                  (long long)charges, TIERS, (double)wall / 1e6, (double)rated / 1e6,
                  rated_a_second, (double)added / 1e6, added_a_second,
                  rated_a_second / added_a_second);
    return OK;
}

result bench_rate_charges(struct arena *arena, const struct bench_rate_options *options, FILE *out)
{
    OWNED(json_release) json_t *document = NULL;
    struct simulation simulation = {0};
    TRY(read_simulation(arena, &document, &simulation));
    return measure(arena, options, &simulation, out);
}
