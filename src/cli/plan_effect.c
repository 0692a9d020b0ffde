// SPDX-License-Identifier: Apache-2.0
#include "plan_effect.h"

enum { PRINTED_MAX = 200 };

static str text_of(const json_t *object, const char *name)
{
    return json_str(json_object_get(object, name));
}

static str day_of(str time)
{
    return str_slice(time, 0, sizeof "2026-11-01" - 1);
}

static json_t *plan_to_be(const struct plan_effect *effect)
{
    if (effect->document != NULL)
        return json_pack("{s:O}", "plan", json_iterable(effect->document));
    return json_pack("{s:o, s:I}", "key", json_from_str(effect->plan), "version",
                     (json_int_t)effect->version);
}

static result compare(const struct plan_effect *effect, const json_t *subscription,
                      struct answer *answer)
{
    OWNED(json_release)
    json_t *body = json_pack("{s:O, s:o}", "subscription", json_object_get(subscription, "id"), "b",
                             plan_to_be(effect));
    if (body == NULL)
        return FAIL(INTERNAL, "out of memory");
    if (effect->metrics != NULL)
        (void)json_object_set(body, "metrics", json_iterable(effect->metrics));
    return client_send(effect->client, effect->arena,
                       &(struct call){.method = "POST",
                                      .path = STR("/v1/plans/compare"),
                                      .body = json_print(effect->arena, body)},
                       answer);
}

static void print_comparison(const struct plan_effect *effect, const json_t *comparison)
{
    const json_t *period = json_object_get(comparison, "period");
    const json_t *before = json_object_get(comparison, "a");
    str difference = text_of(json_object_get(comparison, "difference"), "total");
    (void)fprintf(effect->out,
                  " %" STR_FMT " to %" STR_FMT ": %" STR_FMT " -> %" STR_FMT " %" STR_FMT
                  " (%s%" STR_FMT ")\n",
                  STR_ARG(day_of(text_of(period, "start"))),
                  STR_ARG(day_of(text_of(period, "end"))), STR_ARG(text_of(before, "total")),
                  STR_ARG(text_of(json_object_get(comparison, "b"), "total")),
                  STR_ARG(text_of(before, "currency")),
                  str_starts_with(difference, STR("-")) ? "" : "+", STR_ARG(difference));
    const json_t *lines = json_object_get(comparison, "lines");
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        str a = text_of(line, "a");
        str b = text_of(line, "b");
        (void)fprintf(effect->out, "        %" STR_FMT ": %" STR_FMT " -> %" STR_FMT "\n",
                      STR_ARG(text_of(line, "key")), STR_ARG(a.len == 0 ? STR("-") : a),
                      STR_ARG(b.len == 0 ? STR("-") : b));
    }
}

// A plan that the server refuses, or metrics that it cannot measure, are the change's own failure:
// it will say so.
result plan_effect_on(const struct plan_effect *effect, const json_t *subscription)
{
    OWNED(json_release) json_t *comparison = NULL;
    struct answer answer = {0};
    TRY(compare(effect, subscription, &answer));
    (void)fprintf(effect->out, "    subscription %" STR_FMT " of %" STR_FMT ",",
                  STR_ARG(text_of(subscription, "id")), STR_ARG(text_of(subscription, "customer")));
    if (answer.status != 200 || failed(json_parse(answer.body, &comparison)))
        (void)fprintf(effect->out, " the difference cannot be told: the server answered %ld\n",
                      answer.status);
    else
        print_comparison(effect, comparison);
    return OK;
}

static bool is_affected(const struct plan_effect *effect, const json_t *subscription)
{
    return str_eq(text_of(subscription, "plan"), effect->plan) &&
           str_eq(text_of(subscription, "status"), STR("active"));
}

result plan_effect_print(const struct plan_effect *effect)
{
    str cursor = STR("");
    size_t affected = 0;
    do {
        OWNED(json_release) json_t *page = NULL;
        TRY(client_get(effect->client, effect->arena,
                       str_printf(effect->arena, "/v1/subscriptions?limit=500%s%" STR_FMT,
                                  cursor.len == 0 ? "" : "&cursor=", STR_ARG(cursor)),
                       &page));
        const json_t *data = json_object_get(page, "data");
        for (size_t i = 0; i < json_array_size(data); i++) {
            const json_t *subscription = json_array_get(data, i);
            if (!is_affected(effect, subscription))
                continue;
            if (affected++ < PRINTED_MAX)
                TRY(plan_effect_on(effect, subscription));
        }
        cursor = str_copy(effect->arena, text_of(page, "next_cursor"));
    } while (cursor.len != 0);
    if (affected != 0)
        (void)fprintf(effect->out, "    running subscriptions stay on their version, but for those "
                                   "that the file names\n");
    if (affected > PRINTED_MAX)
        (void)fprintf(effect->out, "    and %zu subscriptions more\n", affected - PRINTED_MAX);
    return OK;
}
