// SPDX-License-Identifier: Apache-2.0
#include "bill_fixture.h"

static result render(struct fixture *fixture, const char *from, const char *to, str *xml)
{
    TRY(fixture_read(fixture, from, to));
    return render_ubl(&fixture->arena, &fixture->bill, xml);
}

START_TEST(says_it_in_the_terms_of_en16931)
{
    static const char *const parts[] = {
        "billing:3.0</cbc:CustomizationID>",
        "<cbc:ID>2026-000123</cbc:ID>",
        "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>",
        "<cbc:IssueDate>2026-12-02</cbc:IssueDate>",
        "<cbc:EndDate>2026-11-30</cbc:EndDate>",
        "<cbc:CompanyID>IE1234567FA</cbc:CompanyID>",
        "<cbc:EndpointID schemeID=\"EM\">ap@clinic.example</cbc:EndpointID>",
        "<cbc:Name>Images &lt;read&gt;</cbc:Name>",
        "<cbc:LineExtensionAmount currencyID=\"EUR\">800.00</cbc:LineExtensionAmount>", // less 73.50
        "<cbc:PriceAmount currencyID=\"EUR\">873.50</cbc:PriceAmount>", // of two tiers
        "<cbc:BaseQuantity unitCode=\"C62\">1247</cbc:BaseQuantity>",
        "<cbc:InvoicedQuantity unitCode=\"C62\">-3</cbc:InvoicedQuantity>", // at 0.75
        "<cbc:TaxableAmount currencyID=\"EUR\">1287.75</cbc:TaxableAmount>",
        "<cbc:PrepaidAmount currencyID=\"EUR\">32.42</cbc:PrepaidAmount>",
        "<cbc:PaymentMeansCode>58</cbc:PaymentMeansCode>",
    };
    struct fixture fixture;
    str xml = {0};
    ck_assert_ok(render(&fixture, "?", "", &xml));
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        ck_assert_msg(fixture_has(xml, parts[i]), "%s", parts[i]);
    fixture_close(&fixture);
}
END_TEST

START_TEST(chooses_the_category)
{
    static const char tax[] = "[{'name':'VAT','percent':'19','category':'S','base':'1287.75',"
                              "'amount':'244.67'}],'total':'1532.42','credits':'32.42',"
                              "'amount_due':'1500.00'";
    static const struct {
        const char *to, *has, *lacks;
    } cases[] = {
        {"[],'total':'1287.75','credits':'0','amount_due':'1287.75'",
         "<cbc:TaxExemptionReasonCode>VATEX-EU-O</", "IE1234567FA</cbc:CompanyID>"},
        {"[],'exempt_reason':'Healthcare','total':'1287.75','credits':'0','amount_due':'1287.75'",
         "<cbc:TaxExemptionReason>Healthcare</", "ReasonCode>VATEX"},
        {"[],'exempt_reason':'VATEX-EU-132-1C','total':'1287.75','credits':'0',"
         "'amount_due':'1287.75'",
         "<cbc:TaxExemptionReasonCode>VATEX-EU-132-1C</", "Reason>VATEX"},
        {"[{'name':'Zero','percent':'0','base':'1287.75','amount':'0.00'}],'total':'1287.75',"
         "'credits':'0','amount_due':'1287.75'",
         "<cbc:ID>Z</cbc:ID>", "TaxExemption"},
        {"[{'name':'VAT','percent':'0','category':'AE','base':'1287.75','amount':'0.00'}],"
         "'total':'1287.75','credits':'0','amount_due':'1287.75'",
         "<cbc:TaxExemptionReasonCode>VATEX-EU-AE</", "<cbc:ID>Z</cbc:ID>"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        str xml = {0};
        ck_assert_ok(render(&fixture, tax, cases[i].to, &xml));
        ck_assert_msg(fixture_has(xml, cases[i].has), "case %zu", i);
        ck_assert_msg(!fixture_has(xml, cases[i].lacks), "case %zu", i);
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(names_the_rule_that_is_broken)
{
    static const struct {
        const char *from, *to, *rule;
    } cases[] = {
        {"'postal_code':'10115','country':'DE'", "'postal_code':'10115'", "BR-11: "},
        {"'country':'DE'", "'country':'XX'", "BR-CL-14: "},
        {"'name':'Klinik", "'ame':'Klinik", "BR-07: "},
        {"'number':'2026-000123',", "", "BR-02: "},
        {"'total':'1532.42'", "'total':'1532.41'", "BR-CO-15: "},
        {"'amount_due':'1500.00'", "'amount_due':'1500.01'", "BR-CO-16: "},
        {"'subtotal':'1361.25'", "'subtotal':'1361.26'", "BR-CO-13: "},
        {"'base':'1287.75'", "'base':'1287.74'", "BR-S-08: "},
        {"'percent':'19'", "'percent':'21'", "BR-CO-17: "},
        {"'percent':'19'", "'percent':'0'", "BR-S-05: "},
        {"'category':'S'", "'category':'E'", "BR-E-09: "},
        {"'name':'Base & support'", "'name':' '", "BR-25: "},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        str xml = {0};
        result outcome = render(&fixture, cases[i].from, cases[i].to, &xml);
        ck_assert_msg(outcome.code == ERR_NOT_EN16931, "case %zu: %s", i, outcome.detail);
        ck_assert_msg(strstr(outcome.detail, cases[i].rule) != NULL, "case %zu: %s", i,
                      outcome.detail);
        ck_assert_ptr_null(xml.ptr);
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(refuses_what_the_standard_has_no_words_for)
{
    static const struct {
        const char *from, *to;
        enum error_code code;
    } cases[] = {
        {"'EUR','period'", "'KWD','period'", ERR_NOT_EN16931},
        {"'tax':[", "'tax':[{'name':'State','percent':'1','base':'1','amount':'1'},",
         ERR_NOT_EN16931},
        {"'issued'", "'draft'", ERR_CONFLICT},
        {"'issued'", "'void'", ERR_CONFLICT},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        str xml = {0};
        ck_assert_int_eq(render(&fixture, cases[i].from, cases[i].to, &xml).code, cases[i].code);
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(needs_less_without_peppol)
{
    struct fixture fixture;
    str xml = {0};
    ck_assert_ok(render(&fixture, "'buyer_reference'", "'ignored'", &xml));
    ck_assert(fixture_has(xml, ">urn:cen.eu:en16931:2017</cbc:CustomizationID>"));
    fixture_close(&fixture);
}
END_TEST

START_TEST(writes_a_credit_note)
{
    struct fixture fixture;
    str xml = {0};
    ck_assert_ok(fixture_read(&fixture, "'status':'issued'", "'invoice_number':'2026-000007'"));
    fixture.bill.kind = BILL_CREDIT_NOTE;
    ck_assert_ok(render_ubl(&fixture.arena, &fixture.bill, &xml));
    ck_assert(fixture_has(xml, "<CreditNote xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:"
                               "CreditNote-2\""));
    ck_assert(fixture_has(xml, "<cbc:CreditNoteTypeCode>381</"));
    ck_assert(fixture_has(xml, "<cbc:CreditedQuantity unitCode=\"C62\">1247</"));
    ck_assert(fixture_has(xml, "<cbc:ID>2026-000007</cbc:ID>"));
    ck_assert(!fixture_has(xml, "DueDate") && !fixture_has(xml, "PaymentMeans"));
    fixture.bill.corrected = STR("");
    ck_assert_fails(NOT_EN16931, render_ubl(&fixture.arena, &fixture.bill, &xml));
    fixture_close(&fixture);
}
END_TEST

START_TEST(gives_the_same_bytes)
{
    struct fixture fixture;
    str first = {0};
    str second = {0};
    ck_assert_ok(render(&fixture, "?", "", &first));
    ck_assert_ok(render_ubl(&fixture.arena, &fixture.bill, &second));
    ck_assert(str_eq(first, second));
    fixture_close(&fixture);
}
END_TEST

TEST_MAIN("ubl", says_it_in_the_terms_of_en16931, chooses_the_category,
          names_the_rule_that_is_broken, refuses_what_the_standard_has_no_words_for,
          needs_less_without_peppol, writes_a_credit_note, gives_the_same_bytes)
