// SPDX-License-Identifier: Apache-2.0
#include "catalog.sql.h"
#include "catalog_change.h"
#include "known.h"
#include "phial/catalog/catalog.h"
#include "phial/crypto/crypto.h"
#include "phial/ledger/ledger.h"
#include "phial/time/time.h"
#include "phial/util/array.h"
#include "phial/util/encode.h"

enum {
    NAME_BYTES_MAX = 200,
    TERMS_DAYS_MAX = 3650,
    TERMS_DAYS_PRESET = 30,
    THRESHOLD_MAX = 1000000
};

static void check_email(struct json_at at)
{
    str before = {0};
    str after = {0};
    if (at.value == NULL || !json_is_string(at.value))
        return;
    if (!str_cut(json_str(at.value), '@', &before, &after) || before.len == 0 || after.len == 0)
        json_wrong(at, "invalid", "This must be an e-mail address.");
}

static void check_address(struct json_at at)
{
    static const char *const members[] = {"line1",  "line2",       "city",
                                          "region", "postal_code", "country"};
    str text = {0};
    str country = {0};
    if (at.value == NULL || !json_is_object(at.value))
        return;
    (void)json_read(at, FIELDS(json_optional(json_text("line1", &text)),
                               json_optional(json_text("line2", &text)),
                               json_optional(json_text("city", &text)),
                               json_optional(json_text("region", &text)),
                               json_optional(json_text("postal_code", &text)),
                               json_optional(json_text("country", &country))));
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        struct json_at member = json_member(at, members[i]);
        if (json_str(member.value).len != 0) // an empty line says nothing, and is no fault
            text_fault(member, NAME_BYTES_MAX, SCAN_NOTHING);
    }
    if (country.len != 0 &&
        (country.len != 2 || !str_all_in(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")))
        json_wrong(json_member(at, "country"), "invalid",
                   "A country is its two letters after ISO 3166-1.");
}

// Where it takes electronic invoices, after the list of Electronic Address Schemes.
static void check_endpoint(struct json_at at)
{
    str scheme = {0};
    str id = {0};
    if (at.value == NULL || !json_is_object(at.value))
        return;
    (void)json_read(at, FIELDS(json_text("scheme", &scheme), json_text("id", &id)));
    text_fault(json_member(at, "id"), NAME_BYTES_MAX, SCAN_NOTHING);
    bool fits = scheme.len == 4 ? str_all_in(scheme, "0123456789")
                                : scheme.len == 2 && str_all_in(scheme, "AEMNQSU");
    if (scheme.ptr != NULL && !fits)
        json_wrong(json_member(at, "scheme"), "invalid",
                   "A scheme has four digits, or is one of AN, AQ, AS, AU and EM.");
}

// Adds the faults of the member "tax", and reads what an invoice needs of it.
static void read_tax(struct json_at at, struct customer_billing *billing)
{
    struct taxation taxation = {0};
    if (at.value == NULL || !json_is_object(at.value))
        return;
    (void)taxation_parse(at, &taxation);
    text_fault(json_member(at, "exempt_reason"), NAME_BYTES_MAX, SCAN_STRONG);
    text_fault(json_member(at, "id"), NAME_BYTES_MAX, SCAN_NOTHING);
    struct json_at list = json_member(at, "rates");
    for (size_t i = 0; i < taxation.count; i++) {
        text_fault(json_member(json_item(list, i), "name"), NAME_BYTES_MAX, SCAN_STRONG);
        text_fault(json_member(json_item(list, i), "category"), NAME_BYTES_MAX, SCAN_STRONG);
    }
    billing->taxes = taxation.rates;
    billing->tax_count = taxation.count;
    billing->exempt_reason = taxation.exempt_reason;
}

static void check_range(struct json_at at, int64_t value, int64_t min, int64_t max)
{
    if (value < min || value > max)
        json_wrong(at, "invalid", "The number is out of range.");
}

// Adds a fault for everything wrong; reads what the columns and an invoice need.
static void read_document(struct json_at document, struct customer *customer,
                          struct customer_billing *billing)
{
    str currency = {0};
    str email = {0};
    str reference = {0};
    str group = {0};
    const json_t *members = NULL;
    int64_t threshold = 1;
    const struct zone *zone = NULL;
    billing->payment_terms_days = TERMS_DAYS_PRESET;
    (void)json_read(
        document,
        FIELDS(json_text("name", &billing->name), json_text("currency", &currency),
               json_text("time_zone", &customer->zone_name),
               json_optional(json_text("email", &email)),
               json_optional(json_members("address", &members)),
               json_optional(json_members("endpoint", &members)),
               json_optional(json_members("tax", &members)),
               json_optional(json_text("buyer_reference", &reference)),
               json_optional(json_i64("payment_terms_days", &billing->payment_terms_days)),
               json_optional(json_text("group", &group)),
               json_optional(json_i64("report_threshold", &threshold))));
    text_fault(json_member(document, "name"), NAME_BYTES_MAX, SCAN_STRONG);
    text_fault(json_member(document, "email"), NAME_BYTES_MAX, SCAN_NOTHING);
    text_fault(json_member(document, "buyer_reference"), NAME_BYTES_MAX, SCAN_STRONG);
    text_fault(json_member(document, "group"), NAME_BYTES_MAX, SCAN_STRONG);
    check_email(json_member(document, "email"));
    check_address(json_member(document, "address"));
    check_endpoint(json_member(document, "endpoint"));
    read_tax(json_member(document, "tax"), billing);
    check_range(json_member(document, "payment_terms_days"), billing->payment_terms_days, 0,
                TERMS_DAYS_MAX);
    check_range(json_member(document, "report_threshold"), threshold, 1, THRESHOLD_MAX);
    if (currency.len != 0 && failed(currency_parse(currency, &customer->currency)))
        json_wrong(json_member(document, "currency"), "invalid", "ISO 4217 has no such currency.");
    if (customer->zone_name.len != 0 &&
        failed(zone_load(document.faults->arena, customer->zone_name, &zone)))
        json_wrong(json_member(document, "time_zone"), "invalid",
                   "The IANA database has no such time zone.");
}

// One row of `customer`, its columns not yet made sense of.
struct customer_row {
    struct customer customer;
    str currency;
    result (*row)(void *context, const struct customer *customer);
    void *context;
};

static struct db_columns customer_columns(struct arena *arena, struct customer_row *row)
{
    const db_column columns[] = {
        db_into_i64("customer_id", &row->customer.id),
        db_into_text("key", &row->customer.key),
        db_into_text("document", &row->customer.document),
        db_into_text("sha256", &row->customer.sha256),
        db_into_text("currency", &row->currency),
        db_into_text("time_zone", &row->customer.zone_name),
        db_into_bool("archived", &row->customer.archived),
        db_into_instant("created_at", &row->customer.created_at),
    };
    db_column *kept = arena_array(arena, db_column, COUNT_OF(columns));
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        kept[i] = columns[i];
    return (struct db_columns){kept, (int)COUNT_OF(columns)};
}

static result hand_customer(void *context)
{
    struct customer_row *row = context;
    TRY(currency_parse(row->currency, &row->customer.currency));
    return row->row(row->context, &row->customer);
}

struct customer_search {
    str key;
    struct arena *arena;
    struct customer found;
};

static result take_if_wanted(void *context, const struct customer *row)
{
    struct customer_search *search = context;
    if (!str_eq(row->key, search->key))
        return OK;
    search->found = *row;
    search->found.key = str_copy(search->arena, row->key);
    search->found.document = str_copy(search->arena, row->document);
    search->found.sha256 = str_copy(search->arena, row->sha256);
    search->found.zone_name = str_copy(search->arena, row->zone_name);
    return OK;
}

result customer_get(struct db_tx *tx, str key, struct customer *customer)
{
    struct customer_search search = {.key = key, .arena = db_arena(tx)};
    struct customer_row rows = {.row = take_if_wanted, .context = &search};
    if (!catalog_key_valid(key))
        return FAIL(NOT_FOUND, "No such resource.");
    TRY(db_each(tx, &catalog_list_customers_alike_sql, PARAMS(known_bucket(db_arena(tx), key)),
                customer_columns(db_arena(tx), &rows), hand_customer, &rows));
    if (search.found.id == 0)
        return FAIL(NOT_FOUND, "No such resource.");
    *customer = search.found;
    return OK;
}

// What a subscription has been promised stays: its periods are cut by the zone, priced in the
// currency.
static result check_fixed(struct db_tx *tx, const struct customer *current,
                          const struct customer *next)
{
    bool found = false;
    if (current->currency == next->currency && str_eq(current->zone_name, next->zone_name))
        return OK;
    TRY(db_one(tx, &catalog_customer_has_subscription_sql, PARAMS(db_i64(current->id)),
               COLUMNS(db_into_bool("found", &found))));
    if (found)
        return FAIL(CONFLICT,
                    "Currency and time zone stay as they are once there is a subscription.");
    return OK;
}

static result write_version(struct db_tx *tx, const struct customer *customer, const sha256 *hash,
                            const struct change *change)
{
    return db_exec(tx, &catalog_insert_customer_version_sql,
                   PARAMS(db_i64(customer->id), db_text(customer->document),
                          db_bytes(sha256_str(hash)), db_instant(change->now),
                          db_text(change->actor), db_text(change->reason)));
}

static result insert_customer(struct db_tx *tx, struct customer *customer, const sha256 *hash,
                              const struct change *change)
{
    TRY(db_one(tx, &catalog_insert_customer_sql,
               PARAMS(db_text(customer->key), db_text(customer->document),
                      db_bytes(sha256_str(hash)),
                      db_text(str_from(currency_code(customer->currency))),
                      db_text(customer->zone_name), db_instant(change->now)),
               COLUMNS(db_into_i64("customer_id", &customer->id))));
    return ledger_open(tx, customer->id);
}

static result update_customer(struct db_tx *tx, const struct customer *customer, const sha256 *hash,
                              const struct change *change)
{
    return db_exec(tx, &catalog_update_customer_sql,
                   PARAMS(db_i64(customer->id), db_text(customer->document),
                          db_bytes(sha256_str(hash)),
                          db_text(str_from(currency_code(customer->currency))),
                          db_text(customer->zone_name), db_instant(change->now)));
}

// Compares with what is there. One that was archived counts as new.
static result plan_put(struct db_tx *tx, struct precondition precondition, struct customer *next)
{
    struct customer current = {0};
    result found = customer_get(tx, next->key, &current);
    if (failed(found) && found.code != ERR_NOT_FOUND)
        return found;
    bool live = !failed(found) && !current.archived;
    bool same = live && str_eq(current.sha256, next->sha256);
    if (live && (!same || precondition.create_only))
        TRY(precondition_check(precondition, current.sha256));
    if (!live && precondition.if_match.len != 0)
        return FAIL(PRECONDITION_FAILED, "There is no such resource.");
    if (!failed(found)) {
        TRY(check_fixed(tx, &current, next));
        next->id = current.id;
        next->created_at = current.created_at;
    }
    if (same)
        *next = current;
    next->made = !live ? MADE_RESOURCE : same ? MADE_NOTHING : MADE_VERSION;
    return OK;
}

result customer_put(struct db_tx *tx, str key, struct json_at document, const struct change *change,
                    struct customer *customer)
{
    struct arena *arena = db_arena(tx);
    struct customer next = {.key = key, .created_at = change->now};
    struct customer_billing billing = {0};
    sha256 hash = {{0}};
    key_fault(document, key);
    read_document(document, &next, &billing);
    TRY(faults_result(document.faults));
    TRY(document_hash(arena, DOCUMENT_CUSTOMER, document, &hash));
    next.sha256 = encode_hex(arena, sha256_str(&hash));
    next.document = json_print(arena, document.value);

    TRY(catalog_lock(tx));
    TRY(plan_put(tx, change->precondition, &next));
    if (next.made != MADE_NOTHING) {
        if (next.id == 0)
            TRY(insert_customer(tx, &next, &hash, change));
        else
            TRY(update_customer(tx, &next, &hash, change));
        TRY(write_version(tx, &next, &hash, change));
        TRY(catalog_bump(tx));
    }
    *customer = next;
    return OK;
}

result customer_get_by_id(struct db_tx *tx, int64_t id, struct customer *customer)
{
    struct customer_row row = {0};
    TRY(db_one(tx, &catalog_find_customer_by_id_sql, PARAMS(db_i64(id)),
               customer_columns(db_arena(tx), &row)));
    TRY(currency_parse(row.currency, &row.customer.currency));
    *customer = row.customer;
    return OK;
}

result customer_document_at(struct db_tx *tx, int64_t id, instant at, str *document)
{
    return db_one(tx, &catalog_find_customer_document_at_sql, PARAMS(db_i64(id), db_instant(at)),
                  COLUMNS(db_into_text("document", document)));
}

result customer_archive(struct db_tx *tx, str key, const struct change *change)
{
    struct customer customer = {0};
    bool running = false;
    TRY(catalog_lock(tx));
    TRY(customer_get(tx, key, &customer));
    if (customer.archived)
        return FAIL(NOT_FOUND, "No such customer, or it is archived.");
    TRY(precondition_check_named(change->precondition, customer.sha256));
    TRY(db_one(tx, &catalog_customer_has_running_subscription_sql,
               PARAMS(db_i64(customer.id), db_instant(change->now)),
               COLUMNS(db_into_bool("found", &running))));
    if (running)
        return FAIL(CONFLICT,
                    "The customer has a subscription that has not ended; cancel it first.");
    TRY(db_exec(tx, &catalog_archive_customer_sql,
                PARAMS(db_i64(customer.id), db_instant(change->now))));
    return catalog_bump(tx);
}

result customer_each(struct db_tx *tx, str after, int64_t limit,
                     result (*row)(void *context, const struct customer *customer), void *context)
{
    struct customer_row rows = {.row = row, .context = context};
    return db_each(tx, &catalog_list_customers_sql, PARAMS(db_text(after), db_i64(limit)),
                   customer_columns(db_arena(tx), &rows), hand_customer, &rows);
}

static result copy_billing(struct arena *arena, const struct customer_billing *from,
                           struct customer_billing *billing)
{
    struct tax_rate *taxes = arena_array(arena, struct tax_rate, from->tax_count);
    for (size_t i = 0; i < from->tax_count; i++) {
        taxes[i] = from->taxes[i];
        taxes[i].name = str_copy(arena, from->taxes[i].name);
        taxes[i].category = str_copy(arena, from->taxes[i].category);
    }
    *billing = *from;
    billing->name = str_copy(arena, from->name);
    billing->exempt_reason = str_copy(arena, from->exempt_reason);
    billing->taxes = taxes;
    return OK;
}

result customer_billing_read(struct arena *arena, const struct customer *customer,
                             struct customer_billing *billing)
{
    OWNED(json_release) json_t *document = NULL;
    struct faults *faults = arena_new(arena, struct faults);
    struct customer again = {0};
    struct customer_billing read = {0};
    TRY(json_parse(customer->document, &document));
    faults->arena = arena;
    read_document((struct json_at){document, STR(""), faults}, &again, &read);
    TRY(faults_result(faults));
    return copy_billing(arena, &read, billing);
}
