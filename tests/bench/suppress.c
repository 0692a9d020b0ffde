// SPDX-License-Identifier: Apache-2.0
// How much of random tables is withheld for their small cells, what that takes, and whether an
// exact solver breaks any. Prints one JSON object; then, with --tables, each table on a line:
// lengths, figures, and how many that are not small are withheld.
//
//   bench_suppress SEED TABLES AXES LEAST MOST [--attack] [--tables]
#include "random_table.h"
#include "table_attack.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ARGUMENTS = 6, THRESHOLD = 11, ONE_IN = 10 };

struct run {
    struct table_kind kind;
    uint64_t state;
    long tables;
    bool attacks, prints;
    struct arena arena;
    struct share share;
    double seconds, seconds_worst;
    int64_t broken, refused;
};

static double seconds_used(void)
{
    struct timespec used = {0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

static void print_table(const struct suppress_table *table)
{
    struct share share = {0};
    share_add(&share, table);
    for (size_t i = 0; i < table->axis_count; i++)
        (void)printf("%zu ", table->lengths[i]);
    (void)printf(":");
    for (size_t i = 0; i < suppress_cell_count(table); i++)
        (void)printf(" %lld", (long long)table->cells[i].figures[0]);
    (void)printf(" : %lld\n", (long long)share.withheld);
}

static void run_one(struct run *run)
{
    struct suppress_table table = random_table(&run->arena, &run->state, &run->kind);
    double before = seconds_used();
    bool done = suppress(&run->arena, &table);
    double used = seconds_used() - before;
    run->seconds += used;
    run->seconds_worst = used > run->seconds_worst ? used : run->seconds_worst;
    run->refused += !done;
    if (!done)
        return;
    share_add(&run->share, &table);
    if (run->attacks)
        run->broken += attack_table(&table, 0) != 0;
    if (run->prints)
        print_table(&table);
}

static bool read_arguments(int count, char **arguments, struct run *run)
{
    if (count < ARGUMENTS)
        return false;
    run->state = strtoull(arguments[1], NULL, 10) * UINT64_C(0x9E3779B97F4A7C15);
    run->tables = strtol(arguments[2], NULL, 10);
    run->kind =
        (struct table_kind){strtoull(arguments[3], NULL, 10), strtoull(arguments[4], NULL, 10),
                            strtoull(arguments[5], NULL, 10), THRESHOLD, ONE_IN};
    for (int i = ARGUMENTS; i < count; i++) {
        run->attacks |= strcmp(arguments[i], "--attack") == 0;
        run->prints |= strcmp(arguments[i], "--tables") == 0;
    }
    size_t cells = 1;
    for (size_t i = 0; i < run->kind.axes && cells <= ATTACK_CELLS; i++)
        cells *= run->kind.most + 1;
    return run->state != 0 && run->tables > 0 && run->kind.axes >= 1 &&
           run->kind.axes <= SUPPRESS_AXES && run->kind.least >= 1 &&
           run->kind.most >= run->kind.least && (!run->attacks || cells <= ATTACK_CELLS);
}

int main(int count, char **arguments)
{
    struct run run = {0};
    if (!read_arguments(count, arguments, &run)) {
        (void)fprintf(stderr,
                      "usage: %s SEED TABLES AXES LEAST MOST [--attack] [--tables]\n"
                      "(SEED from 1; LEAST to MOST values an axis; up to %d cells are "
                      "attacked)\n",
                      arguments[0], ATTACK_CELLS);
        return 2;
    }
    for (long i = 0; i < run.tables; i++) {
        run_one(&run);
        arena_reset(&run.arena);
    }
    (void)printf("{\"withheld\": %.2f, \"refused\": %lld, ", share_percent(&run.share),
                 (long long)run.refused);
    if (run.attacks)
        (void)printf("\"broken\": %lld, ", (long long)run.broken);
    (void)printf("\"ms\": %.1f, \"ms_worst\": %.1f}\n", 1e3 * run.seconds / (double)run.tables,
                 1e3 * run.seconds_worst);
    return run.broken == 0 ? 0 : 1;
}
