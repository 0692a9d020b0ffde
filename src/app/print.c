// SPDX-License-Identifier: Apache-2.0
#include "print.h"

#include "arguments.h"
#include "phial/api/api.h"
#include "phial/config/config.h"
#include "phial/doctor/doctor.h"
#include "phial/phi/claim.h"
#include "phial/phi/phi.h"
#include "phial/phi/retention.h"
#include "phial/util/array.h"

#include <string.h>

static const struct {
    const char *name;
    void (*print)(FILE *out);
} generated[] = {
    {"api-docs", api_print_markdown},              // docs/api.md
    {"claim-docs", claim_print_markdown},          // docs/claims.md
    {"configuration-docs", config_print_markdown}, // docs/configuration.md
    {"configuration-man", config_print_man},       // docs/man/phial.conf.5
    {"doctor-docs", doctor_print_markdown},        // docs/doctor.md
    {"errors", api_print_errors},                  // docs/errors.md
    {"man", arguments_print_man},                  // docs/man/phiald.8
    {"openapi", api_print_openapi},                // docs/openapi.json
    {"phi-docs", phi_print_markdown},              // docs/phi.md
    {"retention-docs", retention_print_markdown},  // docs/retention.md
    {"sample-config", config_print_sample},        // config/phial.conf
};

void print_generated(const char *name, FILE *out)
{
    for (size_t i = 0; i < COUNT_OF(generated); i++) {
        if (strcmp(generated[i].name, name) == 0)
            generated[i].print(out);
    }
}
