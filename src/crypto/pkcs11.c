// SPDX-License-Identifier: Apache-2.0
#include "pkcs11.h"

#include "phial/util/array.h"
#include "phial/util/file.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <string.h>

enum { SLOTS_MAX = 64, PIN_BYTES_MAX = 256, CMAC_BYTES = 16 };

static const char label[] = "phial/master-key/1";

struct finding {
    struct arena *arena;
    P11KitUri *uri;
    str pin;
    CK_FUNCTION_LIST **modules; // NULL-terminated
    bool owns_list;             // else one module, loaded by its path
    // the token
    CK_FUNCTION_LIST *module;
    CK_SESSION_HANDLE session;
};

static result refuse(const char *says)
{
    return FAIL(BAD_CONFIG, says);
}

static result parse(struct finding *finding, str uri)
{
    finding->uri = p11_kit_uri_new();
    if (finding->uri == NULL)
        return refuse("the PKCS#11 library has no memory");
    if (p11_kit_uri_parse(str_to_c(finding->arena, uri), P11_KIT_URI_FOR_ANY, finding->uri) !=
            P11_KIT_URI_OK ||
        p11_kit_uri_any_unrecognized(finding->uri) != 0)
        return refuse("is no PKCS#11 URI (RFC 7512)");
    return OK;
}

static result read_pin(struct finding *finding)
{
    const char *value = p11_kit_uri_get_pin_value(finding->uri);
    const char *source = p11_kit_uri_get_pin_source(finding->uri);
    if (value != NULL || source == NULL) {
        finding->pin = str_from(value == NULL ? "" : value);
        return OK;
    }
    str path = str_from(source);
    if (str_starts_with(path, STR("file:")))
        path = str_slice(path, sizeof "file:" - 1, path.len);
    if (failed(file_read(finding->arena, str_to_c(finding->arena, path), PIN_BYTES_MAX,
                         &finding->pin)))
        return refuse("the file that pin-source names cannot be read");
    while (finding->pin.len != 0 && (finding->pin.ptr[finding->pin.len - 1] == '\n' ||
                                     finding->pin.ptr[finding->pin.len - 1] == '\r'))
        finding->pin.len--;
    return OK;
}

static result load_modules(struct finding *finding)
{
    const char *path = p11_kit_uri_get_module_path(finding->uri);
    if (path == NULL) {
        finding->modules = p11_kit_modules_load_and_initialize(0);
        finding->owns_list = finding->modules != NULL;
        return finding->owns_list ? OK : refuse("no PKCS#11 module can be loaded");
    }
    CK_FUNCTION_LIST **list = arena_array(finding->arena, CK_FUNCTION_LIST *, 2);
    list[0] = p11_kit_module_load(path, 0);
    if (list[0] == NULL)
        return refuse("the PKCS#11 module that module-path names cannot be loaded");
    if (p11_kit_module_initialize(list[0]) != CKR_OK) {
        p11_kit_module_release(list[0]);
        return refuse("the PKCS#11 module that module-path names does not start");
    }
    finding->modules = list;
    return OK;
}

static bool matches(const struct finding *finding, CK_FUNCTION_LIST *module, CK_SLOT_ID slot)
{
    CK_TOKEN_INFO info;
    CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(finding->uri);
    if (wanted != (CK_SLOT_ID)-1 && wanted != slot)
        return false;
    return module->C_GetTokenInfo(slot, &info) == CKR_OK &&
           (info.flags & CKF_TOKEN_INITIALIZED) != 0 &&
           p11_kit_uri_match_token_info(finding->uri, &info) != 0;
}

static result open_token(struct finding *finding)
{
    CK_SLOT_ID found = 0;
    size_t count = 0;
    for (CK_FUNCTION_LIST **module = finding->modules; *module != NULL; module++) {
        CK_SLOT_ID slots[SLOTS_MAX];
        CK_ULONG slot_count = SLOTS_MAX;
        if ((*module)->C_GetSlotList(CK_TRUE, slots, &slot_count) != CKR_OK)
            continue;
        for (CK_ULONG i = 0; i < slot_count; i++) {
            if (!matches(finding, *module, slots[i]))
                continue;
            finding->module = *module;
            found = slots[i];
            count++;
        }
    }
    if (count != 1) {
        finding->module = NULL;
        return refuse(count == 0 ? "no token is there that the PKCS#11 URI names"
                                 : "the PKCS#11 URI names more than one token");
    }
    if (finding->module->C_OpenSession(found, CKF_SERIAL_SESSION, NULL, NULL, &finding->session) !=
        CKR_OK) {
        finding->module = NULL;
        return refuse("the PKCS#11 token does not open");
    }
    return OK;
}

static result log_in(struct finding *finding)
{
    if (finding->pin.len == 0)
        return OK;
    unsigned char *pin = arena_array(finding->arena, unsigned char, finding->pin.len);
    memcpy(pin, finding->pin.ptr, finding->pin.len);
    CK_RV done =
        finding->module->C_Login(finding->session, CKU_USER, pin, (CK_ULONG)finding->pin.len);
    crypto_wipe(pin, finding->pin.len);
    return done == CKR_OK || done == CKR_USER_ALREADY_LOGGED_IN
               ? OK
               : refuse("the PKCS#11 token refuses the PIN");
}

// The one secret key that the URI names.
static result find_key(struct finding *finding, CK_OBJECT_HANDLE *key)
{
    enum { CLASS, LABEL, ID, MOST };
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_ATTRIBUTE wanted[MOST] = {[CLASS] = {CKA_CLASS, &class, sizeof class}};
    const CK_ATTRIBUTE_TYPE named[] = {CKA_LABEL, CKA_ID};
    CK_ULONG count = 1;
    for (size_t i = 0; i < COUNT_OF(named); i++) {
        const CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute(finding->uri, named[i]);
        if (attribute != NULL)
            wanted[count++] = *attribute;
    }
    CK_OBJECT_HANDLE found[2];
    CK_ULONG found_count = 0;
    CK_FUNCTION_LIST *module = finding->module;
    bool asked = module->C_FindObjectsInit(finding->session, wanted, count) == CKR_OK &&
                 module->C_FindObjects(finding->session, found, 2, &found_count) == CKR_OK;
    (void)module->C_FindObjectsFinal(finding->session);
    if (!asked || found_count == 0)
        return refuse("the PKCS#11 token shows no such secret key; is the PIN given?");
    if (found_count != 1)
        return refuse("the PKCS#11 URI names more than one secret key");
    *key = found[0];
    return OK;
}

static bool sign(const struct finding *finding, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type,
                 str message, unsigned char *mac, size_t mac_len)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    CK_ULONG len = (CK_ULONG)mac_len;
    unsigned char *text = arena_array(finding->arena, unsigned char, message.len);
    memcpy(text, message.ptr, message.len);
    return finding->module->C_SignInit(finding->session, &mechanism, key) == CKR_OK &&
           finding->module->C_Sign(finding->session, text, (CK_ULONG)message.len, mac, &len) ==
               CKR_OK &&
           len == mac_len;
}

// HMAC-SHA-256 by a generic secret; by an AES key two CMACs, numbered as NIST SP 800-108 does.
static result derive(const struct finding *finding, CK_OBJECT_HANDLE key,
                     unsigned char into[MASTER_KEY_BYTES])
{
    CK_KEY_TYPE type = 0;
    CK_ATTRIBUTE asked = {CKA_KEY_TYPE, &type, sizeof type};
    bool done = finding->module->C_GetAttributeValue(finding->session, key, &asked, 1) == CKR_OK;
    if (done && type == CKK_AES) {
        for (int half = 0; done && half < 2; half++) {
            str message = str_printf(finding->arena, "%c%s", half + 1, label);
            done = sign(finding, key, CKM_AES_CMAC, message, into + (size_t)half * CMAC_BYTES,
                        CMAC_BYTES);
        }
    } else if (done) {
        done = sign(finding, key, CKM_SHA256_HMAC, str_from(label), into, MASTER_KEY_BYTES);
    }
    return done ? OK
                : refuse("the PKCS#11 key can sign neither by SHA256-HMAC (a generic secret) nor "
                         "by AES-CMAC (an AES key)");
}

static void let_go(struct finding *finding)
{
    if (finding->module != NULL) {
        (void)finding->module->C_Logout(finding->session);
        (void)finding->module->C_CloseSession(finding->session);
    }
    if (finding->owns_list) {
        p11_kit_modules_finalize_and_release(finding->modules);
    } else if (finding->modules != NULL) {
        (void)p11_kit_module_finalize(finding->modules[0]);
        p11_kit_module_release(finding->modules[0]);
    }
    p11_kit_uri_free(finding->uri);
}

static result find_and_derive(struct finding *finding, str uri, unsigned char *into)
{
    CK_OBJECT_HANDLE key = 0;
    TRY(parse(finding, uri));
    TRY(read_pin(finding));
    TRY(load_modules(finding));
    TRY(open_token(finding));
    TRY(log_in(finding));
    TRY(find_key(finding, &key));
    return derive(finding, key, into);
}

result pkcs11_derive(struct arena *arena, str uri, unsigned char key[MASTER_KEY_BYTES])
{
    struct finding finding = {.arena = arena};
    unsigned char derived[MASTER_KEY_BYTES] = {0};
    result done = find_and_derive(&finding, uri, derived);
    let_go(&finding);
    if (!failed(done))
        memcpy(key, derived, sizeof derived);
    crypto_wipe(derived, sizeof derived);
    return done;
}
