// SPDX-License-Identifier: Apache-2.0
// Which requests the audit trail keeps, and under which names: by the routes alone.
#include "check_main.h"
#include "phial/api/api.h"
#include "record.h"

// Events have their own record; what needs no key tells of nothing and changes nothing of ours.
static bool is_no_change(const struct route *route)
{
    return route->handler == post_events || route->handler == post_events_validate ||
           route->scope[0] == '\0';
}

START_TEST(every_change_is_recorded)
{
    for (size_t i = 0; i < api_routes.count; i++) {
        const struct route *route = &api_routes.routes[i];
        bool is_get = str_eq(str_from(route->method), STR("GET"));
        if (is_get || is_no_change(route))
            continue;
        ck_assert_msg(record_kind(route) != RECORDED_NOT, "%s %s", route->method, route->path);
        str scope = str_from(route->scope);
        bool computes = str_ends_with(scope, STR(":read")) && route->handler != post_exports;
        ck_assert_msg((record_kind(route) == RECORDED_CHANGE) == !computes, "%s %s", route->method,
                      route->path);
    }
}
END_TEST

START_TEST(every_read_of_money_events_and_reports_is_recorded)
{
    static const char *const scopes[] = {"audit:read", "billing:read", "usage:read"};
    size_t recorded = 0;
    for (size_t i = 0; i < api_routes.count; i++) {
        const struct route *route = &api_routes.routes[i];
        bool tells = false;
        for (size_t s = 0; s < sizeof scopes / sizeof *scopes; s++)
            tells = tells || str_eq(str_from(route->scope), str_from(scopes[s]));
        if (!str_eq(str_from(route->method), STR("GET")))
            continue;
        ck_assert_msg((record_kind(route) == RECORDED_READ) == tells, "%s %s", route->method,
                      route->path);
        recorded += tells;
    }
    ck_assert_uint_gt(recorded, 20);
}
END_TEST

static const struct route *route_of(http_handler handler)
{
    for (size_t i = 0; i < api_routes.count; i++) {
        if (api_routes.routes[i].handler == handler)
            return &api_routes.routes[i];
    }
    return NULL;
}

START_TEST(an_action_is_the_path_and_what_is_done)
{
    static const struct {
        http_handler handler;
        const char *action;
    } cases[] = {
        {get_invoices, "invoices.list"},
        {get_invoices_invoice, "invoices.read"},
        {get_customers_customer_usage, "customers.usage.read"},
        {get_invoices_invoice_lines_key_events, "invoices.lines.events.list"},
        {get_invoices_invoice_proof, "invoices.proof.read"},
        {post_invoices_invoice_void, "invoices.void"},
        {post_invoices_preview, "invoices.preview"},
        {post_customers_customer_credits, "customers.credits.create"},
        {put_customers_customer, "customers.put"},
        {delete_keys_id, "keys.delete"},
        {post_keys, "keys.create"},
        {post_billing_run, "billing.run"},
        {put_test_clock, "test-clock.put"},
        {get_livez, ""},
        {get_customers, ""},
        {get_exports_id_download, "exports.download.read"},
        {post_events_customer_id_amend, "events.amend"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(
            str_eq(record_action(&arena, route_of(cases[i].handler)), str_from(cases[i].action)),
            "%s", cases[i].action);
    arena_reset(&arena);
}
END_TEST

START_TEST(a_rule_is_amounts_with_their_currencies)
{
    static const char *const right[] = {"", "always", "1000.00 USD", "1000 USD,900.00 EUR",
                                        " 0 USD , 5000 JPY"};
    static const char *const wrong[] = {"1000",        "USD",       "1000.001 USD", "-1 USD",
                                        "1000 USD,",   "10 QQQ",    "1e3 USD",      "1000USD",
                                        "1000 USD; 1", "10 USD EUR"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        ck_assert_msg(approval_rule_valid(str_from(right[i])), "%s", right[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!approval_rule_valid(str_from(wrong[i])), "%s", wrong[i]);
}
END_TEST

TEST_MAIN("record", every_change_is_recorded, every_read_of_money_events_and_reports_is_recorded,
          an_action_is_the_path_and_what_is_done, a_rule_is_amounts_with_their_currencies)
