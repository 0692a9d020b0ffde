// SPDX-License-Identifier: Apache-2.0
// client.h - one HTTP connection to a Phial server. The only file that knows libcurl is client.c.
#pragma once

#include "phial/json/json.h"
#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

struct client;

// The strings must outlive the client.
result client_open(const char *url, const char *key, struct client **client);
void client_close(struct client *client);

struct call {
    const char *method;
    str path;
    const char *media_type; // of the body; NULL: application/json
    str body;
    str if_match; // the tag with its quotes, "" for none
    const char *reason;
    str range; // "bytes=0-99", "" for none
};

struct answer {
    long status;
    str body;
    str etag;
};

// INTERNAL when the server cannot be reached; any status is an answer.
result client_send(struct client *client, struct arena *arena, const struct call *call,
                   struct answer *answer);
// Sends and expects 2xx; the failure's detail is the problem's sentence. *document may be NULL when
// the caller does not want the answer, who owns it otherwise.
result client_call(struct client *client, struct arena *arena, const struct call *call,
                   json_t **document);
result client_get(struct client *client, struct arena *arena, str path, json_t **document);

// A segment of a path, percent-encoded.
str client_segment(struct arena *arena, str text);
