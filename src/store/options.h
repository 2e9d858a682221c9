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

/* A class of series that are kept for longer or shorter. */
struct bw_retention_class {
    struct bw_pairs match;              /* label to regular expression, anchored; all must hold */
    struct bw_retention_opts retention; /* 0: as everything else */
};

struct bw_picker;

/* What a class matches; BW_EINVAL for a wrong pattern. */
enum bw_rc bw_retention_class_picker(const struct bw_retention_class *retention_class,
                                     struct bw_picker **out, struct bw_err *err);

/* The least ceiling on a store's bytes. */
#define BW_STORE_BYTES_MIN (UINT64_C(8) << 20)

struct bw_storage_opts {
    const char *path;           /* NULL: the caller has a better default */
    int64_t commit_interval_ns; /* what a power cut may lose */
    uint64_t max_bytes;         /* of the database and all files beside it; 0: without a ceiling */
    int64_t max_series;
    int64_t max_late_ns; /* samples older than that are refused; 0: none is */
    struct bw_retention_opts retention;
    struct bw_items classes; /* of struct bw_retention_class; the first that matches holds */
};

extern const struct bw_opt_group bw_storage_group;

/* The defaults of the table, for who has no configuration file; but no sample is too old. */
struct bw_storage_opts bw_storage_defaults(void);

#endif
