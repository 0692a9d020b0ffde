// SPDX-License-Identifier: Apache-2.0
// pdf_table.h - a page's part of the lines' table, and the blocks that follow it.
#pragma once

#include "pdf_pages.h"

void pdf_draw_rows(struct pdf_layout *layout, const struct pdf_page *page);
