// SPDX-License-Identifier: Apache-2.0
// lock.h - HOLD(&mutex) until the end of the block.
#pragma once

#include "phial/util/owned.h"

#include <pthread.h>

static inline void lock_release(pthread_mutex_t **mutex)
{
    (void)pthread_mutex_unlock(*mutex);
}

#define HOLD(mutex)                  \
    (void)pthread_mutex_lock(mutex); \
    OWNED(lock_release) __attribute__((unused)) pthread_mutex_t *held_ = (mutex)
