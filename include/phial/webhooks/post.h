// SPDX-License-Identifier: Apache-2.0
// post.h - one POST to a URL that [egress] allows, waited for: what witnesses and time stamp
// authorities are asked. After webhook_sender_start, which starts libcurl.
#pragma once

#include "phial/egress/egress.h"
#include "phial/util/arena.h"

enum { POST_ANSWER_BYTES_MAX = 65536 };

struct post {
    const struct egress *egress;
    str url;
    str content_type;
    str body;
    int64_t timeout_ms;
};

struct post_answer {
    const char *error; // NULL: there is one; else why not, as deliveries of webhooks have it
    int64_t status;
    str body;
};
struct post_answer post_send(struct arena *arena, const struct post *post);
