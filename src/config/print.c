// SPDX-License-Identifier: Apache-2.0
// print.c - the options as a file, as the sample and as documentation.
#include "options.h"
#include "phial/util/roff.h"

#include <string.h>

static bool begins_section(size_t i)
{
    return i == 0 || strcmp(options[i].section, options[i - 1].section) != 0;
}

static void print_value(const struct option *option, const struct config *config, FILE *out)
{
    const void *field = (const char *)config + option->offset;
    switch (option->kind) {
    case OPTION_TEXT:
        (void)fprintf(out, "%s = %" STR_FMT "\n", option->name, STR_ARG(*(const str *)field));
        return;
    case OPTION_SECRET:
        (void)fprintf(out, ((const str *)field)->len == 0 ? "%s =\n" : "# %s = (redacted)\n",
                      option->name);
        return;
    case OPTION_NUMBER:
        (void)fprintf(out, "%s = %lld\n", option->name, (long long)*(const int64_t *)field);
        return;
    case OPTION_FLAG:
        (void)fprintf(out, "%s = %s\n", option->name, *(const bool *)field ? "yes" : "no");
        return;
    }
}

void config_print(const struct config *config, FILE *out)
{
    for (size_t i = 0; i < option_count; i++) {
        if (begins_section(i))
            (void)fprintf(out, "%s[%s]\n", i == 0 ? "" : "\n", options[i].section);
        print_value(&options[i], config, out);
    }
}

static void print_range(const struct option *option, FILE *out)
{
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_SECRET:
        (void)fprintf(out, option->min == 0 ? "up to %lld characters" : "1 to %lld characters",
                      (long long)option->max);
        return;
    case OPTION_NUMBER:
        (void)fprintf(out, "%lld to %lld", (long long)option->min, (long long)option->max);
        return;
    case OPTION_FLAG:
        (void)fprintf(out, "yes or no");
        return;
    }
}

void config_print_sample(FILE *out)
{
    (void)fprintf(
        out, "# Every option of phiald with its default. A comment is a line of its own; a value\n"
             "# reaches to the end of its line. The environment wins over this file:\n"
             "# PHIAL_SERVER_PORT=9090 sets port in [server]. A secret may stand in a file of its\n"
             "# own: url_file = PATH.\n");
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &options[i];
        if (begins_section(i))
            (void)fprintf(out, "\n[%s]\n", option->section);
        (void)fprintf(out, "\n# %s (", option->does);
        print_range(option, out);
        (void)fprintf(out, *option->preset == '\0' ? ")\n#%s =\n" : ")\n#%s = %s\n", option->name,
                      option->preset);
        if (option->kind == OPTION_SECRET)
            (void)fprintf(out, "#%s_file =\n", option->name);
    }
}

void config_print_markdown(FILE *out)
{
    (void)fprintf(
        out,
        "# Configuration\n\n"
        "`phiald --config FILE` reads an INI file. Every option has a preset; the file overrides\n"
        "it, and the environment overrides the file: `PHIAL_SERVER_PORT` is `port` in `[server]`.\n"
        "A secret may come from a file of its own: `url_file = PATH`, `PHIAL_DATABASE_URL_FILE`.\n"
        "A comment is a line of its own that begins with `#` or `;`; a value reaches to the end of\n"
        "its line. An option that is set twice in the file is an error, and so is an unknown\n"
        "section or option: `phiald --check-config --config FILE` names its line. So is an unknown\n"
        "variable that begins with `PHIAL_`; `PHIAL_URL` and `PHIAL_KEY` are the client's.\n"
        "`phiald --dump-config` prints what is in force, secrets redacted.\n");
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &options[i];
        if (begins_section(i))
            (void)fprintf(out,
                          "\n## [%s]\n\n"
                          "| Option | Default | Range | What it does |\n|---|---|---|---|\n",
                          option->section);
        (void)fprintf(out, *option->preset == '\0' ? "| `%s` |%s | " : "| `%s` | `%s` | ",
                      option->name, option->preset);
        print_range(option, out);
        (void)fprintf(out, "%s | %s |\n", option->kind == OPTION_SECRET ? ", secret" : "",
                      option->does);
    }
}

void config_print_man(FILE *out)
{
    roff_begin(out, "phial.conf", 5, "settings of phiald");
    roff_section(out, "DESCRIPTION");
    roff_paragraph(out, "An INI file. A comment is a line of its own that begins with # or ;; a "
                        "value reaches to the end of its line. The environment overrides the "
                        "file: PHIAL_SERVER_PORT is port in [server]. A secret may come from a "
                        "file of its own: url_file = PATH. What is unknown or set twice is an "
                        "error; phiald --check-config names its line.");
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &options[i];
        if (begins_section(i))
            (void)fprintf(out, ".SH [%s]\n", option->section);
        (void)fprintf(out, ".TP\n\\fB%s\\fR (", option->name);
        print_range(option, out);
        (void)fprintf(out, ")\n");
        roff_text(out, option->does);
        (void)fprintf(out, *option->preset == '\0' ? "\n" : "\nDefault: ");
        roff_text(out, option->preset);
        (void)fprintf(out, *option->preset == '\0' ? "" : ".\n");
    }
    roff_section(out, "SEE ALSO");
    roff_paragraph(out, "phiald(8)");
}
