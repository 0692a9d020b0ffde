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

static void take(const struct reconciliation_question *question, struct claims *claims,
                 struct claimed_event *event)
{
    claims->sent++;
    if (event->any_source && question->has_source) {
        event->any_source = false;
        event->source = question->source;
    }
    bool own_source = event->source.len > 0 && !str_eq(event->source, question->source);
    if (event->id.len == 0 || !may_be_kept(question, event->id) ||
        (own_source && !may_be_kept(question, event->source))) {
        claims->refused++;
        claims->partial = true;
        return;
    }
    if (event->has_quantity)
        claims->total = exact_add(claims->arena, claims->total,
                                  exact_from_decimal(claims->arena, event->quantity));
    claims->partial = claims->partial || !event->has_quantity;
    claims_add(claims, event, false);
}

// A text, or {"id", "source"?, "quantity"?, "time"?}.
static bool take_json(const struct reconciliation_question *question, struct json_at at,
                      struct claims *claims)
{
    bool has_source = false;
    struct claimed_event event = {.source = STR("")};
    if (json_is_string(at.value)) {
        event.id = json_str(at.value);
    } else if (!json_is_object(at.value)) {
        return json_wrong(at, "invalid", "An id is a text, or an object that has one.");
    } else if (!json_read(
                   at, FIELDS(json_text("id", &event.id),
                              json_optional_seen(json_text("source", &event.source), &has_source),
                              json_optional_seen(json_decimal("quantity", &event.quantity),
                                                 &event.has_quantity),
                              json_optional_seen(json_instant("time", &event.time),
                                                 &event.has_time)))) {
        return false;
    }
    event.any_source = !has_source;
    take(question, claims, &event);
    return true;
}

result claims_read_json(const struct reconciliation_question *question, struct json_at ids,
                        struct claims *claims)
{
    size_t count = json_array_size(ids.value);
    claims_open(claims, ids.faults->arena, count);
    for (size_t i = 0; i < count; i++) {
        struct json_at at = {json_array_get(ids.value, i), ids.pointer, ids.faults};
        if (!json_is_string(at.value))
            at = json_item(ids, i);
        (void)take_json(question, at, claims);
    }
    return faults_result(ids.faults);
}

static size_t count_lines(str body)
{
    size_t count = 1;
    for (size_t i = 0; i < body.len; i++)
        count += body.ptr[i] == '\n';
    return count;
}

result claims_read_ndjson(const struct reconciliation_question *question, str body, json_t *held,
                          struct claims *claims)
{
    struct faults *faults = question->request->faults;
    claims_open(claims, faults->arena, count_lines(body));
    while (body.len != 0) {
        str line = body;
        str rest = STR("");
        json_t *value = NULL;
        (void)str_cut(body, '\n', &line, &rest);
        body = rest;
        line = str_trim(line.len > 0 && line.ptr[line.len - 1] == '\r'
                            ? str_slice(line, 0, line.len - 1)
                            : line);
        if (line.len == 0)
            continue;
        TRY(json_parse(line, &value));
        if (json_array_append_new(held, value) != 0)
            return FAIL(INTERNAL, "out of memory");
        if (!take_json(question, (struct json_at){value, STR(""), faults}, claims))
            return faults_result(faults);
    }
    return OK;
}

// ---- CSV

enum column { COLUMN_ID, COLUMN_SOURCE, COLUMN_QUANTITY, COLUMN_TIME, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"id", "source", "quantity", "time"};

struct csv_reading {
    const struct reconciliation_question *question;
    struct claims *claims;
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

static result take_row(struct csv_reading *reading, const str *cells, size_t count)
{
    struct claimed_event event = {.source = STR("")};
    if (count == 1 && reading->width != 1 && cells[0].len == 0)
        return OK; // an empty line
    if (count != reading->width)
        return FAIL(INVALID, "A row has another number of cells than the first.");
    str quantity = cell_of(reading, cells, COLUMN_QUANTITY);
    str time = cell_of(reading, cells, COLUMN_TIME);
    event.id = cell_of(reading, cells, COLUMN_ID);
    event.source = cell_of(reading, cells, COLUMN_SOURCE);
    event.any_source = reading->places[COLUMN_SOURCE] == reading->width;
    event.has_quantity = quantity.len != 0;
    event.has_time = time.len != 0;
    if (event.has_quantity && failed(decimal_parse(quantity, &event.quantity)))
        return FAIL(INVALID, "A row's quantity is no decimal.");
    if (event.has_time && failed(instant_parse(time, &event.time)))
        return FAIL(INVALID, "A row's time is no RFC 3339 time with an offset.");
    if (count == 1 && event.id.len == 0)
        return OK;
    take(reading->question, reading->claims, &event);
    return OK;
}

result claims_read_csv(const struct reconciliation_question *question, str body,
                       struct claims *claims)
{
    struct arena *arena = question->request->arena;
    struct csv_reading reading = {.question = question, .claims = claims};
    str cells[CSV_COLUMNS_MAX];
    size_t count = 0;
    claims_open(claims, arena, count_lines(body));
    if (str_starts_with(body, STR("\xef\xbb\xbf"))) // as spreadsheets write it
        body = str_slice(body, 3, body.len);
    for (bool first = true; first || body.len != 0; first = false) {
        if (!csv_read_row(arena, &body, cells, COUNT_OF(cells), &count))
            return FAIL(INVALID, "A row is not CSV (RFC 4180).");
        TRY(first ? read_header(&reading, cells, count) : take_row(&reading, cells, count));
    }
    return OK;
}
