// SPDX-License-Identifier: Apache-2.0
// stream.h - what libmicrohttpd is given to send a stream.
#pragma once

#include "phial/http/http.h"

#include <microhttpd.h>

struct job;

// The response takes the reply's hold on the stream. NULL when out of memory.
struct MHD_Response *stream_response(struct http_stream *stream, const struct job *job);
// A reply's hold that no response took.
void stream_release(struct http_stream *stream);
