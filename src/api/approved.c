// SPDX-License-Identifier: Apache-2.0
#include "approvals.h"
#include "phial/util/array.h"

enum { ARGUMENTS_MAX = 2 };

static const struct action {
    const char *name;
    result (*work)(struct db_tx *tx, const struct request *request, json_t **outcome);
} actions[APPROVAL_ACTION_COUNT] = {
#define APPROVAL(name) {#name, approved_##name},
#include "phial/api/approval_actions.def"
#undef APPROVAL
};

bool approval_rule_valid(str rule)
{
    str rest = rule;
    str one = {0};
    str amount = {0};
    str code = {0};
    enum currency currency = CURRENCY_USD;
    money limit = {0};
    if (rule.len == 0 || str_eq(rule, STR("always")))
        return true;
    for (bool more = true; more;) {
        more = str_cut(rest, ',', &one, &rest);
        one = str_trim(more ? one : rest);
        if (!str_cut(one, ' ', &amount, &code) ||
            failed(currency_parse(str_trim(code), &currency)) ||
            failed(money_parse(amount, currency, &limit)) || limit.minor < 0)
            return false;
    }
    return true;
}

// Whether the amount goes beyond its currency's limit. A currency without one has the limit 0.
static bool is_beyond(str rule, const json_t *outcome)
{
    str rest = rule;
    str one = {0};
    str amount = {0};
    str code = {0};
    enum currency currency = CURRENCY_USD;
    money limit = {0};
    money total = {0};
    str named = json_str(json_object_get(outcome, "currency"));
    if (failed(currency_parse(named, &currency)) ||
        failed(money_parse(json_str(json_object_get(outcome, "total")), currency, &total)))
        return true;
    for (bool more = true; more;) {
        more = str_cut(rest, ',', &one, &rest);
        one = str_trim(more ? one : rest);
        if (str_cut(one, ' ', &amount, &code) && str_eq(str_trim(code), named) &&
            !failed(money_parse(amount, currency, &limit)))
            break;
        limit.minor = 0;
    }
    return total.minor > limit.minor || total.minor < -limit.minor;
}

struct trying {
    const struct request *request;
    const struct action *action;
    str rule;
    bool needed;
    str document; // of the approval
};

static result print_document(const struct request *request, const json_t *outcome, str *document)
{
    OWNED(json_release) json_t *arguments = json_array();
    for (size_t i = 0; i < ARGUMENTS_MAX && request->args[i].len != 0; i++)
        (void)json_array_append_new(arguments, json_from_str(request->args[i]));
    OWNED(json_release)
    json_t *root = json_pack(
        "{s:O, s:O, s:O*, s:o*}", "arguments", arguments, "outcome", outcome, "request",
        request->json, "customer_id",
        bound_customer(request) == 0 ? NULL : json_integer((json_int_t)bound_customer(request)));
    return root == NULL ? FAIL(INTERNAL, "out of memory")
                        : json_canonical(request->arena, root, document);
}

// Fails in any case, so that nothing of it stays: with APPROVAL_REQUIRED where it could be done.
static result try_action(struct db_tx *tx, void *context)
{
    struct trying *trying = context;
    OWNED(json_release) json_t *outcome = NULL;
    TRY(trying->action->work(tx, trying->request, &outcome));
    TRY(db_flush(tx)); // what was deferred may fail too
    trying->needed = str_eq(trying->rule, STR("always")) || is_beyond(trying->rule, outcome);
    TRY(print_document(trying->request, outcome, &trying->document));
    return FAIL(APPROVAL_REQUIRED, "");
}

result approval_ask(const struct request *request, struct reply *reply, enum approval_action action)
{
    struct trying trying = {
        .request = request,
        .action = &actions[action],
        .rule = api_of(request)->approval_rules[action],
    };
    if (trying.rule.len == 0)
        return OK;
    result tried = db_transact(request->db, request->arena, try_action, &trying);
    if (tried.code != ERR_APPROVAL_REQUIRED)
        return tried;
    if (!trying.needed)
        return OK;
    return approval_reply_asked(request, reply,
                                &(struct approval){
                                    .action = str_from(trying.action->name),
                                    .subject = caller_of(request)->record.asked_object,
                                    .document = trying.document,
                                });
}

// The request that was made then, by who made it.
static void recall(const struct approval *approval, const json_t *document,
                   const struct request *decision, struct request *then)
{
    struct caller *caller = arena_new(decision->arena, struct caller);
    *caller = (struct caller){
        .key = {.customer_id = json_integer_value(json_object_get(document, "customer_id"))},
        .change = {.actor = approval->requested_by,
                   .reason = approval->reason,
                   .now = caller_of(decision)->change.now},
    };
    *then = *decision;
    then->caller = caller;
    then->json = json_object_get(document, "request");
    const json_t *arguments = json_object_get(document, "arguments");
    for (size_t i = 0; i < PATH_ARGS_MAX; i++)
        then->args[i] = str_copy(decision->arena, json_str(json_array_get(arguments, i)));
}

result approval_execute(struct db_tx *tx, const struct approval *approval,
                        const struct request *decision)
{
    OWNED(json_release) json_t *document = NULL;
    OWNED(json_release) json_t *outcome = NULL;
    struct request then;
    size_t row = 0;
    while (row < COUNT_OF(actions) && !str_eq(approval->action, str_from(actions[row].name)))
        row++;
    if (row == COUNT_OF(actions))
        return FAIL(CONFLICT, "This version does not know the action.");
    TRY(json_parse(approval->document, &document));
    recall(approval, document, decision, &then);
    TRY(actions[row].work(tx, &then, &outcome));
    if (!json_equal(outcome, json_object_get(document, "outcome")))
        return FAIL(PRECONDITION_FAILED, "It does not come to what was asked for any more.");
    record_customer(decision, caller_of(&then)->record.trail.customer);
    return OK;
}
