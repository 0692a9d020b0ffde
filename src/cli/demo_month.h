// SPDX-License-Identifier: Apache-2.0
// demo_month.h - the demo's month of real activity, moved to the current month, and its true
// counts; or a pack's month, made up.
#pragma once

#include "phial/json/json.h"
#include "phial/util/arena.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

struct demo_month {
    const char *whose;    // "an EHR and an imaging company"
    const char *activity; // "encounters, prescriptions, FHIR reads and images"
    str voided_type;      // of which one event is voided
    int year;
    int month;
    str start;       // "2026-11-01T00:00:00Z"
    str next;        // the month after, ten minutes past midnight: when everything has happened
    str after_grace; // 25 hours later
    str *events;     // a line each
    size_t event_count;
    str *refused; // events with planted identifiers
    size_t refused_count;
    str *planted; // what was planted in them
    size_t planted_count;
    json_t *catalog; // owned; with the month's customers and their subscriptions
    json_t *truth; // owned: an array of rows {customer, type, count, quantity, ...}; NULL: a pack's
};

// The current month's instants.
void demo_month_open(struct arena *arena, struct demo_month *month);

result demo_month_read(struct arena *arena, struct demo_month *month);
void demo_month_release(struct demo_month *month);

// Compares every usage line of a statement with the truth. `voided` is the quantity taken off the
// fhir-resources line of `voided_resource` ("" for none). False when one differs; counts the lines.
bool demo_month_agrees(const struct demo_month *month, const json_t *statement, str voided_resource,
                       decimal voided, int *lines);
