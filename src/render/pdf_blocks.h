// SPDX-License-Identifier: Apache-2.0
// pdf_blocks.h - the parts of the page beside the lines. Each is drawn from y down and answers its
// height; without `draw` it is measured alone.
#pragma once

#include "pdf_pages.h"

double pdf_block(struct pdf_layout *layout, enum pdf_kind kind, double y, bool draw);
// The first page above the lines.
double pdf_opening(struct pdf_layout *layout, bool draw);
void pdf_foot(struct pdf_layout *layout, size_t page);
