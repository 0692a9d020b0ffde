// SPDX-License-Identifier: Apache-2.0
#include "message.h"

#include "phial/util/array.h"
#include "phial/util/buf.h"

#include <string.h>
#include <strings.h>

enum { PAIRS_FIRST = 8 };

static bool name_eq(str name, const char *other)
{
    return name.len == strlen(other) && strncasecmp(name.ptr, other, name.len) == 0;
}

static void add_pair(struct arena *arena, struct http_pairs *pairs, struct http_pair pair)
{
    if (pairs->count == pairs->size) {
        pairs->size = pairs->size == 0 ? PAIRS_FIRST : 2 * pairs->size;
        struct http_pair *grown = arena_array(arena, struct http_pair, pairs->size);
        for (size_t i = 0; i < pairs->count; i++)
            grown[i] = pairs->items[i];
        pairs->items = grown;
    }
    pairs->items[pairs->count++] = pair;
}

void message_add_header(struct arena *arena, struct http_message *message, str name, str value)
{
    if (message->headers.count == FRAMING_HEADERS_MAX)
        return;
    add_pair(arena, &message->headers,
             (struct http_pair){str_copy(arena, name), str_copy(arena, str_trim(value))});
}

// The bytes of the sequence that starts here; 0 for none that RFC 3629 allows.
static size_t utf8_length(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char first;
        unsigned char last;
        unsigned char second_min;
        unsigned char second_max;
        unsigned char length;
    } rows[] = {
        {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    size_t row = 0;
    while (row < COUNT_OF(rows) && (at[0] < rows[row].first || at[0] > rows[row].last))
        row++;
    if (row == COUNT_OF(rows) || rows[row].length > left)
        return 0;
    size_t length = rows[row].length;
    if (length > 1 && (at[1] < rows[row].second_min || at[1] > rows[row].second_max))
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((at[i] & 0xc0U) != 0x80U)
            return 0;
    }
    return length;
}

static bool is_utf8(str text)
{
    size_t at = 0;
    while (at < text.len) {
        size_t length = utf8_length((const unsigned char *)text.ptr + at, text.len - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

result message_check(const struct http_message *message)
{
    static const char *const single[] = {
        "Authorization", "Content-Encoding", "Content-Type", "Idempotency-Key",
        "If-Match",      "If-None-Match",    "Phial-Reason",
    };
    for (size_t i = 0; i < message->headers.count; i++) {
        if (!is_utf8(message->headers.items[i].value))
            return FAIL(BAD_HEADER, "A header's value is not UTF-8.");
    }
    for (size_t i = 0; i < COUNT_OF(single); i++) {
        size_t seen = 0;
        for (size_t at = 0; at < message->headers.count; at++)
            seen += name_eq(message->headers.items[at].name, single[i]);
        if (seen > 1)
            return FAIL(BAD_HEADER, "A header that may stand once stands twice.");
    }
    return OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// One character, moving past it; -1 for a bad escape.
static int decode_one(str text, size_t *at)
{
    char c = text.ptr[(*at)++];
    if (c != '%')
        return (unsigned char)c;
    if (text.len - *at < 2)
        return -1;
    int high = hex_digit(text.ptr[*at]);
    int low = hex_digit(text.ptr[*at + 1]);
    *at += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool message_decode(struct arena *arena, str text, bool plus_is_blank, str *decoded)
{
    char *bytes = arena_array(arena, char, text.len + 1);
    size_t len = 0;
    size_t at = 0;
    while (at < text.len) {
        if (plus_is_blank && text.ptr[at] == '+') {
            bytes[len++] = ' ';
            at++;
            continue;
        }
        int c = decode_one(text, &at);
        if (c <= 0)
            return false;
        bytes[len++] = (char)(unsigned char)c;
    }
    if (!is_utf8((str){bytes, len}))
        return false;
    *decoded = (str){bytes, len};
    return true;
}

static bool find_parameter(const struct http_message *message, str name, size_t *index)
{
    for (size_t i = 0; i < message->parameters.count; i++) {
        if (str_eq(message->parameters.items[i].name, name)) {
            *index = i;
            return true;
        }
    }
    return false;
}

static result add_parameter(struct request *request, str name, str value)
{
    struct http_message *message = request->message;
    struct http_pair pair = {0};
    size_t index = 0;
    if (!message_decode(request->arena, name, true, &pair.name) ||
        !message_decode(request->arena, value, true, &pair.value))
        return FAIL(BAD_PARAMETER, "A query parameter does not decode.");
    if (find_parameter(message, pair.name, &index))
        return FAIL(BAD_PARAMETER, "A query parameter stands twice.");
    if (message->parameters.count == PARAMETERS_MAX)
        return FAIL(BAD_PARAMETER, "There are too many query parameters.");
    add_pair(request->arena, &message->parameters, pair);
    return OK;
}

static result read_query(struct request *request, str query)
{
    request->message->parameters.count = 0;
    while (query.len != 0) {
        str item = query;
        str rest = STR("");
        (void)str_cut(query, '&', &item, &rest);
        str name = item;
        str value = STR("");
        (void)str_cut(item, '=', &name, &value);
        if (item.len != 0)
            TRY(add_parameter(request, name, value));
        query = rest;
    }
    return OK;
}

// RFC 9112, 3.2.2: a server takes the absolute form too, and leaves the authority to routing.
static bool strip_authority(str *target)
{
    if (str_starts_with(*target, STR("/")) || str_eq(*target, STR("*")))
        return true;
    size_t scheme = sizeof "http://" - 1;
    if (!name_eq(str_slice(*target, 0, scheme), "http://")) {
        scheme = sizeof "https://" - 1;
        if (!name_eq(str_slice(*target, 0, scheme), "https://"))
            return false;
    }
    size_t at = scheme;
    while (at < target->len && strchr("/?", target->ptr[at]) == NULL)
        at++;
    bool named = at != scheme;
    *target = str_slice(*target, at, target->len);
    return named && (target->len == 0 || target->ptr[0] == '/');
}

result message_read_target(struct request *request, str *path)
{
    str target = request->target;
    if (!strip_authority(&target))
        return FAIL(BAD_REQUEST, "The request target is malformed.");
    str before = target.len == 0 ? STR("/") : target;
    str query = STR("");
    (void)str_cut(target, '?', &before, &query);
    if (!message_decode(request->arena, before, false, &request->path))
        return FAIL(BAD_REQUEST, "The path does not decode.");
    *path = before;
    return read_query(request, query);
}

str message_media_type(struct arena *arena, str value)
{
    str type = value;
    str parameters = {0};
    (void)str_cut(value, ';', &type, &parameters);
    type = str_trim(type);
    char *lower = arena_array(arena, char, type.len + 1);
    for (size_t i = 0; i < type.len; i++) {
        unsigned char c = (unsigned char)type.ptr[i];
        lower[i] = (char)(unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20U : c);
    }
    return (str){lower, type.len};
}

// version "-" trace "-" parent "-" flags, and what a later version adds behind another dash.
static const char trace_shape[] = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
enum { TRACE_AT = 3, TRACE_LEN = 32, PARENT_AT = 36, PARENT_LEN = 16, TRACE_LETTERS_MIN = 4 };

str message_trace_id(str value)
{
    size_t len = sizeof trace_shape - 1;
    size_t letters = 0;
    if (value.len < len || (value.len > len && value.ptr[len] != '-'))
        return STR("");
    for (size_t i = 0; i < len; i++) {
        char c = value.ptr[i];
        bool letter = c >= 'a' && c <= 'f';
        if (trace_shape[i] == '-' ? c != '-' : !letter && !(c >= '0' && c <= '9'))
            return STR("");
        letters += letter && i >= TRACE_AT && i < TRACE_AT + TRACE_LEN;
    }
    bool first = str_starts_with(value, STR("00"));
    if (str_starts_with(value, STR("ff")) || (first && value.len != len) ||
        str_all_in(str_slice(value, PARENT_AT, PARENT_AT + PARENT_LEN), "0") ||
        letters < TRACE_LETTERS_MIN)
        return STR("");
    return str_slice(value, TRACE_AT, TRACE_AT + TRACE_LEN);
}

static str unquote(str word)
{
    bool quoted = word.len >= 2 && word.ptr[0] == '"' && word.ptr[word.len - 1] == '"';
    return quoted ? str_slice(word, 1, word.len - 1) : word;
}

bool message_is_utf8(str value)
{
    str type = {0};
    str rest = {0};
    (void)str_cut(value, ';', &type, &rest);
    while (rest.len != 0) {
        str parameter = rest;
        str further = STR("");
        str name = {0};
        str charset = {0};
        (void)str_cut(rest, ';', &parameter, &further);
        if (str_cut(parameter, '=', &name, &charset) && name_eq(str_trim(name), "charset") &&
            !name_eq(unquote(str_trim(charset)), "utf-8"))
            return false;
        rest = further;
    }
    return true;
}

static const struct http_pair *find_header(const struct request *request, const char *name)
{
    const struct http_message *message = request->message;
    for (size_t i = 0; message != NULL && i < message->headers.count; i++) {
        if (name_eq(message->headers.items[i].name, name))
            return &message->headers.items[i];
    }
    return NULL;
}

str http_header(const struct request *request, const char *name)
{
    const struct http_pair *header = find_header(request, name);
    return header == NULL ? STR("") : header->value;
}

str http_header_list(const struct request *request, const char *name)
{
    const struct http_message *message = request->message;
    struct buf list = {.arena = request->arena};
    for (size_t i = 0; message != NULL && i < message->headers.count; i++) {
        if (!name_eq(message->headers.items[i].name, name))
            continue;
        buf_add(&list, list.len == 0 ? STR("") : STR(", "));
        buf_add(&list, message->headers.items[i].value);
    }
    return buf_str(&list);
}

bool http_has_header(const struct request *request, const char *name)
{
    return find_header(request, name) != NULL;
}

bool http_parameter(const struct request *request, const char *name, str *value)
{
    size_t index = 0;
    if (request->message == NULL || !find_parameter(request->message, str_from(name), &index))
        return false;
    *value = request->message->parameters.items[index].value;
    return true;
}

static bool is_listed(str names, str name)
{
    while (names.len != 0) {
        str one = names;
        str rest = STR("");
        (void)str_cut(names, ' ', &one, &rest);
        if (one.len != 0 && str_eq(one, name))
            return true;
        names = rest;
    }
    return false;
}

result http_parameters_known(const struct request *request, const char *names)
{
    const struct http_message *message = request->message;
    for (size_t i = 0; message != NULL && i < message->parameters.count; i++) {
        if (!is_listed(str_from(names), message->parameters.items[i].name))
            return FAIL(BAD_PARAMETER,
                        "The query names a parameter that this resource does not have.");
    }
    return OK;
}
