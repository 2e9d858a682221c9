// SPDX-License-Identifier: GPL-3.0-or-later
/* transfer/spellings.h: the number of a series by the bytes that its name is written in, so that
 * a name is taken apart once and not for each of its samples. Forgets everything when it has
 * become large. */
#ifndef TRANSFER_SPELLINGS_H
#define TRANSFER_SPELLINGS_H

#include "base/arena.h"
#include "base/text.h"

#include <stdint.h>

struct bw_spelling {
    const char *text; /* NULL: a free place */
    uint32_t len;
    uint32_t series;
    uint64_t hash;
};

/* All zeros is empty. */
struct bw_spellings {
    struct bw_arena texts;
    struct bw_spelling *places; /* open addressing, a power of two */
    size_t cap, count;
    const struct bw_spelling *last; /* that was found: the next is likely the same */
};

/* 0 when it is not there. */
uint32_t bw_spellings_find(struct bw_spellings *spellings, struct bw_span name);
void bw_spellings_add(struct bw_spellings *spellings, struct bw_span name, uint32_t series);
void bw_spellings_fini(struct bw_spellings *spellings);

#endif
