// SPDX-License-Identifier: Apache-2.0
// examination.h - what the checks that are code share.
#pragma once

#include "phial/doctor/doctor.h"

struct examination {
    struct arena *arena;
    const struct doctor_options *options;
    struct db *db;
    struct doctor_finding *finding; // of the check that is being made
    str faults[DOCTOR_FAULTS_MAX];
};

// What is not so; further ones than a finding holds are left out. Copied.
void examination_fault(struct examination *examination, str subject);

#define STATEMENT_CHECK(name, holds)
#define CODE_CHECK(name, holds) result doctor_##name(struct examination *examination);
#include "phial/doctor/checks.def"
#undef CODE_CHECK
#undef STATEMENT_CHECK
