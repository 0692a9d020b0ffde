// SPDX-License-Identifier: Apache-2.0
// retention_terms.h - the options of [retention], by class.
#pragma once

#include "phial/config/config.h"
#include "phial/phi/retention.h"

struct retention_terms retention_terms_of(const struct config *config);
