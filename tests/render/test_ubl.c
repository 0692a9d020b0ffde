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
        "<cbc:EndpointID schemeID=\"9930\">DE123456789</cbc:EndpointID>",
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
        {"[],'exempt_reason':'VATEX-EU-AE','total':'1287.75','credits':'0','amount_due':'1287.75'",
         "<cbc:TaxExemptionReasonCode>VATEX-EU-AE</", "<cbc:ID>E</cbc:ID>"},
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
        {"'scheme':'9930'", "'scheme':'9999'", "BR-CL-25: "},
        {"'scheme':'9930'", "'scheme':'0088'", "PEPPOL-COMMON-R040: "},
        {"'EUR','period'", "'MRU','period'", "BR-CL-04: "},
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

// An e-mail address is none in Peppol's network.
START_TEST(needs_less_without_peppol)
{
    static const char *const lacking[] = {"'buyer_reference'", "'endpoint'"};
    for (size_t i = 0; i < COUNT_OF(lacking); i++) {
        struct fixture fixture;
        str xml = {0};
        ck_assert_ok(render(&fixture, lacking[i], "'ignored'", &xml));
        ck_assert(fixture_has(xml, ">urn:cen.eu:en16931:2017</cbc:CustomizationID>"));
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(leaves_national_rules_to_others)
{
    struct fixture fixture;
    str xml = {0};
    ck_assert_ok(fixture_read(&fixture, "?", ""));
    fixture.bill.seller.address.country = STR("NL");
    ck_assert_ok(render_ubl(&fixture.arena, &fixture.bill, &xml));
    ck_assert(fixture_has(xml, ">urn:cen.eu:en16931:2017</cbc:CustomizationID>"));
    fixture_close(&fixture);
}
END_TEST

// Half a yen more than eleven times twelve and a half.
START_TEST(gives_the_amount_where_no_price_does)
{
    struct fixture fixture;
    str xml = {0};
    ck_assert_ok(fixture_read(&fixture, "?", ""));
    static const struct bill_line line = {
        .section = BILL_USAGE,
        .name = {"Calls", 5},
        .quantity = {(int128)11 * 1000000000000},
        .amount = {138, CURRENCY_JPY},
        .discount = {0, CURRENCY_JPY},
        .unit_price = {"12.5", 4},
    };
    static const struct bill_tax none = {.name = {"VAT", 3}, .category = {"Z", 1}};
    fixture.bill.lines = &line;
    fixture.bill.line_count = 1;
    fixture.bill.base = fixture.bill.total = fixture.bill.amount_due = line.amount;
    fixture.bill.credits = fixture.bill.tax_total = (money){0, CURRENCY_JPY};
    fixture.bill.currency = CURRENCY_JPY;
    struct bill_tax tax = none;
    tax.base = line.amount;
    fixture.bill.taxes = &tax;
    ck_assert_ok(render_ubl(&fixture.arena, &fixture.bill, &xml));
    ck_assert(fixture_has(xml, "<cbc:PriceAmount currencyID=\"JPY\">138</"));
    ck_assert(fixture_has(xml, "<cbc:BaseQuantity unitCode=\"C62\">11</"));
    fixture_close(&fixture);
}
END_TEST

// A rate below half a percent is none to BR-CO-17, and may have no more than half a unit of tax.
START_TEST(refuses_a_rate_that_rounds_to_none)
{
    struct fixture fixture;
    str xml = {0};
    ck_assert_fails(NOT_EN16931, render(&fixture,
                                        "'percent':'19','category':'S','base':'1287.75',"
                                        "'amount':'244.67'}],'total':'1532.42','credits':'32.42',"
                                        "'amount_due':'1500.00'",
                                        "'percent':'0.25','base':'1287.75','amount':'3.22'}],"
                                        "'total':'1290.97','credits':'0','amount_due':'1290.97'",
                                        &xml));
    fixture_close(&fixture);
}
END_TEST

START_TEST(turns_a_statement_below_zero)
{
    static const char below[] =
        "{'id':'i','number':'2026-000123','status':'issued','customer':'clinic-042',"
        "'currency':'EUR','period':{'start':'2026-11-01T00:00:00Z','end':'2026-12-01T00:00:00Z',"
        "'time_zone':'UTC'},'lines':[{'key':'base','name':'Base','kind':'fixed','quantity':'1',"
        "'amount':'-100.00','exact_amount':'-100','discount':'-10.00'},{'key':'calls','name':"
        "'Calls','kind':'usage','quantity':'4','amount':'1.00','exact_amount':'1','discount':"
        "'0.00'}],'subtotal':'-99.00','discounts':'-10.00','tax':[{'name':'VAT','percent':'10',"
        "'base':'-89.00','amount':'-8.90'}],'total':'-97.90','issued_at':'2026-12-02T00:00:00Z'}";
    static const char *const parts[] = {"<cbc:CreditNoteTypeCode>381</",
                                        "<cbc:CreditedQuantity unitCode=\"C62\">1</",
                                        "<cbc:CreditedQuantity unitCode=\"C62\">-4</",
                                        "<cbc:LineExtensionAmount currencyID=\"EUR\">90.00</",
                                        "<cbc:LineExtensionAmount currencyID=\"EUR\">-1.00</",
                                        "<cbc:TaxableAmount currencyID=\"EUR\">89.00</",
                                        "<cbc:PayableAmount currencyID=\"EUR\">97.90</",
                                        "nothing is due"};
    struct fixture fixture;
    str xml = {0};
    ck_assert_ok(fixture_read(&fixture, "?", ""));
    OWNED(json_release) json_t *statement = fixture_json(&fixture.arena, below, "?", "");
    struct bill_source source = {.statement = statement,
                                 .customer = fixture.customer,
                                 .seller = &fixture.seller,
                                 .server = STR("phial.local")};
    ck_assert_ok(bill_read(&fixture.arena, &source, &fixture.bill));
    ck_assert_ok(render_ubl(&fixture.arena, &fixture.bill, &xml));
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        ck_assert_msg(fixture_has(xml, parts[i]), "%s", parts[i]);
    ck_assert(!fixture_has(xml, "BillingReference") && !fixture_has(xml, "PaymentMeans"));
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
    fixture_close(&fixture);
}
END_TEST

START_TEST(refuses_codes_of_no_list)
{
    static const char from[] = "'tax':[{'name':'VAT','percent':'19','category':'S','base':'1287.75'"
                               ",'amount':'244.67'}],'total':'1532.42','credits':'32.42',"
                               "'amount_due':'1500.00'";
    static const struct {
        const char *to, *rule;
    } cases[] = {
        {"'tax':[],'exempt_reason':'VATEX-EU-999','total':'1287.75','credits':'0',"
         "'amount_due':'1287.75'",
         "BR-CL-22: "},
        {"'tax':[{'name':'VAT','percent':'0','category':'E','base':'1287.75','amount':'0.00'}],"
         "'exempt_reason':'VATEX-EU-G','total':'1287.75','credits':'0','amount_due':'1287.75'",
         "PEPPOL-EN16931-P0104: "},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        str xml = {0};
        result outcome = render(&fixture, from, cases[i].to, &xml);
        ck_assert_int_eq(outcome.code, ERR_NOT_EN16931);
        ck_assert_msg(strstr(outcome.detail, cases[i].rule) != NULL, "%s", outcome.detail);
        fixture_close(&fixture);
    }
}
END_TEST

// Each scheme's own check, and one digit that breaks it.
START_TEST(proves_an_electronic_address)
{
    static const struct {
        const char *right, *wrong;
    } cases[] = {
        {"'scheme':'0007','id':'5560125790'", "'scheme':'0007','id':'5560125791'"},
        {"'scheme':'0088','id':'7300010000001'", "'scheme':'0088','id':'7300010000011'"},
        {"'scheme':'0151','id':'51824753556'", "'scheme':'0151','id':'51824753566'"},
        {"'scheme':'0184','id':'DK12345678'", "'scheme':'0184','id':'12345678'"},
        {"'scheme':'0192','id':'923609016'", "'scheme':'0192','id':'923609026'"},
        {"'scheme':'0208','id':'0202239951'", "'scheme':'0208','id':'0202239961'"},
        {"'scheme':'9957','id':'FR1'", "'scheme':'0007','id':'556012579x'"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        str xml = {0};
        static const char from[] = "'scheme':'9930','id':'DE123456789'";
        ck_assert_ok(render(&fixture, from, cases[i].right, &xml));
        ck_assert_msg(fixture_has(xml, "billing:3.0</cbc:CustomizationID>"), "case %zu", i);
        fixture_close(&fixture);
        result outcome = render(&fixture, from, cases[i].wrong, &xml);
        ck_assert_msg(outcome.code == ERR_NOT_EN16931, "case %zu", i);
        fixture_close(&fixture);
    }
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
          needs_less_without_peppol, leaves_national_rules_to_others,
          gives_the_amount_where_no_price_does, refuses_a_rate_that_rounds_to_none,
          turns_a_statement_below_zero, writes_a_credit_note, refuses_codes_of_no_list,
          proves_an_electronic_address, gives_the_same_bytes)
