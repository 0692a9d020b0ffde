// SPDX-License-Identifier: Apache-2.0
#include "leaf.h"

#include "phial/json/json.h"
#include "phial/util/array.h"

#include <assert.h>
#include <string.h>

enum { FRAME_MEMBERS = 5, MEMBERS_MAX = FRAME_MEMBERS + ENTRY_MEMBERS_MAX };

struct member {
    str name;
    str json;
};

static const str kind_names[ENTRY_KIND_COUNT] = {
#define ENTRY_KIND(name) {#name, sizeof(#name) - 1},
#include "phial/ledger/entry_kinds.def"
#undef ENTRY_KIND
};

static const str kind_values[ENTRY_KIND_COUNT] = {
#define ENTRY_KIND(name) {"\"" #name "\"", sizeof(#name) + 1},
#include "phial/ledger/entry_kinds.def"
#undef ENTRY_KIND
};

str entry_kind_name(enum entry_kind kind)
{
    return kind_names[kind];
}

str ledger_origin(struct arena *arena, str server, str customer)
{
    if (customer.len == 0)
        return str_printf(arena, "%" STR_FMT "/audit", STR_ARG(server));
    return str_printf(arena, "%" STR_FMT "/ledger/%" STR_FMT, STR_ARG(server), STR_ARG(customer));
}

str leaf_quote(struct arena *arena, str text)
{
    struct buf quoted = {.arena = arena};
    json_quote(&quoted, text);
    return buf_str(&quoted);
}

static char *put(char *at, str text)
{
    if (text.len != 0)
        memcpy(at, text.ptr, text.len);
    return at + text.len;
}

// Puts the member where its name belongs among those already there.
static void insert(struct member *members, size_t count, struct member member)
{
    size_t place = count;
    for (; place > 0 && str_compare(members[place - 1].name, member.name) > 0; place--)
        members[place] = members[place - 1];
    members[place] = member;
}

static str print_members(struct arena *arena, const struct member *members, size_t count)
{
    size_t len = 2 + count - 1; // braces and commas
    for (size_t i = 0; i < count; i++)
        len += members[i].name.len + members[i].json.len + 3;

    char *text = arena_array(arena, char, len);
    char *at = text;
    for (size_t i = 0; i < count; i++) {
        at = put(at, i == 0 ? STR("{\"") : STR(",\""));
        at = put(at, members[i].name);
        at = put(at, STR("\":"));
        at = put(at, members[i].json);
    }
    at = put(at, STR("}"));
    assert((size_t)(at - text) == len);
    return (str){text, len};
}

result leaf_compose(struct arena *arena, const struct leaf_frame *frame, const struct append *entry,
                    str *leaf)
{
    assert(entry->member_count <= ENTRY_MEMBERS_MAX);
    struct member members[MEMBERS_MAX] = {
        {STR("actor"), frame->actor},
        {STR("at"), frame->at},
        {STR("customer"), frame->customer},
        {STR("kind"), kind_values[entry->kind]},
        {STR("v"), STR("1")},
    };
    size_t count = FRAME_MEMBERS;
    for (size_t i = 0; i < entry->member_count; i++) {
        struct member member = {str_from(entry->members[i].name), entry->members[i].json};
        insert(members, count++, member);
    }

    str text = print_members(arena, members, count);
    if (text.len > LEAF_BYTES_MAX)
        return FAIL(INVALID, "an entry is larger than 1 MiB");
    *leaf = text;
    return OK;
}

static str plain_tail(void)
{
    return STR(",\"kind\":\"usage\",\"v\":1}");
}

bool leaf_is_plain(const struct append *entry)
{
    return entry->kind == ENTRY_usage && entry->member_count == 1 &&
           strcmp(entry->members[0].name, "event") == 0 &&
           entry->members[0].json.len <= LEAF_BYTES_MAX / 2;
}

str leaf_head(struct arena *arena, const struct leaf_frame *frame)
{
    struct buf head = {.arena = arena};
    buf_add(&head, STR("{\"actor\":"));
    buf_add(&head, frame->actor);
    buf_add(&head, STR(",\"at\":"));
    buf_add(&head, frame->at);
    buf_add(&head, STR(",\"customer\":"));
    buf_add(&head, frame->customer);
    buf_add(&head, STR(",\"event\":"));
    return buf_str(&head);
}

size_t leaf_plain_len(str head, const struct append *entry)
{
    return head.len + entry->members[0].json.len + plain_tail().len;
}

void leaf_plain_write(char *room, str head, const struct append *entry)
{
    char *at = put(room, head);
    at = put(at, entry->members[0].json);
    (void)put(at, plain_tail());
}

bool leaf_ends_with(str leaf, str event)
{
    // An event holds no object but its properties, whose values are none: this name comes once.
    str name = STR("\"event\":");
    size_t len = name.len + event.len + plain_tail().len;
    if (leaf.len < len || !str_starts_with(event, STR("{")))
        return false;
    str end = str_slice(leaf, leaf.len - len, leaf.len);
    return str_starts_with(end, name) &&
           str_eq(str_slice(end, name.len, name.len + event.len), event) &&
           str_eq(str_slice(end, name.len + event.len, len), plain_tail());
}

str leaf_event(const struct append *entry)
{
    for (size_t i = 0; i < entry->member_count; i++) {
        if (strcmp(entry->members[i].name, "event") == 0)
            return entry->members[i].json;
    }
    return STR("");
}

// The end of the string that begins at `at`, behind its closing quote.
static size_t string_end(str text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++) {
        if (text.ptr[at] == '\\')
            at++;
    }
    return at < text.len ? at + 1 : text.len;
}

// The end of the value that begins at `at`: where a comma or a closing brace of its parent stands.
static size_t value_end(str text, size_t at)
{
    size_t depth = 0;
    while (at < text.len) {
        char c = text.ptr[at];
        if (c == '"') {
            at = string_end(text, at);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            break;
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        at++;
    }
    return at;
}

str leaf_member(str leaf, const char *name)
{
    str wanted = str_from(name);
    size_t at = 1; // behind the brace
    while (at < leaf.len && leaf.ptr[at] == '"') {
        size_t colon = string_end(leaf, at);
        size_t end = value_end(leaf, colon + 1);
        if (str_eq(str_slice(leaf, at + 1, colon - 1), wanted))
            return str_slice(leaf, colon + 1, end);
        at = end + 1;
    }
    return STR("");
}

// Whether the text is a UUID in its usual form, in lower case; and its bytes.
static bool uuid_read(str text, identity *bytes)
{
    enum { UUID_TEXT = 36 };
    if (text.len != UUID_TEXT)
        return false;
    identity read = {{0}};
    size_t nibble = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-')
                return false;
            continue;
        }
        unsigned value = 0;
        if (c >= '0' && c <= '9')
            value = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = (unsigned)(c - 'a') + 10;
        else
            return false;
        read.bytes[nibble / 2] = (unsigned char)((unsigned)read.bytes[nibble / 2] << 4 | value);
        nibble++;
    }
    *bytes = read;
    return true;
}

identity identity_of(str source, str id)
{
    identity found = {{0}};
    if (source.len == 0 && uuid_read(id, &found))
        return found;

    uint32_t len = (uint32_t)source.len;
    const unsigned char prefix[4] = {(unsigned char)(len >> 24), (unsigned char)(len >> 16),
                                     (unsigned char)(len >> 8), (unsigned char)len};
    struct sha256_state state;
    sha256_start(&state);
    sha256_add(&state, (str){(const char *)prefix, sizeof prefix});
    sha256_add(&state, source);
    sha256_add(&state, id);
    sha256 hash = sha256_end(&state);
    memcpy(found.bytes, hash.bytes, sizeof found.bytes);
    return found;
}
