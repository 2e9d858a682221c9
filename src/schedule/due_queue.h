// SPDX-License-Identifier: GPL-3.0-or-later
/* schedule/due_queue.h: ids in the order of their due times; a binary heap that knows where
 * each id sits, so that one can be moved or taken out in O(log n). Ties go by id, so that
 * a replay is always the same. Only for this folder. */
#ifndef SCHEDULE_DUE_QUEUE_H
#define SCHEDULE_DUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_due_item {
    int64_t due_ns;
    uint32_t id;
};

/* All zeros is an empty queue. */
struct bw_due_queue {
    struct bw_due_item *heap;
    size_t count, cap;
    uint32_t *place; /* by id: index into heap plus 1; 0 when not queued */
    size_t place_cap;
};

void bw_due_queue_fini(struct bw_due_queue *queue);

/* Queues the id, or moves it when it is queued already. */
void bw_due_queue_set(struct bw_due_queue *queue, uint32_t id, int64_t due_ns);

/* An id that is not queued is fine. */
void bw_due_queue_remove(struct bw_due_queue *queue, uint32_t id);

/* The first to come; NULL when empty. Valid until the next change. */
const struct bw_due_item *bw_due_queue_first(const struct bw_due_queue *queue);

#endif
