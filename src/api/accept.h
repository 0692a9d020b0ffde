// SPDX-License-Identifier: Apache-2.0
// accept.h - which of several representations an Accept header wants.
#pragma once

#include "phial/util/str.h"

enum media {
    MEDIA_NONE,
    MEDIA_CSV,
    MEDIA_HTML,
    MEDIA_JSON,
    MEDIA_OPENMETRICS,
    MEDIA_PDF,
    MEDIA_PROMETHEUS,
    MEDIA_XML,
};

// The one offered that has the highest quality; an earlier one where they are equal, the first
// where the header is absent, and MEDIA_NONE where none is wanted.
enum media accept_media(str header, const enum media *offered, size_t count);
