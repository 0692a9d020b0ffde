// SPDX-License-Identifier: Apache-2.0
// The keys that signed the log one after the other: each but the first was announced by the one
// before it, which signed the next one's name, as the next one signed its own. Who holds any of
// them can follow to the one that signed this export.
#include "export_names.h"
#include "phial/ledger/keys.h"
#include "phial/util/encode.h"
#include "verify_parts.h"

#include <string.h>

enum { ANNOUNCEMENT_MEMBERS = 5 };

static bool read_bytes(struct arena *arena, const json_t *object, const char *name, size_t len,
                       str *bytes)
{
    return decode_base64(arena, json_str(json_object_get(object, name)), bytes) &&
           bytes->len == len;
}

bool announcement_holds(struct arena *arena, const json_t *announcement, str *previous, str *public)
{
    str old_one = {0};
    str new_one = {0};
    str server = json_str(json_object_get(announcement, "server"));
    if (!read_bytes(arena, announcement, "previous", ED25519_PUBLIC_BYTES, previous) ||
        !read_bytes(arena, announcement, "public", ED25519_PUBLIC_BYTES, public) ||
        !read_bytes(arena, announcement, "previous_signature", ED25519_SIGNATURE_BYTES, &old_one) ||
        !read_bytes(arena, announcement, "signature", ED25519_SIGNATURE_BYTES, &new_one))
        return false;
    str text = ledger_key_announcement(arena, server, *previous, *public);
    return signature_holds((const unsigned char *)previous->ptr, text, old_one) &&
           signature_holds((const unsigned char *)public->ptr, text, new_one);
}

// The chain is whole: each announcement by the key that the one before it announced.
static bool read_chain(struct exported *exported, const json_t *list)
{
    size_t count = json_array_size(list);
    str *keys = arena_array(exported->arena, str, count + 1);
    for (size_t i = 0; i < count; i++) {
        str previous = {0};
        const json_t *one = json_array_get(list, i);
        if (json_object_size(one) != ANNOUNCEMENT_MEMBERS ||
            !announcement_holds(exported->arena, one, &previous, &keys[i + 1]) ||
            (i != 0 && !str_eq(keys[i], previous)))
            return false;
        keys[i] = previous;
    }
    if (exported->key_count == 0) { // else those of a newer export, which go further
        exported->keys = keys;
        exported->key_count = count + 1;
    }
    return count != 0;
}

static bool is_of_chain(const struct exported *exported, str key)
{
    for (size_t i = 0; i < exported->key_count; i++) {
        if (str_eq(exported->keys[i], key))
            return true;
    }
    return false;
}

void verify_keys(struct exported *exported)
{
    OWNED(json_release) json_t *list = NULL;
    str text = exported_file(exported, EXPORT_KEYS);
    str given = {(const char *)exported->public_key, ED25519_PUBLIC_BYTES};
    unsigned char *signer = arena_array(exported->arena, unsigned char, ED25519_PUBLIC_BYTES);
    if (text.len != 0 &&
        (failed(json_parse(text, &list)) || !json_is_array(list) || !read_chain(exported, list)))
        fault(exported->report,
              EXPORT_KEYS " is no list of keys of which each announced the next.");
    if (failed(public_key_parse(exported_file(exported, EXPORT_PUBLIC_KEY), signer)))
        return;
    str own = {(const char *)signer, ED25519_PUBLIC_BYTES};
    if (str_eq(own, given) || !is_of_chain(exported, own) || !is_of_chain(exported, given))
        return;
    exported->public_key = signer;
    remark(exported->report, "The export is signed by another key than the one given, which "
                             "announced it or was announced by it: " EXPORT_KEYS ".");
}
