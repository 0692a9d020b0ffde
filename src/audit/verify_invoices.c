// SPDX-License-Identifier: Apache-2.0
// Statements against their entries, and what each entry says of the ledger it was made from.
#include "export_names.h"
#include "phial/rating/usage.h"
#include "phial/util/array.h"
#include "verify_parts.h"

#include <stdlib.h>
#include <string.h>

static const char unstored[] = "payment_status"; // of a statement, but not of its entry

static int by_id(const void *a, const void *b)
{
    return str_compare(((const struct invoice_entry *)a)->id,
                       ((const struct invoice_entry *)b)->id);
}

bool is_statement(const struct exported_document *document)
{
    return document->kind == ENTRY_invoice || (document->kind == ENTRY_credit_note &&
                                               json_object_get(document->body, "ledger") != NULL);
}

bool stands_at(const struct exported_document *document, int64_t size)
{
    return document->index < size && document->voided_by >= size && is_statement(document);
}

// Whether something in a block, from a position on, is late for a time that ends then.
static bool is_late_in(struct exported *exported, size_t block, size_t from, instant end,
                       size_t *late)
{
    struct log_walk walk = log_walk_from(&exported->log, from);
    for (str line = {0}; walk.position < (block + 1) * LOG_BLOCK && log_next(&walk, &line);) {
        OWNED(json_release) json_t *held = NULL;
        size_t position = walk.position - 1;
        enum entry_kind kind = log_kind(&exported->log, position);
        struct usage_event event = {0};
        bool is_usage = false;
        *late = position;
        if (!log_is(&exported->log, position, LOG_WHOLE))
            continue;
        if (kind == ENTRY_void || kind == ENTRY_amend)
            return true;
        if (kind == ENTRY_usage && !failed(usage_leaf_read(line, &event, &held, &is_usage)) &&
            is_usage && event.time.us < end.us)
            return true;
    }
    return false;
}

// Where a usage entry behind a statement lies before its period's end, or something is corrected
// there: from then on the period may come to something else.
static void find_late_of(struct exported *exported, struct exported_document *document, instant end)
{
    struct exported_log *log = &exported->log;
    int64_t next = document->index + 1;
    size_t from = next > exported->from ? (size_t)(next - exported->from) : 0;
    size_t late = 0;
    for (size_t block = from / LOG_BLOCK; from < log->count && block < log_block_count(log);
         block++, from = block * LOG_BLOCK) {
        const struct log_block *about = &log->blocks[block];
        if (!about->corrects && about->least.us >= end.us)
            continue;
        if (is_late_in(exported, block, from, end, &late)) {
            document->late_at = exported->from + (int64_t)late;
            return;
        }
    }
}

static void find_late(struct exported *exported)
{
    for (size_t i = 0; i < exported->document_count; i++) {
        struct exported_document *document = &exported->documents[i];
        const json_t *period = json_object_get(document->body, "period");
        instant end = {0};
        if (is_statement(document) &&
            !failed(instant_parse(json_str(json_object_get(period, "end")), &end)))
            find_late_of(exported, document, end);
    }
}

static struct invoice_entries list_entries(const struct exported *exported)
{
    struct invoice_entries list = {
        arena_array(exported->arena, struct invoice_entry, exported->document_count), 0};
    for (size_t i = 0; i < exported->document_count; i++) {
        struct exported_document *document = &exported->documents[i];
        if (is_statement(document))
            list.items[list.count++] = (struct invoice_entry){
                json_str(json_object_get(document->body, "id")), document, false};
    }
    if (list.count != 0)
        qsort(list.items, list.count, sizeof *list.items, by_id);
    for (size_t i = 1; i < list.count; i++) {
        if (str_eq(list.items[i - 1].id, list.items[i].id))
            fault(exported->report, "Entries %lld and %lld are invoices with one id.",
                  (long long)list.items[i - 1].document->index,
                  (long long)list.items[i].document->index);
    }
    return list;
}

struct invoice_entry *invoice_entry_find(const struct invoice_entries *entries, str id)
{
    struct invoice_entry key = {.id = id};
    if (entries->count == 0)
        return NULL;
    return bsearch(&key, entries->items, entries->count, sizeof key, by_id);
}

// Every member that one has and the other has not, or has otherwise.
static void compare_members(const struct exported *exported, str file, const json_t *statement,
                            const json_t *entry)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_iterable(statement), name, value)
    {
        if (strcmp(name, unstored) != 0 && !json_equal(value, json_object_get(entry, name)))
            fault(exported->report, "%" STR_FMT ": its %" STR_FMT " is not its entry's.",
                  STR_ARG(file), STR_ARG(report_text(exported->arena, str_from(name))));
    }
    json_object_foreach(json_iterable(entry), name, value)
    {
        if (json_object_get(statement, name) == NULL)
            fault(exported->report, "%" STR_FMT ": it lacks its entry's %" STR_FMT ".",
                  STR_ARG(file), STR_ARG(report_text(exported->arena, str_from(name))));
    }
}

static bool is_payment_status(const json_t *status)
{
    static const char *const known[] = {"unpaid", "partially_paid", "paid", "overdue"};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (str_eq(json_str(status), str_from(known[i])))
            return true;
    }
    return false;
}

static void check_name_and_payment(const struct exported *exported, const struct archive_file *file,
                                   bool note, const json_t *statement)
{
    const json_t *status = json_object_get(statement, unstored);
    str name =
        str_printf(exported->arena, "%s%" STR_FMT ".json", note ? EXPORT_NOTES : EXPORT_INVOICES,
                   STR_ARG(json_str(json_object_get(statement, "number"))));
    if (!str_eq(name, file->name))
        fault(exported->report, "%" STR_FMT " is not named after its number.", STR_ARG(file->name));
    if (status != NULL && !is_payment_status(status))
        fault(exported->report, "%" STR_FMT ": its %s is none that there is.", STR_ARG(file->name),
              unstored);
}

static void check_statement(const struct exported *exported, const struct archive_file *file,
                            const struct invoice_entries *entries)
{
    OWNED(json_release) json_t *statement = NULL;
    if (failed(json_parse(file->bytes, &statement)) || !json_is_object(statement)) {
        fault(exported->report, "%" STR_FMT " is no JSON object.", STR_ARG(file->name));
        return;
    }
    struct invoice_entry *found =
        invoice_entry_find(entries, json_str(json_object_get(statement, "id")));
    if (found == NULL) {
        fault(exported->report, "%" STR_FMT " is the statement of no entry of this export.",
              STR_ARG(file->name));
        return;
    }
    if (found->stated)
        fault(exported->report, "%" STR_FMT " is a second statement of one entry.",
              STR_ARG(file->name));
    found->stated = true;
    check_name_and_payment(exported, file, found->document->kind == ENTRY_credit_note, statement);
    compare_members(exported, file->name, statement, found->document->body);
}

static void check_statements(const struct exported *exported, const struct invoice_entries *entries)
{
    for (size_t i = 0; i < exported->files.count; i++) {
        const struct archive_file *file = &exported->files.items[i];
        if ((str_starts_with(file->name, STR(EXPORT_INVOICES)) ||
             str_starts_with(file->name, STR(EXPORT_NOTES))) &&
            str_ends_with(file->name, STR(".json")))
            check_statement(exported, file, entries);
    }
    for (size_t i = 0; i < entries->count; i++) {
        if (!entries->items[i].stated && !entries->items[i].document->carried)
            fault(exported->report, "The statement of the invoice in entry %lld is missing.",
                  (long long)entries->items[i].document->index);
    }
}

// `ledger` says on which prefix of the log the invoice was computed.
static void check_ledger(struct prefix *prefix, const struct exported_document *invoice)
{
    const struct exported *exported = prefix->exported;
    const json_t *ledger = json_object_get(invoice->body, "ledger");
    const json_t *size = json_object_get(ledger, "size");
    long long index = invoice->index;
    sha256 claimed;
    sha256 root;
    if (!json_is_integer(size) || json_object_size(ledger) != 3 ||
        !exported_hash(exported->arena, json_str(json_object_get(ledger, "root")), &claimed) ||
        !str_eq(json_str(json_object_get(ledger, "customer")), exported->customer))
        fault(exported->report, "Entry %lld: its ledger is not a customer, size and root.", index);
    else if (json_integer_value(size) > invoice->index)
        fault(exported->report, "Entry %lld: it was computed on entries that follow it.", index);
    else if (json_integer_value(size) < invoice->index)
        fault(exported->report, "Entry %lld: it was not computed on every entry before it.", index);
    else if (!prefix_root(prefix, json_integer_value(size), &root))
        fault(exported->report, "Entry %lld: the export does not reach back to its ledger's size.",
              index);
    else if (!sha256_eq(&root, &claimed))
        fault(exported->report, "Entry %lld: its ledger's root is not that of the log's prefix.",
              index);
}

struct invoice_entries statements_find(struct exported *exported)
{
    struct invoice_entries entries = list_entries(exported);
    verify_standing(exported, &entries);
    find_late(exported);
    return entries;
}

void verify_invoices(struct exported *exported, int64_t *count)
{
    struct prefix prefix = {.exported = exported};
    *count = 0;
    struct invoice_entries entries = statements_find(exported);
    check_statements(exported, &entries);
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        if (!is_statement(document) || document->carried)
            continue;
        verify_issue(exported, document);
        if (exported->has_spans && exported->has_manifest)
            check_ledger(&prefix, document);
        *count += verify_recount(exported, document);
    }
    verify_notes(exported, &entries);
}
