// SPDX-License-Identifier: Apache-2.0
// demo_events.c - the first half: catalog, events, duplicates, identifiers, the search for traces.
#include "catalog_apply.h"
#include "demo_search.h"
#include "demo_steps.h"
#include "phial/util/buf.h"

#include <stdio.h>

enum { BATCH = 200, TENTH = 10, CODES_MAX = 8 };

result demo_apply_catalog(struct demo *demo)
{
    const json_t *catalog = demo->month.catalog;
    struct catalog_figures figures = {0};
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL)
        return FAIL(INTERNAL, "cannot open /dev/null");
    demo->customers = (int)json_object_size(json_object_get(catalog, "customers"));
    demo->subscriptions = (int)json_object_size(json_object_get(catalog, "subscriptions"));
    result outcome = catalog_apply(demo->client, demo->arena, catalog, false, nowhere, &figures);
    (void)fclose(nowhere);
    TRY(outcome);
    (void)printf("\n2. The catalog of %s\n"
                 "   %zu event types, %zu metrics, %zu plans, %d customers, %d subscriptions\n",
                 demo->month.whose, json_object_size(json_object_get(catalog, "event_types")),
                 json_object_size(json_object_get(catalog, "metrics")),
                 json_object_size(json_object_get(catalog, "plans")), demo->customers,
                 demo->subscriptions);
    return OK;
}

static result send_lines(struct demo *demo, const str *lines, size_t count, json_t **answer)
{
    struct buf body = {.arena = demo->arena};
    struct answer reply = {0};
    for (size_t i = 0; i < count; i++) {
        buf_add(&body, lines[i]);
        buf_add_char(&body, '\n');
    }
    TRY(client_send(demo->client, demo->arena,
                    &(struct call){.method = "POST",
                                   .path = STR("/v1/events"),
                                   .media_type = "application/x-ndjson",
                                   .body = buf_str(&body)},
                    &reply));
    if (reply.status != 200 && reply.status != 207 && reply.status != 422)
        return FAIL(INTERNAL, "the server did not take a batch of events");
    return json_parse(reply.body, answer);
}

struct tally {
    int64_t accepted;
    int64_t duplicates;
    int64_t rejected;
    struct {
        str code;
        int64_t count;
    } codes[CODES_MAX];
    size_t code_count;
};

static void tally_code(struct arena *arena, struct tally *tally, str code)
{
    for (size_t i = 0; i < tally->code_count; i++) {
        if (str_eq(tally->codes[i].code, code)) {
            tally->codes[i].count++;
            return;
        }
    }
    if (tally->code_count < CODES_MAX) {
        tally->codes[tally->code_count].code = str_copy(arena, code);
        tally->codes[tally->code_count++].count = 1;
    }
}

static result send_all(struct demo *demo, const str *lines, size_t count, struct tally *tally)
{
    for (size_t at = 0; at < count; at += BATCH) {
        OWNED(json_release) json_t *answer = NULL;
        size_t batch = count - at < BATCH ? count - at : BATCH;
        TRY(send_lines(demo, lines + at, batch, &answer));
        tally->accepted += json_integer_value(json_object_get(answer, "accepted"));
        tally->duplicates += json_integer_value(json_object_get(answer, "duplicates"));
        tally->rejected += json_integer_value(json_object_get(answer, "rejected"));
        const json_t *results = json_object_get(answer, "results");
        for (size_t i = 0; i < json_array_size(results); i++) {
            str code = json_str(json_object_get(json_array_get(results, i), "code"));
            if (code.len != 0)
                tally_code(demo->arena, tally, code);
        }
    }
    return OK;
}

static result set_clock(struct demo *demo, str at)
{
    str body = str_printf(demo->arena, "{\"now\":\"%" STR_FMT "\"}", STR_ARG(at));
    return client_call(demo->client, demo->arena,
                       &(struct call){.method = "PUT", .path = STR("/v1/test-clock"), .body = body},
                       NULL);
}

result demo_send_month(struct demo *demo)
{
    struct tally tally = {0};
    TRY(set_clock(demo, demo->month.next));
    TRY(send_all(demo, demo->month.events, demo->month.event_count, &tally));
    (void)printf("\n3. A month of %s, in batches of %d\n"
                 "   sent %zu: %lld accepted, %lld duplicates, %lld refused\n",
                 demo->month.activity, BATCH, demo->month.event_count, (long long)tally.accepted,
                 (long long)tally.duplicates, (long long)tally.rejected);
    demo->accepted = tally.accepted;
    if ((size_t)tally.accepted != demo->month.event_count)
        return FAIL(INTERNAL, "not every event of the month was accepted");
    return OK;
}

result demo_send_again(struct demo *demo)
{
    struct tally tally = {0};
    size_t count = 0;
    str *again = arena_array(demo->arena, str, demo->month.event_count / TENTH + 1);
    for (size_t i = 0; i < demo->month.event_count; i += TENTH)
        again[count++] = demo->month.events[i];
    TRY(send_all(demo, again, count, &tally));
    (void)printf("\n4. A tenth of them again, as a backend does that lost an answer\n"
                 "   sent %zu: %lld accepted, %lld duplicates, %lld refused\n",
                 count, (long long)tally.accepted, (long long)tally.duplicates,
                 (long long)tally.rejected);
    demo->duplicates = tally.duplicates;
    if ((size_t)tally.duplicates != count)
        return FAIL(INTERNAL, "a repeated event was not told as a duplicate");
    return OK;
}

result demo_send_identifiers(struct demo *demo)
{
    struct tally tally = {0};
    TRY(send_all(demo, demo->month.refused, demo->month.refused_count, &tally));
    (void)printf("\n5. What a careless backend sends: names, birth dates, numbers, addresses\n"
                 "   sent %zu: %lld accepted, %lld refused\n",
                 demo->month.refused_count, (long long)tally.accepted, (long long)tally.rejected);
    for (size_t i = 0; i < tally.code_count; i++)
        (void)printf("     %-18" STR_FMT " %lld\n", STR_ARG(tally.codes[i].code),
                     (long long)tally.codes[i].count);
    demo->refused = tally.rejected;
    if (tally.accepted != 0)
        return FAIL(INTERNAL, "an event with a patient's identifier was accepted");
    return OK;
}

result demo_search_traces(struct demo *demo)
{
    struct search search = {.values = demo->month.planted, .count = demo->month.planted_count};
    struct answer metrics = {0};
    TRY(client_send(demo->client, demo->arena,
                    &(struct call){.method = "GET", .path = STR("/metrics")}, &metrics));
    TRY(demo_search(demo->folder, &search));
    (void)printf("\n6. A search for those %zu identifiers in everything the server wrote\n"
                 "   %lld files, %lld MB of database, write-ahead log and logs: found in %lld\n",
                 search.count, (long long)search.files, (long long)(search.bytes >> 20),
                 (long long)search.found);
    demo->files_searched = search.files;
    if (search.found != 0 || demo_search_text(&search, metrics.body))
        return FAIL(INTERNAL, "an identifier that was refused was found again");
    return search.files == 0 ? FAIL(INTERNAL, "no file could be searched") : OK;
}
