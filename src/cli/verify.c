// SPDX-License-Identifier: Apache-2.0
// phial verify FILE --key PUB.pem [--against OLDER]
#include "phial/audit/verify.h"

#include "command.h"

#include <getopt.h>
#include <stdlib.h>

int command_verify(struct arena *arena, int argc, char **argv)
{
    static const struct option known[] = {
        {"key", required_argument, NULL, 'k'}, {"against", required_argument, NULL, 'a'}, {0}};
    const char *key = NULL;
    const char *against = NULL;
    for (int option = 0; (option = getopt_long(argc, argv, "k:a:", known, NULL)) != -1;) {
        if (option == 'k')
            key = optarg;
        else if (option == 'a')
            against = optarg;
        else
            return command_usage("verify");
    }
    if (argc - optind != 1 || key == NULL)
        return command_usage("verify");

    struct verification verification = {0};
    result outcome = verify_export(arena, argv[optind], key, against, stdout, &verification);
    if (failed(outcome))
        return command_failed("verify", outcome);
    if (verification.faults != 0) {
        (void)printf("REFUSED: %d faults\n", verification.faults);
        return EXIT_FAULT;
    }
    (void)printf(
        "VERIFIED\n"
        "  customer  %" STR_FMT "\n"
        "  entries   %lld of a log of %lld\n"
        "  invoices  %lld recounted and rated again, to the cent\n"
        "  root      %" STR_FMT "\n",
        STR_ARG(verification.customer.len == 0 ? STR("(the audit trail)") : verification.customer),
        (long long)verification.entries, (long long)verification.size,
        (long long)verification.invoices, STR_ARG(verification.root));
    return EXIT_SUCCESS;
}
