// SPDX-License-Identifier: Apache-2.0
#include "bench_events.h"

#include "phial/crypto/crypto.h"
#include "phial/time/time.h"
#include "phial/util/array.h"
#include "phial/util/encode.h"

#include <string.h>
#include <time.h>

enum { IDS_A_MS = 100, ID_BYTES = 16, RANGES_FIRST = 1024 };

void bench_events_start(struct bench_events *events, struct arena *arena,
                        const struct bench_options *options)
{
    unsigned char random[5];
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    crypto_random(random, sizeof random);
    *events = (struct bench_events){
        .options = options,
        .arena = arena,
        .started_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000,
        .acknowledged = arena_array(arena, struct bench_range, RANGES_FIRST),
        .acknowledged_size = RANGES_FIRST,
    };
    crypto_random(&events->seed, sizeof events->seed);
    str name = encode_base32(arena, (str){(const char *)random, sizeof random});
    events->run = str_printf(arena, "bench-%" STR_FMT, STR_ARG(name));
    for (int i = 0; i < BENCH_TIMES; i++)
        events->times[i] = instant_print(arena, (instant){((int64_t)now.tv_sec - i) * 1000000});
}

void bench_events_phase(struct bench_events *events, int64_t count, double share)
{
    events->left = count;
    events->share = share;
    events->owed = 0;
}

// splitmix64: every number has bits of its own.
static uint64_t mix(uint64_t seed, uint64_t number)
{
    uint64_t z = seed + (number + 1) * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static void store(unsigned char *into, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        into[i] = (unsigned char)(value >> (56 - 8 * i));
}

static void make_id(const struct bench_events *events, int64_t number, unsigned char id[ID_BYTES])
{
    uint64_t high = mix(events->seed, (uint64_t)number * 2);
    unsigned version = 4;
    if (events->options->ordered) {
        version = 7;
        high = (uint64_t)(events->started_ms + number / IDS_A_MS) << 16 |
               (uint64_t)(number % IDS_A_MS);
    }
    store(id, high);
    store(id + 8, mix(events->seed, (uint64_t)number * 2 + 1));
    id[6] = (unsigned char)((id[6] & 0x0FU) | version << 4);
    id[8] = (unsigned char)((id[8] & 0x3FU) | 0x80U);
}

static char *put(char *at, str text)
{
    memcpy(at, text.ptr, text.len);
    return at + text.len;
}

static char *put_hex(char *at, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 0x0FU];
    }
    return at;
}

static char *put_uuid(char *at, const unsigned char id[ID_BYTES])
{
    static const size_t groups[] = {4, 2, 2, 2, 6};
    size_t from = 0;
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if (i != 0)
            *at++ = '-';
        at = put_hex(at, id + from, groups[i]);
        from += groups[i];
    }
    return at;
}

// Six digits, as bench_customer prints them.
static char *put_number(char *at, uint64_t number)
{
    for (int i = 5; i >= 0; i--) {
        at[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + 6;
}

static char *put_event(const struct bench_events *events, char *at, int64_t number)
{
    static const str modalities[] = {{"ct", 2}, {"mri", 3}, {"xray", 4}, {"pathology", 9}};
    unsigned char id[ID_BYTES];
    unsigned char study[8];
    uint64_t drawn = mix(~events->seed, (uint64_t)number);
    make_id(events, number, id);
    store(study, drawn);

    at = put(at, STR("{\"id\":\""));
    at = put_uuid(at, id);
    at = put(at, STR("\",\"customer\":\""));
    at = put(at, events->run);
    *at++ = '-';
    at = put_number(at, drawn % (uint64_t)events->options->customers);
    at = put(at, STR("\",\"type\":\""));
    at = put(at, events->run);
    at = put(at, STR(".image\",\"time\":\""));
    at = put(at, events->times[(drawn >> 32) % BENCH_TIMES]);
    at = put(at, STR("\",\"quantity\":\"1\",\"properties\":{\"modality\":\""));
    at = put(at, modalities[(drawn >> 40) % COUNT_OF(modalities)]);
    at = put(at, STR("\",\"model_version\":\"2.4.1\",\"study\":\""));
    at = put_hex(at, study, sizeof study);
    return put(at, STR("\"}}\n"));
}

static int64_t draw_acknowledged(struct bench_events *events)
{
    uint64_t drawn = mix(events->seed ^ 0x5bd1e995U, events->draws++);
    const struct bench_range *range =
        &events->acknowledged[(drawn >> 32) % events->acknowledged_count];
    return range->first + (int64_t)((drawn & 0xFFFFFFFFU) % (uint64_t)range->count);
}

bool bench_events_next(struct bench_events *events, char *into, size_t *len,
                       struct bench_batch *batch)
{
    int64_t size = events->options->single ? 1 : events->options->batch;
    if (size > events->left)
        size = events->left;
    if (size == 0)
        return false;
    events->left -= size;
    events->owed += events->share * (double)size;
    int64_t repeats = events->acknowledged_count == 0 ? 0 : (int64_t)(events->owed + 1e-6);
    if (repeats > size)
        repeats = size;
    events->owed -= (double)repeats;
    *batch = (struct bench_batch){events->next, size - repeats, repeats};

    char *at = into;
    for (int64_t i = 0; i < size; i++) {
        bool again = (i + 1) * repeats / size != i * repeats / size; // spread over the batch
        at = put_event(events, at, again ? draw_acknowledged(events) : events->next++);
    }
    *len = (size_t)(at - into);
    return true;
}

void bench_events_acknowledge(struct bench_events *events, const struct bench_batch *batch)
{
    if (batch->fresh == 0)
        return;
    if (events->acknowledged_count == events->acknowledged_size) {
        size_t size = 2 * events->acknowledged_size;
        struct bench_range *more = arena_array(events->arena, struct bench_range, size);
        memcpy(more, events->acknowledged, events->acknowledged_count * sizeof *more);
        events->acknowledged = more;
        events->acknowledged_size = size;
    }
    events->acknowledged[events->acknowledged_count++] =
        (struct bench_range){batch->first, batch->fresh};
}

str bench_customer(struct arena *arena, const struct bench_events *events, int64_t number)
{
    return str_printf(arena, "%" STR_FMT "-%06lld", STR_ARG(events->run), (long long)number);
}

str bench_event_type(struct arena *arena, const struct bench_events *events)
{
    return str_printf(arena, "%" STR_FMT ".image", STR_ARG(events->run));
}
