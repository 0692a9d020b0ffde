// SPDX-License-Identifier: Apache-2.0
// demo_pack.h - a month of a pack's kind of product, made up from what the pack declares: the same
// each time but for the month.
#pragma once

#include "demo_month.h"
#include "packs.h"

result demo_pack_read(struct arena *arena, const struct pack *pack, struct demo_month *month);
