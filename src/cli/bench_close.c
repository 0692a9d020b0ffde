// SPDX-License-Identifier: Apache-2.0
#include "bench_rate.h"
#include "phial/time/time.h"

#include <time.h>

enum { BATCH = 1000, RUN_HEX_MASK = 0xffffff };

#define DAY_US INT64_C(86400000000)

static const char event_type[] =
    "{\"description\":\"One image read\",\"time_precision\":\"second\","
    "\"window\":{\"past\":\"P70D\",\"future\":\"PT5M\"},"
    "\"properties\":{\"modality\":{\"type\":\"enum\",\"values\":[\"ct\",\"mri\",\"xray\"]}}}";

static const char customer[] =
    "{\"name\":\"Load test\",\"currency\":\"USD\",\"time_zone\":\"UTC\"}";

struct closing {
    struct client *client;
    struct arena *arena; // of one call at a time
    const struct bench_rate_options *options;
    str run;       // begins every key
    instant month; // the last whole one
    instant end;
};

static result call(const struct closing *closing, const char *method, str path, str body)
{
    result outcome =
        client_call(closing->client, closing->arena,
                    &(struct call){.method = method, .path = path, .body = body}, NULL);
    return outcome;
}

static str customer_key(const struct closing *closing, int64_t number)
{
    return str_printf(closing->arena, "%" STR_FMT "-%lld", STR_ARG(closing->run),
                      (long long)number);
}

static str path_of(const struct closing *closing, const char *resource, str key)
{
    return str_printf(closing->arena, "/v1/%s/%" STR_FMT, resource, STR_ARG(key));
}

// A charge of ten tiers and a fee; a statement is issued as soon as its period has ended.
static str plan_text(const struct closing *closing)
{
    struct buf text = {.arena = closing->arena};
    buf_addf(&text,
             "{\"currency\":\"USD\",\"interval\":\"month\",\"grace\":\"PT0S\",\"fixed\":[{\"key\":"
             "\"fee\",\"amount\":\"100\"}],\"charges\":[{\"key\":\"reads\",\"metric\":\"%" STR_FMT
             "\",\"model\":\"graduated\",\"tiers\":[",
             STR_ARG(closing->run));
    for (int tier = 1; tier < 10; tier++)
        buf_addf(&text, "{\"up_to\":\"%d\",\"unit_amount\":\"0.%d\"},", tier * 100, 95 - 5 * tier);
    buf_add(&text, STR("{\"up_to\":null,\"unit_amount\":\"0.40\"}]}]}"));
    return buf_str(&text);
}

static result make_catalog(const struct closing *closing)
{
    str metric =
        str_printf(closing->arena, "{\"event_types\":[\"%" STR_FMT "\"],\"aggregation\":\"sum\"}",
                   STR_ARG(closing->run));
    TRY(call(closing, "PUT", path_of(closing, "event-types", closing->run), str_from(event_type)));
    TRY(call(closing, "PUT", path_of(closing, "metrics", closing->run), metric));
    TRY(call(closing, "PUT", path_of(closing, "plans", closing->run), plan_text(closing)));
    for (int64_t i = 0; i < closing->options->customers; i++)
        TRY(call(closing, "PUT", path_of(closing, "customers", customer_key(closing, i)),
                 str_from(customer)));
    return OK;
}

// The last day of the month takes every window that has been asked for.
static result send_events(const struct closing *closing)
{
    instant last = {closing->end.us - DAY_US / 2};
    str at = instant_print(closing->arena, last);
    for (int64_t sent = 0; sent < closing->options->events;) {
        struct arena arena = {0};
        struct buf lines = {.arena = &arena};
        for (int i = 0; i < BATCH && sent < closing->options->events; i++, sent++)
            buf_addf(&lines,
                     "{\"id\":\"e%lld\",\"customer\":\"%" STR_FMT "-%lld\",\"type\":\"%" STR_FMT
                     "\",\"time\":\"%" STR_FMT "\",\"quantity\":\"3\"}\n",
                     (long long)sent, STR_ARG(closing->run),
                     (long long)(sent % closing->options->customers), STR_ARG(closing->run),
                     STR_ARG(at));
        result outcome = client_call(closing->client, &arena,
                                     &(struct call){.method = "POST",
                                                    .path = STR("/v1/events"),
                                                    .media_type = "application/x-ndjson",
                                                    .body = buf_str(&lines)},
                                     NULL);
        arena_reset(&arena);
        TRY(outcome);
    }
    return OK;
}

static result subscribe(const struct closing *closing)
{
    for (int64_t i = 0; i < closing->options->invoices; i++) {
        str body = str_printf(closing->arena,
                              "{\"customer\":\"%" STR_FMT "-%lld\",\"plan\":\"%" STR_FMT
                              "\",\"start\":\"%" STR_FMT "\",\"end\":\"%" STR_FMT "\"}",
                              STR_ARG(closing->run), (long long)(i % closing->options->customers),
                              STR_ARG(closing->run),
                              STR_ARG(instant_print(closing->arena, closing->month)),
                              STR_ARG(instant_print(closing->arena, closing->end)));
        TRY(call(closing, "POST", STR("/v1/subscriptions"), body));
    }
    return OK;
}

static result count_page(const struct closing *closing, struct arena *arena, str key, str *cursor,
                         int64_t *count)
{
    OWNED(json_release) json_t *page = NULL;
    str path =
        str_printf(arena, "/v1/invoices?status=issued&limit=500&customer=%" STR_FMT "%s%" STR_FMT,
                   STR_ARG(key), cursor->len == 0 ? "" : "&cursor=", STR_ARG(*cursor));
    TRY(client_get(closing->client, arena, path, &page));
    *count += (int64_t)json_array_size(json_object_get(page, "data"));
    *cursor = str_copy(arena, json_str(json_object_get(page, "next_cursor")));
    return OK;
}

static result count_issued(const struct closing *closing, int64_t *issued)
{
    struct arena arena = {0};
    result outcome = OK;
    *issued = 0;
    for (int64_t i = 0; i < closing->options->customers && !failed(outcome); i++) {
        str cursor = STR("");
        do
            outcome = count_page(closing, &arena, customer_key(closing, i), &cursor, issued);
        while (!failed(outcome) && cursor.len != 0);
    }
    arena_reset(&arena);
    return outcome;
}

static result close_all(const struct closing *closing, FILE *out)
{
    int64_t before = 0;
    int64_t after = 0;
    TRY(count_issued(closing, &before));
    int64_t begin = bench_now_us();
    TRY(call(closing, "POST", STR("/v1/billing/run"), STR("{}")));
    int64_t took = bench_now_us() - begin;
    TRY(count_issued(closing, &after));
    double seconds = (double)(took > 0 ? took : 1) / 1e6;
    (void)fprintf(out,
                  ",\"invoices\":%lld,\"invoice_customers\":%lld,\"invoice_events\":%lld,"
                  "\"issued\":%lld,\"closing_seconds\":%.3f,\"invoices_per_second\":%.1f",
                  (long long)closing->options->invoices, (long long)closing->options->customers,
                  (long long)closing->options->events, (long long)after, seconds,
                  (double)(after - before) / seconds);
    return after == closing->options->invoices
               ? OK
               : FAIL(INTERNAL, "not every invoice was issued, or one twice");
}

result bench_rate_invoices(struct client *client, struct arena *arena,
                           const struct bench_rate_options *options, FILE *out)
{
    struct timespec now = {0};
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    instant today = {(int64_t)now.tv_sec * 1000000};
    day_to_civil(zone_day(zone_utc(), today), &year, &month, &day_of_month);
    day first = day_from_civil(year, month, 1);
    struct closing closing = {
        .client = client,
        .arena = arena,
        .options = options,
        .run = str_printf(arena, "rate%06llx",
                          (unsigned long long)(now.tv_nsec / 1000 + now.tv_sec) & RUN_HEX_MASK),
        .month = zone_midnight(zone_utc(), day_add_months(first, -1)),
        .end = zone_midnight(zone_utc(), first),
    };
    TRY(make_catalog(&closing));
    TRY(send_events(&closing));
    TRY(subscribe(&closing));
    return close_all(&closing, out);
}
