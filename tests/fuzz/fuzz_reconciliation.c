// SPDX-License-Identifier: Apache-2.0
// A reconciliation's body, by its first byte: the document, a part of NDJSON, of CSV. What goes on
// is an event's id that the boundary lets through; whatever else is read is counted.
#include "phial/phi/phi.h"
#include "reconciliation.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct taken {
    struct arena *arena;
    int64_t count;
};

static void check_text(str text)
{
    for (size_t i = 0; i < text.len; i++)
        assert(text.ptr[i] >= 0x20 && text.ptr[i] <= 0x7e);
    assert(text.len <= 128 && phi_find(text, 0) == NULL);
}

static result take(void *context, const struct claimed_event *event)
{
    struct taken *taken = context;
    assert(event->id.len > 0);
    check_text(event->id);
    check_text(event->source);
    if (event->has_quantity)
        assert(decimal_print(taken->arena, event->quantity).len > 0);
    if (event->has_time)
        assert(instant_print(taken->arena, event->time).len > 0);
    taken->count++;
    return OK;
}

static void read_document(struct reconciliation_question *question, str body,
                          struct claim_sink *sink)
{
    OWNED(json_release) json_t *root = NULL;
    struct json_at document = {NULL, STR(""), question->request->faults};
    if (failed(json_parse(body, &root)))
        return;
    document.value = root;
    bool good = !failed(reconciliation_read(document, question));
    assert(good == (document.faults->count == 0));
    const struct reconciliation *what = &question->what;
    for (size_t i = 0; good && i < what->window_count; i++) {
        assert(what->windows[i].start.us < what->windows[i].end.us);
        assert(i == 0 || what->windows[i - 1].end.us <= what->windows[i].start.us);
    }
    if (good && question->ids != NULL)
        (void)claims_read_json(question, json_member(document, "ids"), sink);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    struct request request = {.arena = &arena, .faults = &faults};
    struct reconciliation_question question = {.request = &request, .source = STR("")};
    struct taken taken = {.arena = &arena};
    struct claim_sink sink = {.take = take, .context = &taken};
    if (size == 0)
        return 0;
    str body = {(const char *)data + 1, size - 1};
    question.plain_ids = data[0] & 1;
    if (data[0] < 'b')
        read_document(&question, body, &sink);
    else if (data[0] < 'd')
        (void)claims_read_ndjson(&question, body, &sink);
    else
        (void)claims_read_csv(&question, body, &sink);
    assert(sink.sent == taken.count + sink.refused);
    assert((size_t)sink.sent <= claims_count_lines(body) || data[0] < 'b');
    arena_reset(&arena);
    return 0;
}
