// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/db_delete.h: `db delete-series MATCHER`. */
#ifndef CLI_DB_DELETE_H
#define CLI_DB_DELETE_H

#include "base/buf.h"
#include "cli/command.h"

#include <signal.h>
#include <stdbool.h>

struct bw_db_delete {
    const struct bw_command *command;
    const char *store, *matcher;
    bool dry_run; /* only list */
    bool yes;     /* without asking */
    bool all;     /* also when that is every series */
    bool json;
    const volatile sig_atomic_t *stop;
    struct bw_buf *out;
};

/* An exit code. */
int bw_db_delete_series(const struct bw_db_delete *order);

#endif
