// SPDX-License-Identifier: Apache-2.0
#include "relatives.h"

#include "reports.sql.h"

// The group and its customers, and what was given out of them.
struct relatives {
    struct arena *arena;
    const struct cube *cube;
    struct report_scope group;
    bool of_customer; // the question is of one of them
    str scope;        // of a row
    str cells;
    struct report_table *customers; // those given out, but for the question's own
    size_t customer_count;
    bool has_group;
    struct report_table whole;
};

result relatives_group(const struct publication *last, struct report_scope *group)
{
    OWNED(json_release) json_t *document = NULL;
    const struct report_scope *scope = last->question->scope;
    *group = *scope;
    if (scope->group.len != 0)
        return OK;
    TRY(json_parse(scope->customers[0].document, &document));
    str name = str_copy(db_arena(last->tx), json_str(json_object_get(document, "group")));
    if (name.len == 0)
        return OK;
    result found = report_group(last->tx, name, group);
    bool none = found.code == ERR_NOT_FOUND || found.code == ERR_INVALID;
    return none ? OK : found;
}

static result note_table(void *context)
{
    struct relatives *relatives = context;
    struct report_table table = {0};
    TRY(publication_read(relatives->arena, relatives->cells, &relatives->cube->table, &table));
    if (str_starts_with(relatives->scope, STR("group:"))) {
        relatives->has_group = true;
        relatives->whole = table;
    } else {
        relatives->customers[relatives->customer_count++] = table;
    }
    return OK;
}

static result find_tables(const struct publication *last, struct relatives *relatives)
{
    const struct report_question *question = last->question;
    const struct report_scope *group = &relatives->group;
    struct arena *arena = relatives->arena;
    str *scopes = arena_array(arena, str, group->customer_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < group->customer_count; i++) {
        str scope = publication_scope(arena, &group->customers[i], STR(""));
        if (!str_eq(scope, last->scope))
            scopes[count++] = scope;
    }
    if (relatives->of_customer)
        scopes[count++] = publication_scope(arena, NULL, group->group);
    relatives->customers = arena_array(arena, struct report_table, count);
    return db_each(
        last->tx, &reports_list_scopes_sql,
        PARAMS(db_text_array(scopes, count), db_text(question->metric->key),
               db_i64(question->metric->version), db_text(last->axes), db_instant(question->from),
               db_instant(question->to)),
        COLUMNS(db_into_text("scope", &relatives->scope), db_into_text("cells", &relatives->cells)),
        note_table, relatives);
}

// What is left of the group when everybody who is shown is taken off: a small figure of the others.
static bool tells(const struct relatives *relatives, size_t cell, int64_t threshold)
{
    const struct report_table *like = &relatives->cube->table;
    int128 rest = relatives->cube->figures[cell].units;
    size_t hidden = relatives->group.customer_count;
    decimal shown = {0};
    if (relatives->of_customer) {
        if (!relatives->has_group ||
            failed(decimal_parse(report_label(&relatives->whole, like, cell), &shown)))
            return false;
        rest = shown.units - rest;
        hidden--;
    }
    for (size_t i = 0; i < relatives->customer_count; i++) {
        if (failed(decimal_parse(report_label(&relatives->customers[i], like, cell), &shown)))
            continue;
        rest -= shown.units;
        hidden--;
    }
    return hidden != 0 && rest > 0 && rest < decimal_from_i64(threshold).units;
}

result relatives_guard(const struct publication *last, const struct cube *cube, int64_t threshold,
                       bool *telling)
{
    struct relatives relatives = {.arena = db_arena(last->tx),
                                  .cube = cube,
                                  .of_customer = last->question->scope->group.len == 0};
    TRY(relatives_group(last, &relatives.group));
    if (relatives.group.group.len == 0)
        return OK;
    TRY(find_tables(last, &relatives));
    for (size_t i = 0; i < cube->table.cell_count; i++)
        telling[i] |= tells(&relatives, i, threshold);
    return OK;
}
