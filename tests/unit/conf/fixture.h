// SPDX-License-Identifier: GPL-3.0-or-later
/* A table with a row of every type, as tests and the fuzzer use it. */
#ifndef TESTS_CONF_FIXTURE_H
#define TESTS_CONF_FIXTURE_H

#include "conf/decode.h"

enum color { RED = 1, GREEN, BLUE };

struct leaf {
    const char *name;
    int64_t timeout_ns;
    int64_t port;
};

struct rich {
    bool enabled;
    int64_t port;
    double factor;
    int64_t timeout_ns;
    uint64_t size_bytes;
    double goal_ratio;
    const char *title;
    int color;
    struct bw_strings hosts;
    struct bw_ints codes;
    struct bw_ints horizons_ns;
    struct bw_pairs labels;
    struct leaf leaf;
    struct bw_items leaves;
    struct bw_items modules;
    const struct bw_node *raw;
    const struct leaf *maybe;
    const char *password;
    const char *word;
    double threshold; /* NaN: none */
};

extern const struct bw_opt_group leaf_group;
extern const struct bw_opt_group rich_group;

#endif
