// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/manual.h: bellwether(1), from the tables of commands and flags. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "cli/command.h"

/* Writes the page as roff with the macros of man(7). */
void bw_manual(struct bw_buf *out, const struct bw_command *const *table);

#endif
