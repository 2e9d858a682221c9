// SPDX-License-Identifier: GPL-3.0-or-later
/* web/spare.h: memory that large answers pass on. The metrics page of a few hundred checks has
 * more than a megabyte; without this it would be mapped and cleared for each scrape, which costs
 * as much as writing the page. Any thread. */
#ifndef WEB_SPARE_H
#define WEB_SPARE_H

#include "base/buf.h"

#include <pthread.h>
#include <stdbool.h>

/* A page and what it is compressed into. */
enum { BW_SPARE_COUNT = 2 };

struct bw_spare {
    pthread_mutex_t lock;
    struct {
        char *data;
        size_t cap; /* bytes */
    } kept[BW_SPARE_COUNT];
    bool used; /* since the last rest */
};

void bw_spare_init(struct bw_spare *spare);
void bw_spare_fini(struct bw_spare *spare);

/* Gives an empty buffer the memory of the largest that is kept, if any. */
void bw_spare_lend(struct bw_spare *spare, struct bw_buf *buf);

/* Takes memory from malloc, `cap` bytes: keeps it when it is large and there is room. */
void bw_spare_return(struct bw_spare *spare, char *data, size_t cap);

/* Frees what was not lent since the last time. */
void bw_spare_rest(struct bw_spare *spare);

#endif
