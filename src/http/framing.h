// SPDX-License-Identifier: Apache-2.0
// framing.h - where each HTTP/1.1 request of a byte stream ends, or why that cannot be said.
//
// Pure: bytes in, a verdict out. Stricter than any parser behind it, so that whatever it lets
// through is read by everyone in the same way (RFC 9112; docs/adr/0013-framing-guard.md).
#pragma once

#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAMING_HEADERS_MAX = 256,     // header lines of a request; trailers count again
    FRAMING_PARAMETERS_MAX = 100,  // "&" in a target
    FRAMING_COOKIES_MAX = 100,     // ";" in cookies
    FRAMING_EXTENSIONS_MAX = 1024, // bytes of chunk extensions in a request
    FRAMING_METHOD_MAX = 32,
    FRAMING_TEXT_MAX = 262, // a Host: 255 of name, a colon, five digits; with one byte to spare
};

struct framing_limits {
    size_t target_max;
    size_t head_max; // header lines together, the empty one included
    uint64_t body_max;
};

enum framing_phase { FRAMING_IDLE, FRAMING_HEAD, FRAMING_BODY };

struct framing {
    const struct framing_limits *limits;
    enum {
        AT_START, // before a request; one empty line is tolerated
        AT_START_LF,
        AT_METHOD,
        AT_TARGET,
        AT_VERSION,
        AT_VERSION_LF,
        AT_LINE,
        AT_NAME,
        AT_VALUE,
        AT_VALUE_LF,
        AT_HEAD_LF,
        AT_BODY,
        AT_CHUNK_SIZE,
        AT_CHUNK_EXTENSION,
        AT_CHUNK_SIZE_LF,
        AT_CHUNK_DATA,
        AT_CHUNK_DATA_CR,
        AT_CHUNK_DATA_LF,
    } at;
    enum { HEADER_OTHER, HEADER_COOKIE, HEADER_HOST, HEADER_LENGTH, HEADER_CODING } header;
    char text[FRAMING_TEXT_MAX]; // what of the line has to be looked at as a whole
    size_t text_len;
    size_t head_bytes;
    size_t target_bytes;
    size_t extension_bytes;
    unsigned header_count;
    unsigned parameter_count;
    unsigned cookie_count;
    unsigned hosts;
    unsigned lengths;
    unsigned codings;
    bool blank_line; // the empty line before a request has been seen
    bool version_1_0;
    bool trailer;
    uint64_t left;       // of the body, or of the chunk
    uint64_t body_bytes; // announced so far for this request
};

// What a scan found. Bytes from `complete` on belong to a request that has not ended yet.
struct framing_found {
    size_t complete;
    unsigned requests; // that ended
    uint64_t body;     // bytes of bodies and their chunk lines
    result verdict;    // a refusal is for good: nothing after it may be scanned
};

void framing_start(struct framing *framing, const struct framing_limits *limits);
struct framing_found framing_scan(struct framing *framing, str bytes);
enum framing_phase framing_phase(const struct framing *framing);
