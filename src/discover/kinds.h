// SPDX-License-Identifier: GPL-3.0-or-later
/* discover/kinds.h: the kinds of sources, for discover.c only. */
#ifndef DISCOVER_KINDS_H
#define DISCOVER_KINDS_H

#include "discover/discover.h"

/* One question under way. */
struct bw_discovery_ask {
    const struct bw_discovery_spec *spec;
    const struct bw_target_list *old;
    const bool *stop; /* written by another thread */
    struct bw_arena *arena;
    struct bw_target_list *out;
    enum bw_rc rc; /* of the first that failed */
    struct bw_err *err;
};

static inline bool bw_discovery_is_stopped(const struct bw_discovery_ask *ask)
{
    return __atomic_load_n(ask->stop, __ATOMIC_ACQUIRE);
}

/* What has this label could not be had, because of `err`: it stays as it was. */
void bw_discovery_keep(struct bw_discovery_ask *ask, struct bw_label label,
                       const struct bw_err *err);

struct bw_discovery_ops {
    const char *name;
    enum bw_rc (*check)(const char *from, struct bw_err *err);
    void (*ask)(struct bw_discovery_ask *ask);
};

extern const struct bw_discovery_ops bw_discovery_file, bw_discovery_http, bw_discovery_dns,
    bw_discovery_push;

#endif
