// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/spread.h"

#include "base/mem.h"
#include "probe/spread_sum.h"
#include "probe/way.h"

#include <stdlib.h>
#include <string.h>

struct part {
    struct bw_spread *spread;
    struct bw_way way;
    struct bw_probe_run *run;      /* NULL: it has ended */
    struct bw_probe_memory memory; /* what it has of the memory of its address */
    struct bw_spread_part kept;
};

struct bw_spread {
    struct bw_probe_engine *engine;
    struct bw_probe_request request; /* of each part, but for the time that is left */
    bw_probe_done_fn *done;
    void *ctx;
    struct bw_arena arena;
    int64_t start_ns;
    struct bw_address addresses[BW_SPREAD_ADDRESSES_MAX];
    size_t address_count; /* of those; 0: not looked up yet */
    size_t found;         /* addresses that the name has */
    struct part *parts[BW_SPREAD_ADDRESSES_MAX];
    size_t part_count;
    struct bw_timer *next; /* any: the next part may begin although none has failed */
};

static bool is_same(const struct bw_address *a, const struct bw_address *b)
{
    char x[BW_ADDRESS_TEXT_MAX], y[BW_ADDRESS_TEXT_MAX];
    bw_address_format(x, a);
    bw_address_format(y, b);
    return strcmp(x, y) == 0;
}

/* ---- memories ---- */

/* That of the address, which comes to the front; that of the one which was not asked for the
 * longest time makes room. */
static struct bw_probe_memory *memory_of(struct bw_probe_memory *whole,
                                         const struct bw_address *address)
{
    struct bw_probe_memory **at = &whole->more, *found;
    for (size_t i = 1; *at != NULL && !is_same(&(*at)->address, address); i++) {
        if (i == BW_SPREAD_ADDRESSES_MAX) {
            bw_probe_memory_free(*at);
            *at = NULL;
        } else {
            at = &(*at)->more;
        }
    }
    found = *at;
    if (found != NULL)
        *at = found->more;
    else
        found = bw_alloc(sizeof *found);
    found->ops = whole->ops;
    found->address = *address;
    found->more = whole->more;
    whole->more = found;
    return found;
}

/* The part knows its address. What it has made itself before stays its own. */
static void lend_memory(struct part *part)
{
    struct bw_probe_memory *whole = part->spread->request.target.memory;
    if (whole == NULL || part->memory.data != NULL)
        return;
    struct bw_probe_memory *own = memory_of(whole, &part->way.address);
    part->memory.data = own->data;
    own->data = NULL;
}

/* The part's run is over. */
static void keep_memory(struct part *part)
{
    struct bw_probe_memory *whole = part->spread->request.target.memory;
    void *data = part->memory.data;
    part->memory.data = NULL;
    if (data == NULL)
        return;
    struct bw_probe_memory *own =
        part->way.name[0] != '\0' ? memory_of(whole, &part->way.address) : NULL;
    if (own != NULL && own->data == NULL)
        own->data = data;
    else
        whole->ops->forget(data);
}

/* ---- the end ---- */

static void cancel_parts(struct bw_spread *spread)
{
    for (size_t i = 0; i < spread->part_count; i++) {
        if (spread->parts[i]->run == NULL)
            continue;
        bw_probe_cancel(spread->parts[i]->run);
        keep_memory(spread->parts[i]);
    }
}

static void release(struct bw_spread *spread)
{
    for (size_t i = 0; i < spread->part_count; i++) {
        bw_spread_part_fini(&spread->parts[i]->kept);
        free(spread->parts[i]);
    }
    bw_timer_free(spread->next);
    bw_arena_fini(&spread->arena);
    free(spread);
}

void bw_spread_cancel(struct bw_spread *spread)
{
    cancel_parts(spread);
    release(spread);
}

static void finish(struct bw_spread *spread)
{
    struct bw_spread_part *ended[BW_SPREAD_ADDRESSES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < spread->part_count; i++) {
        if (spread->parts[i]->run == NULL)
            ended[count++] = &spread->parts[i]->kept;
    }
    const struct bw_spread_parts parts = { .mode = spread->request.resolve_mode,
                                           .items = ended,
                                           .count = count,
                                           .addresses = spread->found,
                                           .duration_ns = bw_loop_mono_ns() - spread->start_ns,
                                           .timeout_ns = spread->request.timeout_ns };
    const struct bw_probe_result *result = bw_spread_sum(&spread->arena, &parts);
    bw_timer_stop(spread->next);
    cancel_parts(spread);
    spread->done(spread->ctx, result);
    release(spread);
}

/* ---- parts ---- */

static void begin_part(struct bw_spread *spread);

static bool has_time(const struct bw_spread *spread)
{
    return bw_loop_mono_ns() - spread->start_ns < spread->request.timeout_ns;
}

/* A slow address has an n-th of the time for itself; after that the next is asked beside it. */
static void wait_for_next(struct bw_spread *spread)
{
    const int64_t share_ns = spread->request.timeout_ns / (int64_t)spread->address_count;
    const int64_t due_ns = spread->start_ns + (int64_t)spread->part_count * share_ns;
    const int64_t wait_ns = due_ns - bw_loop_mono_ns();
    if (spread->part_count < spread->address_count)
        bw_timer_start(spread->next, wait_ns > 0 ? wait_ns : 0, 0);
    else
        bw_timer_stop(spread->next);
}

static void on_next(void *ctx)
{
    struct bw_spread *spread = ctx;
    begin_part(spread);
    wait_for_next(spread);
}

/* True when there was another address, and time. */
static bool go_on_with_next(struct bw_spread *spread)
{
    if (spread->request.resolve_mode != BW_RESOLVE_ANY
        || spread->part_count >= spread->address_count || !has_time(spread))
        return false;
    begin_part(spread);
    wait_for_next(spread);
    return true;
}

static bool all_have_ended(const struct bw_spread *spread)
{
    for (size_t i = 0; i < spread->part_count; i++) {
        if (spread->parts[i]->run != NULL)
            return false;
    }
    return true;
}

static void on_part(void *ctx, const struct bw_probe_result *result)
{
    struct part *part = ctx;
    struct bw_spread *spread = part->spread;
    const bool tell = spread->request.tell || !result->success || result->attempts > 1;
    part->run = NULL;
    part->kept.known = part->way.name[0] != '\0';
    part->kept.address = part->way.address;
    bw_spread_part_take(&part->kept, result, tell);
    keep_memory(part);
    const bool decided = result->success && spread->request.resolve_mode == BW_RESOLVE_ANY;
    if (decided || (!go_on_with_next(spread) && all_have_ended(spread)))
        finish(spread);
}

static void on_found(void *ctx, const char *name, const struct bw_address *addresses, size_t count);

/* The first part looks the name up, the others are told what came of it. */
static void begin_part(struct bw_spread *spread)
{
    struct part *part = bw_alloc(sizeof *part);
    const size_t number = spread->part_count++;
    spread->parts[number] = part;
    part->spread = spread;
    part->way = (struct bw_way){ .start_ns = spread->start_ns, .found = on_found, .ctx = spread };
    part->kept.start_ns = bw_loop_mono_ns() - spread->start_ns;
    if (number > 0) {
        memcpy(part->way.name, spread->parts[0]->way.name, sizeof part->way.name);
        part->way.address = spread->addresses[number];
        lend_memory(part);
    }
    struct bw_probe_request request = spread->request;
    request.resolve_mode = BW_RESOLVE_FIRST;
    if (request.target.memory != NULL) {
        part->memory.ops = request.target.memory->ops;
        request.target.memory = &part->memory;
    }
    request.way = &part->way;
    part->run = bw_probe_start(spread->engine, &request, on_part, part);
}

/* ---- its addresses ---- */

static void take_addresses(struct bw_spread *spread, const struct bw_address *addresses,
                           size_t count)
{
    struct bw_address *kept = spread->addresses;
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t k = 0; k < i; k++)
            known = known || is_same(&addresses[k], &addresses[i]);
        if (known)
            continue;
        if (spread->found++ < BW_SPREAD_ADDRESSES_MAX)
            kept[spread->address_count++] = addresses[i];
    }
}

/* The first part goes on with the first address. */
static void on_found(void *ctx, const char *name, const struct bw_address *addresses, size_t count)
{
    (void)name;
    struct bw_spread *spread = ctx;
    take_addresses(spread, addresses, count);
    lend_memory(spread->parts[0]);
    if (spread->request.resolve_mode == BW_RESOLVE_ANY) {
        wait_for_next(spread);
        return;
    }
    while (spread->part_count < spread->address_count)
        begin_part(spread);
}

struct bw_spread *bw_spread_start(struct bw_probe_engine *engine,
                                  const struct bw_probe_request *request, bw_probe_done_fn *done,
                                  void *ctx)
{
    struct bw_spread *spread = bw_alloc(sizeof *spread);
    spread->engine = engine;
    spread->request = *request;
    spread->request.target.text = bw_arena_strdup(&spread->arena, request->target.text);
    spread->request.target.host = bw_arena_strdup(&spread->arena, request->target.host);
    spread->done = done;
    spread->ctx = ctx;
    spread->start_ns = bw_loop_mono_ns();
    spread->next = bw_timer_new(engine->loop, on_next, spread);
    begin_part(spread);
    return spread;
}
