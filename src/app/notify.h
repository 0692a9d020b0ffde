// SPDX-License-Identifier: Apache-2.0
// notify.h - tells a service manager that asked: READY=1, STOPPING=1 (sd_notify's protocol).
#pragma once

void notify(const char *state);
