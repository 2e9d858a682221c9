// SPDX-License-Identifier: GPL-3.0-or-later
/* Kind tcp, and how a stream to HOST:PORT comes about. */
#include "base/mem.h"
#include "probe/tcp_try.h"
#include "probe/way.h"

#include <string.h>

/* Begins to connect; false with the outcome set when it cannot. */
static bool connect_to(struct bw_probe_try *t)
{
    const struct bw_trail_peer peer = { t->address, t->at.port };
    bw_probe_enter(t->out, BW_PHASE_CONNECT);
    return bw_way_go(t->out, t->target, &peer)
           && bw_stream_connect(&t->stream, &peer, t->plan->has_source ? &t->plan->source : NULL);
}

static void on_resolved(void *ctx, const struct bw_lookup_result *result)
{
    struct bw_probe_try *t = ctx;
    t->lookup = NULL;
    t->has_address = bw_way_take(t->out, result, t->at.host, &t->address);
    if (!t->has_address || !connect_to(t))
        bw_tcp_end(t);
}

struct bw_probe_try *bw_tcp_try_new(struct bw_probe_engine *engine, void *prepared,
                                    const struct bw_probe_target *target,
                                    struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                    void *ctx)
{
    struct bw_probe_try *t = bw_alloc(sizeof *t);
    *t = (struct bw_probe_try){ .engine = engine,
                                .plan = prepared,
                                .target = target,
                                .out = out,
                                .done = done,
                                .ctx = ctx,
                                .stream = { .loop = engine->loop,
                                            .out = out,
                                            .ops = &bw_tcp_stream_ops,
                                            .ctx = t,
                                            .fd = -1 } };
    bw_dialogue_init(&t->dialogue, t->plan);
    return t;
}

void bw_tcp_begin(struct bw_probe_try *t)
{
    bw_probe_enter(t->out, BW_PHASE_RESOLVE);
    const struct bw_lookup_query query = { .name = t->at.host,
                                           .preference = t->plan->preference,
                                           .fallback = t->plan->fallback };
    t->lookup = bw_way_begin(t->engine, t->out, &query, on_resolved, t);
}

static struct bw_probe_try *start(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    struct bw_err err;
    struct bw_tcp_target at;
    if (bw_tcp_target_parse(target->text, &at, &err) != BW_OK) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "%s", err.text);
        return NULL;
    }
    struct bw_probe_try *t = bw_tcp_try_new(engine, prepared, target, out, done, ctx);
    t->at = at;
    bw_tcp_begin(t);
    return t;
}

static enum bw_rc check_target(const char *text, struct bw_err *err)
{
    struct bw_tcp_target at;
    return bw_tcp_target_parse(text, &at, err);
}

extern const struct bw_probe_ops bw_probe_tcp;
const struct bw_probe_ops bw_probe_tcp = {
    .name = "tcp",
    .summary = "Connects to a port, with TLS or a dialogue if asked.",
    .target_help = "HOST:PORT",
    .options = &bw_probe_tcp_group,
    .prepare = bw_tcp_prepare,
    .release = bw_tcp_release,
    .secrets = bw_tcp_secrets,
    .check_target = check_target,
    .start = start,
    .settle = bw_tcp_settle,
    .cancel = bw_tcp_cancel,
};
