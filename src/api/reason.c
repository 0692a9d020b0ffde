// SPDX-License-Identifier: Apache-2.0
#include "reason.h"

#include "phial/phi/phi.h"

enum { REASON_CHARACTERS_MAX = 500 };

// Characters of valid UTF-8; control characters make it unprintable.
static bool printable(str text, size_t *characters)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool c1 = c == 0xc2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xa0;
        if (c < 0x20 || c == 0x7f || c1)
            return false;
        count += (c & 0xc0) != 0x80;
    }
    *characters = count;
    json_t *valid = json_from_str(text);
    json_decref(valid);
    return valid != NULL;
}

result reason_read(const struct request *request, str *reason)
{
    size_t characters = 0;
    str text = str_trim(http_header(request, "Phial-Reason"));
    if (!printable(text, &characters) || characters > REASON_CHARACTERS_MAX)
        return FAIL(BAD_HEADER, "Phial-Reason is 1 to 500 printable characters of UTF-8.");
    const struct phi_detector *hit = phi_find(text, 0);
    if (hit != NULL) {
        faults_add_phi(request->faults, STR(""), hit->name);
        return faults_result(request->faults);
    }
    *reason = text;
    return OK;
}

void reason_fault(struct json_at at)
{
    size_t characters = 0;
    str text = str_trim(json_str(at.value));
    if (!json_is_string(at.value))
        return;
    const struct phi_detector *hit = phi_find(text, 0);
    if (text.len == 0 || !printable(text, &characters) || characters > REASON_CHARACTERS_MAX)
        json_wrong(at, "invalid", "The reason is 1 to 500 printable characters.");
    else if (hit != NULL)
        faults_add_phi(at.faults, at.pointer, hit->name);
}
