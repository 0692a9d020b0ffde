// SPDX-License-Identifier: Apache-2.0
// declare.h - the parts of a declaration: one property, and a word out of a closed list.
#pragma once

#include "phial/phi/event_type.h"

struct words {
    const char *const *items;
    size_t count;
};

#define WORDS(...)                                      \
    ((struct words){(const char *const[]){__VA_ARGS__}, \
                    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)})

// The position of the member's text in the list, `fallback` when the member is absent; adds a fault
// and answers `fallback` when the list does not have it.
size_t declare_choice(struct json_at object, const char *name, struct words words, size_t fallback);

// A name of the ledger's canonical form: 1 to 64 of [A-Za-z0-9_.-].
bool declare_is_word(str text);

// Whether a pointer may hold the name: that of a property, declared by an object. Any other is not
// a name but a value: it is not repeated, the fault points at `properties`.
bool declare_name(struct json_at properties, str name, const json_t *declaration);

// Adds a fault for everything wrong with the declaration of one property.
void declare_property(struct json_at at, str name, struct property *property);
