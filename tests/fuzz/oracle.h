// SPDX-License-Identifier: Apache-2.0
// oracle.h - what a body of events has to be cut into, found with jansson: how many events, and of
// each the verdict on its structure, the kinds and texts of its members and properties.
//
// jansson alone cannot say it: it stops at the first fault of a body. So the oracle cuts the body
// by itself, and reads each event twice: once with the faults covered that refuse one event alone
// (is it JSON at all?), and once as it stands (is it fit?).
#pragma once

#include "split.h"

// Asserts that split_body agrees.
void oracle_check(enum event_format format, str body);
