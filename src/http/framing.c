// SPDX-License-Identifier: Apache-2.0
#include "framing.h"

#include <assert.h>
#include <string.h>

enum { LENGTH_DIGITS_MAX = 18, CHUNK_DIGITS_MAX = 15, PORT_MAX = 65535, VERSION_LEN = 8 };

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_token(unsigned char c)
{
    return is_digit(c) || is_letter(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_value(unsigned char c) // obs-text included; controls are not
{
    return (c >= ' ' && c != 0x7f) || c == '\t';
}

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

void framing_start(struct framing *framing, const struct framing_limits *limits)
{
    *framing = (struct framing){.limits = limits};
}

enum framing_phase framing_phase(const struct framing *framing)
{
    if (framing->at == AT_START)
        return FRAMING_IDLE;
    return framing->at < AT_BODY && !framing->trailer ? FRAMING_HEAD : FRAMING_BODY;
}

static bool keep(struct framing *framing, unsigned char c)
{
    if (framing->text_len == FRAMING_TEXT_MAX)
        return false;
    framing->text[framing->text_len++] = (char)c;
    return true;
}

static str kept(const struct framing *framing)
{
    return (str){framing->text, framing->text_len};
}

// Without the blanks before it. Those behind are left: libmicrohttpd reads them as a part of the
// value, and a length or a coding that two readers read differently is not clear.
static str kept_value(const struct framing *framing)
{
    size_t start = 0;
    while (start < framing->text_len &&
           (framing->text[start] == ' ' || framing->text[start] == '\t'))
        start++;
    return str_slice(kept(framing), start, framing->text_len);
}

static result read_version(struct framing *framing)
{
    str version = kept(framing);
    framing->version_1_0 = str_eq(version, STR("HTTP/1.0"));
    if (framing->version_1_0 || str_eq(version, STR("HTTP/1.1")))
        return OK;
    if (version.len == VERSION_LEN && str_starts_with(version, STR("HTTP/")) &&
        is_digit((unsigned char)version.ptr[5]) && version.ptr[6] == '.' &&
        is_digit((unsigned char)version.ptr[7]))
        return FAIL(VERSION_UNSUPPORTED, "");
    return FAIL(BAD_REQUEST, "The request line does not end in a version.");
}

static bool host_name_holds(str name)
{
    static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-._~";
    if (!str_starts_with(name, STR("[")))
        return name.len != 0 && str_all_in(name, name_bytes);
    return name.len > 3 && str_ends_with(name, STR("]")) &&
           str_all_in(str_slice(name, 1, name.len - 1), "0123456789abcdefABCDEF:.");
}

// uri-host [ ":" port ], the host not empty.
static result read_host(struct framing *framing)
{
    if (framing->hosts++ != 0)
        return FAIL(BAD_REQUEST, "There are two Host headers.");
    str name = str_trim(kept(framing));
    size_t colon = name.len;
    while (colon != 0 && is_digit((unsigned char)name.ptr[colon - 1]))
        colon--;
    if (colon != 0 && name.ptr[colon - 1] == ':' &&
        (name.ptr[0] != '[' || (colon > 1 && name.ptr[colon - 2] == ']'))) {
        int64_t port = 0;
        str digits = str_slice(name, colon, name.len);
        if (digits.len != 0 && (digits.len > 5 || !str_to_i64(digits, &port) || port > PORT_MAX))
            return FAIL(BAD_REQUEST, "The Host header is malformed.");
        name = str_slice(name, 0, colon - 1);
    }
    return host_name_holds(name) ? OK : FAIL(BAD_REQUEST, "The Host header is malformed.");
}

static result read_length(struct framing *framing)
{
    if (framing->lengths++ != 0)
        return FAIL(BAD_REQUEST, "There are two Content-Length headers.");
    str digits = kept_value(framing);
    int64_t length = 0;
    if (digits.len == 0 || digits.len > LENGTH_DIGITS_MAX || !str_all_in(digits, "0123456789") ||
        !str_to_i64(digits, &length))
        return FAIL(BAD_REQUEST, "The Content-Length is malformed.");
    framing->left = (uint64_t)length;
    return OK;
}

static result read_coding(struct framing *framing)
{
    if (framing->codings++ != 0)
        return FAIL(BAD_REQUEST, "There are two Transfer-Encoding headers.");
    for (size_t i = 0; i < framing->text_len; i++)
        framing->text[i] = (char)lower((unsigned char)framing->text[i]);
    if (!str_eq(kept_value(framing), STR("chunked")))
        return FAIL(BAD_REQUEST, "The transfer coding is unknown.");
    return OK;
}

static result read_value(struct framing *framing)
{
    if (framing->header == HEADER_OTHER || framing->header == HEADER_COOKIE)
        return OK;
    if (framing->trailer)
        return FAIL(BAD_REQUEST, "A trailer tries to change the framing.");
    if (framing->header == HEADER_HOST)
        return read_host(framing);
    return framing->header == HEADER_LENGTH ? read_length(framing) : read_coding(framing);
}

static void next_request(struct framing *framing)
{
    framing_start(framing, framing->limits);
}

// The head is complete: what follows?
static result read_head(struct framing *framing)
{
    if (framing->trailer) {
        next_request(framing);
        return OK;
    }
    if (framing->hosts == 0 && !framing->version_1_0)
        return FAIL(BAD_REQUEST, "There is no Host header.");
    if (framing->codings != 0 && framing->lengths != 0)
        return FAIL(BAD_REQUEST, "There are both a Content-Length and a Transfer-Encoding.");
    if (framing->codings != 0 && framing->version_1_0)
        return FAIL(BAD_REQUEST, "HTTP/1.0 has no transfer codings.");
    if (framing->left > framing->limits->body_max)
        return FAIL(BODY_TOO_LARGE, "");
    framing->text_len = 0;
    framing->body_bytes = framing->left;
    framing->at = framing->codings != 0 ? AT_CHUNK_SIZE : AT_BODY;
    if (framing->at == AT_BODY && framing->left == 0)
        next_request(framing);
    return OK;
}

static result at_start(struct framing *framing, unsigned char c)
{
    if (c == '\r' && !framing->blank_line) {
        framing->at = AT_START_LF;
        return OK;
    }
    if (!is_token(c))
        return FAIL(BAD_REQUEST, "The request line is malformed.");
    framing->at = AT_METHOD;
    framing->text_len = 1;
    return OK;
}

static result at_method(struct framing *framing, unsigned char c)
{
    if (c == ' ') {
        framing->at = AT_TARGET;
        return OK;
    }
    if (!is_token(c) || ++framing->text_len > FRAMING_METHOD_MAX)
        return FAIL(BAD_REQUEST, "The request line is malformed.");
    return OK;
}

static result at_target(struct framing *framing, unsigned char c)
{
    if (c == ' ' && framing->target_bytes != 0) {
        framing->at = AT_VERSION;
        framing->text_len = 0;
        return OK;
    }
    // Origin form, absolute form or the asterisk; a fragment never travels.
    if (c <= ' ' || c >= 0x7f || c == '#' ||
        (framing->target_bytes == 0 && strchr("/hH*", c) == NULL))
        return FAIL(BAD_REQUEST, "The request target is malformed.");
    if (++framing->target_bytes > framing->limits->target_max ||
        (c == '&' && ++framing->parameter_count > FRAMING_PARAMETERS_MAX))
        return FAIL(TARGET_TOO_LONG, "");
    return OK;
}

static result at_version(struct framing *framing, unsigned char c)
{
    if (c == '\r') {
        framing->at = AT_VERSION_LF;
        return read_version(framing);
    }
    if (framing->text_len == VERSION_LEN || c <= ' ' || c >= 0x7f || !keep(framing, c))
        return FAIL(BAD_REQUEST, "The request line does not end in a version.");
    return OK;
}

static result at_line(struct framing *framing, unsigned char c)
{
    if (c == '\r') {
        framing->at = AT_HEAD_LF;
        return OK;
    }
    if (c == ' ' || c == '\t')
        return FAIL(BAD_REQUEST, "A header is folded.");
    if (!is_token(c))
        return FAIL(BAD_REQUEST, "A header's name is not a token.");
    if (++framing->header_count > FRAMING_HEADERS_MAX)
        return FAIL(HEADERS_TOO_LARGE, "");
    framing->at = AT_NAME;
    framing->text_len = 0;
    (void)keep(framing, lower(c));
    return OK;
}

static result at_name(struct framing *framing, unsigned char c)
{
    if (c == ' ' || c == '\t')
        return FAIL(BAD_REQUEST, "There is a blank before a header's colon.");
    if (c != ':') {
        (void)keep(framing, lower(c)); // a name that does not fit is none of ours
        return is_token(c) ? OK : FAIL(BAD_REQUEST, "A header's name is not a token.");
    }
    str name = kept(framing);
    framing->header = str_eq(name, STR("host"))                ? HEADER_HOST
                      : str_eq(name, STR("content-length"))    ? HEADER_LENGTH
                      : str_eq(name, STR("transfer-encoding")) ? HEADER_CODING
                      : str_eq(name, STR("cookie"))            ? HEADER_COOKIE
                                                               : HEADER_OTHER;
    framing->text_len = 0;
    framing->at = AT_VALUE;
    return OK;
}

static result at_value(struct framing *framing, unsigned char c)
{
    if (c == '\r') {
        framing->at = AT_VALUE_LF;
        return read_value(framing);
    }
    if (!is_value(c))
        return FAIL(BAD_REQUEST, "A header's value has a control character.");
    if (framing->header == HEADER_OTHER)
        return OK;
    if (framing->header == HEADER_COOKIE)
        return c != ';' || ++framing->cookie_count <= FRAMING_COOKIES_MAX
                   ? OK
                   : FAIL(HEADERS_TOO_LARGE, "");
    return keep(framing, c) ? OK : FAIL(BAD_REQUEST, "A framing header is too long.");
}

static int hex_digit(unsigned char c)
{
    if (is_digit(c))
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static result read_chunk_size(struct framing *framing)
{
    if (framing->text_len == 0)
        return FAIL(BAD_REQUEST, "A chunk's size is malformed.");
    if (framing->left > framing->limits->body_max - framing->body_bytes)
        return FAIL(BODY_TOO_LARGE, "");
    framing->body_bytes += framing->left;
    return OK;
}

static result at_chunk_size(struct framing *framing, unsigned char c)
{
    if (c == '\r' || c == ';') {
        framing->at = c == ';' ? AT_CHUNK_EXTENSION : AT_CHUNK_SIZE_LF;
        return read_chunk_size(framing);
    }
    int digit = hex_digit(c);
    if (digit < 0 || ++framing->text_len > CHUNK_DIGITS_MAX)
        return FAIL(BAD_REQUEST, "A chunk's size is malformed.");
    framing->left = framing->left * 16 + (uint64_t)digit;
    return OK;
}

static result at_chunk_extension(struct framing *framing, unsigned char c)
{
    if (c == '\r') {
        framing->at = AT_CHUNK_SIZE_LF;
        return OK;
    }
    if (!is_value(c) || ++framing->extension_bytes > FRAMING_EXTENSIONS_MAX)
        return FAIL(BAD_REQUEST, "A chunk's extension is malformed.");
    return OK;
}

static void at_chunk_size_lf(struct framing *framing)
{
    framing->at = AT_CHUNK_DATA;
    if (framing->left != 0)
        return;
    framing->at = AT_LINE; // the last chunk: trailers follow
    framing->trailer = true;
    framing->head_bytes = 0;
    framing->header_count = 0;
}

static result at_line_end(struct framing *framing, unsigned char c)
{
    if (c != '\n')
        return FAIL(BAD_REQUEST, "A carriage return stands alone.");
    if (framing->at == AT_HEAD_LF)
        return read_head(framing);
    if (framing->at == AT_CHUNK_SIZE_LF) {
        at_chunk_size_lf(framing);
    } else if (framing->at == AT_START_LF) {
        framing->at = AT_START;
        framing->blank_line = true;
    } else if (framing->at == AT_CHUNK_DATA_LF) {
        framing->at = AT_CHUNK_SIZE;
        framing->text_len = 0;
    } else { // of the request line or of a header
        framing->at = AT_LINE;
    }
    return OK;
}

static result at_chunk_data_cr(struct framing *framing, unsigned char c)
{
    framing->at = AT_CHUNK_DATA_LF;
    return c == '\r' ? OK : FAIL(BAD_REQUEST, "A chunk is longer than its size.");
}

static result step(struct framing *framing, unsigned char c)
{
    switch (framing->at) {
    case AT_START:
        return at_start(framing, c);
    case AT_METHOD:
        return at_method(framing, c);
    case AT_TARGET:
        return at_target(framing, c);
    case AT_VERSION:
        return at_version(framing, c);
    case AT_LINE:
        return at_line(framing, c);
    case AT_NAME:
        return at_name(framing, c);
    case AT_VALUE:
        return at_value(framing, c);
    case AT_CHUNK_SIZE:
        return at_chunk_size(framing, c);
    case AT_CHUNK_EXTENSION:
        return at_chunk_extension(framing, c);
    case AT_CHUNK_DATA_CR:
        return at_chunk_data_cr(framing, c);
    case AT_START_LF:
    case AT_VERSION_LF:
    case AT_VALUE_LF:
    case AT_HEAD_LF:
    case AT_CHUNK_SIZE_LF:
    case AT_CHUNK_DATA_LF:
        return at_line_end(framing, c);
    case AT_BODY:
    case AT_CHUNK_DATA:
        break; // skip_body has them
    }
    assert(false);
    return FAIL(INTERNAL, "");
}

// How many of the bytes are body, and have been passed over.
static size_t skip_body(struct framing *framing, size_t len)
{
    size_t skipped = framing->left < len ? (size_t)framing->left : len;
    framing->left -= skipped;
    if (framing->left == 0) {
        if (framing->at == AT_BODY)
            next_request(framing);
        else
            framing->at = AT_CHUNK_DATA_CR;
    }
    return skipped;
}

static bool in_header_lines(const struct framing *framing)
{
    return framing->at >= AT_LINE && framing->at <= AT_HEAD_LF;
}

struct framing_found framing_scan(struct framing *framing, str bytes)
{
    struct framing_found found = {.verdict = OK};
    size_t at = 0;
    while (at < bytes.len) {
        bool in_body = framing_phase(framing) == FRAMING_BODY;
        size_t before = at;
        if (framing->at == AT_BODY || framing->at == AT_CHUNK_DATA) {
            at += skip_body(framing, bytes.len - at);
        } else {
            if (in_header_lines(framing) && ++framing->head_bytes > framing->limits->head_max) {
                found.verdict = FAIL(HEADERS_TOO_LARGE, "");
                return found;
            }
            found.verdict = step(framing, (unsigned char)bytes.ptr[at++]);
            if (failed(found.verdict))
                return found;
        }
        if (in_body)
            found.body += at - before;
        if (framing->at == AT_START && !framing->blank_line) {
            found.complete = at;
            found.requests++;
        }
    }
    return found;
}
