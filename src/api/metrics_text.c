// SPDX-License-Identifier: Apache-2.0
// /metrics: Prometheus' text format, or OpenMetrics to who asks for it. Numbers and constant labels
// only; nothing here was sent by a client.
#include "accept.h"
#include "caller.h"
#include "phial/util/array.h"

#include <inttypes.h>
#include <stdatomic.h>

struct exposition {
    struct buf text;
    bool open_metrics;
};

// A counter's samples end in _total in both formats; its family does in the older one only.
static void add_family(struct exposition *into, const char *name, const char *type,
                       const char *help)
{
    bool counter = str_eq(str_from(type), STR("counter"));
    const char *suffix = counter && !into->open_metrics ? "_total" : "";
    buf_addf(&into->text, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix,
             type);
}

static void add_counter(struct exposition *into, const char *name, const char *help, uint64_t value)
{
    add_family(into, name, "counter", help);
    buf_addf(&into->text, "%s_total %" PRIu64 "\n", name, value);
}

static void add_gauge(struct exposition *into, const char *name, const char *help, uint64_t value)
{
    add_family(into, name, "gauge", help);
    buf_addf(&into->text, "%s %" PRIu64 "\n", name, value);
}

static void add_seconds(struct buf *text, uint64_t us)
{
    buf_addf(text, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
}

static void add_durations(struct exposition *into, const struct http_figures *figures)
{
    enum { BOUNDS = 11 };
    uint64_t below = 0;
    struct buf *text = &into->text;
    add_family(into, "phial_http_request_duration_seconds", "histogram",
               "Time from a request's arrival to its answer.");
    for (size_t i = 0; i < BOUNDS; i++) {
        below += figures->seconds_buckets[i];
        buf_add(text, STR("phial_http_request_duration_seconds_bucket{le=\""));
        add_seconds(text, http_bucket_bounds_us[i]);
        buf_addf(text, "\"} %" PRIu64 "\n", below);
    }
    below += figures->seconds_buckets[BOUNDS];
    buf_addf(text, "phial_http_request_duration_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", below);
    buf_add(text, STR("phial_http_request_duration_seconds_sum "));
    add_seconds(text, figures->seconds_sum_us);
    buf_addf(text, "\nphial_http_request_duration_seconds_count %" PRIu64 "\n", below);
}

static void add_http(struct exposition *into, const struct http_figures *figures)
{
    add_family(into, "phial_http_requests", "counter", "Requests answered, by class of status.");
    for (size_t class = 1; class < COUNT_OF(figures->requests_by_class); class ++)
        buf_addf(&into->text, "phial_http_requests_total{class=\"%zuxx\"} %" PRIu64 "\n", class,
                 figures->requests_by_class[class]);
    add_durations(into, figures);
    add_counter(into, "phial_http_framing_refused",
                "Requests refused for ambiguous or malformed framing.", figures->framing_refused);
    add_counter(into, "phial_http_overload_refused", "Requests refused as the queue was full.",
                figures->overload_refused);
    add_counter(into, "phial_http_received_bytes", "Bytes of requests.", figures->bytes_in);
    add_counter(into, "phial_http_sent_bytes", "Bytes of answers.", figures->bytes_out);
    add_counter(into, "phial_http_connections", "Connections accepted.", figures->connections);
    add_counter(into, "phial_http_queued", "Requests that waited for a worker.", figures->queued);
    add_gauge(into, "phial_http_open_connections", "Connections that are open.",
              figures->connections_open);
    add_gauge(into, "phial_http_queue_length", "Requests that wait for a worker.",
              figures->queue_length);
}

static void add_events(struct exposition *into, const struct api *api)
{
    const struct {
        const char *status;
        uint64_t count;
    } rows[] = {
        {"accepted", api->events.accepted},
        {"duplicate", api->events.duplicates},
        {"rejected", api->events.rejected},
    };
    add_family(into, "phial_events", "counter", "Events sent, by what became of them.");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        buf_addf(&into->text, "phial_events_total{status=\"%s\"} %" PRIu64 "\n", rows[i].status,
                 rows[i].count);
}

static void add_lanes(struct exposition *into, struct lanes *lanes)
{
    struct lanes_figures figures = {0};
    lanes_figures_read(lanes, &figures);
    add_counter(into, "phial_ingest_commits", "Transactions that stored events.", figures.commits);
    add_counter(into, "phial_ingest_entries", "Events handed to these transactions.",
                figures.entries);
    add_counter(into, "phial_ingest_repeated",
                "Transactions run again as they met a repeat that nobody remembered.",
                figures.repeated);
    add_gauge(into, "phial_ingest_waiting", "Events that wait for a commit.", figures.waiting);
}

static void add_webhooks(struct exposition *into, const struct webhook_sender *sender)
{
    struct webhook_figures figures = {0};
    webhook_figures_read(sender, &figures);
    add_family(into, "phial_webhook_attempts", "counter",
               "Attempts to deliver a message, by what came of them.");
    buf_addf(&into->text,
             "phial_webhook_attempts_total{result=\"delivered\"} %" PRIu64
             "\nphial_webhook_attempts_total{result=\"failed\"} %" PRIu64 "\n",
             figures.delivered, figures.failed);
    add_gauge(into, "phial_webhook_flying", "Attempts under way.", figures.flying);
}

static void add_heads(struct exposition *into, const struct heads_keeper *keeper)
{
    struct heads_figures figures = {0};
    heads_figures_read(keeper, &figures);
    add_gauge(into, "phial_heads_published_size", "Size of the last checkpoint of all heads.",
              figures.published);
    add_gauge(into, "phial_heads_written_size", "That of the last one in the witness folder.",
              figures.written);
    add_gauge(into, "phial_heads_witnessed_size", "That of the last one that a witness cosigned.",
              figures.witnessed);
    add_counter(into, "phial_heads_timestamps", "Time stamps got.", figures.stamps);
    add_counter(into, "phial_heads_failures",
                "Attempts to take a checkpoint out of the database that came to nothing.",
                figures.failures);
}

static void add_scrubber(struct exposition *into, const struct scrubber *scrubber)
{
    struct scrubber_figures figures = {0};
    scrubber_figures_read(scrubber, &figures);
    add_counter(into, "phial_scrub_leaves", "Stored entries hashed again.", figures.leaves);
    add_counter(into, "phial_scrub_logs", "Logs looked at to their end.", figures.logs);
    add_gauge(into, "phial_scrub_unsound_logs",
              "Logs whose stored bytes are not what is said of them.", figures.unsound);
    add_gauge(into, "phial_scrub_oldest_seconds",
              "Since the log that waits longest was looked at as a whole.", figures.oldest_s);
}

result get_metrics(const struct request *request, struct reply *reply)
{
    static const enum media offered[] = {MEDIA_PROMETHEUS, MEDIA_OPENMETRICS};
    const struct api *api = api_of(request);
    enum media media =
        accept_media(http_header_list(request, "Accept"), offered, COUNT_OF(offered));
    struct exposition into = {
        .text = {.arena = request->arena},
        .open_metrics = media == MEDIA_OPENMETRICS,
    };
    struct http_figures figures = {0};
    const struct http_server *server = atomic_load(&api->server);
    if (server != NULL)
        http_figures_read(server, &figures);
    add_http(&into, &figures);
    add_events(&into, api);
    if (api->lanes != NULL)
        add_lanes(&into, api->lanes);
    if (api->webhook_sender != NULL)
        add_webhooks(&into, api->webhook_sender);
    if (api->heads_keeper != NULL)
        add_heads(&into, api->heads_keeper);
    if (api->scrubber != NULL)
        add_scrubber(&into, api->scrubber);
    if (!into.open_metrics)
        return http_reply_text(reply, 200, "text/plain; version=0.0.4; charset=utf-8",
                               buf_str(&into.text));
    buf_add(&into.text, STR("# EOF\n"));
    return http_reply_text(reply, 200, "application/openmetrics-text; version=1.0.0; charset=utf-8",
                           buf_str(&into.text));
}
