// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/commands.h"

#include <gsl/gsl_errno.h>
#include <stddef.h>

static const struct bw_command *const commands[] = {
    &bw_cmd_serve,
    &bw_cmd_init,
    &bw_cmd_check,
    &bw_cmd_probe,
    &bw_cmd_trend,
    &bw_cmd_backtest,
    &bw_cmd_query,
    &bw_cmd_report,
    &bw_cmd_db,
    &bw_cmd_export,
    &bw_cmd_import,
    &bw_cmd_marker,
    &bw_cmd_completion,
    &bw_cmd_version,
    &bw_cmd_complete,
    &bw_cmd_docs,
    &bw_cmd_exec_helper,
    NULL,
};

int main(int argc, char **argv)
{
    gsl_set_error_handler_off(); /* its default aborts the program */
    return bw_commands_run(commands, argc, argv);
}
