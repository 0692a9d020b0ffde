// SPDX-License-Identifier: Apache-2.0
#include "token.h"

#include "phial/crypto/crypto.h"
#include "phial/util/array.h"
#include "phial/util/file.h"

#include <string.h>

enum { SLOTS_MAX = 64, PIN_BYTES_MAX = 256 };

static result refuse(const char *says)
{
    return FAIL(BAD_CONFIG, says);
}

static result parse(struct token *token, str uri)
{
    token->uri = p11_kit_uri_new();
    if (token->uri == NULL)
        return refuse("the PKCS#11 library has no memory");
    if (p11_kit_uri_parse(str_to_c(token->arena, uri), P11_KIT_URI_FOR_ANY, token->uri) !=
            P11_KIT_URI_OK ||
        p11_kit_uri_any_unrecognized(token->uri) != 0)
        return refuse("is no PKCS#11 URI (RFC 7512)");
    return OK;
}

static result read_pin(struct token *token)
{
    const char *value = p11_kit_uri_get_pin_value(token->uri);
    const char *source = p11_kit_uri_get_pin_source(token->uri);
    if (value != NULL || source == NULL) {
        token->pin = str_from(value == NULL ? "" : value);
        return OK;
    }
    str path = str_from(source);
    if (str_starts_with(path, STR("file:")))
        path = str_slice(path, sizeof "file:" - 1, path.len);
    if (failed(file_read(token->arena, str_to_c(token->arena, path), PIN_BYTES_MAX, &token->pin)))
        return refuse("the file that pin-source names cannot be read");
    while (token->pin.len != 0 && (token->pin.ptr[token->pin.len - 1] == '\n' ||
                                   token->pin.ptr[token->pin.len - 1] == '\r'))
        token->pin.len--;
    return OK;
}

static result load_modules(struct token *token)
{
    const char *path = p11_kit_uri_get_module_path(token->uri);
    if (path == NULL) {
        token->modules = p11_kit_modules_load_and_initialize(0);
        token->owns_list = token->modules != NULL;
        return token->owns_list ? OK : refuse("no PKCS#11 module can be loaded");
    }
    CK_FUNCTION_LIST **list = arena_array(token->arena, CK_FUNCTION_LIST *, 2);
    list[0] = p11_kit_module_load(path, 0);
    if (list[0] == NULL)
        return refuse("the PKCS#11 module that module-path names cannot be loaded");
    if (p11_kit_module_initialize(list[0]) != CKR_OK) {
        p11_kit_module_release(list[0]);
        return refuse("the PKCS#11 module that module-path names does not start");
    }
    token->modules = list;
    return OK;
}

static bool matches(const struct token *token, CK_FUNCTION_LIST *module, CK_SLOT_ID slot)
{
    CK_TOKEN_INFO info;
    CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(token->uri);
    if (wanted != (CK_SLOT_ID)-1 && wanted != slot)
        return false;
    return module->C_GetTokenInfo(slot, &info) == CKR_OK &&
           (info.flags & CKF_TOKEN_INITIALIZED) != 0 &&
           p11_kit_uri_match_token_info(token->uri, &info) != 0;
}

static result open_token(struct token *token)
{
    CK_SLOT_ID found = 0;
    size_t count = 0;
    for (CK_FUNCTION_LIST **module = token->modules; *module != NULL; module++) {
        CK_SLOT_ID slots[SLOTS_MAX];
        CK_ULONG slot_count = SLOTS_MAX;
        if ((*module)->C_GetSlotList(CK_TRUE, slots, &slot_count) != CKR_OK)
            continue;
        for (CK_ULONG i = 0; i < slot_count; i++) {
            if (!matches(token, *module, slots[i]))
                continue;
            token->module = *module;
            found = slots[i];
            count++;
        }
    }
    if (count != 1) {
        token->module = NULL;
        return refuse(count == 0 ? "no token is there that the PKCS#11 URI names"
                                 : "the PKCS#11 URI names more than one token");
    }
    if (token->module->C_OpenSession(found, CKF_SERIAL_SESSION, NULL, NULL, &token->session) !=
        CKR_OK) {
        token->module = NULL;
        return refuse("the PKCS#11 token does not open");
    }
    return OK;
}

static result log_in(struct token *token)
{
    if (token->pin.len == 0)
        return OK;
    unsigned char *pin = arena_array(token->arena, unsigned char, token->pin.len);
    memcpy(pin, token->pin.ptr, token->pin.len);
    CK_RV done = token->module->C_Login(token->session, CKU_USER, pin, (CK_ULONG)token->pin.len);
    crypto_wipe(pin, token->pin.len);
    return done == CKR_OK || done == CKR_USER_ALREADY_LOGGED_IN
               ? OK
               : refuse("the PKCS#11 token refuses the PIN");
}

result token_find(const struct token *token, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *key)
{
    enum { CLASS, LABEL, ID, MOST };
    CK_ATTRIBUTE wanted[MOST] = {[CLASS] = {CKA_CLASS, &class, sizeof class}};
    const CK_ATTRIBUTE_TYPE named[] = {CKA_LABEL, CKA_ID};
    CK_ULONG count = 1;
    for (size_t i = 0; i < COUNT_OF(named); i++) {
        const CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute(token->uri, named[i]);
        if (attribute != NULL)
            wanted[count++] = *attribute;
    }
    CK_OBJECT_HANDLE found[2];
    CK_ULONG found_count = 0;
    CK_FUNCTION_LIST *module = token->module;
    bool asked = module->C_FindObjectsInit(token->session, wanted, count) == CKR_OK &&
                 module->C_FindObjects(token->session, found, 2, &found_count) == CKR_OK;
    (void)module->C_FindObjectsFinal(token->session);
    if (!asked || found_count == 0)
        return refuse(class == CKO_SECRET_KEY
                          ? "the PKCS#11 token shows no such secret key; is the PIN given?"
                          : "the PKCS#11 token shows no such key pair; is the PIN given?");
    if (found_count != 1)
        return refuse(class == CKO_SECRET_KEY ? "the PKCS#11 URI names more than one secret key"
                                              : "the PKCS#11 URI names more than one key pair");
    *key = found[0];
    return OK;
}

void token_close(struct token *token)
{
    if (token->module != NULL) {
        (void)token->module->C_Logout(token->session);
        (void)token->module->C_CloseSession(token->session);
    }
    if (token->owns_list) {
        p11_kit_modules_finalize_and_release(token->modules);
    } else if (token->modules != NULL) {
        (void)p11_kit_module_finalize(token->modules[0]);
        p11_kit_module_release(token->modules[0]);
    }
    p11_kit_uri_free(token->uri);
}

result token_open(struct arena *arena, str uri, struct token *token)
{
    *token = (struct token){.arena = arena};
    result opened = parse(token, uri);
    if (!failed(opened))
        opened = read_pin(token);
    if (!failed(opened))
        opened = load_modules(token);
    if (!failed(opened))
        opened = open_token(token);
    if (!failed(opened))
        opened = log_in(token);
    if (failed(opened))
        token_close(token);
    return opened;
}
