// SPDX-License-Identifier: Apache-2.0
#include "publication.h"

#include "phial/crypto/crypto.h"
#include "reports.sql.h"
#include "windows.h"

static str join_axes(struct arena *arena, const struct report_table *table)
{
    struct buf text = {.arena = arena};
    for (size_t i = 0; i < table->axis_count; i++) {
        buf_add(&text, i == 0 ? STR("") : STR(","));
        buf_add(&text, table->axes[i]);
    }
    return buf_str(&text);
}

str publication_scope(struct arena *arena, const struct customer *customer, str group)
{
    if (group.len != 0)
        return str_printf(arena, "group:%" STR_FMT, STR_ARG(group));
    return str_printf(arena, "customer:%lld", (long long)customer->id);
}

// ---- cells as text

static result print_cells(struct arena *arena, const struct report_table *table, str *text)
{
    OWNED(json_release) json_t *axes = json_array();
    OWNED(json_release) json_t *labels = json_array();
    OWNED(json_release) json_t *cells = json_pack("{s:O, s:O}", "values", axes, "labels", labels);
    int wrong = cells == NULL ? -1 : 0;
    for (size_t axis = 0; axis < table->axis_count; axis++) {
        json_t *places = json_array();
        for (size_t i = 1; i < table->lengths[axis]; i++)
            wrong |= json_array_append_new(places, json_from_str(table->values[axis][i]));
        wrong |= json_array_append_new(axes, places);
    }
    for (size_t i = 0; i < table->cell_count; i++)
        wrong |= json_array_append_new(labels, json_from_str(table->labels[i]));
    if (wrong != 0)
        return FAIL(INTERNAL, "out of memory");
    *text = json_print(arena, cells);
    return OK;
}

static str *read_texts(struct arena *arena, const json_t *list, size_t first)
{
    size_t count = json_array_size(list);
    str *texts = arena_array(arena, str, first + count);
    for (size_t i = 0; i < count; i++)
        texts[first + i] = str_copy(arena, json_str(json_array_get(list, i)));
    return texts;
}

// As print_cells wrote them, on the axes of `like`.
result publication_read(struct arena *arena, str text, const struct report_table *like,
                        struct report_table *table)
{
    OWNED(json_release) json_t *cells = NULL;
    struct report_table read = {.axis_count = like->axis_count, .cell_count = 1};
    TRY(json_parse(text, &cells));
    const json_t *values = json_object_get(cells, "values");
    const json_t *labels = json_object_get(cells, "labels");
    for (size_t i = 0; i < like->axis_count; i++) {
        const json_t *list = json_array_get(values, i);
        read.axes[i] = like->axes[i];
        read.lengths[i] = 1 + json_array_size(list);
        read.values[i] = read_texts(arena, list, 1);
        read.cell_count *= read.lengths[i];
    }
    if (json_array_size(labels) != read.cell_count)
        return FAIL(INTERNAL, "a stored report is not valid");
    read.labels = read_texts(arena, labels, 0);
    *table = read;
    return OK;
}

// ---- versions

#define KEY_PARAMS(publication)                                                         \
    db_text((publication)->scope), db_text((publication)->question->metric->key),       \
        db_i64((publication)->question->metric->version), db_text((publication)->axes), \
        db_instant((publication)->question->from), db_instant((publication)->question->to)

result publication_find(struct db_tx *tx, const struct report_question *question,
                        const struct report_table *table, struct publication *last)
{
    struct arena *arena = db_arena(tx);
    *last = (struct publication){
        .tx = tx,
        .question = question,
        .scope = publication_scope(arena, question->scope->customers, question->scope->group),
        .axes = join_axes(arena, table)};
    result found =
        db_one(tx, &reports_find_latest_sql, PARAMS(KEY_PARAMS(last)),
               COLUMNS(db_into_i64("version", &last->version), db_into_text("cells", &last->cells),
                       db_into_instant("published_at", &last->published_at)));
    if (found.code == ERR_NOT_FOUND)
        return OK;
    TRY(found);
    return publication_read(arena, last->cells, table, &last->table);
}

static result find_before(const struct publication *last, const struct report_table *like,
                          struct report *report)
{
    str cells = {0};
    if (report->version == 1)
        return OK;
    TRY(db_one(last->tx, &reports_find_version_sql,
               PARAMS(KEY_PARAMS(last), db_i64(report->version - 1)),
               COLUMNS(db_into_text("cells", &cells))));
    report->restated = true;
    return publication_read(db_arena(last->tx), cells, like, &report->before);
}

static result insert(const struct publication *last, str cells, struct report *report)
{
    const struct report_question *question = last->question;
    struct arena *arena = db_arena(last->tx);
    sha256 hash = sha256_of(cells);
    report->version = last->version + 1;
    report->published_at = question->now;
    result inserted =
        db_one(last->tx, &reports_publish_sql,
               PARAMS(KEY_PARAMS(last), db_i64(report->version), db_text(cells),
                      db_bytes(sha256_str(&hash)), db_text(json_print(arena, report->as_of)),
                      db_text(question->actor), db_instant(question->now)),
               COLUMNS(db_into_i64("version", &report->version)));
    return inserted.code == ERR_NOT_FOUND
               ? FAIL(HEAD_MOVED, "The same report was given out meanwhile.")
               : inserted;
}

result publication_add(struct publication *last, const struct report_table *table,
                       struct report *report)
{
    str cells = {0};
    TRY(print_cells(db_arena(last->tx), table, &cells));
    if (last->version != 0 && str_eq(cells, last->cells)) {
        report->version = last->version;
        report->published_at = last->published_at;
    } else {
        TRY(insert(last, cells, report));
    }
    return find_before(last, table, report);
}

// ---- other times

struct other_windows {
    struct arena *arena;
    const struct cube *cube;
    struct windows *windows;
    instant from, to;
    str cells;
};

static result add_window(void *context)
{
    struct other_windows *others = context;
    struct report_table table = {0};
    TRY(publication_read(others->arena, others->cells, &others->cube->table, &table));
    windows_add(others->windows, others->from, others->to, &table);
    return OK;
}

result publication_guard(const struct publication *last, const struct cube *cube, int64_t threshold,
                         bool *telling)
{
    const struct report_question *question = last->question;
    struct arena *arena = db_arena(last->tx);
    struct other_windows others = {
        .arena = arena, .cube = cube, .windows = arena_new(arena, struct windows)};
    TRY(db_each(last->tx, &reports_list_windows_sql, PARAMS(KEY_PARAMS(last), db_i64(WINDOWS_MAX)),
                COLUMNS(db_into_instant("from_at", &others.from),
                        db_into_instant("to_at", &others.to), db_into_text("cells", &others.cells)),
                add_window, &others));
    for (size_t cell = 0; others.windows->count != 0 && cell < cube->table.cell_count; cell++) {
        struct windows_question asked = {cube, cell, threshold, question->from, question->to};
        telling[cell] = windows_tell(others.windows, &asked);
    }
    return OK;
}
