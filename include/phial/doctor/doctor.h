// SPDX-License-Identifier: Apache-2.0
// doctor.h - looks over an installation: what it stands on, its ledger, its money. Changes nothing.
//
// What is found wrong is named by keys, numbers and positions, never by content.
#pragma once

#include "phial/config/config.h"
#include "phial/db/db.h"

enum { DOCTOR_FAULTS_MAX = 20 };

struct doctor_check {
    const char *name;
    const char *holds; // the sentence that is true of a sound installation
};
struct doctor_checks {
    const struct doctor_check *items;
    size_t count;
};
struct doctor_checks doctor_checks(void);
void doctor_print_markdown(FILE *out); // becomes docs/doctor.md

struct doctor_options {
    const struct config *config;
    int64_t leaves_max; // hashed again, over all logs; 0: every one
};

struct doctor_finding {
    const struct doctor_check *check;
    bool sound;
    const str *faults; // at most DOCTOR_FAULTS_MAX of them
    size_t fault_count;
    str note; // what was left out, "" for nothing
};

// Hands over what every check found, in their order, and how many found something. A check that
// could not be made is unsound. DB_AWAY when the database cannot be reached at all.
result doctor_examine(struct arena *arena, const struct doctor_options *options,
                      void (*tell)(void *context, const struct doctor_finding *finding),
                      void *context, size_t *unsound);
