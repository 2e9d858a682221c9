// SPDX-License-Identifier: GPL-3.0-or-later
/* store/options.h: what `storage:` in the configuration says. */
#ifndef STORE_OPTIONS_H
#define STORE_OPTIONS_H

#include "conf/option.h"

/* How long each tier is kept. */
struct bw_retention_opts {
    int64_t raw_ns;
    int64_t minute_ns;
    int64_t hour_ns;
    int64_t day_ns;
};

struct bw_storage_opts {
    const char *path;           /* NULL: the caller has a better default */
    int64_t commit_interval_ns; /* what a power cut may lose */
    uint64_t max_bytes;         /* of the database and its WAL */
    int64_t max_series;
    struct bw_retention_opts retention;
    const struct bw_node *classes; /* further retention by label match */
};

extern const struct bw_opt_group bw_storage_group;

/* The defaults of the table, for who has no configuration file. */
struct bw_storage_opts bw_storage_defaults(void);

#endif
