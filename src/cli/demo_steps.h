// SPDX-License-Identifier: Apache-2.0
// demo_steps.h - the steps of the demo, in their order. Each prints what it does and its figures.
#pragma once

#include "client.h"
#include "demo_month.h"

struct demo {
    struct arena *arena;
    struct client *client;
    const char *folder;
    struct demo_month month;
    int customers;
    int subscriptions;
    int64_t accepted;
    int64_t duplicates;
    int64_t refused;
    int64_t files_searched;
    int invoices;
    int lines_compared;
    money billed;
    str voided_customer;
    str voided_resource; // the group whose quantity the void takes down
    decimal voided_quantity;
    str pdf_path;
    str export_path;
};

result demo_apply_catalog(struct demo *demo);
result demo_send_month(struct demo *demo);
result demo_send_again(struct demo *demo);
result demo_send_identifiers(struct demo *demo);
result demo_search_traces(struct demo *demo);
result demo_close_month(struct demo *demo);
result demo_void_event(struct demo *demo);
result demo_issue(struct demo *demo);
result demo_compare(struct demo *demo);
result demo_fetch_pdf(struct demo *demo);
result demo_export_and_verify(struct demo *demo);
void demo_print_summary(const struct demo *demo, bool kept);
