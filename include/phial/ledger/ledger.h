// SPDX-License-Identifier: Apache-2.0
// ledger.h - one RFC 6962 log per customer: entries in, proofs out. The only writer of ledger_*.
//
// Invariants: an entry is never changed; a log's positions have no gap and stand in the order of
// commit; `at` never decreases along a log; (customer, identity) is unique for all time; the head's
// root is the root of the stored leaves.
#pragma once

#include "phial/crypto/crypto.h"
#include "phial/db/db.h"
#include "phial/ledger/tips.h"
#include "phial/merkle/merkle.h"
#include "phial/time/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEDGER_PARTITIONS = 16 };
enum { IDENTITY_BYTES = 16, ENTRY_MEMBERS_MAX = 3, LEAF_BYTES_MAX = 1048576 };

// The kinds, in the order of their numbers in the database.
enum entry_kind {
#define ENTRY_KIND(name) ENTRY_##name,
#include "phial/ledger/entry_kinds.def"
#undef ENTRY_KIND
    ENTRY_KIND_COUNT
};
str entry_kind_name(enum entry_kind kind);

typedef struct {
    unsigned char bytes[IDENTITY_BYTES];
} identity;

// The UUID's own bytes where source is "" and id is a UUID in its usual lower-case form, else the
// first 16 bytes of SHA-256(length of source as 4 bytes || source || id).
identity identity_of(str source, str id);

// The name that a log's heads are signed under: <server>/ledger/<customer>, and <server>/audit of
// the audit trail, whose log is nobody's and has "" for a customer.
str ledger_origin(struct arena *arena, str server, str customer);

// What happened to an entry that was handed in.
enum append_outcome { APPEND_ACCEPTED, APPEND_DUPLICATE, APPEND_CONFLICT };

struct append {
    int64_t customer_id;
    str customer;       // its key
    str actor;          // "" takes the batch's
    unsigned partition; // of its log; only who sorts by it fills it in
    enum entry_kind kind;
    bool has_identity;  // usage entries
    bool has_time;      // usage entries
    bool has_reference; // void, amend
    bool suspect;       // for ledger_append_usage
    bool settled;       // an answer: committed, or found; set by who commits
    bool first_is_new;  // an answer, below
    identity identity;
    instant time;      // the event's stored time
    int64_t reference; // the original's index
    struct {
        const char *name;
        str json;                 // canonical
    } members[ENTRY_MEMBERS_MAX]; // "event"; "reason", "ref", "set"; "invoice"; ...
    size_t member_count;
    // answers; first_is_new: a duplicate or conflict whose first one is accepted in this very batch
    int64_t index; // of the entry, or of the first one of its identity
    enum append_outcome outcome;
};
enum { NO_INDEX = -1 }; // what ledger_probe gives a new entry

// Appends in the order given, each to its customer's log: locks the heads in the order of
// customer_id, tells duplicates and conflicts (the same identity before, or earlier in this very
// batch) by the bytes of the member "event", writes entries, nodes and heads. The caller's
// transaction commits. A second void of an event is ALREADY_VOID (a unique constraint decides).
result ledger_append(struct db_tx *tx, instant now, str actor, struct append *entries,
                     size_t count);

struct head;
// The head of a log as ledger_append will leave it behind this entry, which is new and no event of
// usage: what the next entry says of the log can be said before either is written.
result ledger_grow(struct arena *arena, instant now, str actor, const struct append *entry,
                   struct head *head);

// As ledger_append, for usage entries in a transaction that does nothing else, on a connection with
// ledger_settings: only the identities marked `suspect` are looked up before. Where another one is
// stored already it fails with DB_DUPLICATE: the caller marks them all and tries again. A small
// batch into logs whose ends are known is one round trip, and fails with HEAD_MOVED where they have
// moved: the caller tries again without `tips`. Both failures may come with the commit.
struct usage_batch {
    instant now;
    struct append **entries; // each with its actor
    size_t count;            // at least 1
    struct tips *tips;       // NULL: the database is asked where the logs end
    struct tip *grown;       // an answer: where they end afterwards
    size_t grown_count;
};
result ledger_append_usage(struct db_tx *tx, struct usage_batch *usage);
extern const char ledger_settings[];

// The same answers without writing anything.
result ledger_probe(struct db_tx *tx, struct append *entries, size_t count);

// Which partition holds the customer's rows: a batch out of one partition is copied fastest.
result ledger_partition(struct db_tx *tx, int64_t customer_id, unsigned *partition);

struct head {
    int64_t customer_id;
    int64_t size;
    instant last_at;
    struct merkle_range range;
};
// A customer without entries has a head of size 0 from its creation on.
result ledger_open(struct db_tx *tx, int64_t customer_id); // at the customer's creation
result ledger_head(struct db_tx *tx, int64_t customer_id, struct head *head);
// Of many logs at once, beside their customers.
result ledger_sizes(struct db_tx *tx, const int64_t *customers, size_t count, int64_t *sizes);
result ledger_head_lock(struct db_tx *tx, int64_t customer_id, struct head *head); // FOR UPDATE

struct entry {
    int64_t index;
    enum entry_kind kind;
    str leaf; // the stored bytes
};
// Every reading below fails with ENTRY_REMOVED where it meets an entry whose body retention has
// removed; ledger/removed.h reads such positions.
result ledger_entry(struct db_tx *tx, int64_t customer_id, int64_t index, struct entry *entry);
// Entries [from, to), in order; `to` is at most the log's size.
result ledger_each(struct db_tx *tx, int64_t customer_id, int64_t from, int64_t to,
                   result (*row)(void *context, const struct entry *entry), void *context);
// What measuring [from, to) of event time needs, below the position `size`: the usage entries of
// that time, every void and amendment, and the originals they name, as far as their bodies are
// there (ledger_check_unsealed). Each once, in order.
result ledger_each_usage(struct db_tx *tx, int64_t customer_id, int64_t size, instant from,
                         instant to, result (*row)(void *context, const struct entry *entry),
                         void *context);
// The original of an identity: its entry, its void (has_void), its amendments are found by
// reference.
result ledger_find(struct db_tx *tx, int64_t customer_id, identity wanted, struct entry *entry);
result ledger_each_reference(struct db_tx *tx, int64_t customer_id, int64_t index,
                             result (*row)(void *context, const struct entry *entry),
                             void *context);
// Usage entries for the list of events: positions >= after, at most `limit`; none that is removed.
struct event_filter {
    int64_t customer_id;
    int64_t after;
    int64_t limit;
    instant from; // event time, half-open
    instant to;
};
result ledger_each_event(struct db_tx *tx, const struct event_filter *filter,
                         result (*row)(void *context, const struct entry *entry), void *context);

// The canonical bytes of a top-level member of a leaf ("" when it has none), without parsing the
// rest.
str leaf_member(str leaf, const char *name);

// Proofs at any size up to the head's. INVALID for sizes and indexes the log does not have.
result ledger_root(struct db_tx *tx, int64_t customer_id, int64_t size, sha256 *root);
result ledger_inclusion(struct db_tx *tx, int64_t customer_id, int64_t index, int64_t size,
                        struct merkle_proof *proof);
result ledger_consistency(struct db_tx *tx, int64_t customer_id, int64_t from, int64_t to,
                          struct merkle_proof *proof);
result ledger_cover(struct db_tx *tx, int64_t customer_id, int64_t size, int64_t from, int64_t to,
                    struct merkle_span *spans, size_t *count);
