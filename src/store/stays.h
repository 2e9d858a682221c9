// SPDX-License-Identifier: GPL-3.0-or-later
/* store/stays.h: in which groups series are and have been (docs/format.md, "Groups and moves"). */
#ifndef STORE_STAYS_H
#define STORE_STAYS_H

#include "store/view.h"

#include <stddef.h>
#include <stdint.h>

struct bw_stay {
    uint32_t series, group;
    uint64_t covered; /* journal rows up to here are in the group's packs */
};

/* By series; of one series in the order of its moves, each group once. All zeros is none. */
struct bw_stays {
    struct bw_stay *items;
    size_t count, cap;
};

/* The stays of some series, whose ids rise. Rows that are damaged are left out and counted. */
enum bw_rc bw_stays_read(struct bw_reader *reader, const uint32_t *series, size_t count,
                         struct bw_stays *out, struct bw_damage *damage, struct bw_err *err);

void bw_stays_fini(struct bw_stays *stays);

#endif
