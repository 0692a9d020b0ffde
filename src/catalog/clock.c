// SPDX-License-Identifier: Apache-2.0
#include "phial/catalog/clock.h"

#include "catalog.sql.h"

#include <assert.h>
#include <time.h>

instant clock_machine(void)
{
    struct timespec at = {0};
    int read = clock_gettime(CLOCK_REALTIME, &at);
    assert(read == 0);
    return (instant){(int64_t)at.tv_sec * 1000000 + (int64_t)at.tv_nsec / 1000};
}

result clock_now(struct db_tx *tx, bool test_clock, instant *now)
{
    if (test_clock) {
        result found =
            db_one(tx, &catalog_read_clock_sql, NO_PARAMS, COLUMNS(db_into_instant("now", now)));
        if (found.code != ERR_NOT_FOUND)
            return found;
    }
    *now = clock_machine();
    return OK;
}

struct clock_reading {
    bool test_clock;
    instant now;
};

static result read_clock(struct db_tx *tx, void *context)
{
    struct clock_reading *reading = context;
    return clock_now(tx, reading->test_clock, &reading->now);
}

result clock_read(struct db *db, struct arena *arena, bool test_clock, instant *now)
{
    struct clock_reading reading = {.test_clock = test_clock};
    TRY(db_transact(db, arena, read_clock, &reading));
    *now = reading.now;
    return OK;
}

result clock_set(struct db_tx *tx, instant now)
{
    instant set = {0};
    result done = db_one(tx, &catalog_set_clock_sql, PARAMS(db_instant(now)),
                         COLUMNS(db_into_instant("now", &set)));
    if (done.code == ERR_NOT_FOUND)
        return FAIL(CLOCK_BACKWARDS, "The test clock cannot be set back.");
    return done;
}
