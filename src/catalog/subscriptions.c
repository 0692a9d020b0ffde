// SPDX-License-Identifier: Apache-2.0
#include "catalog.sql.h"
#include "catalog_change.h"
#include "checks.h"
#include "phial/catalog/catalog.h"
#include "phial/catalog/overrides.h"
#include "phial/crypto/crypto.h"
#include "phial/ledger/removed.h"
#include "subscription_parts.h"

// A subscription that is being made or changed.
struct draft {
    struct customer customer;
    const struct zone *zone;
    str plan;
    int64_t version; // 0: the current one
    const json_t *overrides;
    instant from; // of the segment
    struct pinned_plan pinned;
};

static result find_customer(struct db_tx *tx, struct json_at at, int64_t only_customer,
                            struct customer *customer)
{
    result found = customer_get(tx, json_str(at.value), customer);
    if (failed(found) && found.code != ERR_NOT_FOUND)
        return found;
    if (only_customer != 0 && (failed(found) || customer->id != only_customer))
        return FAIL(NOT_FOUND, "No such customer.");
    if (failed(found) || customer->archived)
        json_wrong(at, "unknown_customer", "There is no such customer.");
    return faults_result(at.faults);
}

static result find_plan(struct db_tx *tx, struct json_at document, struct draft *draft,
                        struct catalog_item *item)
{
    struct json_at at = json_member(document, "plan");
    result found = draft->version == 0
                       ? catalog_get(tx, CATALOG_PLAN, draft->plan, item)
                       : catalog_get_version(tx, CATALOG_PLAN, draft->plan, draft->version, item);
    if (failed(found) && found.code != ERR_NOT_FOUND)
        return found;
    if (failed(found) && draft->version != 0)
        json_wrong(json_member(document, "version"), "unknown_plan",
                   "The plan has no such version.");
    else if (failed(found) || (draft->version == 0 && item->archived))
        json_wrong(at, "unknown_plan", "There is no such plan.");
    return faults_result(document.faults);
}

// The override of the merged plan's item that the pointer's rest begins with: in a list of them or
// by its key. The rest is then what follows the item. False where that item is not overridden.
static bool find_override(struct json_at list, const json_t *items, str *rest, struct json_at *at)
{
    int64_t number = 0;
    str segment = *rest;
    str tail = STR("");
    if (!str_cut(*rest, '/', &segment, &tail))
        segment = *rest;
    if (!str_to_i64(segment, &number) || number < 0)
        return false;
    const json_t *key = json_object_get(json_array_get(items, (size_t)number), "key");
    if (json_is_object(list.value) && json_is_string(key))
        *at = json_member(list, json_string_value(key));
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        struct json_at item = json_item(list, i);
        if (json_equal(json_object_get(item.value, "key"), key))
            *at = item;
    }
    *rest = tail;
    return at->value != NULL;
}

// Where a fault of the merged plan stands in the overrides: as far down as they go.
static struct json_at overriding(struct json_at overrides, const json_t *merged, str pointer)
{
    str member = STR("");
    str rest = str_slice(pointer, pointer.len == 0 ? 0 : 1, pointer.len);
    struct json_at found = {0};
    if (!str_cut(rest, '/', &member, &rest)) {
        member = rest;
        rest = STR("");
    }
    const char *name = str_to_c(overrides.faults->arena, member);
    struct json_at at = json_member(overrides, name);
    if (at.value == NULL)
        return overrides;
    const json_t *items = json_object_get(merged, name);
    if (json_is_array(items)) {
        if (!find_override(at, items, &rest, &found))
            return at;
        at = found;
    }
    while (rest.len != 0) {
        str tail = STR("");
        if (!str_cut(rest, '/', &member, &tail))
            member = rest;
        rest = tail;
        int64_t index = 0;
        struct json_at next = json_is_array(at.value) && str_to_i64(member, &index) && index >= 0
                                  ? json_item(at, (size_t)index)
                                  : json_member(at, str_to_c(overrides.faults->arena, member));
        if (next.value == NULL)
            return at;
        at = next;
    }
    return at;
}

// What is wrong with the merged plan, said of the member that overrides.
static result blame_overrides(struct json_at overrides, const json_t *merged,
                              const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->items[i];
        struct json_at at = overriding(overrides, merged, fault->pointer);
        if (fault->detector != NULL)
            faults_add_phi(at.faults, at.pointer, fault->detector);
        else
            json_wrong(at, fault->code, fault->detail);
    }
    return faults_result(overrides.faults);
}

static result check_overrides(struct db_tx *tx, struct json_at overrides,
                              const struct catalog_item *item)
{
    OWNED(json_release) json_t *plan = NULL;
    OWNED(json_release) json_t *merged = NULL;
    struct faults *faults = arena_new(db_arena(tx), struct faults);
    faults->arena = db_arena(tx);
    TRY(json_parse(item->document, &plan));
    TRY(overrides_merge(overrides, plan, &merged));
    (void)json_object_del(merged, "entitlements"); // none is overridden
    result checked =
        document_check(tx, CATALOG_PLAN, item->key, (struct json_at){merged, STR(""), faults});
    return faults->count != 0 ? blame_overrides(overrides, merged, faults) : checked;
}

static str print_overrides(struct arena *arena, const json_t *overrides)
{
    return json_object_size(overrides) == 0 ? STR("") : json_print(arena, overrides);
}

// Reads the plan with its metrics, and whether this customer can have it.
static result pin_plan(struct db_tx *tx, struct json_at document, json_t *held, struct draft *draft)
{
    struct catalog_item item = {0};
    struct pin pin = {.versions = STR(""),
                      .overrides = print_overrides(db_arena(tx), draft->overrides)};
    TRY(find_plan(tx, document, draft, &item));
    if (pin.overrides.len != 0)
        TRY(check_overrides(tx, json_member(document, "overrides"), &item));
    TRY(pinned_plan_read(tx, &item, pin, held, &draft->pinned));
    if (draft->pinned.plan->currency != draft->customer.currency)
        json_wrong(json_member(document, "plan"), "currency_mismatch",
                   "The plan's currency is not the customer's.");
    return faults_result(document.faults);
}

// Periods that begin inside a month hold two tokens of one person.
static result check_anchor(struct db_tx *tx, const struct draft *draft, instant start,
                           struct json_at at)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    bool counts = false;
    day_to_civil(zone_day(draft->zone, start), &year, &month, &day_of_month);
    if (day_of_month != 1)
        TRY(plan_counts_monthly_tokens(tx, draft->pinned.plan, draft->pinned.entry, &counts));
    if (counts)
        json_wrong(at, "invalid",
                   "The plan counts tokens that change with the calendar month; its periods must "
                   "be calendar months.");
    return faults_result(at.faults);
}

static result insert_segment(struct db_tx *tx, str subscription_id, const struct draft *draft,
                             const struct change *change)
{
    str metrics = json_print(db_arena(tx), draft->pinned.versions);
    return db_exec(
        tx, &catalog_insert_segment_sql,
        PARAMS(db_text(subscription_id), db_instant(draft->from), db_text(draft->pinned.item.key),
               db_i64(draft->pinned.item.version), db_text(metrics),
               db_text(print_overrides(db_arena(tx), draft->overrides)), db_text(change->actor),
               db_text(change->reason), db_instant(change->now)));
}

static const char *status_of(const struct subscription *subscription, instant now)
{
    if (subscription->has_end && subscription->end.us <= now.us)
        return "ended";
    return now.us < subscription->start.us ? "scheduled" : "active";
}

// Adds a fault for everything wrong with the document itself.
static void read_creation(struct json_at document, struct draft *draft,
                          struct subscription *subscription)
{
    str anchor = STR("calendar");
    bool versioned = false;
    (void)json_read(
        document,
        FIELDS(json_text("customer", &subscription->customer), json_text("plan", &draft->plan),
               json_optional_seen(json_i64("version", &draft->version), &versioned),
               json_instant("start", &subscription->start),
               json_optional_seen(json_instant("end", &subscription->end), &subscription->has_end),
               json_optional(json_text("anchor", &anchor)),
               json_optional(json_members("overrides", &draft->overrides))));
    subscription->anniversary = str_eq(anchor, STR("anniversary"));
    if (!subscription->anniversary && !str_eq(anchor, STR("calendar")))
        json_wrong(json_member(document, "anchor"), "invalid",
                   "The anchor is calendar or anniversary.");
    if (versioned && draft->version < 1)
        json_wrong(json_member(document, "version"), "unknown_plan",
                   "The plan has no such version.");
}

static result insert_subscription(struct db_tx *tx, const struct subscription *subscription)
{
    return db_exec(tx, &catalog_insert_subscription_sql,
                   PARAMS(db_text(subscription->id), db_i64(subscription->customer_id),
                          db_bool(subscription->anniversary), db_instant(subscription->start),
                          subscription->has_end ? db_instant(subscription->end) : db_null(),
                          db_instant(subscription->created_at)));
}

// Periods whose events retention has removed cannot be billed.
static result check_start(struct db_tx *tx, int64_t customer_id, instant start, struct json_at at)
{
    struct seal seal;
    TRY(ledger_seal(tx, customer_id, &seal));
    if (seal.any && start.us < seal.before.us)
        json_wrong(at, "invalid", "Retention has removed entries of that time.");
    return OK;
}

result subscription_create(struct db_tx *tx, struct json_at document, int64_t only_customer,
                           const struct change *change, struct subscription *subscription)
{
    OWNED(json_release) json_t *held = json_array();
    struct draft draft = {0};
    struct subscription made = {.created_at = change->now};
    read_creation(document, &draft, &made);
    TRY(faults_result(document.faults));
    TRY(catalog_lock(tx));
    TRY(find_customer(tx, json_member(document, "customer"), only_customer, &draft.customer));
    TRY(pin_plan(tx, document, held, &draft));
    TRY(zone_load(db_arena(tx), draft.customer.zone_name, &draft.zone));
    made.start = subscription_instant(draft.zone, made.start);
    made.end = subscription_instant(draft.zone, made.end);
    if (made.has_end && made.end.us <= made.start.us)
        json_wrong(json_member(document, "end"), "invalid",
                   "The end must be a day after the start.");
    TRY(check_start(tx, draft.customer.id, made.start, json_member(document, "start")));
    if (made.anniversary)
        TRY(check_anchor(tx, &draft, made.start, json_member(document, "anchor")));
    TRY(faults_result(document.faults));

    made.id = crypto_id(db_arena(tx));
    made.customer_id = draft.customer.id;
    made.customer = draft.customer.key;
    made.status = str_from(status_of(&made, change->now));
    made.plan = draft.pinned.item.key;
    made.plan_version = draft.pinned.item.version;
    made.overrides = print_overrides(db_arena(tx), draft.overrides);
    draft.from = made.start;
    TRY(insert_subscription(tx, &made));
    TRY(insert_segment(tx, made.id, &draft, change));
    TRY(subscription_append(tx, &made, change));
    return subscription_get_whole(tx, made.id, change->now, subscription);
}

// The subscription, and its customer's log locked, so that no statement is issued meanwhile; before
// that, as invoices come first, a closing statement that is open.
static result lock_subscription(struct db_tx *tx, str id, int64_t only_customer,
                                const struct change *change, struct draft *draft,
                                struct subscription *subscription)
{
    struct head head;
    str closing = {0};
    TRY(catalog_lock(tx));
    TRY(subscription_get(tx, id, change->now, subscription));
    if (only_customer != 0 && subscription->customer_id != only_customer)
        return FAIL(NOT_FOUND, "No such subscription.");
    result locked = db_one(tx, &catalog_lock_closing_sql, PARAMS(db_text(id)),
                           COLUMNS(db_into_text("invoice_id", &closing)));
    if (failed(locked) && locked.code != ERR_NOT_FOUND)
        return locked;
    TRY(ledger_head_lock(tx, subscription->customer_id, &head));
    TRY(customer_get_by_id(tx, subscription->customer_id, &draft->customer));
    return zone_load(db_arena(tx), draft->customer.zone_name, &draft->zone);
}

// An issued closing statement bills by the terms as they were; one that is open follows them.
static result clear_statements(struct db_tx *tx, str id, instant at, bool drafts)
{
    bool found = false;
    TRY(db_one(tx, &catalog_find_statement_after_sql,
               PARAMS(db_text(id), db_instant(at), db_bool(drafts)),
               COLUMNS(db_into_bool("found", &found))));
    if (found)
        return FAIL(CONFLICT, "A statement of a later period stands in the way; void it first.");
    return db_exec(tx, &catalog_drop_closing_sql, PARAMS(db_text(id)));
}

static result check_change(struct db_tx *tx, struct json_at at, const struct draft *draft,
                           const struct subscription *subscription)
{
    struct segment_row *rows = NULL;
    size_t count = 0;
    TRY(segments_read(tx, subscription->id, &rows, &count));
    if (count == 0)
        return FAIL(INTERNAL, "a subscription has no plan");
    int64_t last = rows[count - 1].starts_at.us;
    if (count == SEGMENTS_MAX && draft->from.us != last)
        return FAIL(CONFLICT, "The subscription has had as many plans as it can.");
    if (draft->from.us < last)
        json_wrong(at, "invalid", "The change must not lie before the start of the last plan.");
    if (subscription->has_end && draft->from.us >= subscription->end.us)
        json_wrong(at, "invalid", "The change must lie before the subscription's end.");
    TRY(faults_result(at.faults));
    return clear_statements(tx, subscription->id, draft->from, false);
}

result subscription_change(struct db_tx *tx, str id, struct json_at document, int64_t only_customer,
                           const struct change *change, struct subscription *subscription)
{
    OWNED(json_release) json_t *held = json_array();
    struct draft draft = {.from = change->now};
    struct subscription changed = {0};
    bool versioned = false;
    (void)json_read(document,
                    FIELDS(json_text("plan", &draft.plan),
                           json_optional_seen(json_i64("version", &draft.version), &versioned),
                           json_optional(json_instant("at", &draft.from)),
                           json_optional(json_members("overrides", &draft.overrides))));
    if (versioned && draft.version < 1)
        json_wrong(json_member(document, "version"), "unknown_plan",
                   "The plan has no such version.");
    TRY(faults_result(document.faults));
    TRY(lock_subscription(tx, id, only_customer, change, &draft, &changed));
    TRY(pin_plan(tx, document, held, &draft));
    if (changed.anniversary)
        TRY(check_anchor(tx, &draft, changed.start, json_member(document, "plan")));
    draft.from = subscription_instant(draft.zone, draft.from);
    TRY(check_change(tx, json_member(document, "at"), &draft, &changed));
    TRY(insert_segment(tx, changed.id, &draft, change));
    TRY(subscription_append(tx, &changed, change));
    TRY(subscription_get_whole(tx, changed.id, change->now, &changed));
    changed.plan = draft.pinned.item.key;
    changed.plan_start = draft.from;
    changed.plan_version = draft.pinned.item.version;
    changed.overrides = print_overrides(db_arena(tx), draft.overrides);
    changed.changed = true;
    *subscription = changed;
    return OK;
}

result subscription_cancel(struct db_tx *tx, str id, struct json_at document, int64_t only_customer,
                           const struct change *change, struct subscription *subscription)
{
    struct draft draft = {0};
    struct subscription changed = {0};
    struct json_at at = json_member(document, "at");
    if (!json_read(document, FIELDS(json_instant("at", &draft.from))))
        return faults_result(document.faults);
    TRY(lock_subscription(tx, id, only_customer, change, &draft, &changed));
    draft.from = subscription_instant(draft.zone, draft.from);
    if (changed.has_end && changed.end.us == draft.from.us)
        return subscription_get_whole(tx, id, change->now, subscription);
    if (draft.from.us < changed.start.us)
        json_wrong(at, "invalid", "The end must not lie before the start.");
    else if (changed.has_end && draft.from.us > changed.end.us)
        json_wrong(at, "invalid", "The subscription ends before that.");
    TRY(faults_result(document.faults));
    TRY(clear_statements(tx, id, draft.from, true));
    TRY(db_exec(tx, &catalog_end_subscription_sql, PARAMS(db_text(id), db_instant(draft.from))));
    changed.has_end = true;
    changed.end = draft.from;
    TRY(subscription_append(tx, &changed, change));
    return subscription_get_whole(tx, id, change->now, subscription);
}

// One row, its status not yet told.
struct subscription_row {
    struct subscription subscription;
    instant now;
    result (*row)(void *context, const struct subscription *subscription);
    void *context;
};

static struct db_columns subscription_columns(struct arena *arena, struct subscription *into)
{
    const db_column columns[] = {
        db_into_text("subscription_id", &into->id),
        db_into_i64("customer_id", &into->customer_id),
        db_into_text("customer", &into->customer),
        db_into_bool("anniversary", &into->anniversary),
        db_into_instant("starts_at", &into->start),
        db_if_present(db_into_instant("ends_at", &into->end), &into->has_end),
        db_into_instant("created_at", &into->created_at),
        db_into_text("plan_key", &into->plan),
        db_into_instant("plan_start", &into->plan_start),
        db_into_i64("plan_version", &into->plan_version),
        db_into_text("overrides", &into->overrides),
        db_into_text("changes", &into->changes),
    };
    enum { COUNT = sizeof columns / sizeof columns[0] };
    db_column *kept = arena_array(arena, db_column, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        kept[i] = columns[i];
    return (struct db_columns){kept, COUNT};
}

static result find_subscription(struct db_tx *tx, str id, instant now, bool changes,
                                struct subscription *subscription)
{
    struct subscription read = {0};
    if (!crypto_is_id(id))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(db_one(tx, &catalog_find_subscription_sql,
               PARAMS(db_text(id), db_instant(now), db_bool(changes)),
               subscription_columns(db_arena(tx), &read)));
    read.status = str_from(status_of(&read, now));
    *subscription = read;
    return OK;
}

result subscription_get(struct db_tx *tx, str id, instant now, struct subscription *subscription)
{
    return find_subscription(tx, id, now, false, subscription);
}

result subscription_get_whole(struct db_tx *tx, str id, instant now,
                              struct subscription *subscription)
{
    return find_subscription(tx, id, now, true, subscription);
}

static result hand_subscription(void *context)
{
    struct subscription_row *row = context;
    row->subscription.status = str_from(status_of(&row->subscription, row->now));
    return row->row(row->context, &row->subscription);
}

result subscription_each(struct db_tx *tx, const struct subscription_filter *filter,
                         result (*row)(void *context, const struct subscription *subscription),
                         void *context)
{
    struct subscription_row rows = {.now = filter->now, .row = row, .context = context};
    return db_each(tx, &catalog_list_subscriptions_sql,
                   PARAMS(db_i64(filter->customer_id), db_text(filter->after),
                          db_i64(filter->limit), db_instant(filter->now), db_bool(filter->changes)),
                   subscription_columns(db_arena(tx), &rows.subscription), hand_subscription,
                   &rows);
}
