// SPDX-License-Identifier: Apache-2.0
#include "verify_report.h"

#include <stdarg.h>

enum { TEXT_MAX = 80 };

void fault(struct report *report, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs(report->about, report->out);
    (void)vfprintf(report->out, format, args);
    (void)fputc('\n', report->out);
    va_end(args);
    report->faults++;
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
