// SPDX-License-Identifier: Apache-2.0
#include "representation.h"

#include "phial/crypto/crypto.h"
#include "phial/invoicing/invoicing.h"
#include "phial/util/array.h"
#include "phial/util/encode.h"

static const struct form {
    const char *suffix;
    enum media media;
    const char *type;
    result (*render)(struct arena *arena, const struct bill *bill,
                     str *bytes); // NULL: not of a bill
} forms[] = {
    {"json", MEDIA_JSON, "application/json", NULL},
    {"csv", MEDIA_CSV, "text/csv; charset=utf-8; header=present", NULL},
    {"pdf", MEDIA_PDF, "application/pdf", render_pdf},
    {"html", MEDIA_HTML, "text/html; charset=utf-8", render_html},
    {"xml", MEDIA_XML, "application/xml", render_ubl},
};

static const struct form *form_of(enum media media)
{
    size_t i = 0;
    while (forms[i].media != media)
        i++;
    return &forms[i];
}

result representation_choose(const struct request *request, str path, str *id, enum media *media)
{
    enum media offered[COUNT_OF(forms)];
    str suffix = STR("");
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        offered[i] = forms[i].media;
    if (!str_cut(path, '.', id, &suffix)) {
        *id = path;
        *media = accept_media(http_header_list(request, "Accept"), offered, COUNT_OF(offered));
        return *media != MEDIA_NONE
                   ? OK
                   : FAIL(NOT_ACCEPTABLE, "Offered are JSON, PDF, HTML, UBL (XML) and CSV.");
    }
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (str_eq(suffix, str_from(forms[i].suffix))) {
            *media = forms[i].media;
            return OK;
        }
    }
    return FAIL(NOT_FOUND, "No such resource.");
}

result representation_customer(struct db_tx *tx, const json_t *statement, json_t **customer)
{
    struct customer found = {0};
    instant issued = {0};
    str at = json_str(json_object_get(statement, "issued_at"));
    TRY(customer_get(tx, json_str(json_object_get(statement, "customer")), &found));
    str document = found.document;
    if (at.len != 0) {
        TRY(instant_parse(at, &issued));
        TRY(customer_document_at(tx, found.id, issued, &document));
    }
    return json_parse(document, customer);
}

static result read_bill(struct arena *arena, const struct biller *biller,
                        const struct representation *what, struct bill *bill)
{
    struct bill_source source = {
        .kind = what->kind,
        .statement = what->statement,
        .customer = what->customer,
        .seller = &biller->seller,
        .server = biller->server,
    };
    return bill_read(arena, &source, bill);
}

// "2026-000123.pdf"; a draft has its id. Neither holds a quote.
static str file_name(struct arena *arena, const json_t *statement, const char *suffix)
{
    str number = json_str(json_object_get(statement, "number"));
    str id = json_str(json_object_get(statement, "id"));
    return str_printf(arena, "inline; filename=\"%s%" STR_FMT ".%s\"",
                      number.len == 0 ? "draft-" : "", STR_ARG(number.len == 0 ? id : number),
                      suffix);
}

result representation_reply(const struct request *request, struct reply *reply,
                            const struct representation *what)
{
    struct arena *arena = request->arena;
    const struct form *form = form_of(what->media);
    struct bill bill = {0};
    str bytes = {0};
    if (form->render == NULL) {
        bytes = invoice_csv(arena, what->statement);
    } else {
        TRY(read_bill(arena, api_of(request)->biller, what, &bill));
        TRY(form->render(arena, &bill, &bytes));
    }
    sha256 hash = sha256_of(bytes);
    str tag = encode_hex(arena, sha256_str(&hash));
    if (reply_not_modified(request, reply, tag))
        return OK;
    reply_etag(request, reply, tag);
    http_reply_header(reply, "Content-Disposition",
                      file_name(arena, what->statement, form->suffix));
    if (what->media == MEDIA_HTML)
        http_reply_header(reply, "Content-Security-Policy",
                          STR("default-src 'none'; style-src 'unsafe-inline'"));
    return http_reply_text(reply, 200, form->type, bytes);
}

result api_invoice_pdf(void *context, struct db_tx *tx, struct arena *arena,
                       const json_t *statement, str *pdf)
{
    const struct biller *biller = context;
    OWNED(json_release) json_t *customer = NULL;
    struct bill bill = {0};
    *pdf = STR("");
    if (biller->seller.name.len == 0)
        return OK;
    TRY(representation_customer(tx, statement, &customer));
    struct representation what = {BILL_INVOICE, MEDIA_PDF, statement, customer};
    TRY(read_bill(arena, biller, &what, &bill));
    result painted = render_pdf(arena, &bill, pdf);
    if (painted.code != ERR_FONT_MISSING)
        return painted;
    *pdf = STR(""); // the statement itself is there all the same
    return OK;
}
