// SPDX-License-Identifier: Apache-2.0
// clean_ids.h - ids as back ends make them, at random but the same in every run: what must pass.
#pragma once

#include "phial/util/array.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { CLEAN_ID_BYTES_MAX = 160 };

struct clean_ids {
    uint64_t state;
    char id[CLEAN_ID_BYTES_MAX];
    size_t len;
};

// %16h is sixteen of h, %8-12h eight to twelve, %h one. A letter names what is put there.
static const char *const clean_id_styles[] = {
    // UUIDs and their like
    "%8h-%4h-4%3h-%4h-%12h", "%8H-%4H-4%3H-%4H-%12H", "%p%s%8h-%4h-7%3h-%4h-%12h", "%32h", "01%24c",
    "%p%s01%24c", "01%24v", "%p_01%24v", "%27b", "%p_%27b", "c%24z", "%24z", "%20v", "%26v",
    "%p_%26v",
    // random ones
    "%21u", "%10-16u", "%p%s%21u", "%8-24b", "%p%s%8-24b", "%22u", "%22b==", "%p%s%14-24b",
    "%8-16z", "%p%s%8-16z", "%16-32z", "%p%s%6-10Z", "%20b",
    // hexadecimal
    "%8-32h", "%p%s%8-32h", "%p%s%6-12h", "%16h", "%24h", "%40h", "%64h", "%p%s%24h", "%7-10h",
    "%p%s%16-32H", "00-%32h-%16h-01", "1-%8h-%24h", "%12h", "%p%32h", "sha256:%64h",
    // numbers in order and in time
    "%17-19d", "%p%s%17-19d", "%e", "%p%s%e", "%e%3d", "%p%s%e%3d", "%e%6d", "%e%9d", "%p-%e%9d",
    "%e.%6d", "%e%3d-%5z", "%e%3d-%2a%6h%a", "%p-%e%3d-%4-9b", "%p%s%4-10d", "%p%s%4-10h", "%D",
    "%p-%D-%6d", "%p-%y-%6d", "%p_%D_%2d%2d%2d_%3d", "%DT%2d%2d%2dZ-%6h", "%y-%6d",
    // where something ran
    "%w-%10k-%5k", "%w-%9k-%5k", "%w-%w-%8k-%5k", "%w-%n", "%w-28%6d-%5k", "%w-%w-28%6d-%5k",
    "ip-%i-%i-%i-%i-%1-5d", "ip-10-%i-%i-%i-%4d", "%w-%i-%i-%i-%i-%e", "%w-%2d.%4d.%6d",
    "host%n-%5d-%e", "%w%2d-%5d-%3d", "i-0%16h", "%w/%n/%n/%8d", "%w.%n.%n", "%w-%n-%9d", "%w@%12h",
    "%w-%2d-%12h", "arn:%w:%n:%w/%8h", "%w:%n:%n", "%12h/%w/%n",
    // what people number
    "ORD-%y-%6d", "INV-%6d", "INV-%y-%4d", "PO-%7d", "SO%8d", "%3d-%7d-%7d", "#%4-6d",
    "%3A-%4d-%2A", "%2A-%5d", "%3A%4-6d", "%4A-%4A-%4A", "SKU-%6d-%3A", "SKU%4d%2A", "%2A%4d-%2d",
    "%w-%3d", "%w_%4-6d", "job.%6d", "chart-%6d", "report_%5d", "case%s%5-6d", "%w-%4-6d-%n",
    "site-%3d-%4d", "%3A-%3d-%3d", "CT-%4d-%3d", "pt-%y-%2d", "v%2d.%2d.%3d-%7h",
    "%w.%y.%2d.%2d.%6d", "%w+%n@%8h", "tenant-%n/%w/%n", "%w-%y-%2d-%2d-%n", "batch-%8d-%4d"};

static inline uint64_t clean_random(struct clean_ids *ids, uint64_t below)
{
    uint64_t z = ids->state += UINT64_C(0x9E3779B97F4A7C15); // splitmix64
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) % below;
}

static inline void clean_add(struct clean_ids *ids, const char *text)
{
    size_t len = strlen(text);
    if (ids->len + len < sizeof(ids->id)) {
        memcpy(ids->id + ids->len, text, len + 1);
        ids->len += len;
    }
}

static inline const char *clean_alphabet(char kind)
{
    switch (kind) {
    case 'a':
        return "abcdefghijklmnopqrstuvwxyz";
    case 'A':
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    case 'b':
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    case 'c':
        return "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    case 'd':
        return "0123456789";
    case 'h':
        return "0123456789abcdef";
    case 'H':
        return "0123456789ABCDEF";
    case 'k':
        return "bcdfghjklmnpqrstvwxz2456789";
    case 'u':
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    case 'v':
        return "0123456789abcdefghjkmnpqrstvwxyz";
    case 'z':
        return "0123456789abcdefghijklmnopqrstuvwxyz";
    case 'Z':
        return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    default:
        return NULL;
    }
}

// What is no run of characters: a prefix, a joint, a word, a date, a small number.
static inline void clean_add_word(struct clean_ids *ids, char kind)
{
    static const char *const prefixes[] = {"evt", "msg", "req", "call", "job",  "run", "c",
                                           "img", "ord", "tx",  "sess", "file", "doc", "usg"};
    static const char *const joints[] = {"_", "-", ".", ":", "_", "-"};
    static const char *const words[] = {"api",     "worker", "ingest", "render",    "imaging",
                                        "gateway", "usage",  "clinic", "org",       "site",
                                        "acme",    "backup", "web",    "scheduler", "inference"};
    char text[32] = "";
    switch (kind) {
    case 'p':
        clean_add(ids, prefixes[clean_random(ids, COUNT_OF(prefixes))]);
        return;
    case 's':
        clean_add(ids, joints[clean_random(ids, COUNT_OF(joints))]);
        return;
    case 'w':
        clean_add(ids, words[clean_random(ids, COUNT_OF(words))]);
        return;
    case 'e': // seconds since 1970
        (void)snprintf(text, sizeof(text), "%u",
                       1650000000 + (unsigned)clean_random(ids, 200000000));
        break;
    case 'D':
        (void)snprintf(text, sizeof(text), "%u%02u%02u", 2022 + (unsigned)clean_random(ids, 8),
                       1 + (unsigned)clean_random(ids, 12), 1 + (unsigned)clean_random(ids, 28));
        break;
    case 'y':
        (void)snprintf(text, sizeof(text), "%u", 2022 + (unsigned)clean_random(ids, 8));
        break;
    case 'i':
        (void)snprintf(text, sizeof(text), "%u", (unsigned)clean_random(ids, 256));
        break;
    default: // n
        (void)snprintf(text, sizeof(text), "%u", (unsigned)clean_random(ids, 9999));
        break;
    }
    clean_add(ids, text);
}

// The next id of a style; true unless it is of digits alone, which the boundary refuses by rule.
static inline bool clean_next(struct clean_ids *ids, const char *style)
{
    ids->len = 0;
    for (const char *p = style; *p != '\0'; p++) {
        if (*p != '%') {
            clean_add(ids, (const char[]){*p, '\0'});
            continue;
        }
        uint64_t least = 0;
        uint64_t most = 0;
        for (p++; *p >= '0' && *p <= '9'; p++)
            least = least * 10 + (uint64_t)(*p - '0');
        if (*p == '-')
            for (p++; *p >= '0' && *p <= '9'; p++)
                most = most * 10 + (uint64_t)(*p - '0');
        least = least == 0 ? 1 : least;
        uint64_t count = most > least ? least + clean_random(ids, most - least + 1) : least;
        const char *alphabet = clean_alphabet(*p);
        for (uint64_t i = 0; alphabet == NULL && i < count; i++)
            clean_add_word(ids, *p);
        for (uint64_t i = 0; alphabet != NULL && i < count; i++)
            clean_add(ids, (const char[]){alphabet[clean_random(ids, strlen(alphabet))], '\0'});
    }
    return strspn(ids->id, "0123456789") != ids->len;
}
