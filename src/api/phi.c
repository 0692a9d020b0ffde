// SPDX-License-Identifier: Apache-2.0
// /v1/phi
#include "phial/phi/phi.h"

#include "caller.h"

enum { REPORT_DAYS = 30, REPORT_ROWS_MAX = 10000 };

static const int64_t hour_us = INT64_C(3600) * 1000000;

struct report {
    const struct request *request;
    struct refusal_filter filter;
    json_t *rows;
    json_t *dropped;
    int64_t refusals;
    size_t count;
};

static void report_release(struct report *report)
{
    json_release(&report->rows);
    json_release(&report->dropped);
}

// An event's refusal has its type, null for one that is not declared; that of another request has
// its route.
static json_t *print_count(const struct report *report, const struct refusal_count *count)
{
    bool of_event = count->pointer.len == 0 || count->pointer.ptr[0] == '/';
    json_t *row =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:I}", "type",
                  count->type.len == 0 ? json_null() : json_from_str(count->type), "pointer",
                  of_event ? json_from_str(count->pointer) : json_null(), "route",
                  of_event ? json_string("POST /v1/events") : json_from_str(count->pointer), "code",
                  json_from_str(count->code), "detector",
                  count->detector.len == 0 ? json_null() : json_from_str(count->detector), "count",
                  (json_int_t)count->refusals);
    if (report->filter.by[0] != '\0')
        (void)json_object_set_new(row, "at", json_instant_text(report->request, count->at));
    return row;
}

static result add_count(void *context, const struct refusal_count *count)
{
    struct report *report = context;
    bool is_drop = str_eq(count->code, STR("property_dropped"));
    if (++report->count > REPORT_ROWS_MAX)
        return FAIL(BAD_PARAMETER, "The report would have more than 10,000 rows; ask for less.");
    if (!is_drop)
        report->refusals += count->refusals;
    json_t *row = print_count(report, count);
    return json_array_append_new(is_drop ? report->dropped : report->rows, row) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

static result count_all(struct db_tx *tx, void *context)
{
    struct report *report = context;
    report->count = 0;
    report->refusals = 0;
    json_array_clear(report->rows);
    json_array_clear(report->dropped);
    return refusals_each(tx, &report->filter, add_count, report);
}

static result read_report(const struct request *request, struct report *report)
{
    bool has_from = false;
    bool has_to = false;
    str by = STR("");
    struct refusal_filter *filter = &report->filter;
    filter->to = (instant){caller_of(request)->change.now.us + 1}; // to now, and its hour with it
    TRY(parameter_instant(request, "to", &has_to, &filter->to));
    filter->from = (instant){filter->to.us - hour_us * 24 * REPORT_DAYS};
    TRY(parameter_instant(request, "from", &has_from, &filter->from));
    (void)http_parameter(request, "by", &by);
    if (by.len != 0 && !str_eq(by, STR("hour")) && !str_eq(by, STR("day")))
        return FAIL(BAD_PARAMETER, "by is hour or day.");
    if (filter->from.us >= filter->to.us)
        return FAIL(BAD_PARAMETER, "from must lie before to.");
    filter->by = by.len == 0 ? "" : str_eq(by, STR("hour")) ? "hour" : "day";
    filter->limit = REPORT_ROWS_MAX + 1;
    filter->from = tally_hour(filter->from);
    filter->to = tally_hour((instant){filter->to.us + hour_us - 1}); // whole hours
    return OK;
}

result get_phi_report(const struct request *request, struct reply *reply)
{
    OWNED(report_release)
    struct report report = {.request = request, .rows = json_array(), .dropped = json_array()};
    TRY(http_parameters_known(request, "from to by"));
    TRY(caller_unbound(request));
    TRY(read_report(request, &report));
    TRY(tally_flush(api_of(request)->tally, request->db, request->arena));
    TRY(db_transact(request->db, request->arena, count_all, &report));
    return http_reply_json(request, reply, 200,
                           json_pack("{s:o, s:o, s:I, s:O, s:O}", "from",
                                     json_instant_text(request, report.filter.from), "to",
                                     json_instant_text(request, report.filter.to), "refused",
                                     (json_int_t)report.refusals, "data", report.rows, "dropped",
                                     report.dropped));
}

result get_phi_detectors(const struct request *request, struct reply *reply)
{
    OWNED(json_release) json_t *rows = json_array();
    struct phi_detectors detectors = phi_detectors();
    TRY(http_parameters_known(request, ""));
    for (size_t i = 0; i < detectors.count; i++) {
        json_t *row = json_pack("{s:s, s:s}", "name", detectors.items[i]->name, "finds",
                                detectors.items[i]->finds);
        if (json_array_append_new(rows, row) != 0)
            return FAIL(INTERNAL, "out of memory");
    }
    return http_reply_json(request, reply, 200,
                           json_pack("{s:O, s:n}", "data", rows, "next_cursor"));
}
