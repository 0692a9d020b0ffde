// SPDX-License-Identifier: Apache-2.0
// demo_billing.c - the second half: drafts, a void, issue, the comparison, export, verification.
#include "demo_steps.h"
#include "packs.h"
#include "phial/audit/verify.h"
#include "phial/util/buf.h"
#include "phial/util/file.h"

#include <stdio.h>
#include <time.h>

enum { PAGE = 500, EXPORT_POLLS_MAX = 600, POLL_MS = 100 };

static result post(struct demo *demo, str path, str body, const char *reason, json_t **answer)
{
    return client_call(
        demo->client, demo->arena,
        &(struct call){.method = "POST", .path = path, .body = body, .reason = reason}, answer);
}

// Every invoice of a status: counts them and adds up their totals.
static result add_up(struct demo *demo, const char *status, int *count, money *sum)
{
    OWNED(json_release) json_t *page = NULL;
    *count = 0;
    *sum = (money){0, CURRENCY_USD};
    str path = str_printf(demo->arena, "/v1/invoices?status=%s&limit=%d", status, PAGE);
    TRY(client_get(demo->client, demo->arena, path, &page));
    const json_t *data = json_object_get(page, "data");
    for (size_t i = 0; i < json_array_size(data); i++) {
        money total = {0};
        TRY(money_parse(json_str(json_object_get(json_array_get(data, i), "total")), CURRENCY_USD,
                        &total));
        TRY(money_add(*sum, total, sum));
        *count += 1;
    }
    return OK;
}

result demo_close_month(struct demo *demo)
{
    int drafts = 0;
    money sum = {0};
    TRY(post(demo, STR("/v1/billing/run"), STR("{}"), NULL, NULL));
    TRY(add_up(demo, "draft", &drafts, &sum));
    (void)printf("\n7. The month has ended: drafts, which follow late events for 24 hours\n"
                 "   %d drafts over %" STR_FMT " USD\n",
                 drafts, STR_ARG(money_print(demo->arena, sum)));
    if (drafts != demo->subscriptions)
        return FAIL(INTERNAL, "not every subscription has its draft");
    return OK;
}

// The first of the type to be voided that counts for something.
static result choose_event(const struct demo *demo, json_t **chosen)
{
    for (size_t i = 0; i < demo->month.event_count; i++) {
        OWNED(json_release) json_t *event = NULL;
        TRY(json_parse(demo->month.events[i], &event));
        if (str_eq(json_str(json_object_get(event, "type")), demo->month.voided_type) &&
            !str_eq(json_str(json_object_get(event, "quantity")), STR("0"))) {
            *chosen = json_incref(event);
            return OK;
        }
    }
    return FAIL(INTERNAL, "the month has no event to void");
}

static result draft_total(struct demo *demo, str customer, str *total)
{
    OWNED(json_release) json_t *page = NULL;
    str path =
        str_printf(demo->arena, "/v1/invoices?status=draft&customer=%" STR_FMT, STR_ARG(customer));
    TRY(client_get(demo->client, demo->arena, path, &page));
    const json_t *first = json_array_get(json_object_get(page, "data"), 0);
    *total = str_copy(demo->arena, json_str(json_object_get(first, "total")));
    return OK;
}

result demo_void_event(struct demo *demo)
{
    OWNED(json_release) json_t *event = NULL;
    str before = {0};
    str after = {0};
    TRY(choose_event(demo, &event));
    const json_t *properties = json_object_get(event, "properties");
    demo->voided_customer = str_copy(demo->arena, json_str(json_object_get(event, "customer")));
    demo->voided_resource =
        str_copy(demo->arena, json_str(json_object_get(properties, "resource")));
    TRY(decimal_parse(json_str(json_object_get(event, "quantity")), &demo->voided_quantity));

    TRY(draft_total(demo, demo->voided_customer, &before));
    str id = client_segment(demo->arena, json_str(json_object_get(event, "id")));
    str path = str_printf(demo->arena, "/v1/events/%" STR_FMT "/%" STR_FMT "/void",
                          STR_ARG(demo->voided_customer), STR_ARG(id));
    TRY(post(demo, path, STR("{}"), "the interface sent a test", NULL));
    TRY(draft_total(demo, demo->voided_customer, &after));
    (void)printf(
        "\n8. One event was a test: voided, with a reason; the original stays in the ledger\n"
        "   the draft of %" STR_FMT " went from %" STR_FMT " to %" STR_FMT " USD\n",
        STR_ARG(demo->voided_customer), STR_ARG(before), STR_ARG(after));
    return OK;
}

result demo_issue(struct demo *demo)
{
    int drafts = 0;
    money left = {0};
    str body =
        str_printf(demo->arena, "{\"now\":\"%" STR_FMT "\"}", STR_ARG(demo->month.after_grace));
    TRY(client_call(demo->client, demo->arena,
                    &(struct call){.method = "PUT", .path = STR("/v1/test-clock"), .body = body},
                    NULL));
    TRY(add_up(demo, "issued", &demo->invoices, &demo->billed));
    TRY(add_up(demo, "draft", &drafts, &left));
    (void)printf("\n9. A day later the grace is over: issued, numbered, entered into the ledger\n"
                 "   %d invoices over %" STR_FMT " USD; %d drafts left\n",
                 demo->invoices, STR_ARG(money_print(demo->arena, demo->billed)), drafts);
    if (demo->invoices != demo->subscriptions || drafts != 0)
        return FAIL(INTERNAL, "not every draft was issued");
    return OK;
}

static result compare_one(struct demo *demo, str id, bool *agrees)
{
    OWNED(json_release) json_t *statement = NULL;
    str path = str_printf(demo->arena, "/v1/invoices/%" STR_FMT, STR_ARG(id));
    TRY(client_get(demo->client, demo->arena, path, &statement));
    bool is_voided =
        str_eq(json_str(json_object_get(statement, "customer")), demo->voided_customer);
    *agrees =
        demo_month_agrees(&demo->month, statement, is_voided ? demo->voided_resource : STR(""),
                          demo->voided_quantity, &demo->lines_compared);
    return OK;
}

// The invoice of the customer whose event was voided.
static result find_invoice(struct demo *demo, str *id, str *number)
{
    OWNED(json_release) json_t *page = NULL;
    str path = str_printf(demo->arena, "/v1/invoices?status=issued&customer=%" STR_FMT,
                          STR_ARG(demo->voided_customer));
    TRY(client_get(demo->client, demo->arena, path, &page));
    const json_t *first = json_array_get(json_object_get(page, "data"), 0);
    *id = str_copy(demo->arena, json_str(json_object_get(first, "id")));
    *number = str_copy(demo->arena, json_str(json_object_get(first, "number")));
    return OK;
}

// What a made-up month came to; the offline verification counts it again from the entries.
static result show_lines(struct demo *demo)
{
    OWNED(json_release) json_t *statement = NULL;
    str id = {0};
    str number = {0};
    TRY(find_invoice(demo, &id, &number));
    str path = str_printf(demo->arena, "/v1/invoices/%" STR_FMT, STR_ARG(id));
    TRY(client_get(demo->client, demo->arena, path, &statement));
    const json_t *lines = json_object_get(statement, "lines");
    (void)printf("\n10. Invoice %" STR_FMT " of %" STR_FMT "\n", STR_ARG(number),
                 STR_ARG(demo->voided_customer));
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        (void)printf("   %-45s %10s %12s USD\n", json_string_value(json_object_get(line, "name")),
                     json_string_value(json_object_get(line, "quantity")),
                     json_string_value(json_object_get(line, "amount")));
        demo->lines_compared++;
    }
    return demo->lines_compared == 0 ? FAIL(INTERNAL, "the invoice has no lines") : OK;
}

result demo_compare(struct demo *demo)
{
    if (demo->month.truth == NULL)
        return show_lines(demo);
    OWNED(json_release) json_t *page = NULL;
    int differ = 0;
    str path = str_printf(demo->arena, "/v1/invoices?status=issued&limit=%d", PAGE);
    TRY(client_get(demo->client, demo->arena, path, &page));
    const json_t *data = json_object_get(page, "data");
    for (size_t i = 0; i < json_array_size(data); i++) {
        bool agrees = false;
        TRY(compare_one(demo, json_str(json_object_get(json_array_get(data, i), "id")), &agrees));
        differ += agrees ? 0 : 1;
    }
    (void)printf(
        "\n10. Every invoiced quantity against the truth, counted apart from the CSV files\n"
        "   %d lines on %zu invoices compared, %d invoices differ\n",
        demo->lines_compared, json_array_size(data), differ);
    return differ == 0 ? OK : FAIL(INTERNAL, "an invoiced quantity is not the true one");
}

result demo_fetch_pdf(struct demo *demo)
{
    struct answer pdf = {0};
    str id = {0};
    str number = {0};
    TRY(find_invoice(demo, &id, &number));
    str path = str_printf(demo->arena, "/v1/invoices/%" STR_FMT ".pdf", STR_ARG(id));
    TRY(client_send(demo->client, demo->arena, &(struct call){.method = "GET", .path = path},
                    &pdf));
    if (pdf.status != 200 || !str_starts_with(pdf.body, STR("%PDF-")))
        return FAIL(INTERNAL, "the invoice cannot be had as PDF");
    demo->pdf_path = str_printf(demo->arena, "%s/%" STR_FMT ".pdf", demo->folder, STR_ARG(number));
    TRY(file_write(demo->pdf_path.ptr, pdf.body, 0644));
    (void)printf("\n11. The invoice that one sends\n"
                 "   %" STR_FMT ".pdf, %zu KiB, with the ledger's checkpoint on it; also as HTML "
                 "and CSV\n",
                 STR_ARG(number), (pdf.body.len + 1023) / 1024);
    return OK;
}

static result wait_for_export(struct demo *demo, str id)
{
    str path = str_printf(demo->arena, "/v1/exports/%" STR_FMT, STR_ARG(id));
    for (int i = 0; i < EXPORT_POLLS_MAX; i++) {
        OWNED(json_release) json_t *state = NULL;
        TRY(client_get(demo->client, demo->arena, path, &state));
        str status = json_str(json_object_get(state, "status"));
        if (str_eq(status, STR("ready")))
            return OK;
        if (str_eq(status, STR("failed")))
            break;
        (void)nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    }
    return FAIL(INTERNAL, "the export was not made");
}

static result fetch_export(struct demo *demo)
{
    OWNED(json_release) json_t *state = NULL;
    struct answer archive = {0};
    str body =
        str_printf(demo->arena, "{\"customer\":\"%" STR_FMT "\",\"purpose\":\"demonstration\"}",
                   STR_ARG(demo->voided_customer));
    TRY(post(demo, STR("/v1/exports"), body, NULL, &state));
    str id = json_str(json_object_get(state, "id"));
    TRY(wait_for_export(demo, id));
    str path = str_printf(demo->arena, "/v1/exports/%" STR_FMT "/download", STR_ARG(id));
    TRY(client_send(demo->client, demo->arena, &(struct call){.method = "GET", .path = path},
                    &archive));
    if (archive.status != 200)
        return FAIL(INTERNAL, "the export cannot be downloaded");
    demo->export_path = str_printf(demo->arena, "%s/%" STR_FMT ".tar", demo->folder,
                                   STR_ARG(demo->voided_customer));
    return file_write(demo->export_path.ptr, archive.body, 0644);
}

result demo_export_and_verify(struct demo *demo)
{
    struct verification verification = {0};
    TRY(fetch_export(demo));
    const char *key = str_printf(demo->arena, "%s/ledger.pub.pem", demo->folder).ptr;
    TRY(verify_export(demo->arena, demo->export_path.ptr, key, NULL, stdout, &verification));
    (void)printf("\n12. A signed export of that customer, verified without the server\n"
                 "   %lld entries, %lld invoices recounted and rated again: %s\n",
                 (long long)verification.entries, (long long)verification.invoices,
                 verification.faults == 0 ? "VERIFIED" : "REFUSED");
    return verification.faults == 0 ? OK : FAIL(INTERNAL, "the export does not verify");
}

static void offer_packs(void)
{
    (void)printf("\n`phial demo --pack NAME` shows the same for one of %d kinds of product:\n ",
                 PACK_COUNT);
    for (size_t i = 0; i < PACK_COUNT; i++)
        (void)printf(" %s", pack_at(i).name);
    (void)printf("\n");
}

void demo_print_summary(const struct demo *demo, bool kept)
{
    (void)printf(
        "\nWhat you saw\n"
        "  %lld events became %d invoices over %" STR_FMT " USD.\n"
        "  %lld repeats were not billed twice; %lld events with patients' identifiers were "
        "refused,\n  and nothing of them is in any of %lld files.\n",
        (long long)demo->accepted, demo->invoices, STR_ARG(money_print(demo->arena, demo->billed)),
        (long long)demo->duplicates, (long long)demo->refused, (long long)demo->files_searched);
    if (demo->month.truth == NULL)
        (void)printf("  All %d lines were counted and rated again from the export, without the "
                     "server.\n",
                     demo->lines_compared);
    else
        (void)printf("  All %d billed quantities equal an independent count.\n",
                     demo->lines_compared);
    (void)printf("  An auditor can check the export with `phial verify`, or with sha256sum and "
                 "openssl alone.\n");
    if (demo->month.truth != NULL)
        offer_packs();
    if (kept)
        (void)printf("\nEverything is in %s. Look around:\n"
                     "  phiald --dev --data-dir %s --test-clock\n"
                     "  phial verify %" STR_FMT " --key %s/ledger.pub.pem\n"
                     "  xdg-open %" STR_FMT "\n",
                     demo->folder, demo->folder, STR_ARG(demo->export_path), demo->folder,
                     STR_ARG(demo->pdf_path));
}
