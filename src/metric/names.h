// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/names.h: a set of names, to see whether a series is already on the page. Of each only
 * the hash is kept: texts would be most of what a series takes. That two names of a hundred
 * thousand have one hash happens on one page of three thousand million; the later series is then
 * left out, which is counted as for one that is there twice. */
#ifndef METRIC_NAMES_H
#define METRIC_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zeros is an empty set. */
struct bw_names {
    uint64_t *slots; /* 0: free */
    size_t cap;      /* a power of two, or 0 */
    size_t count;
};

void bw_names_fini(struct bw_names *names);

/* Adds the text. False when it is there. */
bool bw_names_add(struct bw_names *names, const char *text, size_t len);

/* Takes the text out; nothing happens when it is not there. */
void bw_names_remove(struct bw_names *names, const char *text, size_t len);

#endif
