// SPDX-License-Identifier: Apache-2.0
#include "phial/webhooks/post.h"

#include "phial/util/buf.h"
#include "wire.h"

// NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's
static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    struct buf *body = context;
    if (body->len + size * count > POST_ANSWER_BYTES_MAX)
        return 0; // ends the transfer
    buf_add(body, (str){bytes, size * count});
    return size * count;
}

struct post_answer post_send(struct arena *arena, const struct post *post)
{
    struct wire wire = {0};
    struct buf body = {.arena = arena};
    struct post_answer answer = {.error = wire_open(post->egress, post->url, &wire)};
    if (answer.error == NULL) {
        long status = 0;
        wire_header(&wire, arena, "Content-Type", post->content_type);
        wire_header(&wire, arena, "User-Agent", STR("Phial/" PHIAL_VERSION));
        wire_header(&wire, arena, "Expect", STR("")); // none
        wire_load(&wire, arena, &(struct wire_body){post->body, post->timeout_ms, keep, &body});
        CURLcode code = curl_easy_perform(wire.easy);
        (void)curl_easy_getinfo(wire.easy, CURLINFO_RESPONSE_CODE, &status);
        if (code == CURLE_OK)
            answer = (struct post_answer){.status = status, .body = buf_str(&body)};
        else
            answer.error = wire_explain(&wire, code);
    }
    wire_close(&wire);
    return answer;
}
