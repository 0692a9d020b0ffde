// SPDX-License-Identifier: Apache-2.0
#include "phial/util/roff.h"

#include <ctype.h>
#include <stdbool.h>

void roff_text(FILE *out, const char *text)
{
    bool starts_line = true;
    for (const char *at = text; *at != '\0'; at++) {
        if (starts_line && (*at == '.' || *at == '\''))
            (void)fputs("\\&", out);
        if (*at == '\\')
            (void)fputs("\\e", out);
        else if (*at == '-')
            (void)fputs("\\-", out);
        else
            (void)fputc(*at, out);
        starts_line = *at == '\n';
    }
}

void roff_begin(FILE *out, const char *name, int section, const char *does)
{
    (void)fprintf(out, ".TH \"");
    for (const char *at = name; *at != '\0'; at++)
        (void)fputc(toupper((unsigned char)*at), out);
    (void)fprintf(out, "\" %d \"\" \"Phial %s\"\n.SH NAME\n%s \\- ", section, PHIAL_VERSION, name);
    roff_text(out, does);
    (void)fputc('\n', out);
}

void roff_section(FILE *out, const char *title)
{
    (void)fprintf(out, ".SH %s\n", title);
}

void roff_paragraph(FILE *out, const char *text)
{
    (void)fputs(".PP\n", out);
    roff_text(out, text);
    (void)fputc('\n', out);
}

void roff_term(FILE *out, const char *term, const char *arguments, const char *text)
{
    (void)fputs(".TP\n\\fB", out);
    roff_text(out, term);
    (void)fputs("\\fR ", out);
    roff_text(out, arguments);
    (void)fputc('\n', out);
    roff_text(out, text);
    (void)fputc('\n', out);
}
