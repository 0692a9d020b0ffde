// SPDX-License-Identifier: Apache-2.0
// reason.h - why something is changed: 1 to 500 printable characters, and no patient's identifier.
#pragma once

#include "caller.h"

// Phial-Reason; "" without. BAD_HEADER, PHI_DETECTED.
result reason_read(const struct request *request, str *reason);
// Adds a fault unless the member of a body is one; its absence or type is a fault already.
void reason_fault(struct json_at at);
