// SPDX-License-Identifier: Apache-2.0
#include "scan.h"
#include "sight.h"

#include <string.h>

enum { WAKE_WORK = 6 };

static size_t told_apart(size_t len)
{
    return len < SIGHT_LENGTHS ? len : SIGHT_LENGTHS - 1;
}

static uint32_t length_bit(size_t len)
{
    return UINT32_C(1) << told_apart(len);
}

// How it stands to the run before it, if one is near.
static void join(struct sight *sight, const struct run *run, char joint)
{
    size_t same = sight->same;
    sight->same = 1;
    if (sight->run_count == 0)
        return;
    const struct run *last = run - 1;
    size_t gap = (size_t)run->at - last->at - last->len;
    if (gap == 1 && run->len == last->len &&
        (run->len == 4 ? joint == '.' : joint == ':' || joint == '-'))
        sight->same = same + 1;
    if (gap > SIGHT_GAP_MAX)
        return;
    sight->pairs[told_apart(last->len)] |= length_bit(run->len);
    if (run->lead > 0)
        sight->digit_pairs[told_apart(last->tail)] |= length_bit(run->lead);
}

static bool is_mac(const struct sight *sight, const struct run *run)
{
    enum { PAIRS_OF_MAC = 6, FOURS_OF_MAC = 3 };
    return sight->same >= FOURS_OF_MAC &&
           (run->len == 4 || (run->len == 2 && sight->same >= PAIRS_OF_MAC));
}

static uint32_t run_wakes(const struct sight *sight, const struct run *run, char before)
{
    str text = sight->text;
    enum run_kind kind = run->lead > 0 ? RUN_NUMBER : run->digits > 0 ? RUN_MIXED : RUN_LETTERS;
    uint32_t len = kind == RUN_NUMBER ? run->lead : run->len;
    uint32_t wakes = wakes_of(text.ptr[run->at], kind, len);
    if ((wakes & ~WAKE(ALWAYS)) != 0) {
        wakes &= wakes_before(at_or_nul(text, (size_t)run->at + len));
        char after = at_or_nul(text, (size_t)run->at + run->len);
        if ((wakes & WAKE(STREET)) != 0 && !joins_address(before) && !joins_address(after))
            wakes &= ~WAKE(STREET);
    }
    return is_mac(sight, run) ? wakes | WAKE(MAC) : wakes;
}

// The next run wakes so.
static void add_wakes(struct sight *sight, uint32_t wakes)
{
    enum { EACH = 64 };
    size_t n = sight->run_count / EACH;
    uint64_t bit = UINT64_C(1) << sight->run_count % EACH;
    for (uint32_t fresh = wakes & ~sight->wakes; fresh != 0; fresh &= fresh - 1)
        memset(sight->waking[__builtin_ctz(fresh)], 0, sizeof sight->waking[0]);
    sight->wakes |= wakes;
    for (; wakes != 0; wakes &= wakes - 1)
        sight->waking[__builtin_ctz(wakes)][n] |= bit;
}

void sight_add_run(struct sight *sight, struct run *run)
{
    char before = before_or_nul(sight->text, run->at);
    uint16_t *long_as = &sight->long_as[told_apart(run->len)];
    uint16_t *tailed_as = &sight->tailed_as[told_apart(run->tail)];
    join(sight, run, before);
    run->wakes = run_wakes(sight, run, before);
    if (run->wakes != WAKE(ALWAYS))
        add_wakes(sight, run->wakes & ~WAKE(ALWAYS));
    run->as_long = *long_as;
    run->as_tailed = *tailed_as;
    *long_as = *tailed_as = (uint16_t)++sight->run_count;
    sight->lengths |= length_bit(run->len);
    sight->numbers |= run->lead > 0 ? length_bit(run->len) : 0;
    sight->tails |= length_bit(run->tail);
}

// The runs of the n-th 64 that wake so.
static uint64_t waking_of(const struct sight *sight, size_t n, uint32_t wakes)
{
    uint64_t found = 0;
    for (uint32_t left = sight->wakes & wakes; left != 0; left &= left - 1)
        found |= sight->waking[__builtin_ctz(left)][n];
    return found;
}

bool sight_finds_next(const struct sight *sight, size_t *n, uint32_t wakes)
{
    enum { EACH = 64 };
    for (size_t at = *n / EACH, past = *n % EACH; at * EACH < sight->run_count; at++, past = 0) {
        uint64_t found = waking_of(sight, at, wakes) >> past;
        if (found != 0) {
            *n = at * EACH + past + (size_t)__builtin_ctzll(found);
            return sight_pays(sight, WAKE_WORK);
        }
    }
    *n = sight->run_count;
    return false;
}
