// SPDX-License-Identifier: Apache-2.0
// trial_parts.h - the halves of a trial: a document that nobody declared, an event that somebody
// did.
#pragma once

#include "phial/ingest/trial.h"
#include "split.h"

// What a name means, remembered: recorded traffic has the same few in every line.
enum { TRIAL_NAMES_MAX = 1024, TRIAL_NAME_BYTES_MAX = 48 };
struct trial_name {
    char text[TRIAL_NAME_BYTES_MAX];
    size_t len;           // 0: free
    bool open;            // means PHI where a text may stand
    bool closed;          // where a number does as well
    const char *detector; // or holds PHI itself
};

struct trial {
    const struct event_type *types[TRIAL_TYPES_MAX]; // in byte order of their keys
    size_t type_count;
    uint64_t ipv4; // the bit of the detector that takes a version of four numbers for an address
    struct trial_name names[TRIAL_NAMES_MAX];
};

struct trial_name trial_name_read(struct trial *trial, str name);

// Every name and text in it, at any depth. A pointer names members of an event alone; `everywhere`
// is answered instead where it is not NULL.
struct trial_verdict trial_document(struct trial *trial, struct arena *arena, str text,
                                    const str *everywhere);
// What the daemon would answer, but for the customer and the time.
struct trial_verdict trial_decoded(const struct trial *trial, struct arena *arena,
                                   const struct raw_event *event, enum event_dialect dialect);
struct trial_verdict trial_event(const struct trial *trial, struct arena *arena, str line);
