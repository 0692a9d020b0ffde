// SPDX-License-Identifier: Apache-2.0
#include "phial/phi/retention.h"

#include "phial/util/array.h"

static const struct retention_rule rules[] = {
#define RETENTION_CLASS(id, name, years, start, ground) {name, years, RETENTION_##start, ground},
#include "phial/phi/retention_classes.def"
#undef RETENTION_CLASS
};
_Static_assert(COUNT_OF(rules) == RETENTION_CLASS_COUNT, "one rule a class");

#define RETENTION_CLASS(id, name, years, start, ground)              \
    _Static_assert((years) == 0 || (years) >= RETENTION_YEARS_LEAST, \
                   "no class is shorter than the database allows");
#include "phial/phi/retention_classes.def"
#undef RETENTION_CLASS

static const struct {
    const char *name;
    const char *says;
} starts[] = {
    [RETENTION_NEVER] = {"never", "kept for good"},
    [RETENTION_EVENT] = {"event", "the event's time"},
    [RETENTION_YEAR_END] = {"year_end", "the end of the event's calendar year"},
    [RETENTION_CONTRACT_END] = {"contract_end", "the end of the customer's last subscription"},
};

const struct retention_rule *retention_rule(enum retention_class number)
{
    return &rules[number];
}

const char *retention_start_name(enum retention_start start)
{
    return starts[start].name;
}

enum retention_class retention_class_find(str name)
{
    if (name.len == 0)
        return RETENTION_CLASS_standard_10y;
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if (str_eq(name, str_from(rules[i].name)))
            return (enum retention_class)i;
    }
    return RETENTION_CLASS_COUNT;
}

void retention_print_markdown(FILE *out)
{
    (void)fputs(
        "# How long the bodies of events are kept\n\n"
        "The class is the `retention` of the event type, `standard-10y` without one. An option "
        "of `[retention]` may lengthen a period, never shorten it.\n\n"
        "| Class | Years | Counted from | Ground |\n|---|---|---|---|\n",
        out);
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        (void)fprintf(out, "| `%s` | ", rules[i].name);
        if (rules[i].years == 0)
            (void)fputs("no end", out);
        else
            (void)fprintf(out, "%lld", (long long)rules[i].years);
        (void)fprintf(out, " | %s | %s |\n", starts[rules[i].start].says, rules[i].ground);
    }
}
