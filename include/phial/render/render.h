// SPDX-License-Identifier: Apache-2.0
// render.h - a bill as PDF, HTML and UBL. Values in, bytes out: no database, no clock; the fonts of
// the system are all that is read. The same bill gives the same bytes, in any process.
//
// Takes its time: never called by the event loop.
#pragma once

#include "phial/render/bill.h"

// SELLER_MISSING without a seller's name, for all three. FONT_MISSING where the fonts lack a
// character: no empty boxes are handed out.
result render_pdf(struct arena *arena, const struct bill *bill, str *pdf);
result render_html(struct arena *arena, const struct bill *bill, str *html);
// UBL 2.1 that meets EN 16931, and Peppol BIS 3 where the customer has a reference and both sides
// an electronic address. NOT_EN16931 with the rules it would break, CONFLICT for a draft and for
// what is void.
result render_ubl(struct arena *arena, const struct bill *bill, str *xml);
