// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include "phial/json/json.h"

enum { RESULT_BYTES = 128 };

static struct outcome rejected(struct verdict verdict)
{
    return (struct outcome){.status = EVENT_REJECTED, .verdict = verdict};
}

struct outcome outcome_of(const struct candidate *candidate, bool held_back)
{
    const struct append *append = candidate->append;
    if (append == NULL)
        return rejected(candidate->verdict);

    // Refers to an event of this request, which is not stored either.
    bool unfounded = held_back && append->first_is_new;
    struct outcome outcome = {.has_index = append->index != NO_INDEX && !unfounded,
                              .index = append->index};
    switch (append->outcome) {
    case APPEND_ACCEPTED:
        if (held_back)
            return rejected((struct verdict){"held_back", NULL, STR("")});
        outcome.status = EVENT_ACCEPTED;
        return outcome;
    case APPEND_DUPLICATE:
        if (unfounded)
            return rejected((struct verdict){"held_back", NULL, STR("")});
        outcome.status = EVENT_DUPLICATE;
        return outcome;
    case APPEND_CONFLICT:
        outcome.status = EVENT_CONFLICT;
        outcome.verdict = (struct verdict){"conflict", NULL, STR("/id")};
        return outcome;
    }
    return outcome;
}

static str status_name(enum event_status status)
{
    switch (status) {
    case EVENT_ACCEPTED:
        return STR("accepted");
    case EVENT_DUPLICATE:
        return STR("duplicate");
    case EVENT_CONFLICT:
        return STR("conflict");
    case EVENT_REJECTED:
        return STR("rejected");
    }
    return STR("");
}

static void print_result(struct buf *text, size_t position, str id, const struct outcome *outcome)
{
    buf_addf(text, "{\"position\":%zu", position);
    if (id.len != 0) {
        buf_add(text, STR(",\"id\":"));
        json_quote(text, id);
    }
    buf_add(text, STR(",\"status\":\""));
    buf_add(text, status_name(outcome->status));
    buf_add_char(text, '"');
    if (outcome->verdict.code != NULL) {
        buf_add(text, STR(",\"code\":\""));
        buf_add(text, str_from(outcome->verdict.code));
        buf_add(text, STR("\",\"pointer\":"));
        json_quote(text, outcome->verdict.pointer);
    }
    if (outcome->verdict.detector != NULL) {
        buf_add(text, STR(",\"detector\":\""));
        buf_add(text, str_from(outcome->verdict.detector));
        buf_add_char(text, '"');
    }
    if (outcome->has_index)
        buf_addf(text, ",\"index\":%lld", (long long)outcome->index);
    buf_add_char(text, '}');
}

static void count(struct ingest_answer *answer, enum event_status status)
{
    switch (status) {
    case EVENT_ACCEPTED:
        answer->accepted++;
        return;
    case EVENT_DUPLICATE:
        answer->duplicates++;
        return;
    case EVENT_CONFLICT:
    case EVENT_REJECTED:
        answer->rejected++;
        return;
    }
}

static int single_status(enum event_status status)
{
    switch (status) {
    case EVENT_ACCEPTED:
        return 201;
    case EVENT_DUPLICATE:
        return 200;
    case EVENT_CONFLICT:
        return 409;
    case EVENT_REJECTED:
        return 422;
    }
    return 422;
}

static int list_status(const struct ingest_answer *answer, bool held_back)
{
    if (answer->rejected == 0)
        return 200;
    bool all = answer->accepted + answer->duplicates == 0;
    return all || held_back ? 422 : 207;
}

void answer_write(const struct admission *admission, bool held_back, struct ingest_answer *answer)
{
    struct arena *arena = admission->ingest->arena;
    size_t events = admission->events.count;
    struct buf results = {.arena = arena};
    struct ingest_answer counted = {0};
    struct outcome outcome = {0};
    if (admission->ingest->represent_all)
        results = (struct buf){arena, arena_array(arena, char, events *RESULT_BYTES), 0,
                               events * RESULT_BYTES};
    for (size_t i = 0; i < events; i++) {
        const struct candidate *candidate = &admission->candidates[i];
        outcome = outcome_of(candidate, held_back);
        count(&counted, outcome.status);
        if (outcome.status == EVENT_ACCEPTED && !admission->ingest->represent_all)
            continue;
        if (results.len != 0)
            buf_add_char(&results, ',');
        print_result(&results, i, candidate->id, &outcome);
    }
    struct buf body = {.arena = arena};
    buf_addf(&body, "{\"accepted\":%lld,\"duplicates\":%lld,\"rejected\":%lld,\"results\":[",
             (long long)counted.accepted, (long long)counted.duplicates,
             (long long)counted.rejected);
    buf_add(&body, buf_str(&results));
    buf_add(&body, STR("]}"));
    counted.body = buf_str(&body);
    counted.status = admission->events.is_single ? single_status(outcome.status)
                                                 : list_status(&counted, held_back);
    *answer = counted;
}
