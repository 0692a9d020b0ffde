// SPDX-License-Identifier: Apache-2.0
// The customer's own events out of a body. What the boundary would refuse as an event's id is
// counted and neither kept nor repeated.
#include "phial/phi/phi.h"
#include "phial/util/array.h"
#include "phial/util/csv_read.h"
#include "reconciliation.h"

enum { ID_BYTES_MAX = 128, CSV_COLUMNS_MAX = 16 };

static bool printable(str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
            return false;
    }
    return text.len <= ID_BYTES_MAX;
}

static bool may_be_kept(const struct reconciliation_question *question, str text)
{
    return printable(text) && phi_find(text, 0) == NULL &&
           (question->plain_ids || !phi_ambiguous_number(text));
}

static result take(const struct reconciliation_question *question, struct claim_sink *sink,
                   struct claimed_event *event)
{
    sink->sent++;
    if (event->any_source && question->has_source) {
        event->any_source = false;
        event->source = question->source;
    }
    bool own_source = event->source.len > 0 && !str_eq(event->source, question->source);
    if (event->id.len != 0 && may_be_kept(question, event->id) &&
        (!own_source || may_be_kept(question, event->source)))
        return sink->take(sink->context, event);
    sink->refused++;
    return OK;
}

// A text, or {"id", "source"?, "quantity"?, "time"?}.
static bool read_event(struct json_at at, struct claimed_event *event)
{
    bool has_source = false;
    *event = (struct claimed_event){.source = STR(""), .any_source = true};
    if (json_is_string(at.value)) {
        event->id = json_str(at.value);
        return true;
    }
    if (!json_is_object(at.value))
        return json_wrong(at, "invalid", "An id is a text, or an object that has one.");
    bool whole = json_read(
        at,
        FIELDS(json_text("id", &event->id),
               json_optional_seen(json_text("source", &event->source), &has_source),
               json_optional_seen(json_decimal("quantity", &event->quantity), &event->has_quantity),
               json_optional_seen(json_instant("time", &event->time), &event->has_time)));
    event->any_source = !has_source;
    return whole;
}

result claims_read_json(const struct reconciliation_question *question, struct json_at ids,
                        struct claim_sink *sink)
{
    size_t count = json_array_size(ids.value);
    for (size_t i = 0; i < count; i++) {
        struct json_at at = {json_array_get(ids.value, i), ids.pointer, ids.faults};
        struct claimed_event event = {0};
        if (!json_is_string(at.value))
            at = json_item(ids, i);
        if (read_event(at, &event))
            TRY(take(question, sink, &event));
    }
    return faults_result(ids.faults);
}

result claims_read_ndjson(const struct reconciliation_question *question, str body,
                          struct claim_sink *sink)
{
    struct faults *faults = question->request->faults;
    while (body.len != 0) {
        OWNED(json_release) json_t *value = NULL;
        struct claimed_event event = {0};
        str line = body;
        str rest = STR("");
        (void)str_cut(body, '\n', &line, &rest);
        body = rest;
        line = str_trim(line.len > 0 && line.ptr[line.len - 1] == '\r'
                            ? str_slice(line, 0, line.len - 1)
                            : line);
        if (line.len == 0)
            continue;
        TRY(json_parse(line, &value));
        if (!read_event((struct json_at){value, STR(""), faults}, &event))
            return faults_result(faults);
        TRY(take(question, sink, &event));
    }
    return OK;
}

// ---- CSV

enum column { COLUMN_ID, COLUMN_SOURCE, COLUMN_QUANTITY, COLUMN_TIME, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"id", "source", "quantity", "time"};

struct csv_reading {
    const struct reconciliation_question *question;
    struct claim_sink *sink;
    size_t row;                  // at hand, from 1: the header's
    size_t places[COLUMN_COUNT]; // of the columns; `width` for one that is not there
    size_t width;
};

static result read_header(struct csv_reading *reading, const str *cells, size_t count)
{
    reading->width = count;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        reading->places[i] = count;
    for (size_t i = 0; i < count; i++) {
        size_t column = 0;
        while (column < COLUMN_COUNT && !str_eq(str_trim(cells[i]), str_from(column_names[column])))
            column++;
        if (column == COLUMN_COUNT || reading->places[column] != count)
            return FAIL(INVALID, "The first row names the columns: id, and any of source, "
                                 "quantity and time.");
        reading->places[column] = i;
    }
    return reading->places[COLUMN_ID] == count
               ? FAIL(INVALID, "The first row names the columns: one of them is id.")
               : OK;
}

static str cell_of(const struct csv_reading *reading, const str *cells, enum column column)
{
    size_t place = reading->places[column];
    return place == reading->width ? STR("") : str_trim(cells[place]);
}

// Says which row, and nothing of what stands in it.
static result wrong_row(const struct csv_reading *reading, const char *detail)
{
    struct faults *faults = reading->question->request->faults;
    faults_add(faults, pointer_item(faults->arena, STR(""), reading->row), "invalid", detail);
    return faults_result(faults);
}

static result take_row(struct csv_reading *reading, const str *cells, size_t count)
{
    struct claimed_event event = {.source = STR("")};
    if (count == 1 && reading->width != 1 && cells[0].len == 0)
        return OK; // an empty line
    if (count != reading->width)
        return wrong_row(reading, "A row has another number of cells than the first.");
    str quantity = cell_of(reading, cells, COLUMN_QUANTITY);
    str time = cell_of(reading, cells, COLUMN_TIME);
    event.id = cell_of(reading, cells, COLUMN_ID);
    event.source = cell_of(reading, cells, COLUMN_SOURCE);
    event.any_source = reading->places[COLUMN_SOURCE] == reading->width;
    event.has_quantity = quantity.len != 0;
    event.has_time = time.len != 0;
    if (event.has_quantity && failed(decimal_parse(quantity, &event.quantity)))
        return wrong_row(reading, "A row's quantity is no decimal.");
    if (event.has_time && failed(instant_parse(time, &event.time)))
        return wrong_row(reading, "A row's time is no RFC 3339 time with an offset.");
    if (count == 1 && event.id.len == 0)
        return OK;
    return take(reading->question, reading->sink, &event);
}

size_t claims_count_lines(str body)
{
    size_t count = 1;
    for (size_t i = 0; i < body.len; i++)
        count += body.ptr[i] == '\n';
    return count;
}

result claims_read_csv(const struct reconciliation_question *question, str body,
                       struct claim_sink *sink)
{
    struct arena *arena = question->request->arena;
    struct csv_reading reading = {.question = question, .sink = sink};
    str cells[CSV_COLUMNS_MAX];
    size_t count = 0;
    if (str_starts_with(body, STR("\xef\xbb\xbf"))) // as spreadsheets write it
        body = str_slice(body, 3, body.len);
    for (bool first = true; first || body.len != 0; first = false) {
        reading.row++;
        if (!csv_read_row(arena, &body, cells, COUNT_OF(cells), &count))
            return wrong_row(&reading, "A row is not CSV (RFC 4180).");
        TRY(first ? read_header(&reading, cells, count) : take_row(&reading, cells, count));
    }
    return OK;
}
