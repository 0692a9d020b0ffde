// SPDX-License-Identifier: Apache-2.0
#include "pinned_plan.h"

#include "phial/catalog/canonical.h"
#include "phial/catalog/overrides.h"
#include "phial/util/encode.h"

static result remember(json_t *held, json_t *document)
{
    if (document == NULL || json_array_append_new(held, document) != 0)
        return FAIL(INTERNAL, "out of memory");
    return OK;
}

// The document's canonical form, with what the catalog says about it.
static result described(struct arena *arena, enum document_kind kind,
                        const struct catalog_item *item, json_t *held, json_t **document)
{
    OWNED(json_release) json_t *put = NULL;
    json_t *root = NULL;
    TRY(json_parse(item->document, &put));
    TRY(document_canonical(arena, kind, put, &root));
    TRY(remember(held, root));
    int wrong = json_object_set_new(root, "key", json_from_str(item->key));
    wrong |= json_object_set_new(root, "version", json_integer(item->version));
    wrong |= json_object_set_new(root, "sha256", json_from_str(item->sha256));
    if (wrong != 0)
        return FAIL(INTERNAL, "a stored document is no object");
    *document = root;
    return OK;
}

static struct json_at trusted(struct arena *arena, const json_t *document)
{
    struct faults *faults = arena_new(arena, struct faults);
    faults->arena = arena;
    return (struct json_at){document, STR(""), faults};
}

static result parse_metric(struct arena *arena, const struct catalog_item *item, json_t *held,
                           json_t **document, const struct metric **metric)
{
    TRY(described(arena, DOCUMENT_METRIC, item, held, document));
    *metric = metric_parse(trusted(arena, *document), true);
    return *metric == NULL ? FAIL(INTERNAL, "a stored metric is not valid") : OK;
}

result catalog_metric(struct db_tx *tx, str key, json_t *held, const struct metric **metric)
{
    struct catalog_item item = {0};
    json_t *document = NULL;
    TRY(catalog_get(tx, CATALOG_METRIC, key, &item));
    return parse_metric(db_arena(tx), &item, held, &document, metric);
}

result catalog_report_template(struct db_tx *tx, str key, json_t *held,
                               struct report_template *form)
{
    struct catalog_item item = {0};
    json_t *document = NULL;
    TRY(catalog_get(tx, CATALOG_REPORT_TEMPLATE, key, &item));
    if (item.archived)
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(json_parse(item.document, &document));
    TRY(remember(held, document));
    return report_template_parse(trusted(db_arena(tx), document), item.key, form)
               ? OK
               : FAIL(INTERNAL, "a stored report template is not valid");
}

static result find_metric(struct db_tx *tx, const char *key, const struct pin *pin,
                          struct catalog_item *item)
{
    if (pin->versions.len == 0)
        return catalog_get(tx, CATALOG_METRIC, str_from(key), item);
    for (size_t i = 0; i < pin->metric_count; i++) {
        if (str_eq(pin->metrics[i].key, str_from(key))) {
            *item = pin->metrics[i];
            return OK;
        }
    }
    return FAIL(NOT_FOUND, "a plan's metric is not there");
}

static result add_metric(struct db_tx *tx, const char *key, const struct pin *pin, json_t *held,
                         struct pinned_plan *pinned)
{
    struct catalog_item item = {0};
    json_t *document = NULL;
    TRY(find_metric(tx, key, pin, &item));
    const struct metric *metric = NULL;
    TRY(parse_metric(db_arena(tx), &item, held, &document, &metric));
    int wrong = json_object_set(json_object_get(pinned->entry, "metrics"), key, document);
    wrong |= json_object_set_new(pinned->versions, key, json_integer(item.version));
    if (wrong != 0)
        return FAIL(INTERNAL, "out of memory");
    pinned->metrics[pinned->metric_count++] = metric;
    return OK;
}

// The plan as the subscription has it: another document, and so another sha256.
static result override(struct arena *arena, str overrides, struct catalog_item *item)
{
    OWNED(json_release) json_t *plan = NULL;
    OWNED(json_release) json_t *members = NULL;
    OWNED(json_release) json_t *merged = NULL;
    sha256 hash = {{0}};
    TRY(json_parse(item->document, &plan));
    TRY(json_parse(overrides, &members));
    TRY(overrides_merge(trusted(arena, members), plan, &merged));
    TRY(document_sha256(arena, DOCUMENT_PLAN, merged, &hash));
    item->document = json_print(arena, merged);
    item->sha256 = encode_hex(arena, sha256_str(&hash));
    return OK;
}

result pinned_plan_read(struct db_tx *tx, const struct catalog_item *item, struct pin pin,
                        json_t *held, struct pinned_plan *pinned)
{
    struct arena *arena = db_arena(tx);
    struct pinned_plan made = {.item = *item, .versions = json_object()};
    TRY(remember(held, made.versions));
    if (pin.overrides.len != 0)
        TRY(override(arena, pin.overrides, &made.item));
    TRY(described(arena, DOCUMENT_PLAN, &made.item, held, &made.entry));
    made.plan = plan_parse(trusted(arena, made.entry), true);
    if (made.plan == NULL)
        return FAIL(INTERNAL, "a stored plan is not valid");
    if (json_object_set_new(made.entry, "metrics", json_object()) != 0)
        return FAIL(INTERNAL, "out of memory");
    made.metrics = arena_array(arena, const struct metric *, made.plan->charge_count);
    for (size_t i = 0; i < made.plan->charge_count; i++) {
        const char *key = str_to_c(arena, made.plan->charges[i].metric);
        if (json_object_get(made.versions, key) == NULL)
            TRY(add_metric(tx, key, &pin, held, &made));
    }
    *pinned = made;
    return OK;
}
