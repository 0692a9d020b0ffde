// SPDX-License-Identifier: Apache-2.0
#include "phial/ingest/ingest.h"

#include "admit.h"
#include "answer.h"
#include "refusals.h"

struct storing {
    struct admission *admission;
    bool dry;       // ask the ledger, and write nothing into it
    bool held_back; // the ledger refused something of an all-or-nothing request
};

static bool has_conflict(const struct admission *admission)
{
    for (size_t i = 0; i < admission->append_count; i++) {
        if (admission->appends[i].outcome == APPEND_CONFLICT)
            return true;
    }
    return false;
}

static result store(struct db_tx *tx, void *context)
{
    struct storing *storing = context;
    struct admission *admission = storing->admission;
    const struct ingest *ingest = admission->ingest;
    storing->held_back = false;
    if (storing->dry)
        TRY(ledger_probe(tx, admission->appends, admission->append_count));
    else
        TRY(ledger_append(tx, ingest->now, ingest->actor, admission->appends,
                          admission->append_count));
    if (ingest->atomic && !storing->dry && has_conflict(admission)) {
        storing->held_back = true;
        return FAIL(CONFLICT, "all or nothing");
    }
    return ingest->validate ? OK : refusals_count(tx, admission);
}

// Writes what was admitted, or of an all-or-nothing request nothing once anything is refused.
static result store_admitted(struct admission *admission, bool *held_back)
{
    const struct ingest *ingest = admission->ingest;
    bool refused = admission->append_count != admission->events.count;
    struct storing storing = {.admission = admission,
                              .dry = ingest->validate || (ingest->atomic && refused)};
    result stored = db_transact(ingest->db, ingest->arena, store, &storing);
    if (storing.held_back) {
        storing.dry = true;
        stored = db_transact(ingest->db, ingest->arena, store, &storing);
    }
    TRY(stored);
    *held_back = ingest->atomic && (refused || has_conflict(admission));
    return OK;
}

result ingest_events(const struct ingest *ingest, enum event_format format, str body,
                     struct ingest_answer *answer)
{
    struct admission admission = {.ingest = ingest};
    bool held_back = false;
    TRY(split_body(ingest->arena, format, body, &admission.events));
    admission.candidates = arena_array(ingest->arena, struct candidate, admission.events.count);
    TRY(db_transact(ingest->db, ingest->arena, admit_lookup, &admission));
    TRY(admit_events(&admission));
    TRY(store_admitted(&admission, &held_back));
    answer_write(&admission, held_back, answer);
    return OK;
}
