// SPDX-License-Identifier: Apache-2.0
// message.h - the head of a request: headers as they came, target taken apart and decoded.
#pragma once

#include "framing.h"
#include "phial/http/http.h"

enum { PARAMETERS_MAX = 32 };

struct http_pair {
    str name;
    str value;
};

struct http_pairs {
    struct http_pair *items;
    size_t count;
    size_t size; // there is room for, and more is made
};

struct job;

struct http_message {
    struct job *job;              // whose it is; NULL outside a server
    struct http_pairs headers;    // at most FRAMING_HEADERS_MAX
    struct http_pairs parameters; // at most PARAMETERS_MAX
};

// Copies into the arena; lines beyond the bound are dropped (the framing guard refuses them first).
void message_add_header(struct arena *arena, struct http_message *message, str name, str value);

// Whether the headers mean one thing: BAD_HEADER for two of what there is one of, and for a value
// that is not UTF-8.
result message_check(const struct http_message *message);

// Cuts request->target into the path (still encoded) and the parameters (decoded), in place of
// those that were read before. BAD_REQUEST for a path, BAD_PARAMETER for a query that does not
// decode.
result message_read_target(struct request *request, str *path);

// Strict percent-decoding; false for a bad escape, NUL or invalid UTF-8.
bool message_decode(struct arena *arena, str text, bool plus_is_blank, str *decoded);

// The media type, in lower case and without its parameters.
str message_media_type(struct arena *arena, str value);
// The trace of a W3C `traceparent`, of any version: 32 hexadecimal digits in lower case. "" where
// it is not well-formed, and where it has so few letters that it could be somebody's number.
str message_trace_id(str value);
// Whether a Content-Type leaves the charset open or says UTF-8.
bool message_is_utf8(str value);
