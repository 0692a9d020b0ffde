// SPDX-License-Identifier: Apache-2.0
// approvals.h - requests that become approvals instead of changes.
#pragma once

#include "caller.h"

// PUT of an event type that switches detectors off: 202 and the approval. REASON_REQUIRED.
result approval_ask_detectors_off(const struct request *request, struct reply *reply);
