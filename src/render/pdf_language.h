// SPDX-License-Identifier: Apache-2.0
// pdf_language.h - what cairo 1.16 cannot say of a PDF: its language, and that a reader shows its
// title.
#pragma once

#include "phial/util/buf.h"
#include "phial/util/result.h"

// Appends an incremental update with a catalog of its own.
result pdf_set_language(struct buf *bytes, str *pdf);
