// SPDX-License-Identifier: Apache-2.0
// trial.h - tries the PHI boundary on recorded traffic, a line at a time: no database, no clock.
//
// A line is an event (contract of POST /v1/events) or a recorded text, {"text": ..., "shape":
// "value", "member" or "event"}. What is found is never repeated, nor is a name that nobody
// declared: a pointer ends above it.
#pragma once

#include "phial/phi/event_type.h"

enum { TRIAL_LINE_MAX = 1024 * 1024, TRIAL_TYPES_MAX = 1000 };

struct trial_verdict {
    const char *word; // the detector, or the code where the declaration refuses; NULL: clean
    str pointer;
};

// By declarations, or without any: then every name and text of a line is looked at.
struct trial;
struct trial *trial_open(struct arena *arena);
bool trial_declare(struct trial *trial, const struct event_type *type); // false: too many

// The arena is for the line alone.
struct trial_verdict trial_line(struct trial *trial, struct arena *arena, str line);
