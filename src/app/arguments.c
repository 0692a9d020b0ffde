// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include "phial/util/str.h"

#include <getopt.h>
#include <string.h>

enum { OPTION_PRINT = 0x100 };

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

void arguments_help(FILE *out)
{
    (void)fprintf(
        out,
        "phiald - the billing server\n"
        "\n"
        "  phiald --config FILE [--port N]            serve, on the database that FILE names\n"
        "  phiald --dev --data-dir DIR [--port N]     serve, on a PostgreSQL of its own in DIR\n"
        "                                             (takes --config too)\n"
        "\n"
        "  --config FILE     the settings; config/phial.conf documents every option\n"
        "  --port N          listen on this TCP port; 0 takes any free one\n"
        "  --dev             make and run everything needed under --data-dir\n"
        "  --data-dir DIR    made when it is not there, kept when it is\n"
        "  --test-clock      go by a clock that PUT /v1/test-clock sets\n"
        "  --check-config    look for faults in the settings: exit 0 without, 1 with\n"
        "  --dump-config     print the settings in force, secrets redacted\n"
        "  --version, --help\n"
        "\n"
        "Prints one line `ready http://ADDRESS:PORT` when it accepts requests; logs JSON lines\n"
        "on standard error. SIGTERM finishes what is running and ends it. Exits 0 when it was\n"
        "told to stop, 1 on a failure, 2 when the command line makes no sense.\n");
}
