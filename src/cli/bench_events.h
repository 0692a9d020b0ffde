// SPDX-License-Identifier: Apache-2.0
// bench_events.h - the events of a run. Each is a pure function of the run and of its number, so
// that any of them can be sent again, byte for byte, without being kept.
#pragma once

#include "bench.h"
#include "phial/util/arena.h"
#include "phial/util/buf.h"
#include "phial/util/str.h"

enum { BENCH_TIMES = 60, BENCH_EVENT_BYTES_MAX = 512 };

struct bench_range {
    int64_t first;
    int64_t count;
};

struct bench_events {
    const struct bench_options *options;
    struct arena *arena;
    str run; // begins the key of the event type and of every customer
    uint64_t seed;
    int64_t started_ms;
    str times[BENCH_TIMES];
    int64_t left; // events still to be sent
    int64_t next; // number of the next new event
    double share; // of events that are sent again
    double owed;  // repeats that are due
    uint64_t draws;
    struct bench_range *acknowledged; // new events whose request was answered in full
    size_t acknowledged_count;
    size_t acknowledged_size;
};

// One request's events, as lines of NDJSON (a single event is a JSON document as well).
struct bench_batch {
    int64_t first; // new events: [first, first + fresh)
    int64_t fresh;
    int64_t repeats;
};

// Everything random about the run is drawn here.
void bench_events_start(struct bench_events *events, struct arena *arena,
                        const struct bench_options *options);
// The next phase: how many events in all, and which share of them are repeats.
void bench_events_phase(struct bench_events *events, int64_t count, double share);
// Appends the next batch; false when nothing is left to send. `into` is never grown: its size
// is at least BENCH_EVENT_BYTES_MAX for each event of a batch.
bool bench_events_next(struct bench_events *events, char *into, size_t *len,
                       struct bench_batch *batch);
void bench_events_acknowledge(struct bench_events *events, const struct bench_batch *batch);
str bench_customer(struct arena *arena, const struct bench_events *events, int64_t number);
str bench_event_type(struct arena *arena, const struct bench_events *events);
