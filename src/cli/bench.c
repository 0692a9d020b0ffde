// SPDX-License-Identifier: Apache-2.0
// phial bench ingest | single: load over HTTP, and whether the ledger holds what was acknowledged.
// phial bench rate: how fast charges are priced, and how fast a server closes invoices.
#include "bench.h"

#include "bench_catalog.h"
#include "bench_load.h"
#include "bench_rate.h"
#include "command.h"
#include "phial/util/array.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
    CUSTOMERS_MAX = 100000,
    CONNECTIONS_MAX = 10000,
    BATCH_MAX = 10000,
    SECONDS_MAX = 7 * 24 * 3600,
};

// Whole-number options; the letter is what getopt_long answers. `into` is NULL where the option has
// no meaning.
struct number_option {
    int letter;
    int64_t *into;
    int64_t max;
};

static bool set_number(const struct number_option *numbers, size_t count, int letter)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = 0;
        if (numbers[i].letter != letter)
            continue;
        if (numbers[i].into == NULL || !str_to_i64(str_from(optarg), &value) || value < 1 ||
            value > numbers[i].max)
            return false;
        *numbers[i].into = value;
        return true;
    }
    return false;
}

static bool set_share(double *share)
{
    char *end = NULL;
    double value = strtod(optarg, &end);
    if (end == optarg || *end != '\0' || !(value >= 0 && value <= 1))
        return false;
    *share = value;
    return true;
}

static bool set_ids(bool *ordered)
{
    *ordered = strcmp(optarg, "ordered") == 0;
    return *ordered || strcmp(optarg, "random") == 0;
}

static bool read_options(int argc, char **argv, struct bench_options *options)
{
    static const struct option known[] = {{"url", required_argument, NULL, 'u'},
                                          {"key", required_argument, NULL, 'k'},
                                          {"events", required_argument, NULL, 'e'},
                                          {"batch", required_argument, NULL, 'b'},
                                          {"connections", required_argument, NULL, 'c'},
                                          {"customers", required_argument, NULL, 'n'},
                                          {"duplicates", required_argument, NULL, 'd'},
                                          {"ids", required_argument, NULL, 'i'},
                                          {"rate", required_argument, NULL, 'r'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {0}};
    const struct number_option numbers[] = {
        {'e', options->single ? NULL : &options->events, INT64_MAX / BENCH_EVENT_BYTES_MAX},
        {'b', options->single ? NULL : &options->batch, BATCH_MAX},
        {'c', &options->connections, CONNECTIONS_MAX},
        {'n', &options->customers, CUSTOMERS_MAX},
        {'r', &options->rate, 1000000},
        {'s', options->single ? &options->seconds : NULL, SECONDS_MAX},
    };
    for (int option = 0; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        bool good = true;
        if (option == 'u')
            options->server.url = optarg;
        else if (option == 'k')
            options->server.key = optarg;
        else if (option == 'd')
            good = set_share(&options->duplicates);
        else if (option == 'i')
            good = set_ids(&options->ordered);
        else
            good = set_number(numbers, COUNT_OF(numbers), option);
        if (!good)
            return false;
    }
    return optind == argc;
}

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

// By nearest rank, over sorted samples.
static double percentile_ms(const struct bench_figures *figures, size_t percent)
{
    if (figures->latency_count == 0)
        return 0;
    size_t rank = (figures->latency_count * percent + 99) / 100;
    return figures->latencies_us[rank - 1] / 1000.0;
}

static void print_report(const struct bench_events *events, struct bench_figures *figures,
                         int64_t sent, int64_t ledger_events)
{
    const struct bench_options *options = events->options;
    double seconds = (double)figures->elapsed_us / 1e6;
    if (figures->latency_count != 0)
        qsort(figures->latencies_us, figures->latency_count, sizeof *figures->latencies_us,
              compare);
    (void)printf("{\"bench\":\"%s\",\"run\":\"%" STR_FMT
                 "\",\"batch\":%lld,\"connections\":%lld,\"customers\":%lld,"
                 "\"ids\":\"%s\",\"duplicate_share\":%g,\"rate\":%lld,",
                 options->single ? "single" : "ingest", STR_ARG(events->run),
                 options->single ? 1LL : (long long)options->batch, (long long)options->connections,
                 (long long)options->customers, options->ordered ? "ordered" : "random",
                 options->duplicates, (long long)options->rate);
    (void)printf("\"seconds\":%.3f,\"requests\":%lld,\"events_per_second\":%.1f,\"p50_ms\":%.3f,"
                 "\"p99_ms\":%.3f,\"max_ms\":%.3f,",
                 seconds, (long long)figures->requests, seconds > 0 ? (double)sent / seconds : 0,
                 percentile_ms(figures, 50), percentile_ms(figures, 99),
                 percentile_ms(figures, 100));
    (void)printf("\"accepted\":%lld,\"duplicates\":%lld,\"errors\":%lld,\"retries\":%lld,"
                 "\"reconnects\":%lld,\"acknowledged\":%lld,\"ledger_events\":%lld}\n",
                 (long long)figures->accepted, (long long)figures->duplicates,
                 (long long)figures->errors, (long long)figures->retries,
                 (long long)figures->reconnects, (long long)figures->acknowledged,
                 (long long)ledger_events);
}

// When no answer was lost, every "accepted" is an entry and every entry an event acknowledged. A
// lost answer's events are in the ledger or not, and the second answer then calls them duplicates.
static bool agrees(const struct bench_figures *figures, int64_t ledger_events)
{
    if (figures->reconnects == 0 && figures->unknown == 0)
        return ledger_events == figures->acknowledged && ledger_events == figures->accepted;
    return ledger_events >= figures->acknowledged && ledger_events >= figures->accepted &&
           ledger_events <= figures->acknowledged + figures->unknown;
}

// When every event is a repeat, they are sent once before the clock runs.
static result run_load(struct arena *arena, struct bench_events *events,
                       struct bench_figures *figures, int64_t *sent)
{
    const struct bench_options *options = events->options;
    bool all_again = options->duplicates >= 1 && !options->single;
    if (all_again) {
        bench_events_phase(events, options->events, 0);
        TRY(bench_load(arena, events, figures));
        figures->latency_count = 0;
        figures->requests = 0;
    }
    int64_t before = figures->accepted + figures->duplicates;
    bench_events_phase(events, options->single ? INT64_MAX : options->events, options->duplicates);
    TRY(bench_load(arena, events, figures));
    *sent = figures->accepted + figures->duplicates - before;
    return OK;
}

static result run(struct arena *arena, struct client *client, const struct bench_options *options,
                  bool *agreed)
{
    struct bench_events events;
    struct bench_figures figures = {0};
    int64_t before = 0;
    int64_t after = 0;
    int64_t sent = 0;
    bench_events_start(&events, arena, options);
    TRY(bench_catalog_make(client, arena, &events));
    TRY(bench_catalog_count(client, arena, &events, &before));
    TRY(run_load(arena, &events, &figures, &sent));
    TRY(bench_catalog_count(client, arena, &events, &after));
    print_report(&events, &figures, sent, after - before);
    *agreed = agrees(&figures, after - before);
    return OK;
}

static bool read_rate_options(int argc, char **argv, struct bench_rate_options *options,
                              struct server_options *server)
{
    static const struct option known[] = {{"url", required_argument, NULL, 'u'},
                                          {"key", required_argument, NULL, 'k'},
                                          {"charges", required_argument, NULL, 'c'},
                                          {"invoices", required_argument, NULL, 'i'},
                                          {"customers", required_argument, NULL, 'n'},
                                          {"events", required_argument, NULL, 'e'},
                                          {0}};
    const struct number_option numbers[] = {
        {'c', &options->charges, INT64_C(10000000000)},
        {'i', &options->invoices, 10000000},
        {'n', &options->customers, CUSTOMERS_MAX},
        {'e', &options->events, INT64_C(1000000000)},
    };
    for (int option = 0; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (option == 'u')
            server->url = optarg;
        else if (option == 'k')
            server->key = optarg;
        else if (!set_number(numbers, COUNT_OF(numbers), option))
            return false;
    }
    return optind == argc;
}

static result rate_invoices(struct arena *arena, const struct bench_rate_options *options,
                            const struct server_options *server, FILE *out)
{
    struct client *client = NULL;
    result outcome = client_open(server->url, server->key, &client);
    if (!failed(outcome))
        outcome = bench_rate_invoices(client, arena, options, out);
    client_close(client);
    return outcome;
}

// Without a server the charges alone.
static int bench_rate(struct arena *arena, int argc, char **argv)
{
    struct server_options server = {0};
    struct bench_rate_options options = {
        .charges = 1000000, .invoices = 1000, .customers = 50, .events = 10000};
    char *text = NULL;
    size_t size = 0;
    if (!read_rate_options(argc, argv, &options, &server))
        return command_usage("bench");
    bool closes = server.url != NULL || getenv("PHIAL_URL") != NULL;
    if (closes && !server_options_complete("bench", &server))
        return EXIT_FAULT;
    FILE *report = open_memstream(&text, &size);
    if (report == NULL)
        return command_fails("bench", "out of memory");
    result outcome = bench_rate_charges(arena, &options, report);
    if (!failed(outcome) && closes)
        outcome = rate_invoices(arena, &options, &server, report);
    (void)fclose(report);
    if (size != 0)
        (void)printf("{\"bench\":\"rate\",%s}\n", text);
    free(text);
    return failed(outcome) ? command_failed("bench", outcome) : EXIT_SUCCESS;
}

int command_bench(struct arena *arena, int argc, char **argv)
{
    if (argc < 2)
        return command_usage("bench");
    bool single = strcmp(argv[1], "single") == 0;
    if (strcmp(argv[1], "rate") == 0)
        return bench_rate(arena, argc - 1, argv + 1);
    if (!single && strcmp(argv[1], "ingest") != 0)
        return command_usage("bench");
    struct bench_options options = {
        .single = single,
        .ordered = true,
        .events = 1000000,
        .batch = 1000,
        .connections = single ? 64 : 8,
        .customers = 200,
        .seconds = 15,
        .duplicates = single ? 0 : 0.01,
    };
    if (!read_options(argc - 1, argv + 1, &options))
        return command_usage("bench");
    if (!server_options_complete("bench", &options.server))
        return EXIT_FAULT;

    struct client *client = NULL;
    bool agreed = false;
    result outcome = client_open(options.server.url, options.server.key, &client);
    if (!failed(outcome))
        outcome = run(arena, client, &options, &agreed);
    client_close(client);
    if (failed(outcome))
        return command_failed("bench", outcome);
    if (!agreed)
        return command_fails("bench", "what was acknowledged is not what the ledger holds");
    return EXIT_SUCCESS;
}
