// SPDX-License-Identifier: Apache-2.0
#include "phial/api/rate_limit.h"

#include "phial/crypto/crypto.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 1024, WAYS = 8, TOKEN = 1000000 }; // TOKEN: a bucket counts in millionths

struct bucket {
    uint8_t id[16]; // of the key id's hash
    int64_t level;
    int64_t at_us; // when the level was that
    bool used;
};

struct rate_limit {
    int64_t per_second; // so many millionths of a token a microsecond
    int64_t capacity;
    pthread_mutex_t lock; // guards the buckets
    struct bucket buckets[SETS][WAYS];
};

struct rate_limit *rate_limit_open(int64_t per_second, int64_t burst)
{
    if (per_second <= 0)
        return NULL;
    struct rate_limit *limit = calloc(1, sizeof *limit);
    if (limit == NULL)
        abort(); // as an arena does
    limit->per_second = per_second;
    limit->capacity = burst * TOKEN;
    (void)pthread_mutex_init(&limit->lock, NULL);
    return limit;
}

void rate_limit_close(struct rate_limit *limit)
{
    if (limit == NULL)
        return;
    (void)pthread_mutex_destroy(&limit->lock);
    free(limit);
}

static int64_t round_up(int64_t amount, int64_t by)
{
    return amount / by + (amount % by != 0);
}

// The seconds until that many millionths have come.
static int64_t seconds_for(const struct rate_limit *limit, int64_t amount)
{
    return round_up(round_up(amount, limit->per_second), TOKEN);
}

static int64_t level_of(const struct rate_limit *limit, const struct bucket *bucket, int64_t now_us)
{
    if (!bucket->used)
        return limit->capacity;
    int64_t missing = limit->capacity - bucket->level;
    int64_t passed_us = now_us > bucket->at_us ? now_us - bucket->at_us : 0;
    if (passed_us >= round_up(missing, limit->per_second))
        return limit->capacity;
    return bucket->level + passed_us * limit->per_second;
}

// The key's own bucket, else the fullest of those where it may be.
static struct bucket *find_bucket(struct rate_limit *limit, const sha256 *hash, int64_t now_us)
{
    size_t set = ((size_t)hash->bytes[16] << 8 | hash->bytes[17]) % SETS;
    struct bucket *fullest = &limit->buckets[set][0];
    for (size_t way = 0; way < WAYS; way++) {
        struct bucket *bucket = &limit->buckets[set][way];
        if (bucket->used && memcmp(bucket->id, hash->bytes, sizeof bucket->id) == 0)
            return bucket;
        if (level_of(limit, bucket, now_us) > level_of(limit, fullest, now_us))
            fullest = bucket;
    }
    *fullest = (struct bucket){.level = limit->capacity, .at_us = now_us, .used = true};
    memcpy(fullest->id, hash->bytes, sizeof fullest->id);
    return fullest;
}

struct rate_verdict rate_limit_take(struct rate_limit *limit, str key_id, int64_t now_us)
{
    sha256 hash = sha256_of(key_id);
    (void)pthread_mutex_lock(&limit->lock);
    struct bucket *bucket = find_bucket(limit, &hash, now_us);
    int64_t level = level_of(limit, bucket, now_us);
    bool allowed = level >= TOKEN;
    if (allowed)
        level -= TOKEN;
    bucket->level = level;
    if (now_us > bucket->at_us)
        bucket->at_us = now_us;
    (void)pthread_mutex_unlock(&limit->lock);
    return (struct rate_verdict){
        .allowed = allowed,
        .burst = limit->capacity / TOKEN,
        .window_seconds = seconds_for(limit, limit->capacity),
        .left = level / TOKEN,
        .full_seconds = seconds_for(limit, limit->capacity - level),
        .retry_seconds = allowed ? 0 : seconds_for(limit, TOKEN - level),
    };
}
