// SPDX-License-Identifier: Apache-2.0
// phial doctor
#include "phial/doctor/doctor.h"

#include "installation.h"

#include <getopt.h>
#include <stdlib.h>

enum { LEAVES_MAX = 2000000 };

static void print_finding(void *context, const struct doctor_finding *finding)
{
    (void)context;
    if (finding->sound)
        (void)printf("ok    %s\n", finding->check->name);
    else
        (void)printf("FAIL  %s: not so: %s\n", finding->check->name, finding->check->holds);
    for (size_t i = 0; i < finding->fault_count; i++)
        (void)printf("        %" STR_FMT "\n", STR_ARG(finding->faults[i]));
    if (finding->fault_count == DOCTOR_FAULTS_MAX)
        (void)printf("        and perhaps more\n");
    if (finding->note.len > 0)
        (void)printf("        note: %" STR_FMT "\n", STR_ARG(finding->note));
}

int command_doctor(struct arena *arena, int argc, char **argv)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'}, {"full", no_argument, NULL, 'f'}, {0}};
    struct config config = {0};
    struct doctor_options options = {.config = &config, .leaves_max = LEAVES_MAX};
    const char *path = NULL;
    size_t unsound = 0;
    for (int option = 0; (option = getopt_long(argc, argv, "c:f", known, NULL)) != -1;) {
        if (option == 'c')
            path = optarg;
        else if (option == 'f')
            options.leaves_max = 0;
        else
            return command_usage("doctor");
    }
    if (optind != argc)
        return command_usage("doctor");
    int code = installation_read(arena, "doctor", path, &config);
    if (code != EXIT_SUCCESS)
        return code;
    result outcome = doctor_examine(arena, &options, print_finding, NULL, &unsound);
    if (failed(outcome))
        return command_failed("doctor", outcome);
    (void)printf("%zu checks, %zu unsound\n", doctor_checks().count, unsound);
    return unsound == 0 ? EXIT_SUCCESS : EXIT_FAULT;
}
