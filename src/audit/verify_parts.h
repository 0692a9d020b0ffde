// SPDX-License-Identifier: Apache-2.0
// verify_parts.h - an export while it is verified, and the steps, each of which adds its faults.
#pragma once

#include "phial/audit/verify.h"
#include "phial/crypto/crypto.h"
#include "phial/json/json.h"
#include "phial/ledger/ledger.h"
#include "phial/merkle/note.h"
#include "phial/time/time.h"
#include "verify_log.h"

// A plan, subscription, invoice, credit note, adjustment or retention entry.
struct exported_document {
    int64_t index;
    enum entry_kind kind;
    instant at;
    int64_t voided_by;  // statement: an entry's index, NEVER when it stands
    int64_t late_at;    // statement: the first later entry that may concern its period
    const json_t *body; // the member named after the kind
    bool carried;       // stands outside of the range, proved by itself
};
#define NEVER INT64_MAX

struct exported {
    struct arena *arena;
    struct report *report;
    struct archive_files files;
    const unsigned char *public_key; // that it must be signed with
    const str *keys;                 // of which each announced the next; verify_keys
    size_t key_count;
    size_t tallied_from; // so many events of a period are summed on the way, not held

    bool has_checkpoint; // signed with the key
    struct checkpoint checkpoint;

    bool has_manifest;
    str server;
    str customer;
    int64_t from; // [from, to) of the log's `size` entries
    int64_t to;
    int64_t size;

    struct exported_log log;             // the lines of the range, in order
    struct exported_document *documents; // in order
    size_t document_count;
    size_t document_room;
    json_t *held;                      // what their bodies are part of
    struct exported_document *carried; // in order; they stand among the documents too
    size_t carried_count;
    size_t carried_room;

    struct merkle_span *spans; // of proof.json
    size_t span_count;
    bool has_spans;
    result rooted; // what came of putting leaves and nodes together
    sha256 root;   // if it came to one
    bool has_consistency;
    int64_t consistency_from;
    struct merkle_proof consistency;
};

// The bytes of a file, "" when it is not there.
str exported_file(const struct exported *exported, const char *name);
// Padded standard base64 of 32 bytes.
bool exported_hash(struct arena *arena, str text, sha256 *hash);

// verify_keys.c: follows from the key given to the one that signed.
void verify_keys(struct exported *exported);
// Whether a change of keys is signed by both. The keys are raw.
bool announcement_holds(struct arena *arena, const json_t *announcement, str *previous,
                        str *public);

// verify_files.c: every file that must be there, no other, each as SHA256SUMS says; its signature;
// ledger.pub.pem is the key given.
void verify_files(struct exported *exported);

// verify_head.c
void verify_manifest(struct exported *exported);   // its members, in themselves
void verify_checkpoint(struct exported *exported); // the note, its parts, the manifest against it
void verify_proof(struct exported *exported);      // the form of proof.json
void verify_root(struct exported *exported);       // leaves and nodes give the root
void verify_extends(struct exported *newer, struct exported *older);

// The roots of the tree's prefixes; asked for in rising order they cost each leaf once.
struct prefix {
    const struct exported *exported;
    bool begun;
    struct log_walk walk;
    struct merkle_range range;
};
// The root over the first `size` leaves. False where the export does not tell.
bool prefix_root(struct prefix *prefix, int64_t size, sha256 *root);

// verify_leaves.c: each leaf's form, the order of times, identities, references.
void verify_leaves(struct exported *exported);

// Whether it is a document, made of the leaf that was read; root stays as long as the export.
struct leaf_reading;
bool document_keep(struct exported *exported, const struct leaf_reading *reading, json_t *root,
                   struct exported_document *document);

// verify_carried.c, before the leaves.
void verify_carried(struct exported *exported);
// False for a leaf that is not carried. The bytes stay as long as the export.
bool carried_add(struct exported *exported, int64_t index, str bytes);
// Before which time, by the removals below a size of the log, events may be missing.
bool needs_removed(const struct exported *exported, instant since);
instant exported_sealed(const struct exported *exported, int64_t size);

// verify_leaf.c: one leaf in itself; a fault for each way in which it is not as it must be.
struct leaf_reading {
    struct exported *exported;
    struct arena *arena; // for this leaf alone
    int64_t index;
    str bytes;
    // answers
    bool whole;
    enum entry_kind kind;
    instant at;
    instant time;        // usage
    identity identity;   // usage
    int64_t reference;   // void, amend
    sha256 reference_to; // its leaf hash
};
// The caller owns *root, which is NULL when the bytes are not JSON, and when there was no need to
// parse them: a usage entry in its usual form.
void leaf_read(struct leaf_reading *reading, json_t **root);
// verify_plain.c: the same of a usage entry in that form. False, and nothing said, for any other.
bool leaf_read_plain(struct leaf_reading *reading);
// What leaf_read does of those.
void leaf_read_parsed(struct leaf_reading *reading, json_t **root);

// An invoice entry, or that of a credit note which is a period's statement below zero.
bool is_statement(const struct exported_document *document);
// A statement that was there, and not void, at a size of the log.
bool stands_at(const struct exported_document *document, int64_t size);

// verify_invoices.c: statements against entries; each entry's ledger root; then the recount.
// Yields how many could be recounted.
void verify_invoices(struct exported *exported, int64_t *count);

struct invoice_entry {
    str id;
    struct exported_document *document;
    bool stated; // a statement of the export is this entry's
};

struct invoice_entries {
    struct invoice_entry *items; // in byte order of their ids
    size_t count;
};
// The statements, and for each what came of it.
struct invoice_entries statements_find(struct exported *exported);
// NULL when there is none.
struct invoice_entry *invoice_entry_find(const struct invoice_entries *entries, str id);

// verify_invoice.c: what its issue added to one invoice, in itself.
void verify_issue(const struct exported *exported, const struct exported_document *invoice);
// YYYY-NNNNNN, CN- before it of a credit note; the year is that of the issue.
bool is_number_of(struct arena *arena, bool note, str number, instant issued_at);
// Whether a member of an invoice comes from its issue, not from its computation.
bool is_of_issue(const char *member);

// verify_standing.c: the invoices among one another: numbers rise, each void is of one that stood,
// a period has one at a time. Fills in voided_by.
void verify_standing(const struct exported *exported, const struct invoice_entries *entries);

// verify_notes.c: each credit note and payment against its invoice, and against what was credited
// and paid of it before.
void verify_notes(struct exported *exported, const struct invoice_entries *entries);

// verify_recount.c
// False where retention has removed what it was counted from: that is a limit, no fault.
bool verify_recount(struct exported *exported, const struct exported_document *invoice);
// The same statement out of nothing but the entries below its size: what its computation gives it.
// The caller owns *recounted. VERIFICATION_FAILED, INVALID with a sentence; ENTRY_REMOVED where it
// needs what retention has removed.
result recount_statement(struct arena *arena, struct exported *exported,
                         const struct exported_document *invoice, json_t **recounted);

// verify.c: verify_export, with another `tallied_from`.
struct verifying {
    const char *path;
    const char *public_key_path;
    const char *against; // NULL without
    FILE *out;
    size_t tallied_from;
};
enum { TALLIED_FROM = 100000 };
result verify_with(struct arena *arena, const struct verifying *what,
                   struct verification *verification);
