// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/commands.h: the rows that main.c lists, each from cmd_<name>.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const struct bw_command bw_cmd_serve;
extern const struct bw_command bw_cmd_init;
extern const struct bw_command bw_cmd_check;
extern const struct bw_command bw_cmd_probe;
extern const struct bw_command bw_cmd_query;
extern const struct bw_command bw_cmd_trend;
extern const struct bw_command bw_cmd_backtest;
extern const struct bw_command bw_cmd_report;
extern const struct bw_command bw_cmd_db;
extern const struct bw_command bw_cmd_export;
extern const struct bw_command bw_cmd_import;
extern const struct bw_command bw_cmd_marker;
extern const struct bw_command bw_cmd_completion;
extern const struct bw_command bw_cmd_version;
extern const struct bw_command bw_cmd_complete;
extern const struct bw_command bw_cmd_docs;
extern const struct bw_command bw_cmd_exec_helper;

#endif
