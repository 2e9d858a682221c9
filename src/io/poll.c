// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/poll.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 64, SLOTS_FIRST = 16 };

/* Events name a slot and its generation, never a poll: a descriptor that was closed may still be
 * open in a child that is about to become another program, and its events would come to a poll
 * that is gone. */
struct slot {
    struct bw_poll *poll; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

struct bw_poll_set {
    uv_poll_t uv; /* watches the epoll descriptor */
    int epoll;
    struct slot *slots;
    size_t cap;
    uint32_t count;      /* of slots, == cap */
    uint32_t first_free; /* == count: none */
};

struct bw_poll {
    struct bw_poll_set *set;
    uint32_t index;
    int fd;
    unsigned wanted; /* 0: stopped */
    bw_poll_fn *fn;
    void *ctx;
};

/* Stopped is edge-triggered for nothing: errors and hang-ups, which come unasked, come once. */
static uint32_t to_epoll(unsigned wanted)
{
    const bool edge = wanted == 0 || (wanted & BW_POLL_EDGE) != 0;
    return (edge ? (uint32_t)EPOLLET : 0) | ((wanted & BW_POLL_READ) != 0 ? (uint32_t)EPOLLIN : 0)
           | ((wanted & BW_POLL_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0);
}

static int control(const struct bw_poll *poll, int how)
{
    struct epoll_event event = {
        .events = to_epoll(poll->wanted),
        .data.u64 = (uint64_t)poll->set->slots[poll->index].generation << 32 | poll->index,
    };
    return epoll_ctl(poll->set->epoll, how, poll->fd, &event);
}

/* ---- what happened --------------------------------------------------------------------- */

static void tell(struct bw_poll *poll, uint32_t events)
{
    unsigned ready = ((events & EPOLLIN) != 0 ? (unsigned)BW_POLL_READ : 0)
                     | ((events & EPOLLOUT) != 0 ? (unsigned)BW_POLL_WRITE : 0);
    if ((events & EPOLLHUP) != 0)
        ready |= poll->wanted & (BW_POLL_READ | BW_POLL_WRITE);
    if ((events & EPOLLERR) != 0) {
        ready = BW_POLL_READ | BW_POLL_WRITE | BW_POLL_ERROR;
        bw_poll_stop(poll);
    }
    poll->fn(poll->ctx, ready);
}

static void on_events(uv_poll_t *uv, int status, int unused)
{
    (void)status, (void)unused;
    struct bw_poll_set *set = uv->data;
    struct epoll_event events[EVENTS_AT_ONCE];
    const int count = epoll_wait(set->epoll, events, EVENTS_AT_ONCE, 0);
    for (int i = 0; i < count; i++) {
        /* Looked up only now: those before may have freed it, stopped it, made others. */
        const struct slot *slot = &set->slots[(uint32_t)events[i].data.u64];
        const bool same = slot->generation == (uint32_t)(events[i].data.u64 >> 32);
        if (same && slot->poll != NULL && slot->poll->wanted != 0)
            tell(slot->poll, events[i].events);
    }
}

/* ---- the set --------------------------------------------------------------------------- */

struct bw_poll_set *bw_poll_set_new(uv_loop_t *uv, struct bw_err *err)
{
    struct bw_poll_set *set = bw_alloc(sizeof *set);
    set->epoll = epoll_create1(EPOLL_CLOEXEC);
    const int rc = set->epoll < 0 ? -errno : uv_poll_init(uv, &set->uv, set->epoll);
    if (rc != 0) {
        bw_fail(err, BW_ELIMIT, "watch descriptors: %s", uv_strerror(rc));
        if (set->epoll >= 0)
            close(set->epoll);
        free(set);
        return NULL;
    }
    set->uv.data = set;
    uv_poll_start(&set->uv, UV_READABLE, on_events);
    return set;
}

static void on_closed(uv_handle_t *uv)
{
    free(uv->data);
}

void bw_poll_set_free(struct bw_poll_set *set)
{
    if (set == NULL)
        return;
    uv_close((uv_handle_t *)&set->uv, on_closed);
    close(set->epoll);
    free(set->slots);
}

static uint32_t take_slot(struct bw_poll_set *set)
{
    if (set->first_free == set->count) {
        const size_t need = set->cap < SLOTS_FIRST ? SLOTS_FIRST : set->cap + 1;
        set->slots = bw_grow(set->slots, &set->cap, need, sizeof *set->slots);
        for (; set->count < set->cap; set->count++)
            set->slots[set->count] = (struct slot){ .next_free = set->count + 1 };
    }
    const uint32_t index = set->first_free;
    set->first_free = set->slots[index].next_free;
    return index;
}

static void forget(struct bw_poll *poll)
{
    struct bw_poll_set *set = poll->set;
    struct slot *slot = &set->slots[poll->index];
    slot->poll = NULL;
    slot->generation++;
    slot->next_free = set->first_free;
    set->first_free = poll->index;
    free(poll);
}

/* ---- one descriptor -------------------------------------------------------------------- */

struct bw_poll *bw_poll_set_add(struct bw_poll_set *set, int fd, unsigned events, bw_poll_fn *fn,
                                void *ctx, struct bw_err *err)
{
    struct bw_poll *poll = bw_alloc(sizeof *poll);
    *poll = (struct bw_poll){ .set = set, .fd = fd, .wanted = events, .fn = fn, .ctx = ctx };
    poll->index = take_slot(set);
    set->slots[poll->index].poll = poll;
    if (control(poll, EPOLL_CTL_ADD) == 0)
        return poll;
    bw_fail(err, BW_EIO, "watch descriptor %d: %s", fd, strerror(errno));
    forget(poll);
    return NULL;
}

void bw_poll_start(struct bw_poll *poll, unsigned events)
{
    if (poll->wanted == events)
        return;
    poll->wanted = events;
    control(poll, EPOLL_CTL_MOD);
}

void bw_poll_again(struct bw_poll *poll)
{
    control(poll, EPOLL_CTL_MOD);
}

void bw_poll_hand_over(struct bw_poll *poll, bw_poll_fn *fn, void *ctx)
{
    poll->fn = fn;
    poll->ctx = ctx;
}

int bw_poll_fd(const struct bw_poll *poll)
{
    return poll->fd;
}

void bw_poll_stop(struct bw_poll *poll)
{
    bw_poll_start(poll, 0);
}

void bw_poll_free(struct bw_poll *poll)
{
    if (poll == NULL)
        return;
    control(poll, EPOLL_CTL_DEL);
    forget(poll);
}

void bw_poll_close(struct bw_poll *poll)
{
    if (poll == NULL)
        return;
    close(poll->fd); /* which takes it out of the set */
    forget(poll);
}
