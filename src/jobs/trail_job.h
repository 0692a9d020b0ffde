// SPDX-License-Identifier: Apache-2.0
// trail_job.h - the job that appends the audit trail's records to its log.
#pragma once

#include "phial/jobs/jobs.h"

struct trail_job;
result trail_job_start(const struct jobs_options *options, struct trail_job **trail);
void trail_job_stop(struct trail_job *trail); // what waits then is appended first
