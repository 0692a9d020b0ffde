// SPDX-License-Identifier: Apache-2.0
// trail_job.h - the thread that appends the audit trail's records to its log, with a connection of
// its own: nothing else that happens by itself may hold it up.
#pragma once

#include "phial/jobs/jobs.h"

struct trail_job;
result trail_job_start(const struct jobs_options *options, struct trail_job **job);
void trail_job_stop(struct trail_job *job); // what waits then is appended first
