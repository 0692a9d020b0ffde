// SPDX-License-Identifier: Apache-2.0
#include "verify_settlement.h"

#include <stdlib.h>

static str text_at(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

static bool is_adjustment(const struct exported_document *document, const char *action)
{
    return document->kind == ENTRY_adjustment &&
           str_eq(text_at(document->body, "action"), str_from(action));
}

// ---- discounts, prepaid credit

static bool has_ended(const struct exported *exported, str id, int64_t size)
{
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        if (document->index < size && is_adjustment(document, "discount_end") &&
            str_eq(text_at(document->body, "id"), id))
            return true;
    }
    return false;
}

// The item of an id in a list of a statement's; NULL without.
static const json_t *find_item(const json_t *statement, const char *list, str id)
{
    const json_t *items = json_object_get(statement, list);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        if (str_eq(text_at(item, "id"), id))
            return item;
    }
    return NULL;
}

static int64_t count_uses(const struct exported *exported, str id, int64_t size)
{
    int64_t uses = 0;
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        uses +=
            stands_at(document, size) && find_item(document->body, "discount_details", id) != NULL;
    }
    return uses;
}

static result read_discounts(struct arena *arena, const struct exported *exported, int64_t size,
                             struct subscription_terms *terms)
{
    struct discount *discounts = arena_array(arena, struct discount, DISCOUNTS_MAX);
    size_t count = 0;
    for (size_t i = 0; i < exported->document_count && count < DISCOUNTS_MAX; i++) {
        const struct exported_document *document = &exported->documents[i];
        struct discount *discount = &discounts[count];
        if (document->index >= size || !is_adjustment(document, "discount") ||
            has_ended(exported, text_at(document->body, "id"), size))
            continue;
        TRY(discount_read(arena, document->body, discount));
        bool used_up =
            discount->periods != 0 && count_uses(exported, discount->id, size) >= discount->periods;
        count += !used_up;
    }
    terms->discounts = discounts;
    terms->discount_count = count;
    return OK;
}

struct dated_credit {
    struct prepaid credit;
    bool has_expiry;
    instant expires;
    int64_t index;
};

static int by_expiry(const void *left, const void *right)
{
    const struct dated_credit *a = left;
    const struct dated_credit *b = right;
    if (a->has_expiry != b->has_expiry)
        return a->has_expiry ? -1 : 1;
    if (a->has_expiry && a->expires.us != b->expires.us)
        return a->expires.us < b->expires.us ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static result subtract_taken(const struct exported *exported, int64_t size, enum currency currency,
                             struct prepaid *credit)
{
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        money taken = {0};
        const json_t *item = stands_at(document, size)
                                 ? find_item(document->body, "credits_applied", credit->id)
                                 : NULL;
        if (item == NULL)
            continue;
        TRY(money_parse(text_at(item, "amount"), currency, &taken));
        TRY(money_sub(credit->left, taken, &credit->left));
    }
    return OK;
}

// False for one that is of another currency or has expired.
static result read_credit(const struct exported_document *document, instant at,
                          enum currency currency, struct dated_credit *credit, bool *counts)
{
    const json_t *body = document->body;
    const json_t *expires = json_object_get(body, "expires");
    *counts = str_eq(text_at(body, "currency"), str_from(currency_code(currency)));
    if (!*counts)
        return OK;
    *credit = (struct dated_credit){.credit = {.id = text_at(body, "id")},
                                    .has_expiry = expires != NULL,
                                    .index = document->index};
    TRY(money_parse(text_at(body, "amount"), currency, &credit->credit.left));
    if (expires == NULL)
        return OK;
    TRY(instant_parse(json_str(expires), &credit->expires));
    *counts = credit->expires.us > at.us;
    return OK;
}

static result read_prepaid(struct arena *arena, const struct exported *exported,
                           const struct exported_document *statement,
                           struct subscription_terms *terms)
{
    struct dated_credit *credits =
        arena_array(arena, struct dated_credit, exported->document_count);
    size_t count = 0;
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        bool counts = false;
        if (document->index >= statement->index || !is_adjustment(document, "credit"))
            continue;
        TRY(read_credit(document, statement->at, terms->currency, &credits[count], &counts));
        if (!counts)
            continue;
        TRY(subtract_taken(exported, statement->index, terms->currency, &credits[count].credit));
        count += credits[count].credit.left.minor > 0;
    }
    if (count > 0)
        qsort(credits, count, sizeof *credits, by_expiry);
    if (count > PREPAID_MAX)
        count = PREPAID_MAX;
    struct prepaid *prepaid = arena_array(arena, struct prepaid, count);
    for (size_t i = 0; i < count; i++)
        prepaid[i] = credits[i].credit;
    terms->prepaid = prepaid;
    terms->prepaid_count = count;
    return OK;
}

result reductions_read(struct arena *arena, const struct exported *exported,
                       const struct exported_document *statement, struct subscription_terms *terms)
{
    TRY(read_discounts(arena, exported, statement->index, terms));
    return read_prepaid(arena, exported, statement, terms);
}

// ---- what came after the issue

// The log's size at which the late usage of an invoice was released last; NEVER without.
static int64_t released_at(const struct exported *exported, str invoice, int64_t size)
{
    int64_t released = NEVER;
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        if (document->index < size && is_adjustment(document, "release") &&
            str_eq(text_at(document->body, "invoice"), invoice))
            released = document->index;
    }
    return released;
}

static bool is_of_period(const json_t *period, int64_t number)
{
    const json_t *stated = json_object_get(period, "number");
    return json_is_integer(stated) && json_integer_value(stated) == number;
}

// Of a standing statement's adjustment lines, or of a note that corrects the period.
static result add_lines(struct arena *arena, const struct subscription_terms *terms,
                        const json_t *lines, int64_t number, bool note, struct key_amounts *booked)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        struct key_amount amount = {.key = text_at(line, "key"), .name = text_at(line, "key")};
        if (!note && (!str_eq(text_at(line, "kind"), STR("adjustment")) ||
                      !is_of_period(json_object_get(line, "period"), number)))
            continue;
        TRY(money_parse(text_at(line, "amount"), terms->currency, &amount.amount));
        if (!note) // less what was billed; what was credited comes back
            TRY(money_sub((money){0, terms->currency}, amount.amount, &amount.amount));
        TRY(keys_add(arena, booked, amount));
    }
    return OK;
}

static int by_key(const void *left, const void *right)
{
    return str_compare(((const struct key_amount *)left)->key,
                       ((const struct key_amount *)right)->key);
}

static result subtract_booked(struct arena *arena, const struct exported *exported,
                              const struct subscription_terms *terms, int64_t number, int64_t size,
                              struct key_amounts *keys)
{
    struct key_amounts booked = {0};
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        const json_t *corrects = json_object_get(document->body, "corrects");
        const json_t *lines = json_object_get(document->body, "lines");
        if (stands_at(document, size) && str_eq(text_at(document->body, "subscription"), terms->id))
            TRY(add_lines(arena, terms, lines, number, false, &booked));
        if (document->kind == ENTRY_credit_note && document->index < size &&
            is_of_period(corrects, number) && str_eq(text_at(corrects, "subscription"), terms->id))
            TRY(add_lines(arena, terms, lines, number, true, &booked));
    }
    if (booked.count > 0)
        qsort(booked.items, booked.count, sizeof *booked.items, by_key);
    for (size_t i = 0; i < booked.count; i++)
        TRY(keys_add(arena, keys, booked.items[i]));
    return OK;
}

static result read_period(const json_t *body, struct period *period)
{
    const json_t *stated = json_object_get(body, "period");
    period->number = json_integer_value(json_object_get(stated, "number"));
    TRY(instant_parse(text_at(stated, "start"), &period->start));
    return instant_parse(text_at(stated, "end"), &period->end);
}

// What had been billed ahead for a statement's period when it was issued: limits go by that.
static const json_t *find_before(const struct exported *exported,
                                 const struct exported_document *statement, int64_t number)
{
    const json_t *found = NULL;
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *document = &exported->documents[i];
        if (stands_at(document, statement->index) &&
            is_of_period(json_object_get(document->body, "period"), number - 1) &&
            str_eq(text_at(document->body, "subscription"),
                   text_at(statement->body, "subscription")))
            found = document->body;
    }
    return found;
}

result difference_read(struct arena *arena, struct exported *exported,
                       const struct subscription_terms *terms,
                       const struct exported_document *statement, int64_t size,
                       struct open_difference *open)
{
    OWNED(usage_held_release) struct usage_held held = {0};
    struct period period = {0};
    struct usage usage = {0};
    struct open_difference none = {.sum = {0, terms->currency}};
    struct open_difference found = none;
    TRY(read_period(statement->body, &period));
    enum late_usage policy = plan_at_end(terms, &period)->late_usage;
    int64_t then =
        policy == LATE_HOLD ? released_at(exported, text_at(statement->body, "id"), size) : size;
    *open = none;
    if (then == NEVER)
        return OK;
    instant since = statement_carries(terms) ? (instant){FIRST_INSTANT_US} : period.start;
    if (period.start.us < exported_sealed(exported, size).us)
        return OK; // was not rated again any more
    if (needs_removed(exported, since))
        return FAIL(ENTRY_REMOVED, "retention has removed entries that an earlier period needs");
    struct measured measured = {exported, terms, since, period.end, then};
    TRY(usage_measured(arena, &measured, &held, &usage));
    struct subscription_terms rated = *terms;
    rated.before = find_before(exported, statement, period.number);
    TRY(statement_difference(arena, &rated, &period, &usage, statement->body, &found.keys));
    TRY(subtract_booked(arena, exported, terms, period.number, size, &found.keys));
    TRY(keys_sum(&found.keys, terms->currency, &found.sum));
    *open = policy == LATE_CREDIT_ONLY && found.sum.minor > 0 ? none : found;
    return OK;
}

// Only what may be off is rated again.
static bool may_differ(const struct exported *exported, const struct subscription_terms *terms,
                       const struct exported_document *statement, int64_t size)
{
    const json_t *period = json_object_get(statement->body, "period");
    struct key_amounts booked = {0};
    struct arena scratch = {0};
    if (statement->late_at < size)
        return true;
    result read =
        subtract_booked(&scratch, exported, terms,
                        json_integer_value(json_object_get(period, "number")), size, &booked);
    bool any = failed(read) || booked.count > 0;
    arena_reset(&scratch);
    return any;
}

static int by_period(const void *left, const void *right)
{
    const struct adjustment *a = left;
    const struct adjustment *b = right;
    return (a->period.number > b->period.number) - (a->period.number < b->period.number);
}

static result add_adjustments(struct arena *arena, const struct exported_document *statement,
                              const struct key_amounts *keys, struct adjustment **all,
                              size_t *count)
{
    struct period period = {0};
    struct adjustment *grown = arena_array(arena, struct adjustment, *count + keys->count);
    for (size_t i = 0; i < *count; i++)
        grown[i] = (*all)[i];
    TRY(read_period(statement->body, &period));
    for (size_t i = 0; i < keys->count; i++) {
        const struct key_amount *key = &keys->items[i];
        if (key->amount.minor != 0)
            grown[(*count)++] = (struct adjustment){key->key, key->name, key->amount,
                                                    text_at(statement->body, "id"), period};
    }
    *all = grown;
    return OK;
}

// A merge of equals would mix the keys of one period: there is one statement a period.
static void sort_by_period(struct adjustment *adjustments, size_t count, struct arena *arena)
{
    struct adjustment *sorted = arena_array(arena, struct adjustment, count);
    size_t placed = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = placed++;
        for (; at > 0 && by_period(&sorted[at - 1], &adjustments[i]) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = adjustments[i];
    }
    for (size_t i = 0; i < count; i++)
        adjustments[i] = sorted[i];
}

result adjustments_read(struct arena *arena, struct exported *exported, int64_t size,
                        int64_t number, struct subscription_terms *terms)
{
    struct adjustment *adjustments = NULL;
    size_t count = 0;
    for (size_t i = 0; i < exported->document_count; i++) {
        const struct exported_document *statement = &exported->documents[i];
        const json_t *period = json_object_get(statement->body, "period");
        struct open_difference open = {0};
        if (!stands_at(statement, size) ||
            !str_eq(text_at(statement->body, "subscription"), terms->id) ||
            is_of_period(period, number) || is_of_period(period, 0) ||
            !may_differ(exported, terms, statement, size))
            continue;
        TRY(difference_read(arena, exported, terms, statement, size, &open));
        if (open.sum.minor > 0)
            TRY(add_adjustments(arena, statement, &open.keys, &adjustments, &count));
    }
    sort_by_period(adjustments, count, arena);
    terms->adjustments = adjustments;
    terms->adjustment_count = count;
    return OK;
}
