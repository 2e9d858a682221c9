// SPDX-License-Identifier: GPL-3.0-or-later
#include "schedule/due_queue.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void bw_due_queue_fini(struct bw_due_queue *queue)
{
    free(queue->heap);
    free(queue->place);
    *queue = (struct bw_due_queue){ 0 };
}

static bool comes_before(struct bw_due_item a, struct bw_due_item b)
{
    return a.due_ns != b.due_ns ? a.due_ns < b.due_ns : a.id < b.id;
}

static void put(struct bw_due_queue *queue, size_t at, struct bw_due_item item)
{
    queue->heap[at] = item;
    queue->place[item.id] = (uint32_t)at + 1;
}

/* Moves the item up or down from the hole at `at` to where it belongs. */
static void settle(struct bw_due_queue *queue, size_t at, struct bw_due_item item)
{
    while (at > 0 && comes_before(item, queue->heap[(at - 1) / 2])) {
        put(queue, at, queue->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (size_t child; (child = 2 * at + 1) < queue->count; at = child) {
        if (child + 1 < queue->count && comes_before(queue->heap[child + 1], queue->heap[child]))
            child++;
        if (!comes_before(queue->heap[child], item))
            break;
        put(queue, at, queue->heap[child]);
    }
    put(queue, at, item);
}

static void make_room_for(struct bw_due_queue *queue, uint32_t id)
{
    const size_t old = queue->place_cap;
    if (id >= old) {
        queue->place = bw_grow(queue->place, &queue->place_cap, id + 1u, sizeof *queue->place);
        memset(queue->place + old, 0, (queue->place_cap - old) * sizeof *queue->place);
    }
    queue->heap = bw_grow(queue->heap, &queue->cap, queue->count + 1, sizeof *queue->heap);
}

void bw_due_queue_set(struct bw_due_queue *queue, uint32_t id, int64_t due_ns)
{
    make_room_for(queue, id);
    const size_t at = queue->place[id] != 0 ? queue->place[id] - 1u : queue->count++;
    settle(queue, at, (struct bw_due_item){ due_ns, id });
}

void bw_due_queue_remove(struct bw_due_queue *queue, uint32_t id)
{
    if (id >= queue->place_cap || queue->place[id] == 0)
        return;
    const size_t at = queue->place[id] - 1u;
    const struct bw_due_item last = queue->heap[--queue->count];
    queue->place[id] = 0;
    if (last.id != id)
        settle(queue, at, last);
}

const struct bw_due_item *bw_due_queue_first(const struct bw_due_queue *queue)
{
    return queue->count > 0 ? &queue->heap[0] : NULL;
}
