// SPDX-License-Identifier: Apache-2.0
#include "phial/audit/proof.h"

#include "export_carried.h"
#include "export_names.h"
#include "phial/ledger/removed.h"
#include "phial/util/encode.h"
#include "verify_parts.h"

#include <string.h>

// The log up to an invoice's entry, in the form in which an export holds it.
struct reading {
    struct arena *arena;
    struct buf entries;
};

static result add_entry(void *context, const struct entry *entry)
{
    struct reading *reading = context;
    buf_add(&reading->entries, entry->leaf);
    buf_add_char(&reading->entries, '\n');
    return OK;
}

static const struct exported_document *document_at(const struct exported *exported, int64_t index)
{
    for (size_t i = 0; i < exported->document_count; i++) {
        if (exported->documents[i].index == index)
            return &exported->documents[i];
    }
    return NULL;
}

static result add_root(const struct exported *exported, int64_t size, const sha256 *root,
                       json_t *statement)
{
    json_t *ledger = json_pack("{s:o, s:I, s:o}", "customer", json_from_str(exported->customer),
                               "size", (json_int_t)size, "root",
                               json_from_str(encode_base64(exported->arena, sha256_str(root))));
    return json_object_set_new(statement, "ledger", ledger) == 0
               ? OK
               : FAIL(INTERNAL, "a statement's ledger cannot be set");
}

// What only the issue knows; the times and the status are known without.
static result add_issue(struct arena *arena, const struct exported_document *entry,
                        json_t *statement)
{
    static const char *const members[] = {"id", "number", "due_at"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (json_object_set(statement, members[i], json_object_get(entry->body, members[i])) != 0)
            return FAIL(INTERNAL, "a statement's member cannot be set");
    }
    int wrong = json_object_set_new(statement, "status", json_string("issued"));
    wrong |= json_object_set_new(statement, "issued_at",
                                 json_from_str(instant_print_canonical(arena, entry->at)));
    return wrong == 0 ? OK : FAIL(INTERNAL, "a statement's member cannot be set");
}

static result recompute(struct exported *exported, int64_t index, const sha256 *root,
                        json_t **proof)
{
    OWNED(json_release) json_t *made = NULL;
    str stated = {0};
    str again = {0};
    verify_leaves(exported);
    (void)statements_find(exported);
    const struct exported_document *entry = document_at(exported, index);
    if (entry == NULL || !is_statement(entry))
        return FAIL(VERIFICATION_FAILED, "the invoice's entry is no statement");
    TRY(recount_statement(exported->arena, exported, entry, &made));
    TRY(add_root(exported, index, root, made));
    TRY(add_issue(exported->arena, entry, made));
    TRY(json_canonical(exported->arena, made, &again));
    TRY(json_canonical(exported->arena, entry->body, &stated));
    bool matches = str_eq(again, stated) && exported->report->faults == 0;
    *proof = json_pack("{s:b, s:O}", "matches", matches, "recomputed", made);
    return *proof == NULL ? FAIL(INTERNAL, "out of memory") : OK;
}

static void held_release(struct exported *exported)
{
    json_decref(exported->held);
}

static void file_close(FILE **file)
{
    if (*file != NULL)
        (void)fclose(*file);
}

// Where bodies are missing before it: what else it is computed by.
static result carry(struct db_tx *tx, int64_t customer_id, struct exported *exported)
{
    struct export_range range = {.from = exported->from, .to = exported->to};
    struct carried *list = NULL;
    size_t count = 0;
    if (exported->from == 0)
        return OK;
    TRY(carried_list(tx, customer_id, &range, &list, &count));
    for (size_t i = 0; i < count; i++) {
        if (!carried_add(exported, list[i].index, list[i].leaf))
            return FAIL(VERIFICATION_FAILED, "an entry of the log cannot be read");
    }
    return OK;
}

result invoice_proof(struct db_tx *tx, const struct invoice *invoice, json_t **proof)
{
    struct arena *arena = db_arena(tx);
    OWNED(file_close) FILE *nowhere = fopen("/dev/null", "w"); // faults are counted, not told
    struct report report = {.out = nowhere, .about = ""};
    struct reading reading = {.arena = arena, .entries = {.arena = arena}};
    if (!invoice->has_ledger_index)
        return FAIL(CONFLICT, "A draft is in no log yet.");
    if (nowhere == NULL)
        return FAIL(INTERNAL, "cannot open a file to write to");
    int64_t count = invoice->ledger_index + 1;
    int64_t last = NO_INDEX;
    sha256 root;
    TRY(ledger_root(tx, invoice->customer_id, invoice->ledger_index, &root));
    TRY(ledger_last_removed(tx, invoice->customer_id, count, &last));
    TRY(ledger_each(tx, invoice->customer_id, last + 1, count, add_entry, &reading));
    struct archive_file entries = {STR(EXPORT_ENTRIES), buf_str(&reading.entries)};
    OWNED(held_release)
    struct exported exported = {
        .arena = arena,
        .report = &report,
        .files = {.items = &entries, .count = 1},
        .has_manifest = true,
        .tallied_from = TALLIED_FROM,
        .customer = invoice->customer,
        .from = last + 1,
        .to = count,
        .size = count,
        .held = json_array(),
    };
    TRY(carry(tx, invoice->customer_id, &exported));
    return recompute(&exported, invoice->ledger_index, &root, proof);
}
