// SPDX-License-Identifier: GPL-3.0-or-later
/* What the scripts of `bellwether completion` ask at each press of the key. */
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/output.h"

enum { LINES_BYTES_MAX = 1 << 20, WORDS_MAX = 4096 };

static int run(const struct bw_command *command, const struct bw_call *call)
{
    (void)command;
    struct bw_buf out;
    bw_buf_init(&out, LINES_BYTES_MAX);
    bw_complete(call->table, call->args, call->arg_count, &out);
    bw_out_buf(&out);
    bw_buf_fini(&out);
    return BW_EXIT_OK;
}

const struct bw_command bw_cmd_complete = {
    .name = "complete",
    .arguments = "-- WORD...",
    .summary = "Print what the last word of a command line may become; for shells",
    .flags = &bw_no_flags,
    .args_max = WORDS_MAX,
    .usage_exit = BW_EXIT_USAGE,
    .hidden = true,
    .run = run,
};
