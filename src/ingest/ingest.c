// SPDX-License-Identifier: Apache-2.0
#include "phial/ingest/ingest.h"

#include "admit.h"
#include "answer.h"
#include "refusals.h"

// A request over many customers is stored lane by lane: a transaction holds the heads of a quarter
// of them, and requests that come together begin in different lanes, so that they seldom wait.
enum { LANES = 4, LANES_EVENTS_MIN = 64 };

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

static size_t lane_of(const struct append *append)
{
    return (size_t)append->customer_id % LANES;
}

struct lane {
    const struct ingest *ingest;
    struct append *appends;
    size_t count;
};

static result store_lane(struct db_tx *tx, void *context)
{
    const struct lane *lane = context;
    return ledger_append(tx, lane->ingest->now, lane->ingest->actor, lane->appends, lane->count);
}

static result count_refusals(struct db_tx *tx, void *context)
{
    return refusals_count(tx, context);
}

// One lane: its entries are handed to the ledger as a list of their own, and their answers put
// back.
static result store_one_lane(struct admission *admission, size_t number, struct append *room,
                             size_t *places)
{
    struct lane lane = {admission->ingest, room, 0};
    for (size_t i = 0; i < admission->append_count; i++) {
        if (lane_of(&admission->appends[i]) != number)
            continue;
        places[lane.count] = i;
        lane.appends[lane.count++] = admission->appends[i];
    }
    if (lane.count == 0)
        return OK;
    TRY(db_transact(lane.ingest->db, lane.ingest->arena, store_lane, &lane));
    for (size_t i = 0; i < lane.count; i++)
        admission->appends[places[i]] = lane.appends[i];
    return OK;
}

// The order within a customer stays. When a later lane fails, what the earlier ones stored is found
// as duplicates by the sender's next attempt: nothing was answered yet.
static result store_by_lanes(struct admission *admission)
{
    const struct ingest *ingest = admission->ingest;
    size_t count = admission->append_count;
    struct append *room = arena_array(ingest->arena, struct append, count);
    size_t *places = arena_array(ingest->arena, size_t, count);
    size_t first = admission->appends[0].identity.bytes[IDENTITY_BYTES - 1];
    for (size_t turn = 0; turn < LANES; turn++)
        TRY(store_one_lane(admission, (first + turn) % LANES, room, places));
    bool refused = count != admission->events.count || has_conflict(admission);
    return refused ? db_transact(ingest->db, ingest->arena, count_refusals, admission) : OK;
}

// Writes what was admitted, or of an all-or-nothing request nothing once anything is refused.
static result store_admitted(struct admission *admission, bool *held_back)
{
    const struct ingest *ingest = admission->ingest;
    bool refused = admission->append_count != admission->events.count;
    if (!ingest->atomic && !ingest->validate && admission->append_count >= LANES_EVENTS_MIN) {
        *held_back = false;
        return store_by_lanes(admission);
    }
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
