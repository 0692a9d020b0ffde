// SPDX-License-Identifier: Apache-2.0
#include "sight.h"

#include "characters.h"
#include "marks.h"
#include "places.h"
#include "scan.h"

#include <string.h>

enum { TEXT_WORK = 140, CHARACTER_WORK = 1, RUN_WORK = 12, LOOKED_UP_WORK = 2, WOKEN_WORK = 2 };

// What is known of the runs so far besides the sight.
struct pass {
    size_t number;  // numerals up to here, over several runs: some letters look like digits
    size_t most;    // of them
    size_t longest; // run
    size_t same;    // the last runs of one length, joined as in a MAC address
    // The last run, as it was measured; nothing before the first.
    size_t end;
    size_t len;
    size_t as_long;
    size_t as_tailed;
    enum run_kind kind;
};

// A run, how many digits are at its beginning and at its end, and these lengths as they are told
// apart.
struct measured {
    size_t at;
    size_t len;
    size_t lead;
    size_t tail;
    size_t as_long;
    size_t as_led;
    size_t as_tailed;
    enum run_kind kind;
};

static size_t told_apart(size_t len)
{
    return len < SIGHT_LENGTHS ? len : SIGHT_LENGTHS - 1;
}

static uint32_t bit(size_t as_long)
{
    return UINT32_C(1) << as_long;
}

// How many of the first bits are set, of MARKS_READ.
static size_t ones_before(uint64_t bits)
{
    return (size_t)__builtin_ctzll(~bits);
}

// And of the last of so many.
static size_t ones_behind(uint64_t bits, size_t len)
{
    return (size_t)__builtin_clzll(~(bits << (MARKS_EACH - len)));
}

// Of the next so many characters of a run these are numerals: the longest number, which may reach
// over several runs.
static void add_numerals(struct pass *pass, uint64_t numerals, size_t len)
{
    size_t lead = ones_before(numerals);
    size_t number = pass->number + lead;
    pass->most = number > pass->most ? number : pass->most;
    pass->number = number;
    if (lead == len)
        return;
    pass->number = ones_behind(numerals, len);
    for (size_t inside = 1; numerals != 0; numerals &= numerals << 1, inside++)
        pass->most = inside > pass->most ? inside : pass->most;
}

static void set_digits(struct measured *run, size_t lead, size_t tail, bool digits)
{
    run->lead = lead;
    run->tail = tail;
    run->as_led = told_apart(lead);
    run->as_tailed = told_apart(tail);
    run->kind = lead > 0 ? RUN_NUMBER : digits ? RUN_MIXED : RUN_LETTERS;
}

// Of a run that is longer than marks are read at once.
static void measure_long(const struct marks *marks, struct pass *pass, struct measured *run)
{
    size_t lead = 0;
    size_t tail = 0;
    bool digits = false;
    for (size_t done = 0; done < run->len;) {
        size_t len = run->len - done < MARKS_READ ? run->len - done : MARKS_READ;
        uint64_t all = (UINT64_C(1) << len) - 1;
        uint64_t some = marks_at(marks->digits, run->at + done) & all;
        add_numerals(pass, marks_at(marks->numerals, run->at + done) & all, len);
        lead += lead == done ? ones_before(some) : 0;
        tail = some == all ? tail + len : ones_behind(some, len);
        digits = digits || some != 0;
        done += len;
    }
    set_digits(run, lead, tail, digits);
}

static void measure(const struct marks *marks, struct pass *pass, struct measured *run)
{
    run->as_long = told_apart(run->len);
    if (run->len > MARKS_READ) {
        measure_long(marks, pass, run);
        return;
    }
    uint64_t all = (UINT64_C(1) << run->len) - 1;
    uint64_t digits = marks_at(marks->digits, run->at) & all;
    if (digits == all) {
        run->lead = run->tail = run->len;
        run->as_led = run->as_tailed = run->as_long;
        run->kind = RUN_NUMBER;
        pass->number += run->len;
        pass->most = pass->number > pass->most ? pass->number : pass->most;
    } else {
        uint64_t numerals = marks_at(marks->numerals, run->at) & all;
        if (numerals != 0)
            add_numerals(pass, numerals, run->len);
        else
            pass->number = 0;
        if (digits != 0)
            set_digits(run, ones_before(digits), ones_behind(digits, run->len), true);
    }
}

static bool joins_mac(size_t len, char joint)
{
    return len == 4 ? joint == '.' : joint == ':' || joint == '-';
}

// How it stands to the run before it, if one is near.
static void join(struct sight *sight, struct pass *pass, const struct measured *run)
{
    size_t gap = run->at - pass->end;
    bool same =
        gap == 1 && run->len == pass->len && joins_mac(run->len, sight->text.ptr[pass->end]);
    pass->same = same ? pass->same + 1 : 1;
    if (gap > SIGHT_GAP_MAX)
        return;
    sight->pairs[pass->as_long] |= bit(run->as_long);
    if (run->lead > 0)
        sight->digit_pairs[pass->as_tailed] |= bit(run->as_led);
}

static bool is_mac(size_t same, size_t len)
{
    enum { PAIRS_OF_MAC = 6, FOURS_OF_MAC = 3 };
    return same >= FOURS_OF_MAC && (len == 4 || (len == 2 && same >= PAIRS_OF_MAC));
}

// An address has a word of letters before its number, or one behind it.
static bool may_be_street(str text, const struct pass *pass, const struct measured *run)
{
    char after = at_or_nul(text, run->at + run->len);
    bool before = pass->kind != RUN_NUMBER && joins_address(before_or_nul(text, run->at));
    return before || after == ' ' ||
           (joins_address(after) && !is_digit(at_or_nul(text, run->at + run->len + 1)));
}

// Where the character behind the number, and a blank or a hyphen, begins no word for years.
static uint32_t not_of_years(str text, size_t end)
{
    char next = at_or_nul(text, end);
    if (next == ' ' || next == '-')
        next = at_or_nul(text, end + 1);
    next = to_lower(next);
    return next == 'y'                                 ? 0
           : next == 'a' || next == 'j' || next == 'l' ? WAKE(CLINICAL)
                                                       : WAKE(CLINICAL) | WAKE(AGE);
}

static bool is_behind_comma(str text, size_t at, bool blank)
{
    char before = before_or_nul(text, at);
    return (before == ',' && !blank) || (before == ' ' && before_or_nul(text, at - 1) == ',');
}

static uint32_t wakes_near(str text, const struct pass *pass, const struct measured *run)
{
    const uint32_t begin_chains = WAKE(GEO) | WAKE(IPV4) | WAKE(UID);
    bool number = run->kind == RUN_NUMBER;
    size_t end = run->at + (number ? run->lead : run->len);
    uint32_t wakes =
        wakes_of(text.ptr[run->at], run->kind, number ? run->as_led : run->as_long) & ~WAKE(ALWAYS);
    if (wakes == 0)
        return 0;
    wakes &= wakes_before(at_or_nul(text, end));
    if ((wakes & begin_chains) != 0 && pass->as_tailed > 0 && run->at - pass->end == 1 &&
        text.ptr[pass->end] == '.')
        wakes &= ~begin_chains;
    if ((wakes & WAKE(STREET)) != 0 && !may_be_street(text, pass, run))
        wakes &= ~WAKE(STREET);
    if ((wakes & WAKE(SUFFIX)) != 0 && !is_behind_comma(text, run->at, false))
        wakes &= ~WAKE(SUFFIX);
    if ((wakes & WAKE(STATE)) != 0 && !is_behind_comma(text, run->at, true))
        wakes &= ~WAKE(STATE);
    if ((wakes & (WAKE(AGE) | WAKE(CLINICAL))) != 0)
        wakes &= ~not_of_years(text, end);
    return wakes;
}

// The next run wakes so.
static void add_wakes(struct sight *sight, uint32_t wakes)
{
    size_t n = sight->run_count / WAKING_EACH;
    uint64_t run = UINT64_C(1) << sight->run_count % WAKING_EACH;
    for (uint32_t fresh = wakes & ~sight->wakes; fresh != 0; fresh &= fresh - 1)
        memset(sight->waking[__builtin_ctz(fresh)], 0, sizeof sight->waking[0]);
    sight->wakes |= wakes;
    for (; wakes != 0; wakes &= wakes - 1)
        sight->waking[__builtin_ctz(wakes)][n] |= run;
}

static void add_run(struct sight *sight, struct pass *pass, const struct measured *part)
{
    struct run *run = &sight->runs[sight->run_count++];
    uint16_t number = (uint16_t)sight->run_count;
    run->at = (uint16_t)part->at;
    run->len = (uint16_t)part->len;
    run->lead = (uint16_t)part->lead;
    run->tail = (uint16_t)part->tail;
    run->as_long = sight->long_as[part->as_long];
    run->as_tailed = sight->tailed_as[part->as_tailed];
    sight->long_as[part->as_long] = number;
    sight->tailed_as[part->as_tailed] = number;
    if (part->kind == RUN_NUMBER)
        sight->numbers |= bit(part->as_long);
    else
        sight->letters |= bit(part->as_long);
    pass->longest = part->len > pass->longest ? part->len : pass->longest;
    pass->end = part->at + part->len;
    pass->len = part->len;
    pass->as_long = part->as_long;
    pass->as_tailed = part->as_tailed;
    pass->kind = part->kind;
}

// What stands between the runs.
static void take_signs(struct sight *sight, struct pass *pass, size_t end)
{
    const uint64_t bounds = SIGN(':') | SIGN('"') | SIGN_BEYOND; // no number reaches over them
    uint64_t signs = 0;
    for (size_t at = pass->end; at < end; at++)
        signs |= UINT64_C(1) << character_sign(sight->text.ptr[at]);
    sight->signs |= signs;
    pass->number = (signs & bounds) != 0 ? 0 : pass->number;
}

// Where the text's runs begin and end, in turn.
struct edges {
    uint16_t at[2 * SIGHT_RUNS_MAX + MARKS_EACH];
    size_t count;
};

// Many runs of a character or two: no text and no id, and slow to look through.
static bool has_room(const struct edges *edges)
{
    size_t runs = (edges->count + 1) / 2; // that have begun
    bool dense = runs > SIGHT_DENSE_MIN && edges->at[2 * runs - 2] < SIGHT_DENSE_BYTES * (runs - 1);
    return runs <= SIGHT_RUNS_MAX && !dense;
}

static bool find_edges(const struct marks *marks, str text, struct edges *edges)
{
    edges->count = 0;
    for (size_t first = 0; first <= text.len; first += MARKS_EACH) {
        uint16_t *at = &edges->at[edges->count];
        uint64_t left = marks->edges[first / MARKS_EACH];
        for (; left != 0; left &= left - 1)
            *at++ = (uint16_t)(first + (size_t)__builtin_ctzll(left));
        edges->count = (size_t)(at - edges->at);
        if (!has_room(edges))
            return false;
    }
    return true;
}

static void look_at_words(struct sight *sight, const struct marks *marks)
{
    str text = sight->text;
    size_t words = 0;
    for (size_t first = 0; first < text.len; first += MARKS_EACH) {
        uint64_t left = marks->words[first / MARKS_EACH];
        for (; left != 0 && !sight->crowded; left &= left - 1, words++) {
            size_t at = first + (size_t)__builtin_ctzll(left);
            if (places_may_begin(text, at))
                places_look(sight, at);
        }
    }
    if (!sight_pays(sight, LOOKED_UP_WORK * words))
        sight->crowded = true;
}

static void take_runs(struct sight *sight, const struct marks *marks)
{
    struct pass pass = {.kind = RUN_NUMBER};
    struct edges edges;
    size_t woken = 0;
    if (!find_edges(marks, sight->text, &edges) ||
        !sight_pays(sight, RUN_WORK * (edges.count / 2))) {
        sight->crowded = true;
        return;
    }
    look_at_words(sight, marks);
    for (size_t i = 0; i + 1 < edges.count; i += 2) {
        struct measured run = {.at = edges.at[i], .len = (size_t)edges.at[i + 1] - edges.at[i]};
        take_signs(sight, &pass, run.at);
        measure(marks, &pass, &run);
        join(sight, &pass, &run);
        uint32_t wakes = wakes_near(sight->text, &pass, &run);
        if (is_mac(pass.same, run.len))
            wakes |= WAKE(MAC);
        if (wakes != 0) {
            add_wakes(sight, wakes);
            woken++;
        }
        add_run(sight, &pass, &run);
    }
    take_signs(sight, &pass, sight->text.len);
    if (!sight_pays(sight, WOKEN_WORK * woken))
        sight->crowded = true;
    sight->digits = pass.most;
    sight->longest = pass.longest;
}

void sight_take(str text, size_t *left, struct sight *sight)
{
    struct marks marks;
    sight->text = text;
    sight->left = left;
    sight->digits = 0;
    sight->longest = 0;
    sight->signs = 0;
    sight->words = 0;
    sight->place_count = 0;
    sight->run_count = 0;
    sight->numbers = 0;
    sight->letters = 0;
    sight->wakes = WAKE(ALWAYS);
    memset(sight->long_as, 0, sizeof sight->long_as);
    memset(sight->tailed_as, 0, sizeof sight->tailed_as);
    memset(sight->pairs, 0, sizeof sight->pairs);
    memset(sight->digit_pairs, 0, sizeof sight->digit_pairs);
    sight->crowded =
        text.len > SIGHT_TEXT_MAX || !work_pays(left, TEXT_WORK + CHARACTER_WORK * text.len);
    if (sight->crowded)
        return;
    marks_take(text, &marks);
    take_runs(sight, &marks);
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
    for (size_t at = *n / WAKING_EACH, past = *n % WAKING_EACH; at * WAKING_EACH < sight->run_count;
         at++, past = 0) {
        uint64_t found = waking_of(sight, at, wakes) >> past;
        if (found != 0) {
            *n = at * WAKING_EACH + past + (size_t)__builtin_ctzll(found);
            return sight_pays(sight, WAKE_WORK);
        }
    }
    *n = sight->run_count;
    return false;
}
