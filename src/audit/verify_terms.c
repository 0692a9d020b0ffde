// SPDX-License-Identifier: Apache-2.0
#include "verify_terms.h"

#include "phial/util/array.h"
#include "phial/util/encode.h"

// What the reading of one invoice's terms has at hand.
struct sources {
    struct arena *arena;
    const struct exported *exported;
    int64_t size; // entries at or behind it did not exist yet
};

static str text_at(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

static struct json_at place(struct arena *arena, const json_t *value)
{
    struct faults *faults = arena_new(arena, struct faults);
    faults->arena = arena;
    return (struct json_at){value, STR(""), faults};
}

// A version's sha256 is that of what was put, without what the catalog says about it.
static bool sha256_holds(struct arena *arena, const json_t *document)
{
    static const char *const added[] = {"key", "version", "sha256", "created_at", "metrics"};
    str canonical = {0};
    OWNED(json_release) json_t *put = json_copy(json_iterable(document));
    for (size_t i = 0; i < COUNT_OF(added); i++)
        (void)json_object_del(put, added[i]);
    if (failed(json_canonical(arena, put, &canonical)))
        return false;
    sha256 hash = sha256_of(canonical);
    return str_eq(encode_hex(arena, sha256_str(&hash)), text_at(document, "sha256"));
}

static bool same_version(const json_t *document, const json_t *reference)
{
    return json_is_integer(json_object_get(reference, "version")) &&
           json_equal(json_object_get(document, "version"), json_object_get(reference, "version"));
}

// A reference names the versions of the metrics too: the same plan may be held with others.
static bool same_metrics(const json_t *plan, const json_t *reference)
{
    const json_t *metrics = json_object_get(plan, "metrics");
    const char *key = NULL;
    json_t *version = NULL;
    json_object_foreach(json_iterable(json_object_get(reference, "metrics")), key, version)
    {
        if (!json_equal(json_object_get(json_object_get(metrics, key), "version"), version))
            return false;
    }
    return true;
}

static const json_t *find_plan(const struct sources *sources, const json_t *reference)
{
    for (size_t i = sources->exported->document_count; i != 0; i--) {
        const struct exported_document *document = &sources->exported->documents[i - 1];
        if (document->kind == ENTRY_plan && document->index < sources->size &&
            str_eq(text_at(document->body, "key"), text_at(reference, "key")) &&
            str_eq(text_at(document->body, "sha256"), text_at(reference, "sha256")) &&
            same_version(document->body, reference) && same_metrics(document->body, reference))
            return document->body;
    }
    return NULL;
}

static const json_t *find_subscription(const struct sources *sources, str id)
{
    for (size_t i = sources->exported->document_count; i != 0; i--) {
        const struct exported_document *document = &sources->exported->documents[i - 1];
        if (document->kind == ENTRY_subscription && document->index < sources->size &&
            str_eq(text_at(document->body, "id"), id))
            return document->body;
    }
    return NULL;
}

static result read_metrics(const struct sources *sources, const json_t *plan,
                           struct segment *segment)
{
    const json_t *documents = json_object_get(plan, "metrics");
    size_t count = 0;
    const struct metric **metrics =
        arena_array(sources->arena, const struct metric *, json_object_size(documents));
    const char *key = NULL;
    json_t *document = NULL;
    json_object_foreach(json_iterable(documents), key, document)
    {
        if (!sha256_holds(sources->arena, document))
            return FAIL(VERIFICATION_FAILED, "a metric is not what its sha256 says");
        metrics[count] = metric_parse(place(sources->arena, document), true);
        if (metrics[count] == NULL || !str_eq(metrics[count]->key, str_from(key)))
            return FAIL(VERIFICATION_FAILED, "a metric of its plan cannot be read");
        count++;
    }
    segment->metrics = metrics;
    segment->metric_count = count;
    return OK;
}

static result read_segment(const struct sources *sources, const json_t *document,
                           struct segment *segment)
{
    const json_t *plan = find_plan(sources, json_object_get(document, "plan"));
    if (failed(instant_parse(text_at(document, "from"), &segment->from)))
        return FAIL(VERIFICATION_FAILED, "a segment of its subscription has no beginning");
    if (plan == NULL)
        return FAIL(VERIFICATION_FAILED, "the plan version that it names is not in the export");
    if (!sha256_holds(sources->arena, plan))
        return FAIL(VERIFICATION_FAILED, "its plan is not what its sha256 says");
    segment->plan = plan_parse(place(sources->arena, plan), true);
    if (segment->plan == NULL)
        return FAIL(VERIFICATION_FAILED, "its plan cannot be read");
    return read_metrics(sources, plan, segment);
}

static result read_segments(const struct sources *sources, const json_t *list,
                            struct subscription_terms *terms)
{
    size_t count = json_array_size(list);
    if (count == 0 || count > SEGMENTS_MAX)
        return FAIL(VERIFICATION_FAILED, "its subscription has no plan");
    struct segment *segments = arena_array(sources->arena, struct segment, count);
    for (size_t i = 0; i < count; i++) {
        TRY(read_segment(sources, json_array_get(list, i), &segments[i]));
        if (i == 0 ? segments[i].from.us != terms->start.us
                   : segments[i].from.us <= segments[i - 1].from.us)
            return FAIL(VERIFICATION_FAILED, "the segments of its subscription do not rise");
    }
    terms->segments = segments;
    terms->segment_count = count;
    return OK;
}

static result read_subscription(const struct sources *sources, const json_t *document,
                                struct subscription_terms *terms)
{
    str anchor = text_at(document, "anchor");
    const json_t *end = json_object_get(document, "end");
    terms->anniversary = str_eq(anchor, STR("anniversary"));
    terms->has_end = end != NULL;
    terms->zone_name = text_at(document, "time_zone");
    if (failed(currency_parse(text_at(document, "currency"), &terms->currency)) ||
        failed(instant_parse(text_at(document, "start"), &terms->start)) ||
        (end != NULL && failed(instant_parse(json_str(end), &terms->end))) ||
        (!terms->anniversary && !str_eq(anchor, STR("calendar"))))
        return FAIL(VERIFICATION_FAILED, "its subscription cannot be read");
    if (failed(zone_load(sources->arena, terms->zone_name, &terms->zone)))
        return FAIL(VERIFICATION_FAILED, "this system does not know its time zone");
    return read_segments(sources, json_object_get(document, "segments"), terms);
}

// The rates are the customer's at the time of issue, and stand on the invoice alone.
static result read_taxes(struct arena *arena, const json_t *invoice,
                         struct subscription_terms *terms)
{
    const json_t *list = json_object_get(invoice, "tax");
    size_t count = json_array_size(list);
    if (count > TAX_RATES_MAX)
        return FAIL(VERIFICATION_FAILED, "it has too many taxes");
    struct tax_rate *taxes = arena_array(arena, struct tax_rate, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *tax = json_array_get(list, i);
        taxes[i].name = text_at(tax, "name");
        taxes[i].category = text_at(tax, "category");
        if (failed(decimal_parse(text_at(tax, "percent"), &taxes[i].percent)))
            return FAIL(VERIFICATION_FAILED, "a tax has no percentage");
    }
    terms->taxes = taxes;
    terms->tax_count = count;
    terms->exempt_reason = text_at(invoice, "exempt_reason");
    return OK;
}

result terms_read(struct arena *arena, const struct exported *exported, const json_t *invoice,
                  int64_t size, struct subscription_terms *terms)
{
    struct sources sources = {arena, exported, size};
    struct subscription_terms read = {
        .id = text_at(invoice, "subscription"),
        .customer = exported->customer,
    };
    const json_t *subscription = find_subscription(&sources, read.id);
    if (subscription == NULL)
        return FAIL(VERIFICATION_FAILED, "its subscription is not in the export");
    TRY(read_subscription(&sources, subscription, &read));
    TRY(read_taxes(arena, invoice, &read));
    *terms = read;
    return OK;
}
