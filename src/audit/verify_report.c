// SPDX-License-Identifier: Apache-2.0
#include "verify_report.h"

#include <stdarg.h>

enum { TEXT_MAX = 80 };

__attribute__((format(printf, 3, 0))) static void say(struct report *report, const char *kind,
                                                      const char *format, va_list args)
{
    (void)fputs(report->about, report->out);
    (void)fputs(kind, report->out);
    (void)vfprintf(report->out, format, args);
    (void)fputc('\n', report->out);
}

void remark(struct report *report, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(report, "Note: ", format, args);
    va_end(args);
}

void fault(struct report *report, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(report, "", format, args);
    va_end(args);
    report->faults++;
}

void limit(struct report *report, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(report, "Limit: ", format, args);
    va_end(args);
    report->limits++;
}

str report_text(struct arena *arena, str text)
{
    str shown = str_slice(text, 0, TEXT_MAX);
    char *copy = arena_array(arena, char, shown.len + 1);
    for (size_t i = 0; i < shown.len; i++) {
        copy[i] = '?';
        if (shown.ptr[i] >= ' ' && shown.ptr[i] <= '~')
            copy[i] = shown.ptr[i];
    }
    return (str){copy, shown.len};
}
