// SPDX-License-Identifier: Apache-2.0
// Any text as the body of a simulation: it is refused with a fault, does not fit, or its lines add
// up to its total.
#include "phial/rating/simulate.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static exact amount_of(struct arena *arena, const json_t *object, const char *name)
{
    decimal amount = {0};
    result read = decimal_parse(json_str(json_object_get(object, name)), &amount);
    assert(!failed(read));
    return exact_from_decimal(arena, amount);
}

static exact sum_of(struct arena *arena, const json_t *list, const char *name)
{
    exact sum = exact_zero();
    for (size_t i = 0; i < json_array_size(list); i++)
        sum = exact_add(arena, sum, amount_of(arena, json_array_get(list, i), name));
    return sum;
}

static void check(struct arena *arena, const json_t *statement)
{
    const json_t *lines = json_object_get(statement, "lines");
    exact subtotal = sum_of(arena, lines, "amount");
    exact discounts = sum_of(arena, lines, "discount");
    exact taxes = sum_of(arena, json_object_get(statement, "tax"), "amount");
    exact total = exact_add(arena, exact_sub(arena, subtotal, discounts), taxes);
    assert(exact_compare(subtotal, amount_of(arena, statement, "subtotal")) == 0);
    assert(exact_compare(discounts, amount_of(arena, statement, "discounts")) == 0);
    assert(exact_compare(total, amount_of(arena, statement, "total")) == 0);
}

static void simulate(struct arena *arena, struct json_at request)
{
    struct simulation simulation = {.plan = plan_parse(json_member(request, "plan"), false)};
    OWNED(json_release) json_t *statement = NULL;
    if (simulation.plan == NULL)
        return;
    bool right = simulation_terms_parse(request, &simulation);
    right = simulation_usage_parse(request, &simulation) && right;
    assert(right == (request.faults->count == 0));
    if (right && !failed(statement_simulate(arena, &simulation, &statement)))
        check(arena, statement);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct faults *faults = arena_new(&arena, struct faults);
    OWNED(json_release) json_t *root = NULL;
    faults->arena = &arena;
    if (!failed(json_parse((str){(const char *)data, size}, &root)))
        simulate(&arena, (struct json_at){root, STR(""), faults});
    arena_reset(&arena);
    return 0;
}
