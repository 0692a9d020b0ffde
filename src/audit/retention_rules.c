// SPDX-License-Identifier: Apache-2.0
#include "retention_rules.h"

#include "audit.sql.h"
#include "phial/json/json.h"
#include "phial/rating/aggregation.h"
#include "phial/util/array.h"

struct version_row {
    struct retention_rules *rules;
    bool is_metric;
    str key;
    str document;
};

// More rows than one grow together.
static void add_rule(struct retention_rules *rules, str type, enum retention_class number)
{
    bool known = number != RETENTION_CLASS_COUNT;
    const struct retention_rule *rule =
        retention_rule(known ? number : RETENTION_CLASS_trial_permanent);
    str class = str_from(rule->name);
    for (size_t i = 0; i < rules->count; i++) {
        if (str_eq(rules->types[i], type) && str_eq(rules->classes[i], class))
            return;
    }
    size_t rooms[] = {rules->room, rules->room, rules->room, rules->room};
    rules->types =
        arena_grow(rules->arena, rules->types, rules->count, &rooms[0], sizeof *rules->types);
    rules->years =
        arena_grow(rules->arena, rules->years, rules->count, &rooms[1], sizeof *rules->years);
    rules->starts =
        arena_grow(rules->arena, rules->starts, rules->count, &rooms[2], sizeof *rules->starts);
    rules->classes =
        arena_grow(rules->arena, rules->classes, rules->count, &rooms[3], sizeof *rules->classes);
    rules->room = rooms[0];
    rules->types[rules->count] = str_copy(rules->arena, type);
    rules->years[rules->count] = known ? rules->terms->years[number] : 0;
    rules->starts[rules->count] = str_from(retention_start_name(rule->start));
    rules->classes[rules->count++] = class;
}

static void keep_types(struct retention_rules *rules, const json_t *types)
{
    for (size_t i = 0; i < json_array_size(types); i++) {
        rules->kept = arena_grow(rules->arena, rules->kept, rules->kept_count, &rules->kept_room,
                                 sizeof *rules->kept);
        rules->kept[rules->kept_count++] =
            str_copy(rules->arena, json_str(json_array_get(types, i)));
    }
}

static result take_version(void *context)
{
    struct version_row *row = context;
    OWNED(json_release) json_t *document = NULL;
    TRY(json_parse(row->document, &document));
    if (!row->is_metric) {
        str class = json_str(json_object_get(document, "retention"));
        add_rule(row->rules, row->key, retention_class_find(class));
        return OK;
    }
    const struct aggregation *aggregation =
        aggregation_find(json_str(json_object_get(document, "aggregation")));
    if (aggregation == NULL || aggregation->carries)
        keep_types(row->rules, json_object_get(document, "event_types"));
    return OK;
}

result retention_rules_read(struct db_tx *tx, const struct retention_terms *terms,
                            struct retention_rules *rules)
{
    struct version_row row = {.rules = rules};
    *rules = (struct retention_rules){.arena = db_arena(tx), .terms = terms};
    return db_each(tx, &audit_list_kept_versions_sql, NO_PARAMS,
                   COLUMNS(db_into_bool("is_metric", &row.is_metric), db_into_text("key", &row.key),
                           db_into_text("document", &row.document)),
                   take_version, &row);
}

str retention_rules_class(const struct retention_rules *rules, str type)
{
    size_t found = rules->count;
    for (size_t i = 0; i < rules->count; i++) {
        bool longer = found == rules->count || rules->years[i] == 0 ||
                      (rules->years[found] != 0 && rules->years[i] > rules->years[found]);
        if (str_eq(rules->types[i], type) && longer)
            found = i;
    }
    return found == rules->count ? STR("") : rules->classes[found];
}
