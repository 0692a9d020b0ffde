// SPDX-License-Identifier: Apache-2.0
#include "bill_fixture.h"

START_TEST(is_one_document_without_script)
{
    struct fixture fixture;
    str html = {0};
    ck_assert_ok(fixture_read(&fixture, "?", ""));
    ck_assert_ok(render_html(&fixture.arena, &fixture.bill, &html));
    static const char *const parts[] = {
        "<html lang=\"en\">",
        "2026-000123",
        "1,361.25",
        "1,500.00 EUR",
        "<th scope=\"row\">",
        "Up to 1,000",
        "-73.50",
        "IE29 AIBK 9311 5212",
        "VAT (S)",
        "244.67",
        "2026-10-01 to 2026-10-31",
        "phial.local/ledger/clinic-042",
        "half away from zero",
    };
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        ck_assert_msg(fixture_has(html, parts[i]), "%s", parts[i]);
    ck_assert(!fixture_has(html, "<script") && !fixture_has(html, "http"));
    fixture_close(&fixture);
}
END_TEST

START_TEST(escapes_every_text)
{
    struct fixture fixture;
    str html = {0};
    ck_assert_ok(fixture_read(&fixture, "Late reads", "<script>alert(\\\"x\\\")</script>\\u0001"));
    ck_assert_ok(render_html(&fixture.arena, &fixture.bill, &html));
    ck_assert(fixture_has(html, "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; "));
    ck_assert(fixture_has(html, "Images &lt;read&gt;") && fixture_has(html, "Base &amp; support"));
    ck_assert(!fixture_has(html, "<script"));
    fixture_close(&fixture);
}
END_TEST

START_TEST(marks_what_is_no_invoice)
{
    static const struct {
        const char *status, *says;
    } cases[] = {{"'draft'", "DRAFT"}, {"'void'", "VOID"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        str html = {0};
        ck_assert_ok(fixture_read(&fixture, "'issued'", cases[i].status));
        ck_assert_ok(render_html(&fixture.arena, &fixture.bill, &html));
        ck_assert(fixture_has(html, cases[i].says) && !fixture_has(html, "IBAN"));
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(needs_a_seller)
{
    struct fixture fixture;
    str out = {0};
    ck_assert_ok(fixture_read(&fixture, "?", ""));
    fixture.bill.seller.name = STR("");
    ck_assert_fails(SELLER_MISSING, render_html(&fixture.arena, &fixture.bill, &out));
    ck_assert_fails(SELLER_MISSING, render_pdf(&fixture.arena, &fixture.bill, &out));
    fixture_close(&fixture);
}
END_TEST

TEST_MAIN("html", is_one_document_without_script, escapes_every_text, marks_what_is_no_invoice,
          needs_a_seller)
