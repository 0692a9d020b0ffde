// SPDX-License-Identifier: Apache-2.0
// memory.h - how much of what was freed a process keeps.
#pragma once

// What a large answer took goes back to the system, what the next request takes again stays.
void memory_bound(void);
