// SPDX-License-Identifier: Apache-2.0
// bill.h - a statement or credit note, its customer and its seller as what is shown. Read once and
// bounded; PDF, HTML and UBL are then functions of it alone: the same bill, the same bytes.
//
// Texts borrow from the documents it was read from.
#pragma once

#include "phial/json/json.h"
#include "phial/money/money.h"
#include "phial/time/time.h"

enum {
    BILL_LINES_MAX = 10000,
    BILL_TIERS_MAX = 40000, // and cells, of all lines
    BILL_GROUPS_MAX = 16,   // of a line
    BILL_TAXES_MAX = 20,
    BILL_TEXT_BYTES_MAX = 1000,
};

struct bill_address {
    str line1, line2, city, region, postal_code, country;
};

struct bill_seller {
    str name; // "": there is none
    struct bill_address address;
    str tax_id, registration_id, email, endpoint_scheme, endpoint_id, iban;
};

struct bill_buyer {
    str key, name;
    struct bill_address address;
    str email, tax_id, reference;
    str endpoint_scheme, endpoint_id; // "": there is none
    bool has_terms;
    int64_t terms_days;
};

// A tier of a charge, or a cell of its matrix.
struct bill_tier {
    bool is_cell;
    str match;    // of a cell: "modality: ct"; "" for what none of the prices is for
    str up_to;    // of a tier; "": open
    bool is_rate; // unit_amount is percent
    str quantity, unit_amount, flat_amount, amount;
};

struct bill_group {
    str name, value;
};

enum bill_section { BILL_USAGE, BILL_FIXED, BILL_LIMITS, BILL_ADJUSTMENTS, BILL_SECTIONS };
const char *bill_section_title(enum bill_section section);

struct bill_line {
    enum bill_section section;
    str key, name, kind, model;
    const struct bill_group *groups;
    size_t group_count;
    decimal quantity;
    money amount;
    money discount; // its share, above zero where the line is
    str unit_price; // "" where the quantity has no single one
    const struct bill_tier *tiers;
    size_t tier_count;
    bool has_period; // that differs from the bill's
    instant start, end;
};

struct bill_tax {
    str name, category; // category "": not said
    decimal percent;
    money base, amount;
};

struct bill {
    enum bill_kind { BILL_INVOICE, BILL_CREDIT_NOTE } kind;
    enum bill_state { BILL_DRAFT, BILL_ISSUED, BILL_VOID } state;
    str id;
    str number;    // "" for a draft
    str corrected; // of a credit note: the number of its invoice
    enum currency currency;
    bool half_even;
    struct bill_seller seller;
    struct bill_buyer buyer;
    str plan;
    int64_t plan_version;
    str subscription;

    const struct zone *zone;
    str zone_name;
    bool has_period;
    bool closing; // behind the last period, at its end
    instant start, end;
    bool has_issued, has_due;
    instant issued_at, due_at;

    const struct bill_line *lines; // by section, else as in the statement
    size_t line_count;
    money subtotal, discounts, base, tax_total, total, credits, amount_due;
    const struct bill_tax *taxes;
    size_t tax_count;
    str exempt_reason;

    bool has_ledger;
    str ledger_origin; // "<server>/ledger/<customer>"
    int64_t ledger_size;
    str ledger_root;
};

struct bill_source {
    enum bill_kind kind;
    // As GET /v1/invoices/{id} answers it. Of a credit note: id, number, invoice_number, customer,
    // currency, lines (name and quantity may lack), subtotal, tax (as an invoice's), total,
    // issued_at, ledger.
    const json_t *statement;
    const json_t *customer; // as it was put
    const struct bill_seller *seller;
    str server;
};
// INVALID for what is no statement, or beyond the bounds.
result bill_read(struct arena *arena, const struct bill_source *source, struct bill *bill);
