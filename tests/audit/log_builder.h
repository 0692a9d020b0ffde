// SPDX-License-Identifier: Apache-2.0
// log_builder.h - a small log, made by hand: with everything right, or with one thing wrong.
#pragma once

#include "check_main.h"
#include "phial/crypto/crypto.h"
#include "phial/json/json.h"
#include "phial/merkle/merkle.h"
#include "phial/rating/statement.h"
#include "phial/util/encode.h"

#include <string.h>

enum {
    LEAVES_MAX = 32,
    FILES_MAX = 24,
    STATEMENTS_MAX = 4,
    EVENTS = 10,
    INVOICE_SIZE = EVENTS + 4
};

// What is wrong with the log although its tree and signatures are right.
enum wrong {
    NOTHING_WRONG,
    WRONG_IDENTITY_TWICE,
    WRONG_TIME_ORDER,
    WRONG_VOID_TWICE,
    WRONG_VOID_OF_A_PLAN,
    WRONG_REFERENCE_LEAF,
    WRONG_REFERENCE_AHEAD,
    WRONG_REASON,
    WRONG_BYTES,
    WRONG_KIND,
    WRONG_MEMBER,
    WRONG_CUSTOMER,
    WRONG_VERSION,
    WRONG_QUANTITY_FORM,
    WRONG_TIME_FORM,
    WRONG_NULL,
    WRONG_SET,
    WRONG_TOTAL,
    WRONG_LINE,
    WRONG_PERIOD,
    WRONG_LEDGER_ROOT,
    WRONG_LEDGER_SIZE,
    WRONG_PLAN_SHA256,
    WRONG_METRIC_VERSION,
    WRONG_SUBSCRIPTION,
};

struct built {
    struct arena arena;
    struct signing_key *key;
    enum wrong wrong;
    str leaves[LEAVES_MAX];
    sha256 hashes[LEAVES_MAX];
    size_t leaf_count;
    struct {
        size_t index; // of its entry
        str bytes;
    } statements[STATEMENTS_MAX];
    size_t statement_count;
    bool advance;    // the plan's fee is billed ahead
    const char *end; // of the subscription, or NULL
    struct {
        str name;
        str bytes;
    } files[FILES_MAX];
    size_t file_count;
};

#define CUSTOMER "clinic-042"
#define SERVER "billing.example"
#define ZONE "America/New_York"
#define PERIOD_START "2026-11-01T04:00:00.000000Z"

static inline json_t *parsed(const char *text)
{
    json_t *root = NULL;
    ck_assert_ok(json_parse(str_from(text), &root));
    return root;
}

static inline void set(json_t *object, const char *name, json_t *value)
{
    ck_assert_int_eq(json_object_set_new(object, name, value), 0);
}

static inline str canonical(struct arena *arena, const json_t *value)
{
    str text = {0};
    ck_assert_ok(json_canonical(arena, value, &text));
    return text;
}

static inline json_t *base64_json(struct arena *arena, const sha256 *hash)
{
    return json_from_str(encode_base64(arena, sha256_str(hash)));
}

static inline void append_leaf(struct built *built, str leaf)
{
    ck_assert_uint_lt(built->leaf_count, LEAVES_MAX);
    built->hashes[built->leaf_count] = merkle_leaf(leaf);
    built->leaves[built->leaf_count++] = leaf;
}

// Takes `members` over.
static inline str leaf_text(struct built *built, const char *kind, json_t *members)
{
    size_t second = built->leaf_count;
    if (built->wrong == WRONG_TIME_ORDER && second == 5)
        second = 0;
    set(members, "actor", json_string("key:test"));
    set(members, "at",
        json_from_str(str_printf(&built->arena, "2026-12-03T10:00:%02zu.000000Z", second)));
    set(members, "customer", json_string(CUSTOMER));
    set(members, "kind", json_string(kind));
    set(members, "v", json_integer(1));
    str text = canonical(&built->arena, members);
    json_decref(members);
    return text;
}

// A document with its key, version and sha256, as the catalog describes it.
static inline json_t *described(struct built *built, const char *text, const char *key)
{
    json_t *document = parsed(text);
    sha256 hash = sha256_of(canonical(&built->arena, document));
    if (built->wrong == WRONG_PLAN_SHA256)
        hash.bytes[0] ^= 1U;
    set(document, "key", json_string(key));
    set(document, "version", json_integer(3));
    set(document, "sha256", json_from_str(encode_hex(&built->arena, sha256_str(&hash))));
    return document;
}

static inline json_t *plan_document(struct built *built)
{
    str text = str_printf(
        &built->arena,
        "{\"currency\":\"USD\",\"interval\":\"month\",\"charges\":[{\"key\":\"reads\",\"name\":"
        "\"Images read\",\"metric\":\"images\",\"model\":\"per_unit\",\"unit_amount\":\"0.75\"}],"
        "\"fixed\":[{\"key\":\"platform\",\"name\":\"Platform\",\"amount\":\"10.00\",\"timing\":"
        "\"%s\",\"prorate\":true}]}",
        built->advance ? "advance" : "arrears");
    json_t *plan = described(built, text.ptr, "imaging");
    set(plan, "metrics", json_object());
    set(json_object_get(plan, "metrics"), "images",
        described(built, "{\"event_types\":[\"image.analyzed\"],\"aggregation\":\"sum\"}",
                  "images"));
    return plan;
}

static inline json_t *plan_reference(struct built *built)
{
    OWNED(json_release) json_t *plan = plan_document(built);
    return json_pack("{s:O,s:O,s:O,s:{s:i}}", "key", json_object_get(plan, "key"), "version",
                     json_object_get(plan, "version"), "sha256", json_object_get(plan, "sha256"),
                     "metrics", "images", built->wrong == WRONG_METRIC_VERSION ? 4 : 3);
}

static inline void append_subscription(struct built *built)
{
    json_t *subscription = json_pack("{s:s,s:o,s:s,s:s,s:s,s:s,s:[{s:s,s:o}]}", "id",
                                     built->wrong == WRONG_SUBSCRIPTION ? "another" : "sub-1",
                                     "plan", plan_reference(built), "start", PERIOD_START, "anchor",
                                     "calendar", "time_zone", ZONE, "currency", "USD", "segments",
                                     "from", PERIOD_START, "plan", plan_reference(built));
    if (built->end != NULL)
        set(subscription, "end", json_string(built->end));
    append_leaf(built,
                leaf_text(built, "subscription", json_pack("{s:o}", "subscription", subscription)));
}

static inline void append_terms(struct built *built)
{
    append_leaf(built, leaf_text(built, "plan", json_pack("{s:o}", "plan", plan_document(built))));
    append_subscription(built);
}

static inline str event_leaf(struct built *built, const char *id, const char *time)
{
    json_t *members =
        json_pack("{s:{s:s,s:{s:s},s:s,s:s,s:s,s:s}}", "event", "id", id, "properties", "modality",
                  "ct", "quantity", "2", "source", "", "time", time, "type", "image.analyzed");
    return leaf_text(built, "usage", members);
}

// The text with its first `from` replaced by `to`.
static inline str replaced(struct arena *arena, str text, const char *from, const char *to)
{
    const char *c_text = str_to_c(arena, text);
    const char *at = strstr(c_text, from);
    ck_assert_msg(at != NULL, "%s", from);
    return str_printf(arena, "%.*s%s%s", (int)(at - c_text), c_text, to, at + strlen(from));
}

// A leaf that is wrong in itself, made out of a right one.
static inline str spoilt(struct built *built, str leaf)
{
    static const struct {
        enum wrong wrong;
        const char *from;
        const char *to;
    } changes[] = {
        {WRONG_BYTES, "\"event\":{", "\"event\": {"},
        {WRONG_KIND, "\"kind\":\"usage\"", "\"kind\":\"usagf\""},
        {WRONG_MEMBER, "\"v\":1", "\"v\":1,\"w\":1"},
        {WRONG_CUSTOMER, CUSTOMER, "clinic-043"},
        {WRONG_VERSION, "\"v\":1", "\"v\":2"},
        {WRONG_QUANTITY_FORM, "\"quantity\":\"2\"", "\"quantity\":\"2.0\""},
        {WRONG_TIME_FORM, ".000000Z\",\"type", "Z\",\"type"},
        {WRONG_NULL, "\"v\":1", "\"v\":1,\"w\":null"},
    };
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        if (changes[i].wrong == built->wrong)
            return replaced(&built->arena, leaf, changes[i].from, changes[i].to);
    }
    return leaf;
}

static inline void append_events(struct built *built)
{
    for (int i = 0; i < EVENTS; i++) {
        bool twice = i == 7 && built->wrong == WRONG_IDENTITY_TWICE;
        str id = str_printf(&built->arena, "event-%d", twice ? 6 : i);
        str time = str_printf(&built->arena, "2026-11-%02dT12:00:00.000000Z", i + 10);
        str leaf = event_leaf(built, id.ptr, time.ptr);
        append_leaf(built, i == 5 ? spoilt(built, leaf) : leaf);
    }
}

static inline json_t *reference_to(struct built *built, size_t index)
{
    sha256 hash = built->hashes[built->wrong == WRONG_REFERENCE_LEAF ? 9 : index];
    if (built->wrong == WRONG_REFERENCE_AHEAD)
        index = built->leaf_count;
    return json_pack("{s:I,s:o}", "index", (json_int_t)index, "leaf",
                     base64_json(&built->arena, &hash));
}

static inline void append_void(struct built *built, size_t index)
{
    json_t *members = json_pack("{s:o,s:s}", "ref", reference_to(built, index), "reason",
                                built->wrong == WRONG_REASON ? "" : "sent by mistake");
    append_leaf(built, leaf_text(built, "void", members));
}

static inline void append_corrections(struct built *built)
{
    append_void(built, built->wrong == WRONG_VOID_OF_A_PLAN ? 0 : 3);
    size_t amended = built->wrong == WRONG_VOID_TWICE ? 3 : 4;
    json_t *members =
        json_pack("{s:o,s:s,s:{s:s}}", "ref", reference_to(built, amended), "reason",
                  "counted wrongly", "set", built->wrong == WRONG_SET ? "colour" : "quantity", "5");
    append_leaf(built, leaf_text(built, "amend", members));
}

static inline json_t *computed_statement(struct built *built, int64_t number, const json_t *before)
{
    struct faults faults = {.arena = &built->arena};
    OWNED(json_release) json_t *document = plan_document(built);
    const json_t *metrics = json_object_get(document, "metrics");
    const struct metric *metric =
        metric_parse((struct json_at){json_object_get(metrics, "images"), STR(""), &faults}, true);
    struct segment segment = {
        .plan = plan_parse((struct json_at){document, STR(""), &faults}, true),
        .metrics = &metric,
        .metric_count = 1,
    };
    struct tax_rate tax = {.name = STR("Sales tax")};
    struct subscription_terms terms = {.id = STR("sub-1"),
                                       .customer = STR(CUSTOMER),
                                       .zone_name = STR(ZONE),
                                       .currency = CURRENCY_USD,
                                       .segments = &segment,
                                       .segment_count = 1,
                                       .taxes = &tax,
                                       .tax_count = 1,
                                       .before = before};
    ck_assert_ptr_nonnull(segment.plan);
    ck_assert_ptr_nonnull(metric);
    ck_assert_ok(decimal_parse(STR("8.25"), &tax.percent));
    ck_assert_ok(instant_parse(STR(PERIOD_START), &terms.start));
    segment.from = terms.start;
    terms.has_end = built->end != NULL;
    if (terms.has_end)
        ck_assert_ok(instant_parse(str_from(built->end), &terms.end));
    ck_assert_ok(zone_load(&built->arena, terms.zone_name, &terms.zone));

    OWNED(usage_fold_release) struct usage_fold *fold = usage_fold_new(&built->arena);
    struct usage usage = {0};
    struct period period = {0};
    json_t *statement = NULL;
    for (size_t i = 0; i < built->leaf_count; i++)
        ck_assert_ok(usage_fold_add(fold, (int64_t)i, built->leaves[i]));
    result folded = usage_fold_end(fold, &usage);
    if (failed(folded)) // of a log with wrong corrections: any statement will do
        usage = (struct usage){0};
    ck_assert_ok(period_find(&terms, number, &period));
    ck_assert_ok(statement_compute(&built->arena, &terms, &period, &usage, &statement));
    return statement;
}

static inline sha256 root_of(struct built *built, size_t size)
{
    struct merkle_range range = {.size = 0};
    for (size_t i = 0; i < size; i++)
        ck_assert_ok(merkle_append(&range, &built->hashes[i], NULL, NULL));
    return merkle_root(&range);
}

static inline void spoil_statement(struct built *built, json_t *statement)
{
    json_t *line = json_array_get(json_object_get(statement, "lines"), 0);
    if (built->wrong == WRONG_TOTAL)
        set(statement, "total", json_string("27.88"));
    if (built->wrong == WRONG_LINE)
        set(line, "quantity", json_string("22"));
    if (built->wrong == WRONG_PERIOD)
        set(json_object_get(statement, "period"), "start",
            json_string("2026-11-01T00:00:00.000000Z"));
}

struct invoicing {
    const char *id;
    const char *number;
    int64_t period;
    bool note; // a credit note: below zero
    const json_t *before;
    const char *from; // replaced in the statement by `to`, unless it is NULL
    const char *to;
};

static inline json_t *issued_statement(struct built *built, const struct invoicing *what)
{
    json_t *statement = computed_statement(built, what->period, what->before);
    size_t size = built->leaf_count;
    sha256 root = root_of(built, built->wrong == WRONG_LEDGER_ROOT ? size - 1 : size);
    set(statement, "id", json_string(what->id));
    set(statement, "number", json_string(what->number));
    set(statement, "status", json_string("issued"));
    set(statement, "issued_at",
        json_from_str(str_printf(&built->arena, "2026-12-03T10:00:%02zu.000000Z", size)));
    set(statement, "due_at", json_string("2027-01-02T10:00:14.000000Z"));
    set(statement, "ledger",
        json_pack("{s:s,s:I,s:o}", "customer", CUSTOMER, "size",
                  (json_int_t)(built->wrong == WRONG_LEDGER_SIZE ? size + 1 : size), "root",
                  base64_json(&built->arena, &root)));
    spoil_statement(built, statement);
    return statement;
}

static inline void append_invoice(struct built *built, struct invoicing what)
{
    json_t *statement = issued_statement(built, &what);
    if (what.from != NULL) {
        str changed =
            replaced(&built->arena, canonical(&built->arena, statement), what.from, what.to);
        json_decref(statement);
        statement = parsed(str_to_c(&built->arena, changed));
    }
    ck_assert_uint_lt(built->statement_count, STATEMENTS_MAX);
    built->statements[built->statement_count].index = built->leaf_count;
    built->statements[built->statement_count++].bytes = canonical(&built->arena, statement);
    const char *kind = what.note ? "credit_note" : "invoice";
    append_leaf(built, leaf_text(built, kind, json_pack("{s:o}", kind, statement)));
}

static inline void append_adjustment(struct built *built, const char *action, const char *invoice,
                                     const char *number)
{
    json_t *members = json_pack("{s:{s:s,s:s,s:s,s:s}}", "adjustment", "action", action, "invoice",
                                invoice, "number", number, "reason", "made in error");
    append_leaf(built, leaf_text(built, "adjustment", members));
}

// The log: plan, subscription, ten events, a void, an amendment, the invoice on those 14, and an
// event of the next month.
static inline void log_begin(struct built *built, enum wrong wrong)
{
    unsigned char seed[32] = {7};
    *built = (struct built){.wrong = wrong};
    ck_assert_ok(signing_key_parse((str){(const char *)seed, sizeof seed}, &built->key));
}

// With `from` replaced by `to` in the invoice.
static inline void log_build_changed(struct built *built, const char *from, const char *to)
{
    append_terms(built);
    append_events(built);
    append_corrections(built);
    append_invoice(
        built,
        (struct invoicing){
            .id = "invoice-1", .number = "2026-000001", .period = 1, .from = from, .to = to});
    append_leaf(built, event_leaf(built, "event-late", "2026-12-02T12:00:00.000000Z"));
}

static inline void log_build(struct built *built, enum wrong wrong)
{
    log_begin(built, wrong);
    log_build_changed(built, NULL, NULL);
}

static inline void built_release(struct built *built)
{
    signing_key_close(built->key);
    arena_reset(&built->arena);
}
