// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/pushed.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"
#include "discover/push.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct source {
    const char *name;
    int64_t ttl_ns;
};

struct bw_pushed {
    pthread_mutex_t lock; /* of all below, and of the files */
    char *folder;
    struct bw_arena arena;
    struct source *sources;
    size_t count;
};

struct bw_pushed *bw_pushed_new(const char *folder)
{
    struct bw_pushed *pushed = bw_alloc(sizeof *pushed);
    pthread_mutex_init(&pushed->lock, NULL);
    pushed->folder = bw_strdup(folder);
    return pushed;
}

void bw_pushed_free(struct bw_pushed *pushed)
{
    if (pushed == NULL)
        return;
    bw_arena_fini(&pushed->arena);
    pthread_mutex_destroy(&pushed->lock);
    free(pushed->folder);
    free(pushed);
}

void bw_pushed_apply(struct bw_pushed *pushed, const struct bw_config *config)
{
    pthread_mutex_lock(&pushed->lock);
    bw_arena_fini(&pushed->arena);
    pushed->sources = bw_arena_array(&pushed->arena, config->source_count, sizeof *pushed->sources);
    pushed->count = 0;
    for (size_t i = 0; i < config->source_count; i++) {
        const struct bw_discovery_spec *spec = &config->sources[i].spec;
        if (spec->kind != BW_DISCOVERY_PUSH)
            continue;
        pushed->sources[pushed->count++] =
            (struct source){ bw_arena_strdup(&pushed->arena, spec->from.items[0]),
                             spec->timeout_ns };
    }
    pthread_mutex_unlock(&pushed->lock);
}

static const struct source *find(const struct bw_pushed *pushed, const char *name)
{
    for (size_t i = 0; i < pushed->count; i++) {
        if (strcmp(pushed->sources[i].name, name) == 0)
            return &pushed->sources[i];
    }
    return NULL;
}

/* With the lock. */
static enum bw_rc change(struct bw_pushed *pushed, const struct bw_target_order *order,
                         struct bw_buf *out, struct bw_err *err)
{
    const struct source *source = find(pushed, order->source);
    if (source == NULL)
        return bw_fail(err, BW_ENOTFOUND, "There is no push source '%s'.", order->source);
    const int64_t ttl_ns = order->ttl_ns > 0 ? order->ttl_ns : source->ttl_ns;
    const struct bw_push_change what = { .folder = pushed->folder,
                                         .name = source->name,
                                         .text = order->text,
                                         .size = order->size,
                                         .drop = order->target,
                                         .now_ms = order->now_ms,
                                         .expires_ms = order->now_ms + ttl_ns / BW_MS };
    size_t count = 0;
    const enum bw_rc rc = bw_push_change(&what, &count, err);
    if (rc != BW_OK)
        return rc;
    struct bw_json json = bw_json_to(out);
    bw_json_open(&json, '{');
    bw_json_member_int(&json, "targets", (int64_t)count);
    bw_json_key(&json, "expires");
    bw_json_time(&json, order->text != NULL ? what.expires_ms : 0);
    bw_json_close(&json, '}');
    return BW_OK;
}

enum bw_rc bw_pushed_change(struct bw_pushed *pushed, const struct bw_target_order *order,
                            struct bw_buf *out, struct bw_err *err)
{
    pthread_mutex_lock(&pushed->lock);
    const enum bw_rc rc = change(pushed, order, out, err);
    pthread_mutex_unlock(&pushed->lock);
    return rc;
}
