// SPDX-License-Identifier: Apache-2.0
// UBL 2.1 by libxml2's writer. The order of elements is the schema's.
#include "ubl.h"

#include <libxml/xmlwriter.h>
#include <string.h>

static const char peppol[] =
    "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0";
static const char plain[] = "urn:cen.eu:en16931:2017";
static const char profile[] = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0";

struct pen {
    struct arena *arena;
    xmlTextWriterPtr writer;
    const struct ubl *ubl;
    const char *currency;
    bool stuck; // a call has failed
};

static const xmlChar *chars(const char *text)
{
    return (const xmlChar *)text;
}

static void note(struct pen *pen, int written)
{
    pen->stuck = pen->stuck || written < 0;
}

static void open(struct pen *pen, const char *name)
{
    note(pen, xmlTextWriterStartElement(pen->writer, chars(name)));
}

static void shut(struct pen *pen)
{
    note(pen, xmlTextWriterEndElement(pen->writer));
}

// Nothing for an empty text: UBL has no empty elements.
static void put_with(struct pen *pen, const char *name, str text, const char *attribute,
                     const char *value)
{
    text = str_trim(text);
    if (text.len == 0)
        return;
    open(pen, name);
    if (attribute != NULL)
        note(pen, xmlTextWriterWriteAttribute(pen->writer, chars(attribute), chars(value)));
    note(pen, xmlTextWriterWriteString(pen->writer, chars(str_to_c(pen->arena, text))));
    shut(pen);
}

static void put(struct pen *pen, const char *name, str text)
{
    put_with(pen, name, text, NULL, NULL);
}

static void put_money(struct pen *pen, const char *name, money amount)
{
    put_with(pen, name, money_print(pen->arena, amount), "currencyID", pen->currency);
}

static void put_in(struct pen *pen, const char *outer, const char *name, str text)
{
    if (str_trim(text).len == 0)
        return;
    open(pen, outer);
    put(pen, name, text);
    shut(pen);
}

static void put_period(struct pen *pen, str start, str end)
{
    if (start.len == 0)
        return;
    open(pen, "cac:InvoicePeriod");
    put(pen, "cbc:StartDate", start);
    put(pen, "cbc:EndDate", end);
    shut(pen);
}

static void put_address(struct pen *pen, const char *name, const struct bill_address *address)
{
    open(pen, name);
    put(pen, "cbc:StreetName", address->line1);
    put(pen, "cbc:AdditionalStreetName", address->line2);
    put(pen, "cbc:CityName", address->city);
    put(pen, "cbc:PostalZone", address->postal_code);
    put(pen, "cbc:CountrySubentity", address->region);
    put_in(pen, "cac:Country", "cbc:IdentificationCode", address->country);
    shut(pen);
}

static void put_scheme(struct pen *pen, str id, const char *scheme)
{
    if (id.len == 0)
        return;
    open(pen, "cac:PartyTaxScheme");
    put(pen, "cbc:CompanyID", id);
    put_in(pen, "cac:TaxScheme", "cbc:ID", str_from(scheme));
    shut(pen);
}

static void put_party(struct pen *pen, const char *name, const struct ubl_party *party)
{
    open(pen, name);
    open(pen, "cac:Party");
    put_with(pen, "cbc:EndpointID", party->endpoint_id, "schemeID",
             str_to_c(pen->arena, party->endpoint_scheme));
    put_in(pen, "cac:PartyIdentification", "cbc:ID", party->id);
    put_in(pen, "cac:PartyName", "cbc:Name", party->name);
    put_address(pen, "cac:PostalAddress", &party->address);
    put_scheme(pen, party->vat_id, "VAT");
    put_scheme(pen, party->tax_id, "TAX");
    open(pen, "cac:PartyLegalEntity");
    put(pen, "cbc:RegistrationName", party->name);
    put(pen, "cbc:CompanyID", party->legal_id);
    shut(pen);
    put_in(pen, "cac:Contact", "cbc:ElectronicMail", party->email);
    shut(pen);
    shut(pen);
}

// An intra-Community supply says where to.
static void put_delivery(struct pen *pen)
{
    const struct ubl *ubl = pen->ubl;
    if (!str_eq(ubl->category, STR("K")))
        return;
    open(pen, "cac:Delivery");
    open(pen, "cac:DeliveryLocation");
    put_address(pen, "cac:Address", &ubl->buyer.address);
    shut(pen);
    shut(pen);
}

static void put_payment(struct pen *pen)
{
    const struct ubl *ubl = pen->ubl;
    if (ubl->means.len != 0) {
        open(pen, "cac:PaymentMeans");
        put(pen, "cbc:PaymentMeansCode", ubl->means);
        put(pen, "cbc:PaymentID", ubl->bill->number);
        open(pen, "cac:PayeeFinancialAccount");
        put(pen, "cbc:ID", ubl->iban);
        put(pen, "cbc:Name", ubl->seller.name);
        shut(pen);
        shut(pen);
    }
    put_in(pen, "cac:PaymentTerms", "cbc:Note", ubl->terms);
}

static void put_category(struct pen *pen, const char *name, bool with_reason)
{
    const struct ubl *ubl = pen->ubl;
    open(pen, name);
    put(pen, "cbc:ID", ubl->category);
    if (ubl->has_percent)
        put(pen, "cbc:Percent", decimal_print(pen->arena, ubl->percent));
    if (with_reason) {
        put(pen, "cbc:TaxExemptionReasonCode", ubl->reason_code);
        put(pen, "cbc:TaxExemptionReason", ubl->reason);
    }
    put_in(pen, "cac:TaxScheme", "cbc:ID", STR("VAT"));
    shut(pen);
}

static void put_totals(struct pen *pen)
{
    const struct ubl *ubl = pen->ubl;
    const struct bill *bill = ubl->bill;
    open(pen, "cac:TaxTotal");
    put_money(pen, "cbc:TaxAmount", bill->tax_total);
    open(pen, "cac:TaxSubtotal");
    put_money(pen, "cbc:TaxableAmount", bill->base);
    put_money(pen, "cbc:TaxAmount", bill->tax_total);
    put_category(pen, "cac:TaxCategory", true);
    shut(pen);
    shut(pen);
    open(pen, "cac:LegalMonetaryTotal");
    put_money(pen, "cbc:LineExtensionAmount", ubl->line_total);
    put_money(pen, "cbc:TaxExclusiveAmount", bill->base);
    put_money(pen, "cbc:TaxInclusiveAmount", bill->total);
    if (bill->credits.minor != 0)
        put_money(pen, "cbc:PrepaidAmount", bill->credits);
    put_money(pen, "cbc:PayableAmount", bill->amount_due);
    shut(pen);
}

static void put_item(struct pen *pen, const struct bill_line *line)
{
    open(pen, "cac:Item");
    put(pen, "cbc:Name", line->name);
    put_in(pen, "cac:SellersItemIdentification", "cbc:ID", line->key);
    put_category(pen, "cac:ClassifiedTaxCategory", false);
    for (size_t i = 0; i < line->group_count; i++) {
        const struct bill_group *group = &line->groups[i];
        open(pen, "cac:AdditionalItemProperty");
        put(pen, "cbc:Name", str_trim(group->name).len == 0 ? STR("none") : group->name);
        put(pen, "cbc:Value", str_trim(group->value).len == 0 ? STR("none") : group->value);
        shut(pen);
    }
    shut(pen);
}

static void put_line(struct pen *pen, const struct ubl_line *line)
{
    static const char unit[] = "C62"; // one, as UN/ECE Recommendation 20 has it
    bool credit = pen->ubl->bill->kind == BILL_CREDIT_NOTE;
    open(pen, credit ? "cac:CreditNoteLine" : "cac:InvoiceLine");
    put(pen, "cbc:ID", line->id);
    put(pen, "cbc:Note", line->note);
    put_with(pen, credit ? "cbc:CreditedQuantity" : "cbc:InvoicedQuantity", line->quantity,
             "unitCode", unit);
    put_money(pen, "cbc:LineExtensionAmount", line->net);
    put_period(pen, line->start, line->end);
    if (line->allowance.minor != 0) {
        open(pen, "cac:AllowanceCharge");
        put(pen, "cbc:ChargeIndicator", STR("false"));
        put(pen, "cbc:AllowanceChargeReasonCode", STR("95"));
        put(pen, "cbc:AllowanceChargeReason", STR("Discount"));
        put_money(pen, "cbc:Amount", line->allowance);
        shut(pen);
    }
    put_item(pen, line->of);
    open(pen, "cac:Price");
    put_with(pen, "cbc:PriceAmount", line->price, "currencyID", pen->currency);
    put_with(pen, "cbc:BaseQuantity", line->base, "unitCode", unit);
    shut(pen);
    shut(pen);
}

static void put_head(struct pen *pen)
{
    const struct ubl *ubl = pen->ubl;
    const struct bill *bill = ubl->bill;
    bool credit = bill->kind == BILL_CREDIT_NOTE;
    put(pen, "cbc:CustomizationID", str_from(ubl->peppol ? peppol : plain));
    put(pen, "cbc:ProfileID", str_from(profile));
    put(pen, "cbc:ID", bill->number);
    put(pen, "cbc:IssueDate", ubl->issue_date);
    if (!credit)
        put(pen, "cbc:DueDate", ubl->due_date);
    put(pen, credit ? "cbc:CreditNoteTypeCode" : "cbc:InvoiceTypeCode",
        credit ? STR("381") : STR("380"));
    put(pen, "cbc:Note", ubl->note);
    put(pen, "cbc:DocumentCurrencyCode", str_from(pen->currency));
    put(pen, "cbc:BuyerReference", bill->buyer.reference);
    put_period(pen, ubl->start, ubl->end);
    if (bill->corrected.len != 0) {
        open(pen, "cac:BillingReference");
        put_in(pen, "cac:InvoiceDocumentReference", "cbc:ID", bill->corrected);
        shut(pen);
    }
}

static void put_root(struct pen *pen)
{
    static const char *const spaces[] = {"Invoice", "CreditNote"};
    static const char urn[] = "urn:oasis:names:specification:ubl:schema:xsd:";
    const char *name = spaces[pen->ubl->bill->kind == BILL_CREDIT_NOTE];
    const struct {
        const char *attribute, *space;
    } declared[] = {
        {"xmlns", name},
        {"xmlns:cac", "CommonAggregateComponents"},
        {"xmlns:cbc", "CommonBasicComponents"},
    };
    open(pen, name);
    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++) {
        const char *value = str_printf(pen->arena, "%s%s-2", urn, declared[i].space).ptr;
        note(pen,
             xmlTextWriterWriteAttribute(pen->writer, chars(declared[i].attribute), chars(value)));
    }
}

static void put_document(struct pen *pen)
{
    const struct ubl *ubl = pen->ubl;
    note(pen, xmlTextWriterSetIndent(pen->writer, 1));
    note(pen, xmlTextWriterSetIndentString(pen->writer, chars("  ")));
    note(pen,
         xmlTextWriterWriteRaw(pen->writer, chars("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")));
    put_root(pen);
    put_head(pen);
    put_party(pen, "cac:AccountingSupplierParty", &ubl->seller);
    put_party(pen, "cac:AccountingCustomerParty", &ubl->buyer);
    put_delivery(pen);
    put_payment(pen);
    put_totals(pen);
    for (size_t i = 0; i < ubl->line_count; i++)
        put_line(pen, &ubl->lines[i]);
    shut(pen);
    note(pen, xmlTextWriterFlush(pen->writer));
}

result ubl_write(const struct ubl *ubl, str *xml)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    struct pen pen = {
        .arena = ubl->arena,
        .writer = buffer == NULL ? NULL : xmlNewTextWriterMemory(buffer, 0),
        .ubl = ubl,
        .currency = currency_code(ubl->bill->currency),
        .stuck = false,
    };
    if (pen.writer != NULL) {
        put_document(&pen);
        xmlFreeTextWriter(pen.writer);
        *xml = str_copy(ubl->arena, (str){(const char *)xmlBufferContent(buffer),
                                          (size_t)xmlBufferLength(buffer)});
    }
    bool written = pen.writer != NULL && !pen.stuck;
    if (buffer != NULL)
        xmlBufferFree(buffer);
    return written ? OK : FAIL(INTERNAL, "the UBL cannot be written");
}
