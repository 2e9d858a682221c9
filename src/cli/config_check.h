// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/config_check.h: what `bellwether check FILE` and `serve --config.check` do. */
#ifndef CLI_CONFIG_CHECK_H
#define CLI_CONFIG_CHECK_H

#include "cli/command.h"

struct bw_config;

/* Reads the configuration (NULL: the built-in default). Every mistake and every warning goes to
 * stderr, a line each; NULL when there was a mistake. Free with bw_config_free. */
struct bw_config *bw_config_open(const char *file);

/* The same, then one line on stdout about what was read. Returns the exit code. */
int bw_config_check(const char *file);

#endif
