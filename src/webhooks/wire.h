// SPDX-License-Identifier: Apache-2.0
// wire.h - one POST over HTTP, to the host that the list names and to no other: no redirect is
// followed, no proxy asked, and the address is judged when the socket is made, whatever the name
// came to before.
#pragma once

#include "phial/egress/egress.h"
#include "phial/util/arena.h"

#include <curl/curl.h>

struct wire {
    const struct egress *egress;
    struct egress_url url;
    CURL *easy; // NULL where nothing is sent
    struct curl_slist *headers;
    bool address_refused;
};

// NULL, or why nothing may be sent there: "egress_refused", "connection".
const char *wire_open(const struct egress *egress, str url, struct wire *wire);
void wire_close(struct wire *wire);
void wire_header(struct wire *wire, struct arena *arena, const char *name, str value);
// Takes what is to be sent, which has to outlive the transfer. `take` is libcurl's write function.
struct wire_body {
    str bytes;
    int64_t timeout_ms;
    size_t (*take)(char *bytes, size_t size, size_t count, void *context);
    void *context;
};
void wire_load(struct wire *wire, struct arena *arena, const struct wire_body *body);
// Why it ended without an answer.
const char *wire_explain(const struct wire *wire, CURLcode code);
