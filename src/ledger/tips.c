// SPDX-License-Identifier: Apache-2.0
#include "phial/ledger/tips.h"

#include "phial/merkle/merkle.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096, TIPS_MAX = 20000 };

struct kept {
    struct kept *next;
    struct tip tip; // its nodes are `bytes`
    char bytes[];
};

struct tips {
    pthread_mutex_t lock;
    struct kept *buckets[BUCKETS];
    size_t count;
};

struct tips *tips_new(void)
{
    struct tips *tips = calloc(1, sizeof *tips);
    assert(tips != NULL);
    (void)pthread_mutex_init(&tips->lock, NULL);
    return tips;
}

static void clear(struct tips *tips)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        while (tips->buckets[i] != NULL) {
            struct kept *kept = tips->buckets[i];
            tips->buckets[i] = kept->next;
            free(kept);
        }
    }
    tips->count = 0;
}

void tips_free(struct tips *tips)
{
    if (tips == NULL)
        return;
    clear(tips);
    (void)pthread_mutex_destroy(&tips->lock);
    free(tips);
}

static struct kept **place_of(struct tips *tips, int64_t customer_id)
{
    struct kept **place = &tips->buckets[(uint64_t)customer_id % BUCKETS];
    while (*place != NULL && (*place)->tip.customer_id != customer_id)
        place = &(*place)->next;
    return place;
}

bool tips_find(struct tips *tips, struct arena *arena, int64_t customer_id, struct tip *tip)
{
    (void)pthread_mutex_lock(&tips->lock);
    const struct kept *kept = *place_of(tips, customer_id);
    if (kept != NULL) {
        *tip = kept->tip;
        tip->nodes = str_copy(arena, kept->tip.nodes);
    }
    (void)pthread_mutex_unlock(&tips->lock);
    return kept != NULL;
}

static void remove_at(struct tips *tips, struct kept **place)
{
    struct kept *kept = *place;
    if (kept == NULL)
        return;
    *place = kept->next;
    tips->count--;
    free(kept);
}

void tips_keep(struct tips *tips, const struct tip *tip)
{
    struct kept *fresh = malloc(sizeof *fresh + tip->nodes.len);
    assert(fresh != NULL);
    fresh->tip = *tip;
    fresh->tip.nodes = (str){fresh->bytes, tip->nodes.len};
    if (tip->nodes.len != 0)
        memcpy(fresh->bytes, tip->nodes.ptr, tip->nodes.len);
    (void)pthread_mutex_lock(&tips->lock);
    remove_at(tips, place_of(tips, tip->customer_id));
    if (tips->count == TIPS_MAX)
        clear(tips);
    struct kept **place = place_of(tips, tip->customer_id);
    fresh->next = *place;
    *place = fresh;
    tips->count++;
    (void)pthread_mutex_unlock(&tips->lock);
}

void tips_drop(struct tips *tips, int64_t customer_id)
{
    (void)pthread_mutex_lock(&tips->lock);
    remove_at(tips, place_of(tips, customer_id));
    (void)pthread_mutex_unlock(&tips->lock);
}
