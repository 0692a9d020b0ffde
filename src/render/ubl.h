// SPDX-License-Identifier: Apache-2.0
// ubl.h - a bill in the terms of EN 16931, between the reading of it and the writing of UBL. The
// BT and BG numbers are the standard's.
#pragma once

#include "phial/render/bill.h"

struct ubl_party {
    str name; // BT-27, BT-44
    struct bill_address address;
    str vat_id;          // BT-31, BT-48: with a country's prefix
    str tax_id;          // BT-32: any other number
    str id;              // BT-29, BT-46
    str legal_id;        // BT-30
    str endpoint_scheme; // BT-34, BT-49
    str endpoint_id;
    str email; // BT-43, BT-58
};

struct ubl_line {
    const struct bill_line *of;
    str id;       // BT-126
    str note;     // BT-127
    str quantity; // BT-129
    str price;    // BT-146, not negative
    str base;     // BT-149, "" for 1
    money net;    // BT-131
    money allowance;
    str start, end; // BG-26, "" for none
};

struct ubl {
    struct arena *arena;
    const struct bill *bill;
    bool peppol;    // what Peppol BIS 3 wants beyond the standard is there
    str issue_date; // BT-2
    str due_date;   // BT-9
    str start, end; // BG-14
    str note;       // BT-22
    str terms;      // BT-20
    str iban;       // BT-84
    str means;      // BT-81, "" for none
    struct ubl_party seller, buyer;
    str category; // BT-118 and BT-151
    bool has_percent;
    decimal percent;
    str reason, reason_code; // BT-120, BT-121
    const struct ubl_line *lines;
    size_t line_count;
    money line_total; // BT-106
};

// NOT_EN16931 where the standard has no words for it, CONFLICT for a draft and for what is void.
result ubl_model(struct arena *arena, const struct bill *read, struct ubl *ubl);
// Every rule that the table of ubl_rules.c has. NOT_EN16931 with the names of those broken.
result ubl_check(const struct ubl *ubl);
result ubl_write(const struct ubl *ubl, str *xml);

// Whether its price gives the line's amount, before the allowance, within two hundredths.
bool ubl_price_fits(struct arena *arena, const struct ubl_line *line);

bool ubl_one_of(str word, const char *list); // of words with a blank between
bool ubl_country_known(str code);            // ISO 3166-1
bool ubl_currency_known(enum currency currency);
bool ubl_scheme_known(str scheme);     // of an electronic address: EAS
bool ubl_scheme_in_peppol(str scheme); // the part of EAS that Peppol's network takes
bool ubl_endpoint_fits(str scheme, str id);
bool ubl_reason_known(str code);   // VATEX
str ubl_reason_category(str code); // "": several
bool ubl_has_national_rules(str country);
