// SPDX-License-Identifier: GPL-3.0-or-later
/* What the daemon starts for its exec checks; nothing for people. */
#include "cli/commands.h"
#include "probe/exec_helper.h"

#include <unistd.h>

static int run(const struct bw_command *command, const struct bw_call *call)
{
    (void)command, (void)call;
    /* Not by return: there is nothing to flush, and the daemon waits. */
    _exit(bw_exec_helper_run());
}

const struct bw_command bw_cmd_exec_helper = {
    .name = BW_EXEC_HELPER_NAME,
    .arguments = "",
    .summary = "Run commands for the daemon, within limits",
    .flags = &bw_no_flags,
    .usage_exit = BW_EXIT_USAGE,
    .hidden = true,
    .run = run,
};
