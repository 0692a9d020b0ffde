// SPDX-License-Identifier: Apache-2.0
// app.c - the command line's verbs.
#include "phial/app/app.h"

#include "arguments.h"
#include "check_config.h"
#include "daemon.h"
#include "phial/util/memory.h"
#include "print.h"

#include <stdlib.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static int read_config(struct arena *arena, const struct arguments *arguments,
                       struct config *config)
{
    if (failed(config_read(arena, arguments->config_path, environ, stderr, config)))
        return EXIT_FAILURE;
    if (arguments->port >= 0)
        config->server_port = arguments->port;
    if (arguments->test_clock)
        config->clock_test = true;
    return EXIT_SUCCESS;
}

static int complain(result outcome)
{
    if (!failed(outcome))
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "phiald: %s\n", failure_detail(outcome));
    return EXIT_FAILURE;
}

static int serve(struct arena *arena, struct config *config, const struct arguments *arguments)
{
    memory_bound();
    return complain(daemon_run(arena, config, arguments->data_folder));
}

static int check(struct arena *arena, const struct arguments *arguments)
{
    struct config config = {0};
    int status = read_config(arena, arguments, &config);
    if (status != EXIT_SUCCESS)
        return status;
    if (check_config(arena, &config, arguments->dev, stderr) == 0)
        return EXIT_SUCCESS;
    if (arguments->config_path == NULL && !arguments->dev)
        (void)fprintf(stderr, "phiald: no --config FILE names the settings, and no --dev\n");
    return EXIT_FAILURE;
}

static int run(struct arena *arena, const struct arguments *arguments)
{
    struct config config = {0};
    int status = EXIT_SUCCESS;
    switch (arguments->mode) {
    case MODE_SERVE:
        status = read_config(arena, arguments, &config);
        return status == EXIT_SUCCESS ? serve(arena, &config, arguments) : status;
    case MODE_CHECK_CONFIG:
        return check(arena, arguments);
    case MODE_DUMP_CONFIG:
        status = read_config(arena, arguments, &config);
        if (status == EXIT_SUCCESS)
            config_print(&config, stdout);
        return status;
    case MODE_HELP:
        arguments_help(stdout);
        return status;
    case MODE_VERSION:
        (void)printf("phiald %s\n", PHIAL_VERSION);
        return status;
    case MODE_PRINT:
        print_generated(arguments->print, stdout);
        return status;
    }
    return EXIT_USAGE;
}

int app_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    if (!arguments_read(argc, argv, &arguments)) {
        (void)fprintf(stderr, "phiald: try `phiald --help`\n");
        return EXIT_USAGE;
    }
    struct arena arena = {0};
    int status = run(&arena, &arguments);
    arena_reset(&arena);
    return status;
}
