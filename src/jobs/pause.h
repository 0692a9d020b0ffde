// SPDX-License-Identifier: Apache-2.0
// pause.h - a thread's waits between its turns, which its stop cuts short, and a nudge.
//
// All but pause_for and pause_is_over are for other threads.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct pause {
    pthread_mutex_t mutex; // guards what follows
    pthread_cond_t changed;
    bool nudged;
    bool stopping;
};
void pause_make(struct pause *pause);
void pause_release(struct pause *pause);
bool pause_for(struct pause *pause, int64_t ms); // false at the stop
bool pause_is_over(struct pause *pause);         // it would be false
void pause_nudge(struct pause *pause);           // ends this pause, or the next one
void pause_end(struct pause *pause);             // ends this one and all that follow
