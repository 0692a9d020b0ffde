// SPDX-License-Identifier: Apache-2.0
// wipe.h - what is left on a thread's stack by calls that have returned.
#pragma once

// Empties what lies below the caller's frame, as deep as a request's calls reach.
void wipe_stack(void);
