// SPDX-License-Identifier: Apache-2.0
// serve.h - one request from its head and body to its reply, on a worker.
#pragma once

#include "body.h"
#include "message.h"
#include "phial/http/http.h"

// Decodes, matches, reads the body, asks enter, runs the handler, tells leave. The request has
// method, target, message, arena, request_id, peer, db and worker; `body` is what was collected and
// becomes what was decoded. Whatever happens the reply is complete then, or goes on `later`.
void serve(const struct http_options *options, struct request *request, struct bytes *body,
           struct reply *reply);
// Whether the request is for options->quick, and needs no unpacking.
bool serve_may_be_quick(const struct http_options *options, struct request *request);
// The same with what is at hand: false, with nothing done, where that is not enough.
bool serve_quick(const struct http_options *options, struct request *request,
                 const struct bytes *body, struct reply *reply);
// What reply->later says; false likewise.
bool serve_later(const struct http_options *options, struct request *request, struct reply *reply);
