// SPDX-License-Identifier: Apache-2.0
#include "phial/merkle/note.h"

#include "note_parts.h"
#include "phial/util/buf.h"
#include "phial/util/encode.h"

#include <string.h>

enum { NOTE_BYTES_MAX = 1000000, NOTE_SIGNATURES_MAX = 100 };

uint32_t note_key_id(str name, const unsigned char public[ED25519_PUBLIC_BYTES])
{
    return key_id_of(name, SIGNATURE_ED25519, public);
}

uint32_t key_id_of(str name, enum signature_type type,
                   const unsigned char public[ED25519_PUBLIC_BYTES])
{
    char separator[] = {'\n', (char)type};
    struct sha256_state state;
    sha256_start(&state);
    sha256_add(&state, name);
    sha256_add(&state, (str){separator, sizeof separator});
    sha256_add(&state, (str){(const char *)public, ED25519_PUBLIC_BYTES});
    sha256 hash = sha256_end(&state);
    return (uint32_t)hash.bytes[0] << 24 | (uint32_t)hash.bytes[1] << 16 |
           (uint32_t)hash.bytes[2] << 8 | hash.bytes[3];
}

// The length of the UTF-8 sequence that `s` begins with; 0 when it is none.
static size_t sequence_len(str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xf0 ? 4 : (p[0] >= 0xe0 ? 3 : 2);
    if (p[0] < 0xc2 || p[0] > 0xf4 || s.len < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0U) != 0x80)
            return 0;
    }
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xed && p[1] >= 0xa0;
    bool beyond = p[0] == 0xf4 && p[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : len;
}

// Unicode's White_Space beyond ASCII, as UTF-8.
static bool is_wide_space(str sequence)
{
    static const char *const spaces[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        if (str_eq(sequence, str_from(spaces[i])))
            return true;
    }
    return sequence.len == 3 && memcmp(sequence.ptr, "\xe2\x80", 2) == 0 &&
           (unsigned char)sequence.ptr[2] <= 0x8a; // U+2000 to U+200A
}

static bool is_text(str text) // UTF-8 without control characters other than the newline
{
    for (size_t i = 0; i < text.len;) {
        size_t len = sequence_len(str_slice(text, i, text.len));
        if (len == 0 || ((unsigned char)text.ptr[i] < ' ' && text.ptr[i] != '\n'))
            return false;
        i += len;
    }
    return true;
}

static bool is_name(str name)
{
    if (name.len == 0)
        return false;
    for (size_t i = 0; i < name.len;) {
        size_t len = sequence_len(str_slice(name, i, name.len));
        if (len == 0 || (unsigned char)name.ptr[i] <= ' ' || name.ptr[i] == '+' ||
            is_wide_space(str_slice(name, i, i + len)))
            return false;
        i += len;
    }
    return true;
}

str key_print(struct arena *arena, str name, enum signature_type type,
              const unsigned char public[ED25519_PUBLIC_BYTES])
{
    char key[1 + ED25519_PUBLIC_BYTES] = {(char)type};
    memcpy(key + 1, public, ED25519_PUBLIC_BYTES);
    return str_printf(arena, "%" STR_FMT "+%08x+%" STR_FMT, STR_ARG(name),
                      key_id_of(name, type, public),
                      STR_ARG(encode_base64(arena, (str){key, sizeof key})));
}

result key_parse(struct arena *arena, str text, enum signature_type type, str *name,
                 unsigned char public[ED25519_PUBLIC_BYTES])
{
    str found = {0};
    str rest = {0};
    str id = {0};
    str encoded = {0};
    str key = {0};
    if (!str_cut(text, '+', &found, &rest) || !str_cut(rest, '+', &id, &encoded) ||
        !is_name(found) || !decode_base64(arena, encoded, &key) ||
        key.len != 1 + ED25519_PUBLIC_BYTES || key.ptr[0] != (char)type)
        return FAIL(INVALID, "this is no Ed25519 verifier key");
    const unsigned char *raw = (const unsigned char *)key.ptr + 1;
    if (!str_eq(id, str_printf(arena, "%08x", key_id_of(found, type, raw))))
        return FAIL(INVALID, "the verifier key's hash is not that of its name and key");
    memcpy(public, raw, ED25519_PUBLIC_BYTES);
    *name = found;
    return OK;
}

str note_verifier_key(struct arena *arena, str name,
                      const unsigned char public[ED25519_PUBLIC_BYTES])
{
    return key_print(arena, name, SIGNATURE_ED25519, public);
}

result note_verifier_key_parse(struct arena *arena, str text, str *name,
                               unsigned char public[ED25519_PUBLIC_BYTES])
{
    return key_parse(arena, text, SIGNATURE_ED25519, name, public);
}

str line_print(struct arena *arena, str name, uint32_t id, str signature)
{
    const char bytes[KEY_ID_BYTES] = {(char)(id >> 24), (char)(id >> 16), (char)(id >> 8),
                                      (char)id};
    str blob = str_concat(arena, (str){bytes, sizeof bytes}, signature, STR(""));
    return str_printf(arena, DASH "%" STR_FMT " %" STR_FMT "\n", STR_ARG(name),
                      STR_ARG(encode_base64(arena, blob)));
}

result note_line(struct arena *arena, str body, str name, const struct signing_key *key, str *line)
{
    if (!str_ends_with(body, STR("\n")) || !is_text(body) || !is_name(name))
        return FAIL(INVALID, "a note is text that ends in a newline");
    unsigned char public[ED25519_PUBLIC_BYTES];
    unsigned char signature[ED25519_SIGNATURE_BYTES];
    signing_key_public(key, public);
    TRY(signing_key_sign(key, body, signature));
    *line = line_print(arena, name, note_key_id(name, public),
                       (str){(const char *)signature, sizeof signature});
    return OK;
}

result note_sign(struct arena *arena, str body, str name, const struct signing_key *key, str *note)
{
    str line = {0};
    TRY(note_line(arena, body, name, key, &line));
    *note = str_concat(arena, body, STR("\n"), line);
    return OK;
}

// Cuts at the last blank line: body with its newline, then the signature lines.
bool note_cut(str note, str *body, str *lines)
{
    if (note.len > NOTE_BYTES_MAX || !is_text(note))
        return false;
    for (size_t i = note.len; i >= 2; i--) {
        if (note.ptr[i - 1] == '\n' && note.ptr[i - 2] == '\n') {
            *body = str_slice(note, 0, i - 1);
            *lines = str_slice(note, i, note.len);
            return true;
        }
    }
    return false;
}

bool line_read(struct arena *arena, str line, str *name, str *blob)
{
    if (!str_starts_with(line, STR(DASH)))
        return false;
    str encoded = {0};
    return str_cut(str_slice(line, sizeof DASH - 1, line.len), ' ', name, &encoded) &&
           is_name(*name) && decode_base64(arena, encoded, blob) && blob->len > KEY_ID_BYTES;
}

bool line_is_by(str blob, uint32_t id)
{
    const unsigned char *p = (const unsigned char *)blob.ptr;
    return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]) == id;
}

// The first signature of this name and key id; "" when there is none.
static result find_signature(struct arena *arena, str lines, str name, uint32_t id, str *signature)
{
    str found = STR("");
    for (size_t count = 0; lines.len != 0; count++) {
        str line = {0};
        str line_name = {0};
        str blob = {0};
        if (count == NOTE_SIGNATURES_MAX || !str_cut(lines, '\n', &line, &lines) ||
            !line_read(arena, line, &line_name, &blob))
            return FAIL(INVALID, "the note's signature lines are malformed");
        if (found.len == 0 && str_eq(line_name, name) && line_is_by(blob, id))
            found = str_slice(blob, KEY_ID_BYTES, blob.len);
    }
    *signature = found;
    return OK;
}

result note_open(struct arena *arena, str note, str name,
                 const unsigned char public[ED25519_PUBLIC_BYTES], str *body, str *signature)
{
    str text = {0};
    str lines = {0};
    str found = {0};
    if (!note_cut(note, &text, &lines) || lines.len == 0)
        return FAIL(INVALID, "this is no signed note");
    TRY(find_signature(arena, lines, name, note_key_id(name, public), &found));
    if (found.len == 0)
        return FAIL(VERIFICATION_FAILED, "the note has no signature of this name and key");
    if (!signature_holds(public, text, found))
        return FAIL(VERIFICATION_FAILED, "the note's signature does not hold");
    *body = text;
    *signature = found;
    return OK;
}

str checkpoint_print(struct arena *arena, const struct checkpoint *checkpoint)
{
    return str_printf(arena, "%" STR_FMT "\n%llu\n%" STR_FMT "\n", STR_ARG(checkpoint->origin),
                      (unsigned long long)checkpoint->size,
                      STR_ARG(encode_base64(arena, sha256_str(&checkpoint->root))));
}

bool size_read(str text, uint64_t *size)
{
    if (text.len == 0 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.ptr[i] - '0'), &value))
            return false;
    }
    *size = value;
    return true;
}

// Lines after the third are extensions: whole and not empty, and not ours to read.
static bool are_extensions(str lines)
{
    while (lines.len != 0) {
        str line = {0};
        if (!str_cut(lines, '\n', &line, &lines) || line.len == 0)
            return false;
    }
    return true;
}

result checkpoint_parse(struct arena *arena, str body, struct checkpoint *checkpoint)
{
    str origin = {0};
    str size_text = {0};
    str root_text = {0};
    str root = {0};
    str rest = body;
    uint64_t size = 0;
    if (!str_cut(rest, '\n', &origin, &rest) || origin.len == 0 ||
        !str_cut(rest, '\n', &size_text, &rest) || !size_read(size_text, &size) ||
        !str_cut(rest, '\n', &root_text, &rest) || !decode_base64(arena, root_text, &root) ||
        root.len != SHA256_BYTES || !are_extensions(rest))
        return FAIL(INVALID, "this is no checkpoint");
    *checkpoint = (struct checkpoint){.origin = origin, .size = size};
    memcpy(checkpoint->root.bytes, root.ptr, SHA256_BYTES);
    return OK;
}
