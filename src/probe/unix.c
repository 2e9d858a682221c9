// SPDX-License-Identifier: GPL-3.0-or-later
/* Kind unix: what kind tcp does, over a socket of this machine. */
#include "base/units.h"
#include "io/socket.h"
#include "probe/tcp_try.h"
#include "probe/trail.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { AGAIN_NS = 20 * BW_MS };

/* "@name" has no file: the first byte of its address is 0. */
static socklen_t address_of(const char *path, struct sockaddr_un *out)
{
    const size_t len = strlen(path);
    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(out->sun_path, path, len);
    if (path[0] == '@')
        out->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '@' ? 0 : 1));
}

static enum bw_rc check_target(const char *text, struct bw_err *err)
{
    const struct sockaddr_un room;
    if ((text[0] != '/' && text[0] != '@') || text[1] == '\0')
        return bw_fail(err, BW_EINVAL, "'%.80s' is not /PATH or @NAME", text);
    if (strlen(text) >= sizeof room.sun_path)
        return bw_fail(err, BW_EINVAL, "'%.40s…' is longer than the %zu bytes of a socket's path",
                       text, sizeof room.sun_path - 1);
    return BW_OK;
}

void bw_unix_connected(struct bw_probe_try *t)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(t->stream.fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || len != sizeof peer)
        return;
    bw_measures_add(t->out->measures, BW_METRIC_PROBE_UNIX_PEER_UID, peer.uid, NULL);
    bw_measures_add(t->out->measures, BW_METRIC_PROBE_UNIX_PEER_PID, peer.pid, NULL);
    if (t->out->trail != NULL)
        bw_trail_say(t->out, "opened by process %ld of user %lu, group %lu", (long)peer.pid,
                     (unsigned long)peer.uid, (unsigned long)peer.gid);
}

static enum bw_reason reason_of(int error)
{
    if (error == ENOENT || error == ECONNREFUSED)
        return BW_REASON_CONNECT_REFUSED;
    return error == EACCES || error == EPERM ? BW_REASON_NOT_PERMITTED
                                             : bw_probe_errno_reason(error);
}

static const char *words_for(int error)
{
    switch (error) {
    case ENOENT:
        return "there is no such socket";
    case ECONNREFUSED:
        return "nobody listens on this socket";
    case EPROTOTYPE:
        return "this socket is no stream";
    default:
        return strerror(error);
    }
}

static void connect_again(void *ctx);

/* A full queue is no refusal: the peer may be about to take the next. */
static bool wait_for_room(struct bw_probe_try *t)
{
    if (t->again == NULL) {
        t->again = bw_timer_new(t->engine->loop, connect_again, t);
        bw_trail_say(t->out, "its queue of connections is full: trying again");
    }
    bw_timer_start(t->again, AGAIN_NS, 0);
    return true;
}

/* False with the outcome set when it cannot. */
static bool connect_to(struct bw_probe_try *t)
{
    struct sockaddr_un to;
    const socklen_t len = address_of(t->target->text, &to);
    if (connect(t->stream.fd, (struct sockaddr *)&to, len) != 0) {
        if (errno == EAGAIN)
            return wait_for_room(t);
        const int error = errno;
        bw_probe_fail(t->out, reason_of(error), "%s", words_for(error));
        return false;
    }
    return bw_stream_begin(&t->stream);
}

static void connect_again(void *ctx)
{
    struct bw_probe_try *t = ctx;
    if (!connect_to(t))
        bw_tcp_end(t);
}

/* The beginning; false when there will be no more. */
static bool begin(struct bw_probe_try *t)
{
    bw_probe_enter(t->out, BW_PHASE_CONNECT);
    if (t->target->filter != NULL) {
        bw_probe_fail(t->out, BW_REASON_NOT_PERMITTED, "sockets of this machine are not allowed");
        return false;
    }
    t->stream.fd = bw_socket_open(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (t->stream.fd >= 0)
        return connect_to(t);
    bw_probe_fail(t->out, bw_probe_errno_reason(errno), "%s", strerror(errno));
    return false;
}

static struct bw_probe_try *start(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    struct bw_err err;
    if (check_target(target->text, &err) != BW_OK) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "%s", err.text);
        return NULL;
    }
    struct bw_probe_try *t = bw_tcp_try_new(engine, prepared, target, out, done, ctx);
    if (begin(t))
        return t;
    bw_tcp_settle(t);
    bw_tcp_cancel(t);
    return NULL;
}

extern const struct bw_probe_ops bw_probe_unix;
const struct bw_probe_ops bw_probe_unix = {
    .name = "unix",
    .summary = "Connects to a Unix socket, with TLS or a dialogue if asked.",
    .target_help = "/PATH",
    .options = &bw_probe_unix_group,
    .prepare = bw_unix_prepare,
    .release = bw_tcp_release,
    .secrets = bw_tcp_secrets,
    .check_target = check_target,
    .start = start,
    .settle = bw_tcp_settle,
    .cancel = bw_tcp_cancel,
};
