// SPDX-License-Identifier: Apache-2.0
// journal.h - how a journal is written in one format: a file src/accounting/format_<name>.c each.
#pragma once

#include "phial/accounting/accounting.h"
#include "phial/util/buf.h"
#include "phial/util/csv.h"

struct posting {
    bool first; // of its document
    str document;
    str document_id;
    str invoice_id;
    str number;         // the invoice's or note's; "" of credit
    str journal_number; // the document's own, unique in the journal, at most 21 characters
    str note;           // a payment's reference
    instant at;
    str date; // the local one
    str customer;
    str customer_name;
    enum account account;
    str part; // of the account; "" for the whole
    money amount;
};

struct journal {
    const struct chart *chart;
    struct arena *scratch; // wiped after each row
    struct buf *out;
};

struct journal_writer {
    struct journal_format format;
    bool one_currency;
    // CONFLICT where an account's name or code will not do; NULL where any does.
    result (*check)(const struct account_title *title);
    void (*begin)(struct journal *journal);
    void (*declare_currency)(struct journal *journal, enum currency currency); // NULL: not wanted
    void (*declare_account)(struct journal *journal, enum account account, str part);
    void (*post)(struct journal *journal, const struct posting *posting);
};

extern const struct journal_writer journal_writer_beancount;
extern const struct journal_writer journal_writer_csv;
extern const struct journal_writer journal_writer_hledger;
extern const struct journal_writer journal_writer_quickbooks;
extern const struct journal_writer journal_writer_xero;

// "Invoice 2026-000123", "Payment of 2026-000123, wire 1"; made of one line, without `without`'s
// characters, which become blanks.
str posting_narration(struct arena *arena, const struct posting *posting, const char *without);
// A text of others on one line, without these characters.
str journal_plain(struct arena *arena, str text, const char *without);
str account_path(struct arena *arena, const struct journal *journal, enum account account,
                 str part); // "Assets:Receivable:clinic-042"
// The same with what it is of, for one row: "Invoice 2026-000123: reads".
str posting_description(struct arena *arena, const struct posting *posting);
// The cells of debit and credit, of which one is empty.
void csv_sides(struct csv_row *row, struct arena *arena, money amount);
void csv_header(struct buf *out, const char *const *columns, size_t count);
