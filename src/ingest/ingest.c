// SPDX-License-Identifier: Apache-2.0
#include "phial/ingest/ingest.h"

#include "admit.h"
#include "answer.h"
#include "erased.h"
#include "refusals.h"
#include "stage.h"

struct ingest_run {
    struct ingest ingest;
    struct admission admission;
    struct submission submission;
    bool held_back; // an all-or-nothing request of which something is refused
};

// What is to be stored whole, or elsewhere, or not at all does not.
static bool goes_by_lane(const struct ingest *ingest)
{
    return ingest->lanes != NULL && !ingest->atomic && !ingest->validate &&
           ingest->backfill == NULL;
}

static bool has_conflict(const struct admission *admission)
{
    for (size_t i = 0; i < admission->events.count; i++) {
        const struct append *append = admission->candidates[i].append;
        if (append != NULL && append->outcome == APPEND_CONFLICT)
            return true;
    }
    return false;
}

static bool has_refused(const struct admission *admission)
{
    for (size_t i = 0; i < admission->events.count; i++) {
        if (admission->candidates[i].append == NULL)
            return true;
    }
    return false;
}

result ingest_open(const struct ingest *ingest, enum event_format format, str body,
                   struct ingest_run **run)
{
    struct ingest_run *opened = arena_new(ingest->arena, struct ingest_run);
    opened->ingest = *ingest;
    struct admission *admission = &opened->admission;
    admission->ingest = &opened->ingest;
    TRY(split_body(ingest->arena, format, body, &admission->events));
    admission->candidates = arena_array(ingest->arena, struct candidate, admission->events.count);
    *run = opened;
    return OK;
}

result ingest_admit(struct ingest_run *run, const struct ingest *ingest, int64_t *revision)
{
    run->ingest = *ingest;
    TRY(admit_events(&run->admission, !goes_by_lane(ingest)));
    *revision = run->admission.revision;
    return OK;
}

result ingest_submit(struct ingest_run *run, void (*done)(void *context), void *context,
                     bool *waits)
{
    const struct ingest *ingest = &run->ingest;
    const struct admission *admission = &run->admission;
    *waits = goes_by_lane(ingest) && admission->append_count != 0;
    if (!*waits)
        return OK;
    run->submission = (struct submission){.entries = admission->appends,
                                          .count = admission->append_count,
                                          .revision = admission->revision,
                                          .now = ingest->now,
                                          .done = done,
                                          .context = context};
    bool may_wait = ingest->db != NULL;
    if (lanes_submit(ingest->lanes, ingest->arena, may_wait, &run->submission))
        return OK;
    return FAIL(WOULD_BLOCK, "");
}

result ingest_submitted(const struct ingest_run *run)
{
    return run->submission.outcome;
}

struct counting {
    const struct admission *admission;
    bool must_be_current; // nothing was written under the revision that refused
};

static result count_refusals(struct db_tx *tx, void *context)
{
    const struct counting *counting = context;
    int64_t revision = 0;
    TRY(catalog_ask_revision(tx, &revision));
    TRY(erased_forgive(tx, counting->admission));
    TRY(refusals_count(tx, counting->admission));
    TRY(db_flush(tx));
    bool is_current = revision == counting->admission->revision;
    return is_current || !counting->must_be_current ? OK : FAIL(CATALOG_CHANGED, "");
}

result ingest_count(struct ingest_run *run, const struct ingest *ingest)
{
    run->ingest = *ingest;
    struct admission *admission = &run->admission;
    struct counting counting = {admission, admission->append_count == 0};
    if (!has_refused(admission) && !has_conflict(admission))
        return OK;
    return db_transact(run->ingest.db, run->ingest.arena, count_refusals, &counting);
}

// In one transaction of this thread's.
struct storing {
    struct admission *admission;
    bool dry;       // ask the ledger, and write nothing into it
    bool held_back; // the ledger refused something of an all-or-nothing request
};

static result store_entries(struct db_tx *tx, const struct storing *storing)
{
    const struct admission *admission = storing->admission;
    const struct ingest *ingest = admission->ingest;
    struct append *entries = admission->room;
    size_t count = admission->append_count;
    if (ingest->backfill != NULL)
        return stage_events(tx, ingest->backfill, storing->dry, entries, count);
    if (storing->dry)
        return ledger_probe(tx, entries, count);
    return ledger_append(tx, ingest->now, ingest->actor, entries, count);
}

static result store(struct db_tx *tx, void *context)
{
    struct storing *storing = context;
    struct admission *admission = storing->admission;
    const struct ingest *ingest = admission->ingest;
    storing->held_back = false;
    TRY(store_entries(tx, storing));
    TRY(erased_forgive(tx, admission));
    if (ingest->atomic && !storing->dry && has_conflict(admission)) {
        storing->held_back = true;
        return FAIL(CONFLICT, "all or nothing");
    }
    if (!ingest->validate)
        TRY(refusals_count(tx, admission));
    // Last: whoever changed the catalog before this transaction got hold of a head has committed.
    return storing->dry ? OK : catalog_require_revision(tx, admission->revision);
}

result ingest_store(struct ingest_run *run)
{
    struct admission *admission = &run->admission;
    const struct ingest *ingest = &run->ingest;
    bool refused = has_refused(admission);
    if (admission->append_count == 0 && goes_by_lane(ingest))
        return ingest_count(run, ingest);
    struct storing storing = {.admission = admission,
                              .dry = ingest->validate || (ingest->atomic && refused)};
    result stored = db_transact(ingest->db, ingest->arena, store, &storing);
    if (storing.held_back) {
        storing.dry = true;
        stored = db_transact(ingest->db, ingest->arena, store, &storing);
    }
    TRY(stored);
    run->held_back = ingest->atomic && (refused || has_conflict(admission));
    return OK;
}

// Properties that were dropped: the one thing that is counted of what is accepted, so in memory.
static void count_dropped(const struct ingest_run *run)
{
    const struct admission *admission = &run->admission;
    size_t i = 0;
    while (i < admission->events.count) {
        str type = admission->candidates[i].type_key;
        int64_t dropped = 0;
        for (; i < admission->events.count && str_eq(admission->candidates[i].type_key, type); i++)
            dropped += admission->candidates[i].dropped;
        tally_add(run->ingest.tally,
                  &(struct tally_row){.at = run->ingest.now,
                                      .type = type,
                                      .pointer = STR("/properties"),
                                      .code = "property_dropped"},
                  dropped);
    }
}

void ingest_answer(const struct ingest_run *run, struct ingest_answer *answer)
{
    if (!run->ingest.validate && !run->held_back)
        count_dropped(run);
    answer_write(&run->admission, run->held_back, answer);
}

result ingest_events(const struct ingest *ingest, enum event_format format, str body,
                     struct ingest_answer *answer)
{
    struct ingest_run *run = NULL;
    int64_t revision = 0;
    TRY(ingest_open(ingest, format, body, &run));
    TRY(ingest_admit(run, ingest, &revision));
    TRY(ingest_store(run));
    ingest_answer(run, answer);
    return OK;
}
