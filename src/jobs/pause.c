// SPDX-License-Identifier: Apache-2.0
#include "pause.h"

#include <assert.h>
#include <time.h>

enum { MS_A_SECOND = 1000, NS_A_MS = 1000000, NS_A_SECOND = 1000000000 };

void pause_make(struct pause *pause)
{
    pthread_condattr_t attributes;
    int failure = pthread_mutex_init(&pause->mutex, NULL);
    failure |= pthread_condattr_init(&attributes);
    failure |= pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failure |= pthread_cond_init(&pause->changed, &attributes);
    failure |= pthread_condattr_destroy(&attributes);
    assert(failure == 0);
    (void)failure;
    pause->nudged = false;
    pause->stopping = false;
}

void pause_release(struct pause *pause)
{
    (void)pthread_cond_destroy(&pause->changed);
    (void)pthread_mutex_destroy(&pause->mutex);
}

bool pause_for(struct pause *pause, int64_t ms)
{
    struct timespec until = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / MS_A_SECOND;
    until.tv_nsec += ms % MS_A_SECOND * NS_A_MS;
    if (until.tv_nsec >= NS_A_SECOND) {
        until.tv_sec++;
        until.tv_nsec -= NS_A_SECOND;
    }
    pthread_mutex_lock(&pause->mutex);
    int waited = 0;
    while (!pause->nudged && !pause->stopping && waited == 0)
        waited = pthread_cond_timedwait(&pause->changed, &pause->mutex, &until);
    pause->nudged = false;
    bool goes_on = !pause->stopping;
    pthread_mutex_unlock(&pause->mutex);
    return goes_on;
}

bool pause_is_over(struct pause *pause)
{
    pthread_mutex_lock(&pause->mutex);
    bool stopping = pause->stopping;
    pthread_mutex_unlock(&pause->mutex);
    return stopping;
}

void pause_nudge(struct pause *pause)
{
    pthread_mutex_lock(&pause->mutex);
    pause->nudged = true;
    pthread_cond_signal(&pause->changed);
    pthread_mutex_unlock(&pause->mutex);
}

void pause_end(struct pause *pause)
{
    pthread_mutex_lock(&pause->mutex);
    pause->stopping = true;
    pthread_cond_signal(&pause->changed);
    pthread_mutex_unlock(&pause->mutex);
}
