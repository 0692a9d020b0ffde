// SPDX-License-Identifier: Apache-2.0
// One leaf in itself: canonical bytes, and the members that its kind has, no other.
#include "phial/util/array.h"
#include "verify_parts.h"

enum { FRAME_MEMBERS = 5, REASON_MAX = 500 };

static void wrong(struct leaf_reading *reading, const char *what)
{
    reading->whole = false;
    fault(reading->exported->report, "Entry %lld: %s.", (long long)reading->index, what);
}

static bool is_text(const json_t *object, const char *name)
{
    return json_is_string(json_object_get(object, name));
}

// A time exactly as entries write it.
static bool read_time(struct arena *arena, const json_t *object, const char *name, instant *at)
{
    str text = json_str(json_object_get(object, name));
    return !failed(instant_parse(text, at)) && str_eq(instant_print_canonical(arena, *at), text);
}

static bool is_decimal(struct arena *arena, const json_t *object, const char *name)
{
    decimal value = {0};
    str text = json_str(json_object_get(object, name));
    return !failed(decimal_parse(text, &value)) && str_eq(decimal_print(arena, value), text);
}

static bool is_optional_object(const json_t *object, const char *name, size_t *members)
{
    const json_t *value = json_object_get(object, name);
    *members += value != NULL;
    return value == NULL || json_is_object(value);
}

static void read_event(struct leaf_reading *reading, const json_t *root)
{
    const json_t *event = json_object_get(root, "event");
    size_t members = 5; // with properties, when there are any
    bool right = is_optional_object(event, "properties", &members) && is_text(event, "id") &&
                 is_text(event, "source") && is_text(event, "type") &&
                 is_decimal(reading->arena, event, "quantity") &&
                 read_time(reading->arena, event, "time", &reading->time) &&
                 json_object_size(event) == members && json_object_size(root) == FRAME_MEMBERS + 1;
    if (!right)
        wrong(reading, "its event has not the members that an event has");
    else
        reading->identity = identity_of(json_str(json_object_get(event, "source")),
                                        json_str(json_object_get(event, "id")));
}

static void read_reference(struct leaf_reading *reading, const json_t *root)
{
    const json_t *reference = json_object_get(root, "ref");
    const json_t *index = json_object_get(reference, "index");
    str reason = json_str(json_object_get(root, "reason"));
    reading->reference = json_integer_value(index);
    if (json_object_size(reference) != 2 || !json_is_integer(index) || reading->reference < 0 ||
        !exported_hash(reading->arena, json_str(json_object_get(reference, "leaf")),
                       &reading->reference_to))
        wrong(reading, "its ref is not an index and a leaf hash");
    if (reason.len == 0)
        wrong(reading, "it gives no reason");
}

static void read_set(struct leaf_reading *reading, const json_t *root)
{
    const json_t *set = json_object_get(root, "set");
    instant time = {0};
    size_t members = 0;
    bool right = is_optional_object(set, "properties", &members);
    if (json_object_get(set, "quantity") != NULL) {
        members++;
        right = right && is_decimal(reading->arena, set, "quantity");
    }
    if (json_object_get(set, "time") != NULL) {
        members++;
        right = right && read_time(reading->arena, set, "time", &time);
    }
    if (!right || members == 0 || json_object_size(set) != members)
        wrong(reading, "its set is not a quantity, properties or a time");
}

// What an adjustment says besides its action and its reason: the members that it must have, and
// those that it may have.
static const struct {
    const char *action;
    const char *must;
    const char *may;
    bool reasoned; // it must give a reason
} adjustments[] = {
    {"credit", "amount currency id paid", "expires", false},
    {"discount", "currency id", "amount charges percent periods", false},
    {"discount_end", "id", "", false},
    {"payment", "amount at currency id invoice", "reference", false},
    {"payment_reversal", "id invoice", "", true},
    {"release", "invoice number", "", true},
    {"void", "invoice number", "", true},
};

static bool is_member(const json_t *adjustment, str name)
{
    const json_t *value = json_object_getn(adjustment, name.ptr, name.len);
    if (str_eq(name, STR("paid")))
        return json_is_boolean(value);
    if (str_eq(name, STR("charges")))
        return json_is_array(value);
    return str_eq(name, STR("periods")) ? json_is_integer(value) : json_is_string(value);
}

// How many of the blank-separated members the adjustment has, each of its type.
static size_t count_members(const json_t *adjustment, const char *names, size_t *named)
{
    str rest = str_from(names);
    size_t count = 0;
    for (*named = 0; rest.len > 0; ++*named) {
        str name = rest;
        str after = STR("");
        if (!str_cut(rest, ' ', &name, &after))
            name = rest;
        count += is_member(adjustment, name);
        rest = after;
    }
    return count;
}

static void read_adjustment(struct leaf_reading *reading, const json_t *root)
{
    const json_t *adjustment = json_object_get(root, "adjustment");
    str action = json_str(json_object_get(adjustment, "action"));
    bool has_reason = json_object_get(adjustment, "reason") != NULL;
    size_t row = 0;
    while (row < COUNT_OF(adjustments) && !str_eq(action, str_from(adjustments[row].action)))
        row++;
    if (row == COUNT_OF(adjustments)) {
        wrong(reading, "its adjustment is none that there is");
        return;
    }
    size_t must = 0;
    size_t may = 0;
    size_t has = count_members(adjustment, adjustments[row].must, &must);
    size_t more = count_members(adjustment, adjustments[row].may, &may);
    if (has != must || json_object_size(adjustment) != 1U + has_reason + must + more)
        wrong(reading, "its adjustment has not the members that it must have");
    if (adjustments[row].reasoned && json_str(json_object_get(adjustment, "reason")).len == 0)
        wrong(reading, "it gives no reason");
}

// Which keys were destroyed; the reason may be left out.
static void read_erasure(struct leaf_reading *reading, const json_t *root)
{
    const json_t *erasure = json_object_get(root, "erasure");
    const json_t *keys = json_object_get(erasure, "keys");
    size_t members = 2;
    members += json_object_get(erasure, "period") != NULL;
    members += json_object_get(erasure, "reason") != NULL;
    bool right =
        is_text(erasure, "scope") && json_is_array(keys) && json_object_size(erasure) == members;
    for (size_t i = 0; right && i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        right = is_text(key, "scope") && is_text(key, "method") &&
                json_is_integer(json_object_get(key, "generation"));
    }
    if (!right)
        wrong(reading, "its erasure does not name the keys that were destroyed");
}

// A change of the key that signs, or of the epoch that it signs in.
static void read_key(struct leaf_reading *reading, const json_t *root)
{
    const json_t *key = json_object_get(root, "key");
    const json_t *last = json_object_get(key, "last");
    str action = json_str(json_object_get(key, "action"));
    str previous = {0};
    str public = {0};
    bool reasoned = json_object_get(key, "reason") != NULL;
    size_t members = 3U + reasoned; // action, number, server
    bool right = is_text(key, "server") && json_is_integer(json_object_get(key, "number"));
    if (str_eq(action, STR("rotate"))) {
        right = right && announcement_holds(reading->arena, key, &previous, &public);
        members += 4;
    } else {
        right = right && str_eq(action, STR("epoch")) && reasoned;
        members += last != NULL;
    }
    if (!right || json_object_size(key) != members)
        wrong(reading, "it announces no key and begins no epoch");
    else if (str_eq(action, STR("epoch")))
        remark(reading->exported->report,
               "Entry %lld: a new epoch begins here. The log was restored from an older copy; of "
               "the one before, %lld entries had been signed.",
               (long long)reading->index,
               (long long)json_integer_value(json_object_get(last, "size")));
}

static bool find_kind(str name, enum entry_kind *kind)
{
    for (int i = 0; i < ENTRY_KIND_COUNT; i++) {
        if (str_eq(name, entry_kind_name((enum entry_kind)i))) {
            *kind = (enum entry_kind)i;
            return true;
        }
    }
    return false;
}

static void read_content(struct leaf_reading *reading, const json_t *root)
{
    const char *name = json_string_value(json_object_get(root, "kind"));
    switch (reading->kind) {
    case ENTRY_usage:
        read_event(reading, root);
        return;
    case ENTRY_void:
        read_reference(reading, root);
        if (json_object_size(root) != FRAME_MEMBERS + 2)
            wrong(reading, "it has not the members that a void has");
        return;
    case ENTRY_amend:
        read_reference(reading, root);
        read_set(reading, root);
        if (json_object_size(root) != FRAME_MEMBERS + 3)
            wrong(reading, "it has not the members that an amendment has");
        return;
    case ENTRY_adjustment:
        read_adjustment(reading, root);
        if (json_object_size(root) != FRAME_MEMBERS + 1)
            wrong(reading, "it has not one member named after its kind");
        return;
    case ENTRY_erasure:
        read_erasure(reading, root);
        if (json_object_size(root) != FRAME_MEMBERS + 1)
            wrong(reading, "it has not one member named after its kind");
        return;
    case ENTRY_key:
        read_key(reading, root);
        if (json_object_size(root) != FRAME_MEMBERS + 1)
            wrong(reading, "it has not one member named after its kind");
        return;
    case ENTRY_plan:
    case ENTRY_subscription:
    case ENTRY_invoice:
    case ENTRY_credit_note:
    case ENTRY_retention:
    case ENTRY_audit:
    case ENTRY_KIND_COUNT:
        if (!json_is_object(json_object_get(root, name)) ||
            json_object_size(root) != FRAME_MEMBERS + 1)
            wrong(reading, "it has not one member named after its kind");
        return;
    }
}

static void read_frame(struct leaf_reading *reading, const json_t *root)
{
    const json_t *version = json_object_get(root, "v");
    const struct exported *exported = reading->exported;
    if (!is_text(root, "actor"))
        wrong(reading, "it names no actor");
    if (!read_time(reading->arena, root, "at", &reading->at))
        wrong(reading, "its `at` is not a time as entries write it");
    if (!is_text(root, "customer") ||
        (exported->has_manifest &&
         !str_eq(json_str(json_object_get(root, "customer")), exported->customer)))
        wrong(reading, "it is not of the manifest's customer");
    if (!json_is_integer(version) || json_integer_value(version) != 1)
        wrong(reading, "its version is not 1");
    if (!find_kind(json_str(json_object_get(root, "kind")), &reading->kind))
        wrong(reading, "its kind is unknown");
    else
        read_content(reading, root);
    // The audit trail is the log without a customer, and holds nothing else.
    if (reading->whole && exported->has_manifest &&
        (reading->kind == ENTRY_audit) != (exported->customer.len == 0))
        wrong(reading, "its kind is not one of this log");
}

void leaf_read_parsed(struct leaf_reading *reading, json_t **root)
{
    str canonical = {0};
    reading->whole = true;
    if (reading->bytes.len > LEAF_BYTES_MAX) {
        wrong(reading, "it is larger than 1 MiB");
        return;
    }
    if (failed(json_parse(reading->bytes, root))) {
        wrong(reading, "it is not JSON");
        return;
    }
    if (failed(json_canonical(reading->arena, *root, &canonical)) ||
        !str_eq(canonical, reading->bytes))
        wrong(reading, "it is not in canonical form");
    read_frame(reading, *root);
}

void leaf_read(struct leaf_reading *reading, json_t **root)
{
    if (!leaf_read_plain(reading))
        leaf_read_parsed(reading, root);
}
