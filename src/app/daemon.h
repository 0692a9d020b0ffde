// SPDX-License-Identifier: Apache-2.0
// daemon.h - from settings to a serving process and back to nothing.
#pragma once

#include "phial/config/config.h"

// Serves until SIGTERM or SIGINT. `data_folder` is that of --dev, NULL without. `arena` lives as
// long as the process. A failure's detail is for the person who started it.
result daemon_run(struct arena *arena, struct config *config, const char *data_folder);
