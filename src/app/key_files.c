// SPDX-License-Identifier: Apache-2.0
#include "key_files.h"

#include "phial/util/array.h"
#include "phial/util/file.h"

enum { PEM_BYTES_MAX = 1048576 };

result key_files_pem(struct arena *arena, const char *option, str path, const char **text)
{
    str bytes = {0};
    if (path.len == 0)
        return OK;
    if (failed(file_read(arena, str_to_c(arena, path), PEM_BYTES_MAX, &bytes)))
        return FAIL(BAD_CONFIG, str_printf(arena, "%s: the file cannot be read", option).ptr);
    *text = str_to_c(arena, bytes);
    return OK;
}

result key_files_master(struct arena *arena, const struct config *config, struct keyring *keyring)
{
    const struct {
        const char *option;
        str source;
    } keys[] = {{"[phi] master_key", config->phi_master_key},
                {"[phi] master_key_next", config->phi_master_key_next},
                {"[phi] master_key_previous", config->phi_master_key_previous}};
    if (keys[0].source.len == 0)
        return FAIL(BAD_CONFIG, "[phi] master_key: is required to serve");
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        result added = keys[i].source.len == 0 ? OK : keyring_add(arena, keys[i].source, keyring);
        if (failed(added))
            return FAIL(BAD_CONFIG, str_printf(arena, "%s: %s", keys[i].option, added.detail).ptr);
    }
    if (config->phi_master_key_previous.len != 0)
        keyring->replaced = keyring->count - 1;
    return OK;
}
