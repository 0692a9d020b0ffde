// SPDX-License-Identifier: Apache-2.0
#include "transfer.h"

#include "secret.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_BYTES_MAX = 65536, HTTP_OK = 200, HTTP_REDIRECT = 300, HTTP_ERROR = 400 };

#define SECOND_US 1000000

// Nothing of it is kept; beyond the bound the transfer ends.
// NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's
static size_t pass_over(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    (void)bytes;
    transfer->received += size * count;
    return transfer->received > ANSWER_BYTES_MAX ? 0 : size * count;
}

static result add_signatures(struct transfer *transfer, const struct transfer_options *options)
{
    struct arena *arena = &transfer->arena;
    const struct attempt *attempt = &transfer->attempt;
    struct signed_content content = {attempt->message, options->now.us / SECOND_US, attempt->body};
    str sealed[] = {attempt->secret, attempt->old_secret};
    struct buf signatures = {.arena = arena};
    for (size_t i = 0; i < 2 && sealed[i].len != 0; i++) {
        str secret = {0};
        TRY(secret_unseal(arena, options->keyring, attempt->webhook, sealed[i], &secret));
        if (i != 0)
            buf_add_char(&signatures, ' ');
        buf_add(&signatures, secret_sign(arena, secret, &content));
    }
    wire_header(&transfer->wire, arena, "Content-Type", STR("application/json"));
    wire_header(&transfer->wire, arena, "User-Agent", STR("Phial/" PHIAL_VERSION));
    wire_header(&transfer->wire, arena, "Expect", STR("")); // none
    wire_header(&transfer->wire, arena, "webhook-id", attempt->message);
    wire_header(&transfer->wire, arena, "webhook-timestamp",
                str_printf(arena, "%lld", (long long)content.timestamp));
    wire_header(&transfer->wire, arena, "webhook-signature", buf_str(&signatures));
    return OK;
}

static const char *prepare(struct transfer *transfer, const struct transfer_options *options)
{
    const char *refused = wire_open(options->egress, transfer->attempt.url, &transfer->wire);
    if (refused != NULL)
        return refused;
    if (failed(add_signatures(transfer, options))) {
        wire_close(&transfer->wire);
        transfer->wire = (struct wire){0};
        return "secret"; // no master key here opens it
    }
    struct wire_body body = {transfer->attempt.body, options->timeout_ms, pass_over, transfer};
    wire_load(&transfer->wire, &transfer->arena, &body);
    CURLcode set = curl_easy_setopt(transfer->wire.easy, CURLOPT_PRIVATE, transfer);
    assert(set == CURLE_OK);
    (void)set;
    return NULL;
}

struct transfer *transfer_open(const struct transfer_options *options,
                               const struct attempt *attempt)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    assert(transfer != NULL);
    struct arena *arena = &transfer->arena;
    transfer->attempt = (struct attempt){
        .webhook = str_copy(arena, attempt->webhook),
        .message = str_copy(arena, attempt->message),
        .number = attempt->number,
        .url = str_copy(arena, attempt->url),
        .secret = str_copy(arena, attempt->secret),
        .old_secret = str_copy(arena, attempt->old_secret),
        .body = str_copy(arena, attempt->body),
    };
    transfer->error = prepare(transfer, options);
    return transfer;
}

void transfer_close(struct transfer *transfer)
{
    wire_close(&transfer->wire);
    arena_reset(&transfer->arena);
    free(transfer);
}

struct attempt_outcome transfer_outcome(const struct transfer *transfer, CURLcode code)
{
    long status = 0;
    curl_off_t wait = 0;
    struct attempt_outcome outcome = {.webhook = transfer->attempt.webhook,
                                      .message = transfer->attempt.message,
                                      .number = transfer->attempt.number,
                                      .error = transfer->error};
    if (transfer->wire.easy == NULL)
        return outcome;
    (void)curl_easy_getinfo(transfer->wire.easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(transfer->wire.easy, CURLINFO_RETRY_AFTER, &wait);
    // An answer that is too long is an answer all the same.
    if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && status != 0)) {
        outcome.error = wire_explain(&transfer->wire, code);
        return outcome;
    }
    outcome.status = status;
    outcome.wait_ms = wait > 0 && wait < 1000000 ? wait * 1000 : 0;
    if (status < HTTP_OK || status >= HTTP_REDIRECT)
        outcome.error = status >= HTTP_REDIRECT && status < HTTP_ERROR ? "redirect" : "status";
    return outcome;
}
