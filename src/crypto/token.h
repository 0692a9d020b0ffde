// SPDX-License-Identifier: Apache-2.0
// token.h - a PKCS#11 token, opened by the URI (RFC 7512) of one of its keys.
#pragma once

#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <stdbool.h>

struct token {
    struct arena *arena;
    P11KitUri *uri;
    str pin;
    CK_FUNCTION_LIST **modules; // NULL-terminated
    bool owns_list;             // else one module, loaded by its path
    CK_FUNCTION_LIST *module;
    CK_SESSION_HANDLE session;
};

// Logged in where a PIN is given. BAD_CONFIG with a sentence that names neither key nor PIN.
result token_open(struct arena *arena, str uri, struct token *token);
void token_close(struct token *token);
// The one key of the class that the URI names.
result token_find(const struct token *token, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *key);
