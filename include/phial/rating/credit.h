// SPDX-License-Identifier: Apache-2.0
// credit.h - what may be credited of a statement, and what a credit note comes to. Pure: who issues
// a note and who verifies one call the same.
//
// Amounts are net. Each of the statement's rates is taken once on a note's sum; nothing is credited
// beyond what was billed: neither of a key, nor in all, nor of a tax.
#pragma once

#include "phial/rating/statement.h"

struct creditable {
    const json_t *statement;
    enum currency currency;
    enum rounding rounding;
    struct key_amounts keys; // what is left of each
    money base;              // and of them all
    struct tax_rate rates[TAX_RATES_MAX];
    money taxes[TAX_RATES_MAX];
    size_t tax_count;
};
// Of the statement as it was issued. INVALID for what is none. Texts borrow.
result creditable_open(struct arena *arena, const json_t *statement, struct creditable *left);
// Less what a note has credited.
result creditable_take(struct arena *arena, const json_t *note, struct creditable *left);
// What is left of a key: nothing of one below zero, or that the statement has not.
money creditable_key(const struct creditable *left, str key);
// As much of the wanted amounts as is left, and no more than `most` in all, shared by largest
// remainder; keys without any are left out.
result creditable_cap(struct arena *arena, const struct creditable *left,
                      const struct key_amounts *wanted, money most, struct key_amounts *lines);
// What a period is owed back for usage that went or changed, by the keys that came to less; with
// any_key of whatever has something left, which limits below zero never have.
struct owed_back {
    struct key_amounts keys;
    money most;
    bool any_key;
};
// Of a difference whose `sum` is below zero.
result owed_back_read(struct arena *arena, const struct key_amounts *difference, money sum,
                      struct owed_back *owed);
// As much of it as one invoice can be credited with.
result creditable_owed(struct arena *arena, const struct creditable *left,
                       const struct owed_back *owed, struct key_amounts *lines);
// A note's members: lines, subtotal, tax, total, rounding, and the statement's exempt_reason. The
// caller owns *note.
result credit_print(struct arena *arena, const struct creditable *left,
                    const struct key_amounts *lines, json_t **note);
// The note that a statement below zero is.
result credit_of_statement(struct arena *arena, const json_t *statement, json_t **note);
