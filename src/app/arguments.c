// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include "phial/util/array.h"
#include "phial/util/roff.h"
#include "phial/util/str.h"

#include <getopt.h>
#include <string.h>

enum { OPTION_PRINT = 0x100, HELP_COLUMN = 19 };

static bool take_port(struct arguments *arguments, const char *text)
{
    int64_t port = -1;
    if (!str_to_i64(str_from(text), &port) || port < 0 || port > 65535) {
        (void)fprintf(stderr, "phiald: --port takes a number from 0 to 65535\n");
        return false;
    }
    arguments->port = (int)port;
    return true;
}

static bool take(struct arguments *arguments, int option, const char *print)
{
    switch (option) {
    case 'c':
        arguments->config_path = optarg;
        return true;
    case 'p':
        return take_port(arguments, optarg);
    case 'C':
        arguments->mode = MODE_CHECK_CONFIG;
        return true;
    case 'D':
        arguments->mode = MODE_DUMP_CONFIG;
        return true;
    case 'd':
        arguments->dev = true;
        return true;
    case 'f':
        arguments->data_folder = optarg;
        return true;
    case 't':
        arguments->test_clock = true;
        return true;
    case 'h':
        arguments->mode = MODE_HELP;
        return true;
    case 'V':
        arguments->mode = MODE_VERSION;
        return true;
    case OPTION_PRINT:
        arguments->mode = MODE_PRINT;
        arguments->print = print;
        return true;
    default: // getopt has said what it does not know
        return false;
    }
}

static bool check_together(const struct arguments *arguments, int rest)
{
    const char *wrong = NULL;
    if (rest != 0)
        wrong = "takes options only";
    else if (arguments->dev && arguments->data_folder == NULL)
        wrong = "--dev needs --data-dir DIR";
    else if (!arguments->dev && arguments->data_folder != NULL)
        wrong = "--data-dir goes with --dev";
    if (wrong != NULL)
        (void)fprintf(stderr, "phiald: %s\n", wrong);
    return wrong == NULL;
}

bool arguments_read(int argc, char **argv, struct arguments *arguments)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"port", required_argument, NULL, 'p'},
        {"check-config", no_argument, NULL, 'C'},
        {"dump-config", no_argument, NULL, 'D'},
        {"dev", no_argument, NULL, 'd'},
        {"data-dir", required_argument, NULL, 'f'},
        {"test-clock", no_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {"print-sample-config", no_argument, NULL, OPTION_PRINT},
        {"print-configuration-docs", no_argument, NULL, OPTION_PRINT},
        {"print-api-docs", no_argument, NULL, OPTION_PRINT},
        {"print-openapi", no_argument, NULL, OPTION_PRINT},
        {"print-claim-docs", no_argument, NULL, OPTION_PRINT},
        {"print-errors", no_argument, NULL, OPTION_PRINT},
        {"print-doctor-docs", no_argument, NULL, OPTION_PRINT},
        {"print-phi-docs", no_argument, NULL, OPTION_PRINT},
        {"print-man", no_argument, NULL, OPTION_PRINT},
        {"print-configuration-man", no_argument, NULL, OPTION_PRINT},
        {"print-retention-docs", no_argument, NULL, OPTION_PRINT},
        {0},
    };
    struct arguments read = {.mode = MODE_SERVE, .port = -1};
    int at = 0;
    for (int option = 0; (option = getopt_long(argc, argv, "hV", known, &at)) != -1;) {
        if (!take(&read, option, known[at].name + strlen("print-")))
            return false;
    }
    if (!check_together(&read, argc - optind))
        return false;
    *arguments = read;
    return true;
}

static const struct {
    const char *name;
    const char *argument;
    const char *does;
} described[] = {
    {"--config", "FILE", "The settings; config/phial.conf documents every option."},
    {"--port", "N", "Listen on this TCP port; 0 takes any free one."},
    {"--dev", "", "Make and run everything needed under --data-dir, a PostgreSQL too."},
    {"--data-dir", "DIR", "Made when it is not there, kept when it is."},
    {"--test-clock", "", "Go by a clock that PUT /v1/test-clock sets."},
    {"--check-config", "",
     "Look for what keeps the settings from serving: exit 0 without, 1 with."},
    {"--dump-config", "", "Print the settings in force, secrets redacted."},
    {"--version", "", "Print the version."},
    {"--help", "", "Print a summary of this."},
};

static const char *const calls[] = {
    "phiald --config FILE [--port N]",
    "phiald --dev --data-dir DIR [--config FILE] [--port N] [--test-clock]",
};

static const char behaviour[] =
    "Prints one line `ready http://ADDRESS:PORT` when it accepts requests; logs JSON lines\n"
    "on standard error. SIGTERM finishes what is running and ends it. Exits 0 when it was\n"
    "told to stop, 1 on a failure, 2 when the command line makes no sense.";

void arguments_help(FILE *out)
{
    (void)fprintf(out, "phiald - the billing server\n\n");
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        (void)fprintf(out, "  %s\n", calls[i]);
    (void)fputc('\n', out);
    for (size_t i = 0; i < COUNT_OF(described); i++)
        (void)fprintf(out, "  %s %-*s %s\n", described[i].name,
                      (int)(HELP_COLUMN - strlen(described[i].name)), described[i].argument,
                      described[i].does);
    (void)fprintf(out, "\n%s\n", behaviour);
}

void arguments_print_man(FILE *out)
{
    roff_begin(out, "phiald", 8, "usage billing server that never sees a patient");
    roff_section(out, "SYNOPSIS");
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        roff_paragraph(out, calls[i]);
    roff_section(out, "DESCRIPTION");
    roff_paragraph(out, "Takes usage events over HTTP, keeps each customer's events in an "
                        "append-only log in PostgreSQL, and issues invoices from them.");
    roff_paragraph(out, behaviour);
    roff_section(out, "OPTIONS");
    for (size_t i = 0; i < COUNT_OF(described); i++)
        roff_term(out, described[i].name, described[i].argument, described[i].does);
    roff_section(out, "ENVIRONMENT");
    roff_paragraph(out, "PHIAL_SECTION_OPTION overrides that option of the settings; see "
                        "phial.conf(5).");
    roff_section(out, "SEE ALSO");
    roff_paragraph(out, "phial(1), phial.conf(5)");
}
