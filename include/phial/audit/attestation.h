// SPDX-License-Identifier: Apache-2.0
// attestation.h - what a source of events signs itself: so many, these ones, of this quantity. What
// a bill counts without such a signature is told apart from what has one.
//
// The signature is Ed25519 over the manifest's canonical JSON
//   {"customer":…,"first_seq":…,"last_seq":…,"merkle_root":…,"n":…,"source":…}
// and the root is RFC 6962's over a line for each event, in the order of their numbers:
//   {"id":…,"quantity":…,"type":…}
// canonical, without a line end, made here of the entries in the ledger and not of what is sent.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/crypto/crypto.h"
#include "phial/db/db.h"

enum { ATTESTED_IDS_MAX = 10000, SOURCE_BYTES_MAX = 128 };

struct source_key {
    int64_t customer_id;
    str source;
    int64_t number; // from 1; the highest is in force
    unsigned char public[ED25519_PUBLIC_BYTES];
    instant created_at;
    bool made; // by a put: the same key again makes none
};
result source_key_put(struct db_tx *tx, struct source_key *key, const struct change *change);
result source_key_get(struct db_tx *tx, struct source_key *key); // NOT_FOUND

struct attestation {
    str id;
    int64_t customer_id;
    str customer;
    str source;
    int64_t first_seq;
    int64_t last_seq; // n is last_seq - first_seq + 1
    sha256 root;
    str signature;  // 64 bytes
    const str *ids; // of its events, by number
    size_t id_count;
    instant created_at;
    // answers of a refused one
    bool wrong_signature;
    bool wrong_root;
    bool *unknown; // beside ids: the ledger has no such event of the source
};
// INVALID with an answer set, or where the source has no key; CONFLICT where a number or an event
// is attested already. The caller has checked the counts.
result attestation_make(struct db_tx *tx, struct attestation *attestation,
                        const struct change *change);

struct attestation_filter {
    int64_t customer_id; // 0: all
    str after;
    int64_t limit;
};
result attestation_each(struct db_tx *tx, const struct attestation_filter *filter,
                        result (*row)(void *context, const struct attestation *attestation),
                        void *context);

// What a source's numbers come to: the first, the last, and how many between them nobody signed.
struct attested_source {
    str source;
    int64_t first_seq;
    int64_t last_seq;
    int64_t absent;
};
result attested_sources_each(struct db_tx *tx, int64_t customer_id,
                             result (*row)(void *context, const struct attested_source *source),
                             void *context);
