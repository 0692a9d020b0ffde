// SPDX-License-Identifier: Apache-2.0
// pause.h - a thread's waits between its turns, which its stop cuts short.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct pause {
    pthread_mutex_t mutex; // guards `stopping`
    pthread_cond_t stopped;
    bool stopping;
};
void pause_make(struct pause *pause);
void pause_release(struct pause *pause);
bool pause_for(struct pause *pause, int64_t ms); // false at the stop
void pause_end(struct pause *pause);             // from another thread
