// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/names.h: a set of texts, to see whether a series is already on the page. */
#ifndef METRIC_NAMES_H
#define METRIC_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_names_slot {
    uint64_t hash; /* 0: free */
    const char *text;
    size_t len;
};

/* All zeros is an empty set. */
struct bw_names {
    struct bw_names_slot *slots;
    size_t cap; /* a power of two, or 0 */
    size_t count;
};

void bw_names_fini(struct bw_names *names);

/* Adds the text, which must outlive its membership. False when an equal one is there. */
bool bw_names_add(struct bw_names *names, const char *text, size_t len);

/* Takes the text out; nothing happens when it is not there. */
void bw_names_remove(struct bw_names *names, const char *text, size_t len);

#endif
