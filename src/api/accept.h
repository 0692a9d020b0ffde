// SPDX-License-Identifier: Apache-2.0
// accept.h - which of two representations an Accept header wants.
#pragma once

#include "phial/util/str.h"

enum media { MEDIA_NONE, MEDIA_CSV, MEDIA_JSON, MEDIA_OPENMETRICS, MEDIA_PROMETHEUS };

// The one with the higher quality; `preset` where they are equal or the header is absent, and
// MEDIA_NONE where neither is wanted.
enum media accept_media(str header, enum media preset, enum media other);
