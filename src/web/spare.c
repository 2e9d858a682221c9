// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/spare.h"

#include <stdlib.h>

/* What is smaller comes from the heap, which is quick. */
enum { LARGE_BYTES = 128 << 10 };

void bw_spare_init(struct bw_spare *spare)
{
    *spare = (struct bw_spare){ .used = false };
    pthread_mutex_init(&spare->lock, NULL);
}

static void drop_all(struct bw_spare *spare)
{
    for (size_t i = 0; i < BW_SPARE_COUNT; i++) {
        free(spare->kept[i].data);
        spare->kept[i].data = NULL;
        spare->kept[i].cap = 0;
    }
}

void bw_spare_fini(struct bw_spare *spare)
{
    drop_all(spare);
    pthread_mutex_destroy(&spare->lock);
}

void bw_spare_lend(struct bw_spare *spare, struct bw_buf *buf)
{
    pthread_mutex_lock(&spare->lock);
    size_t best = 0;
    for (size_t i = 1; i < BW_SPARE_COUNT; i++) {
        if (spare->kept[i].cap > spare->kept[best].cap)
            best = i;
    }
    if (spare->kept[best].cap > buf->cap) {
        bw_buf_fini(buf);
        buf->data = spare->kept[best].data;
        buf->cap = spare->kept[best].cap;
        buf->data[0] = '\0';
        spare->kept[best].data = NULL;
        spare->kept[best].cap = 0;
    }
    spare->used = true;
    pthread_mutex_unlock(&spare->lock);
}

void bw_spare_return(struct bw_spare *spare, char *data, size_t cap)
{
    pthread_mutex_lock(&spare->lock);
    for (size_t i = 0; i < BW_SPARE_COUNT && cap >= LARGE_BYTES; i++) {
        if (spare->kept[i].data == NULL) {
            spare->kept[i].data = data;
            spare->kept[i].cap = cap;
            data = NULL;
            break;
        }
    }
    pthread_mutex_unlock(&spare->lock);
    free(data);
}

void bw_spare_rest(struct bw_spare *spare)
{
    pthread_mutex_lock(&spare->lock);
    if (!spare->used)
        drop_all(spare);
    spare->used = false;
    pthread_mutex_unlock(&spare->lock);
}
