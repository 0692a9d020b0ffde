// SPDX-License-Identifier: Apache-2.0
// Amounts by the keys of a statement's lines, and what of a difference is credited.
#include "phial/rating/statement.h"

enum { FIRST_ROOM = 16 };

// Room is always a power of two of the first: whether it is used up can be told by the count.
static bool is_full(size_t count)
{
    return count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);
}

result keys_add(struct arena *arena, struct key_amounts *keys, struct key_amount amount)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (str_eq(keys->items[i].key, amount.key))
            return money_add(keys->items[i].amount, amount.amount, &keys->items[i].amount);
    }
    if (is_full(keys->count)) {
        size_t room = keys->count == 0 ? FIRST_ROOM : keys->count * 2;
        struct key_amount *items = arena_array(arena, struct key_amount, room);
        for (size_t i = 0; i < keys->count; i++)
            items[i] = keys->items[i];
        keys->items = items;
    }
    keys->items[keys->count++] = amount;
    return OK;
}

result keys_sum(const struct key_amounts *keys, enum currency currency, money *sum)
{
    money total = {0, currency};
    for (size_t i = 0; i < keys->count; i++)
        TRY(money_add(total, keys->items[i].amount, &total));
    *sum = total;
    return OK;
}

result keys_of_statement(struct arena *arena, const json_t *statement, enum statement_lines which,
                         enum currency currency, struct key_amounts *keys)
{
    const json_t *lines = json_object_get(statement, "lines");
    struct key_amounts read = {0};
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        money discount = {0};
        struct key_amount amount = {.key = json_str(json_object_get(line, "key")),
                                    .name = json_str(json_object_get(line, "name"))};
        if (which == LINES_WITHOUT_ADJUSTMENTS &&
            str_eq(json_str(json_object_get(line, "kind")), STR("adjustment")))
            continue;
        TRY(money_parse(json_str(json_object_get(line, "amount")), currency, &amount.amount));
        TRY(money_parse(json_str(json_object_get(line, "discount")), currency, &discount));
        TRY(money_sub(amount.amount, discount, &amount.amount));
        TRY(keys_add(arena, &read, amount));
    }
    *keys = read;
    return OK;
}
