// SPDX-License-Identifier: Apache-2.0
// app.h - the daemon: reads its command line, owns everything, waits for a signal.
#pragma once

int app_main(int argc, char **argv);
