// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/config_check.h"

static int run(const struct bw_command *command, const struct bw_call *call)
{
    (void)command;
    return bw_config_check(call->args[0]);
}

const struct bw_command bw_cmd_check = {
    .name = "check",
    .arguments = "FILE",
    .summary = "Validate a configuration and list every mistake with its place",
    .text = "Each mistake is a line on standard error: file:line:column: path: what was expected.\n"
            "Exits with 0 when there is none, with 1 otherwise; warnings change nothing.\n",
    .complete = bw_complete_file_arguments,
    .flags = &bw_no_flags,
    .args_min = 1,
    .args_max = 1,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
