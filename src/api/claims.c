// SPDX-License-Identifier: Apache-2.0
// /v1/event-types/:key/claim
#include "caller.h"
#include "phial/phi/claim.h"

enum { EARLIER_MAX = 100 };

struct claim_question {
    const struct request *request;
    int64_t version; // 0: the current one
    json_t *json;
};

static void question_release(struct claim_question *question)
{
    json_release(&question->json);
}

static json_t *print_limit(const struct claim_limit *limit)
{
    return json_pack("{s:o, s:s, s:s, s:s}", "pointer", json_from_str(limit->pointer),
                     "declaration", limit->declaration, "reason", limit->reason, "source",
                     limit->source);
}

// {"claim", "blocked_by"}: what keeps the type from a claim that is stronger than its own.
static json_t *print_blocked(const struct claim_made *made, enum claim wanted)
{
    json_t *list = json_array();
    for (size_t i = 0; i < made->limit_count; i++) {
        if (made->limits[i].allows < wanted)
            (void)json_array_append_new(list, print_limit(&made->limits[i]));
    }
    return json_pack("{s:s, s:o}", "claim", claim_info(wanted)->name, "blocked_by", list);
}

static json_t *print_assumptions(const struct claim_made *made)
{
    json_t *list = json_array();
    for (size_t i = 0; i < made->assumption_count; i++)
        (void)json_array_append_new(list, json_pack("{s:o, s:s}", "pointer",
                                                    json_from_str(made->assumptions[i].pointer),
                                                    "says", made->assumptions[i].says));
    return list;
}

// What holds whatever the claim, where a token stands for a person.
static json_t *print_notes(const struct claim_made *made)
{
    if (!made->names_persons)
        return json_array();
    return json_pack(
        "[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]", "says",
        "Until the tokens' keys or crosswalk are destroyed the events are personal data, and those "
        "about health are of a special category.",
        "source", "GDPR Art. 4(1), 4(5), 9", "says",
        "Where the customer is a programme for substance use disorders, an event about a person says "
        "that they are its patient.",
        "source", "42 CFR 2.11, 2.12", "says",
        "Destroying the keys of a scope or its crosswalk makes its tokens anonymous for good.",
        "source", "GDPR Recital 26");
}

static json_t *print_claim(const struct catalog_item *item, const struct claim_made *made)
{
    const struct claim_info *info = claim_info(made->claim);
    json_t *further = json_array();
    for (int wanted = (int)made->claim + 2; wanted <= (int)CLAIM_NO_PERSON; wanted++)
        (void)json_array_append_new(further, print_blocked(made, (enum claim)wanted));
    json_t *next =
        made->claim == CLAIM_NO_PERSON ? json_null() : print_blocked(made, made->claim + 1);
    return json_pack("{s:o, s:I, s:s, s:[{s:s, s:s}], s:o, s:o, s:o, s:o}", "event_type",
                     json_from_str(item->key), "version", (json_int_t)item->version, "claim",
                     info->name, "basis", "reason", info->means, "source", info->source, "next",
                     next, "further", further, "assumes", print_assumptions(made), "notes",
                     print_notes(made));
}

// The declaration borrows from *document.
static result claim_of(const struct request *request, const struct catalog_item *item,
                       json_t **document, struct claim_made *made)
{
    struct faults *faults = arena_new(request->arena, struct faults);
    faults->arena = request->arena;
    TRY(json_parse(item->document, document));
    const struct event_type *type =
        event_type_parse((struct json_at){*document, STR(""), faults}, item->key);
    if (type == NULL)
        return FAIL(INTERNAL, "a stored event type is not valid");
    *made = claim_make(request->arena, type);
    return OK;
}

// Events that were stored under an earlier version have that one's claim.
static result add_earlier(struct db_tx *tx, const struct claim_question *question, int64_t current,
                          enum claim claim)
{
    const struct request *request = question->request;
    json_t *list = json_array();
    if (json_object_set_new(question->json, "earlier_versions", list) != 0)
        return FAIL(INTERNAL, "out of memory");
    for (int64_t version = current - 1; version > 0 && version >= current - EARLIER_MAX;
         version--) {
        OWNED(json_release) json_t *document = NULL;
        struct catalog_item item = {0};
        struct claim_made made = {0};
        TRY(catalog_get_version(tx, CATALOG_EVENT_TYPE, request->args[0], version, &item));
        // One that this program would not take any more has the weakest.
        (void)failed(claim_of(request, &item, &document, &made));
        if (made.claim < claim)
            (void)json_array_append_new(list,
                                        json_pack("{s:I, s:s}", "version", (json_int_t)version,
                                                  "claim", claim_info(made.claim)->name));
    }
    return OK;
}

static result answer(struct db_tx *tx, void *context)
{
    struct claim_question *question = context;
    const struct request *request = question->request;
    OWNED(json_release) json_t *document = NULL;
    struct catalog_item item = {0};
    struct claim_made made = {0};
    if (question->version != 0)
        TRY(catalog_get_version(tx, CATALOG_EVENT_TYPE, request->args[0], question->version,
                                &item));
    else
        TRY(catalog_get(tx, CATALOG_EVENT_TYPE, request->args[0], &item));
    TRY(claim_of(request, &item, &document, &made));
    json_release(&question->json);
    question->json = print_claim(&item, &made);
    if (question->json == NULL)
        return FAIL(INTERNAL, "out of memory");
    return question->version != 0 ? OK : add_earlier(tx, question, item.version, made.claim);
}

result get_event_types_key_claim(const struct request *request, struct reply *reply)
{
    OWNED(question_release) struct claim_question question = {.request = request};
    bool versioned = false;
    TRY(http_parameters_known(request, "version"));
    TRY(parameter_i64(request, "version", INT64_MAX, &versioned, &question.version));
    if (versioned && question.version == 0)
        return FAIL(NOT_FOUND, "No such version.");
    TRY(db_transact(request->db, request->arena, answer, &question));
    return reply_tagged(request, reply, 200, json_incref(question.json));
}
