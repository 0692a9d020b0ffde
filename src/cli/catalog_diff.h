// SPDX-License-Identifier: Apache-2.0
// catalog_diff.h - the difference between two documents, member by member.
#pragma once

#include "phial/catalog/canonical.h"

#include <stdio.h>

// One line a difference of their canonical forms: "    charges/0/unit_amount: "0.75" -> "0.7"". So
// what makes no new version is none. Members of `before` that a server adds (key, version, sha256,
// created_at, archived) are passed over. out NULL: only counts.
result catalog_diff(struct arena *arena, enum document_kind kind, const json_t *before,
                    const json_t *after, FILE *out, int *differences);
// Takes from a document what a server adds.
void catalog_strip(json_t *document);
