// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http_memory.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A connection that nobody uses now. */
struct kept {
    struct bw_poll *connection; /* NULL: the place is free */
    char *origin;
    struct bw_address address;
    struct bw_timer *age; /* NULL until the first comes */
    uint64_t number;      /* the oldest has the least */
    uint64_t run;         /* that has opened it, or a later one that is over */
};

struct bw_http_memory {
    struct bw_loop *loop;
    char *target; /* NULL before the first run */
    struct bw_http_url url;
    struct kept kept[BW_PROBE_KEPT_MAX];
    uint64_t numbers, runs;
};

struct bw_http_memory *bw_http_memory_new(struct bw_loop *loop)
{
    struct bw_http_memory *memory = bw_alloc(sizeof *memory);
    memory->loop = loop;
    return memory;
}

static struct bw_poll *let_go(struct kept *kept)
{
    struct bw_poll *connection = kept->connection;
    if (kept->age != NULL)
        bw_timer_stop(kept->age);
    free(kept->origin);
    kept->origin = NULL;
    kept->connection = NULL;
    return connection;
}

void bw_http_memory_free(void *data)
{
    struct bw_http_memory *memory = data;
    for (size_t i = 0; i < BW_PROBE_KEPT_MAX; i++) {
        bw_poll_close(let_go(&memory->kept[i]));
        bw_timer_free(memory->kept[i].age);
    }
    if (memory->target != NULL)
        bw_http_url_fini(&memory->url);
    free(memory->target);
    free(memory);
}

const struct bw_http_url *bw_http_memory_url(struct bw_http_memory *memory, const char *target,
                                             struct bw_err *err)
{
    if (memory->target == NULL) {
        if (bw_http_url_parse(target, &memory->url, err) != BW_OK)
            return NULL;
        memory->target = bw_strdup(target);
    }
    memory->runs++;
    return &memory->url;
}

/* ---- connections ------------------------------------------------------------------------- */

static void on_age(void *ctx)
{
    bw_poll_close(let_go(ctx));
}

/* The end, an error, or words that answer nothing. That there is room to write is no news. */
static void on_idle(void *ctx, unsigned events)
{
    if ((events & BW_POLL_READ) != 0)
        bw_poll_close(let_go(ctx));
}

static bool is_same_address(const struct bw_address *a, const struct bw_address *b)
{
    if (a->family != b->family || a->scope != b->scope)
        return false;
    return a->family == AF_INET ? memcmp(&a->ip4, &b->ip4, sizeof a->ip4) == 0
                                : memcmp(&a->ip6, &b->ip6, sizeof a->ip6) == 0;
}

/* What happened in this turn of the loop has not been told yet. */
static bool is_quiet(const struct bw_poll *connection)
{
    char byte;
    return recv(bw_poll_fd(connection), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

struct bw_poll *bw_http_memory_take(struct bw_http_memory *memory, const char *origin,
                                    const struct bw_address *address, bool *out_earlier)
{
    for (size_t i = 0; i < BW_PROBE_KEPT_MAX; i++) {
        struct kept *kept = &memory->kept[i];
        if (kept->connection == NULL || strcmp(kept->origin, origin) != 0
            || !is_same_address(&kept->address, address))
            continue;
        struct bw_poll *connection = let_go(kept);
        if (is_quiet(connection)) {
            *out_earlier = kept->run != memory->runs;
            return connection;
        }
        bw_poll_close(connection);
    }
    return NULL;
}

void bw_http_memory_keep(struct bw_http_memory *memory, const char *origin,
                         const struct bw_address *address, struct bw_poll *connection, bool earlier)
{
    struct kept *to = &memory->kept[0];
    for (size_t i = 1; i < BW_PROBE_KEPT_MAX && to->connection != NULL; i++) {
        struct kept *kept = &memory->kept[i];
        if (kept->connection == NULL || kept->number < to->number)
            to = kept;
    }
    bw_poll_close(let_go(to));
    if (to->age == NULL)
        to->age = bw_timer_new(memory->loop, on_age, to);
    to->connection = connection;
    to->origin = bw_strdup(origin);
    to->address = *address;
    to->number = ++memory->numbers;
    to->run = earlier ? memory->runs - 1 : memory->runs;
    bw_poll_hand_over(connection, on_idle, to);
    bw_timer_start(to->age, BW_PROBE_KEPT_NS, 0);
}
