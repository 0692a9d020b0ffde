// SPDX-License-Identifier: Apache-2.0
// words.h - what PDF and HTML say alike: figures, days and sentences.
#pragma once

#include "phial/render/bill.h"

str words_figure(struct arena *arena, str plain); // "-1234.5" as "-1,234.5"
// With the digits of the currency at least: "0.5" as "0.50", "0.0125" as it is.
str words_price(struct arena *arena, str plain, enum currency currency);
str words_money(struct arena *arena, money amount);
str words_due(struct arena *arena, const struct bill *bill);             // "945.56 USD"
str words_day(struct arena *arena, const struct zone *zone, instant at); // "2026-11-30"
// "2026-11-01 to 2026-11-30": the last day is named, as people do.
str words_days(struct arena *arena, const struct zone *zone, instant start, instant end);
str words_title(const struct bill *bill);                       // "Invoice", "Credit note"
str words_name(struct arena *arena, const struct bill *bill);   // "Invoice 2026-000123"
const char *words_mark(const struct bill *bill);                // "DRAFT", "VOID", NULL
str words_terms(struct arena *arena, const struct bill *bill);  // of payment
str words_tax(struct arena *arena, const struct bill_tax *tax); // "VAT (S)"
str words_group(struct arena *arena, const struct bill_line *line);
str words_iban(struct arena *arena, str iban); // in fours
// "Up to 1,000", "1,000 to 5,000", "Above 5,000".
str words_tier(struct arena *arena, const struct bill_line *line, size_t tier);
str words_tier_price(struct arena *arena, const struct bill_line *line, size_t tier);
bool words_shows_tiers(const struct bill_line *line);
str words_order(const struct bill *bill); // of calculation
// What the QR code holds: a checkpoint's first three lines, and the bill.
str words_checkpoint(struct arena *arena, const struct bill *bill);
str words_verification(struct arena *arena, const struct bill *bill); // how to check it

// The lines of an address block, empty ones left out.
enum { WORDS_ADDRESS_MAX = 8 };
size_t words_address(struct arena *arena, str name, const struct bill_address *address,
                     str lines[WORDS_ADDRESS_MAX]);

// Label and value, in the order shown; those without a value are left out.
struct words_fact {
    const char *label;
    str value;
};
enum { WORDS_FACTS_MAX = 16 };
size_t words_facts(struct arena *arena, const struct bill *bill,
                   struct words_fact facts[WORDS_FACTS_MAX]);
// From the subtotal to what is due.
size_t words_totals(struct arena *arena, const struct bill *bill,
                    struct words_fact facts[WORDS_FACTS_MAX]);
// Where a letter comes from, and who bills, for the foot.
str words_sender(struct arena *arena, const struct bill_seller *seller);
str words_seller(struct arena *arena, const struct bill_seller *seller);
