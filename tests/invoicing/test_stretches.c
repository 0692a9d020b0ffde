// SPDX-License-Identifier: Apache-2.0
// What has come to a log, in parts of any length: together they are what it is in one.
#include "sums_stretch.h"
#include "usage_fixture.h"

enum { PARTS_ROOM = 64 };

struct asked {
    struct grown grown;
    int64_t length; // of a part
    str lines[PARTS_ROOM];
    size_t count;
    struct arena *arena;
};

// Those of an earlier or a later time may be left out.
static void keep(struct asked *asked, const struct usage *usage, const char *sign)
{
    for (size_t i = 0; i < usage->count; i++) {
        const struct usage_event *event = &usage->events[i];
        OWNED(json_release) json_t *properties = usage_event_properties(event);
        if (event->time.us < asked->grown.earliest.us || event->time.us >= asked->grown.latest.us)
            continue;
        ck_assert_uint_lt(asked->count, PARTS_ROOM);
        asked->lines[asked->count++] =
            str_printf(asked->arena, "%s%lld %s %s %s", sign, (long long)event->index,
                       str_to_c(asked->arena, instant_print(asked->arena, event->time)),
                       str_to_c(asked->arena, decimal_print(asked->arena, event->quantity)),
                       str_to_c(asked->arena, json_print(asked->arena, properties)));
    }
}

static result read_parts(struct db_tx *tx, void *context)
{
    struct asked *asked = context;
    asked->count = 0;
    for (int64_t at = asked->grown.from; at < asked->grown.to; at += asked->length) {
        OWNED(stretch_release) struct stretch stretch = {0};
        int64_t end = at + asked->length < asked->grown.to ? at + asked->length : asked->grown.to;
        TRY(stretch_read(tx, &asked->grown, at, end, &stretch));
        keep(asked, &stretch.added, "+");
        keep(asked, &stretch.removed, "-");
    }
    return OK;
}

static int by_text(const void *left, const void *right)
{
    return str_compare(*(const str *)left, *(const str *)right);
}

static void read_sorted(struct clinic *clinic, struct asked *asked)
{
    asked->arena = &clinic->arena;
    ck_assert_ok(db_transact(clinic->db, &clinic->arena, read_parts, asked));
    qsort(asked->lines, asked->count, sizeof *asked->lines, by_text);
}

// Each event of six is voided or amended, some more than once, and some by an entry that lies any
// number of parts further on.
static int64_t fill(struct clinic *clinic)
{
    int64_t events[6] = {0};
    for (int i = 0; i < 6; i++) {
        char id[8] = "";
        char time[32] = "";
        (void)snprintf(id, sizeof id, "p-%d", i);
        (void)snprintf(time, sizeof time, "2026-11-01T0%d:30:00Z", i + 1);
        events[i] = send_event(clinic, id, time, "ct");
    }
    amend_event(clinic, events[0], "{'quantity': '2'}");
    void_event(clinic, events[1]);
    int64_t late = send_event(clinic, "p-6", "2026-11-01T00:15:00Z", "mri");
    amend_event(clinic, events[2], "{'time': '2026-11-02T00:00:00.000000Z'}");
    amend_event(clinic, events[0], "{'properties': {'modality': 'xray'}}");
    int64_t last = send_event(clinic, "p-7", "2026-11-01T09:00:00Z", "mri");
    void_event(clinic, events[0]);
    amend_event(clinic, late, "{'time': '2026-11-01T02:00:00.000000Z'}");
    amend_event(clinic, events[2], "{'quantity': '5'}");
    void_event(clinic, late);
    amend_event(clinic, last, "{'quantity': '7'}");
    void_event(clinic, last);
    return last + 7;
}

static void check_parts(struct clinic *clinic, struct grown grown)
{
    struct asked whole = {.grown = grown, .length = grown.to - grown.from};
    read_sorted(clinic, &whole);
    for (int64_t length = 1; length < whole.length; length++) {
        struct asked parts = {.grown = grown, .length = length};
        read_sorted(clinic, &parts);
        ck_assert_uint_eq(parts.count, whole.count);
        for (size_t i = 0; i < whole.count; i++)
            ck_assert_msg(str_eq(parts.lines[i], whole.lines[i]), "%lld to %lld by %lld: %s",
                          (long long)grown.from, (long long)grown.to, (long long)length,
                          str_to_c(&clinic->arena, parts.lines[i]));
    }
}

START_TEST(parts_come_to_the_whole)
{
    static const struct {
        const char *earliest;
        const char *latest;
    } times[] = {
        {"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
        {"2026-11-01T02:00:00Z", "2026-11-01T05:00:00Z"},
        {"2026-11-01T23:00:00Z", "2026-11-03T00:00:00Z"},
    };
    struct clinic clinic;
    clinic_open(&clinic);
    subscribe(&clinic,
              "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-11-01T12:00:00Z'}");
    int64_t size = fill(&clinic);
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        for (int64_t from = 0; from < size; from++) {
            for (int64_t to = from + 1; to <= size; to++)
                check_parts(&clinic, (struct grown){clinic.id, from, to, moment(times[i].earliest),
                                                    moment(times[i].latest)});
        }
    }
    clinic_close(&clinic);
}
END_TEST

START_TEST(takes_away_what_had_counted)
{
    struct clinic clinic;
    clinic_open(&clinic);
    subscribe(&clinic,
              "{'customer': 'clinic', 'plan': 'imaging', 'start': '2026-11-01T12:00:00Z'}");
    int64_t gone = send_event(&clinic, "t-1", "2026-11-01T01:00:00Z", "ct");
    amend_event(&clinic, gone, "{'quantity': '3'}");
    amend_event(&clinic, gone, "{'quantity': '4'}");
    void_event(&clinic, gone);
    struct asked asked = {.grown = grown_of_all_time(clinic.id, gone + 2, gone + 4), .length = 1};
    read_sorted(&clinic, &asked);
    ck_assert_uint_eq(asked.count, 1);
    ck_assert(str_starts_with(asked.lines[0], STR("-")));
    ck_assert(str_ends_with(asked.lines[0], STR(" 3 {\"modality\":\"ct\"}")));
    clinic_close(&clinic);
}
END_TEST

TEST_MAIN("stretches", parts_come_to_the_whole, takes_away_what_had_counted)
