// SPDX-License-Identifier: Apache-2.0
#include "retention_terms.h"

// What each option is at least; nobody can configure a class that is kept for good.
enum {
#define OPTION(kind, section, name, preset, min, max, does) LEAST_##section##_##name = (min),
#include "phial/config/options.def"
#undef OPTION
    LEAST_retention_trial_permanent = 0
};

#define RETENTION_CLASS(id, name, years, start, ground) \
    _Static_assert(LEAST_retention_##id == (years), "no option shortens its class");
#include "phial/phi/retention_classes.def"
#undef RETENTION_CLASS

struct retention_terms retention_terms_of(const struct config *config)
{
    return (struct retention_terms){
        .years =
            {
                [RETENTION_CLASS_contract_10y] = config->retention_contract_10y,
                [RETENTION_CLASS_device_10y] = config->retention_device_10y,
                [RETENTION_CLASS_hipaa_6y] = config->retention_hipaa_6y,
                [RETENTION_CLASS_rpm_7y] = config->retention_rpm_7y,
                [RETENTION_CLASS_standard_10y] = config->retention_standard_10y,
                [RETENTION_CLASS_trial_permanent] = 0,
            },
    };
}
