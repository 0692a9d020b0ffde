// SPDX-License-Identifier: Apache-2.0
// filter.h - whether an event passes the filters of a metric or a charge.
#pragma once

#include "phial/rating/metric.h"

// The canonical text of an event's property. False when it carries none of that name.
bool event_property(const struct usage_event *event, str name, str *text);
// All must hold; an absent property passes none but `exists: false`.
bool filters_pass(const struct filter *filters, size_t count, const struct usage_event *event);

// The sample of an event whatever its time. False when the metric, or the measurement's own
// filters, do not count it.
struct sample;
bool sample_take(const struct measurement *what, const struct usage_event *event,
                 struct sample *sample);
