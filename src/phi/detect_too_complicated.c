// SPDX-License-Identifier: Apache-2.0
// What was not looked through to its end is refused: every limit of the scan fails closed.
#include "scan.h"

bool phi_detect_too_complicated(const struct sight *sight)
{
    return sight->crowded;
}
