// SPDX-License-Identifier: GPL-3.0-or-later
/* Commands of exec probes, and what is left of them. A test program that runs some is its own
 * helper, as the daemon is. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "world.h"

#include <sys/types.h>

#define COMMANDS_SHELL(script) WORLD_STRINGS("/bin/sh", "-c", script)

/* In the script "MARK" stands for what hostile commands sleep for: how the processes of this very
 * run are recognised. */
#define COMMANDS_MARKED(w, script) COMMANDS_SHELL(commands_marked(w, script))
const char *commands_marked(struct world *w, const char *script);

/* First of all in main(): does not return in the helper. */
void commands_main(int argc, char **argv);

void commands_run(struct world *w, struct bw_strings command, int64_t timeout_ns);

/* The one child that a program has that runs commands. */
pid_t commands_helper(void);

/* Processes whose command line has the mark; not helpers, which end by themselves. */
unsigned commands_left(void);

/* Runs the loop until so many are there. */
void commands_await(struct world *w, unsigned count);

/* Runs the loop until nothing is left and the helper has reaped every guard. */
void commands_expect_gone(struct world *w, const char *name);

#endif
