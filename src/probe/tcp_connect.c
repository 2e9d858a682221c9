// SPDX-License-Identifier: GPL-3.0-or-later
/* Kind tcp, and how a stream to HOST:PORT comes about. */
#include "base/mem.h"
#include "io/socket.h"
#include "probe/tcp_try.h"
#include "probe/trail.h"
#include "probe/way.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static bool fail_with(struct bw_probe_try *t, int error)
{
    bw_probe_fail(t->out, bw_probe_errno_reason(error), "%s", strerror(error));
    return false;
}

/* A socket from our source address, if one is asked for. */
static bool open_socket(struct bw_probe_try *t)
{
    struct sockaddr_storage from;
    t->fd = bw_socket_open(t->address.family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (t->fd < 0)
        return fail_with(t, errno);
    if (!t->plan->has_source)
        return true;
    const socklen_t len = bw_address_socket(&t->plan->source, 0, &from);
    if (t->plan->source.family == t->address.family
        && bind(t->fd, (struct sockaddr *)&from, len) == 0)
        return true;
    bw_probe_fail(t->out, BW_REASON_CONNECT_FAILED, "source_ip_address: %s",
                  t->plan->source.family == t->address.family ? strerror(errno)
                                                              : "of another family");
    return false;
}

/* Begins to connect; false with the outcome set when it cannot. */
static bool connect_to(struct bw_probe_try *t)
{
    struct bw_err err;
    struct sockaddr_storage to;
    const struct bw_trail_peer peer = { t->address, t->at.port };
    t->state = BW_TCP_CONNECTING;
    bw_probe_enter(t->out, BW_PHASE_CONNECT);
    bw_trail_add(t->out, BW_TRAIL_CONNECT, &peer, sizeof peer);
    if (!bw_way_allows(t->out, t->target, &t->address))
        return false;
    if (!open_socket(t))
        return false;
    const socklen_t len = bw_address_socket(&t->address, t->at.port, &to);
    if (connect(t->fd, (struct sockaddr *)&to, len) != 0 && errno != EINPROGRESS)
        return fail_with(t, errno);
    t->poll = bw_poll_open(t->engine->loop, t->fd, BW_POLL_WRITE, bw_tcp_ready, t, &err);
    if (t->poll != NULL)
        return true;
    bw_probe_fail(t->out, BW_REASON_LOCAL_LIMIT, "%s", err.text);
    return false;
}

static void on_resolved(void *ctx, const struct bw_lookup_result *result)
{
    struct bw_probe_try *t = ctx;
    t->lookup = NULL;
    if (!bw_way_take(t->out, result, t->at.host, &t->address) || !connect_to(t))
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
                                .fd = -1 };
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
