// SPDX-License-Identifier: Apache-2.0
#include "phial/invoicing/sums.h"

#include "examination.h"

enum { CUSTOMERS_SAMPLED = 50 };

static void take_fault(void *context, str subject)
{
    examination_fault(context, subject);
}

result doctor_sums_are_of_the_entries(struct examination *examination)
{
    struct sums_sample sample = {
        .customers = CUSTOMERS_SAMPLED, .differs = take_fault, .context = examination};
    return sums_check(examination->db, examination->arena, &sample);
}
