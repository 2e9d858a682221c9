// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http_wire.h"

#include "base/mem.h"
#include "io/socket.h"
#include "probe/probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A peer that floods us must not keep the loop to itself: so many reads in a turn. */
enum { READ_BYTES = 16384, READS_A_TURN = 4 };

/* What surely fits into one packet. */
enum { PACKET_BYTES = 536 };

enum { WATCHED = BW_POLL_READ | BW_POLL_WRITE | BW_POLL_EDGE };

struct bw_http_wire {
    const struct bw_http_wire_ops *ops;
    void *ctx;
    int fd;
    struct bw_poll *poll;
    bool connected;
    bool reused; /* an earlier request has had it */
    struct bw_buf request;
    size_t sent;
    struct bw_http_parser parser;
};

void bw_http_wire_free(struct bw_http_wire *wire)
{
    if (wire == NULL)
        return;
    if (wire->poll != NULL)
        bw_poll_close(wire->poll);
    else if (wire->fd >= 0)
        close(wire->fd);
    bw_http_parser_fini(&wire->parser);
    bw_buf_fini(&wire->request);
    free(wire);
}

struct bw_poll *bw_http_wire_detach(struct bw_http_wire *wire)
{
    struct bw_poll *connection = wire->poll;
    if (wire->parser.place != BW_HTTP_AT_END || !wire->parser.may_stay
        || wire->sent < wire->request.len)
        return NULL;
    wire->poll = NULL;
    wire->fd = -1;
    return connection;
}

static void end(struct bw_http_wire *wire, enum bw_reason reason, const char *text)
{
    const struct bw_http_wire_end how = {
        .reason = reason,
        .text = text,
        .stale = wire->reused && reason == BW_REASON_CONNECTION_CLOSED && !wire->parser.begun,
    };
    wire->ops->done(wire->ctx, &how);
}

static void end_broken(struct bw_http_wire *wire, int error)
{
    const bool reset = error == ECONNRESET || error == EPIPE;
    end(wire, BW_REASON_CONNECTION_CLOSED,
        reset ? "the peer reset the connection" : strerror(error));
}

/* ---- the answer ------------------------------------------------------------------------ */

static void conclude(struct bw_http_wire *wire, enum bw_http_parsed found)
{
    static const enum bw_reason reasons[] = {
        [BW_HTTP_BROKEN] = BW_REASON_HTTP_PROTOCOL,
        [BW_HTTP_LONG] = BW_REASON_RESPONSE_TOO_LARGE,
        [BW_HTTP_CUT] = BW_REASON_CONNECTION_CLOSED,
        [BW_HTTP_REFUSED] = BW_REASON_NONE,
    };
    end(wire, reasons[found],
        found == BW_HTTP_LONG ? "a header line is too long" : wire->parser.fault);
}

/* Reads until nothing is left, the turn is over, or the answer. */
static void receive(struct bw_http_wire *wire)
{
    char bytes[READ_BYTES];
    for (int reads = 0; reads < READS_A_TURN; reads++) {
        const ssize_t got = recv(wire->fd, bytes, sizeof bytes, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno != EAGAIN)
            end_broken(wire, errno);
        if (got < 0)
            return;
        const enum bw_http_parsed found = got == 0
                                              ? bw_http_parse_close(&wire->parser)
                                              : bw_http_parse(&wire->parser, bytes, (size_t)got);
        if (found != BW_HTTP_MORE) {
            conclude(wire, found);
            return;
        }
    }
    bw_poll_start(wire->poll, WATCHED); /* a reset stops it, with more to read before its turn */
    bw_poll_again(wire->poll);
}

/* ---- the request ----------------------------------------------------------------------- */

/* False when it has to wait, or is over. */
static bool transmit(struct bw_http_wire *wire)
{
    while (wire->sent < wire->request.len) {
        const ssize_t put = send(wire->fd, wire->request.data + wire->sent,
                                 wire->request.len - wire->sent, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        /* A peer may answer and close before it has heard all: its words count. */
        if (put < 0)
            return errno != EAGAIN;
        wire->sent += (size_t)put;
    }
    return true;
}

static bool take_connection(struct bw_http_wire *wire, unsigned events)
{
    const int error = bw_socket_error(wire->fd, events);
    if (error != 0) {
        end(wire, bw_probe_errno_reason(error), strerror(error));
        return false;
    }
    wire->connected = true;
    if (wire->ops->connected(wire->ctx))
        return true;
    end(wire, BW_REASON_NONE, NULL);
    return false;
}

static void on_ready(void *ctx, unsigned events)
{
    struct bw_http_wire *wire = ctx;
    const bool fresh = !wire->connected;
    if (fresh && !take_connection(wire, events))
        return;
    if (wire->sent < wire->request.len && !transmit(wire) && (events & BW_POLL_READ) == 0)
        return;
    /* An answer to what was sent just now is told by itself. */
    if ((events & BW_POLL_READ) != 0)
        receive(wire);
}

/* ---- start ----------------------------------------------------------------------------- */

static bool call_from(int fd, const struct bw_address *source)
{
    struct sockaddr_storage from;
    if (source == NULL)
        return true;
    const socklen_t len = bw_address_socket(source, 0, &from);
    return bind(fd, (struct sockaddr *)&from, len) == 0;
}

static int dial(const struct bw_http_wire_way *way, size_t request_bytes)
{
    struct sockaddr_storage to;
    const socklen_t len = bw_address_socket(way->address, way->port, &to);
    const int fd = bw_socket_open(way->address->family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    /* The last packet of several would wait for the peer's word on those before it, which may take
     * 40 ms. One is sent at once as it is. */
    if (fd >= 0 && request_bytes > PACKET_BYTES)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    if (fd < 0)
        return fd;
    if (call_from(fd, way->source)
        && (connect(fd, (struct sockaddr *)&to, len) == 0 || errno == EINPROGRESS))
        return fd;
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* An error shows itself to on_ready() at the next turn: done() is not called from here. */
static void go_on(struct bw_http_wire *wire)
{
    wire->connected = wire->reused = true;
    bw_poll_hand_over(wire->poll, on_ready, wire);
    wire->ops->connected(wire->ctx);
    transmit(wire);
}

struct bw_http_wire *bw_http_wire_start(struct bw_loop *loop, const struct bw_http_wire_way *way,
                                        struct bw_buf *request, bool head_only,
                                        const struct bw_http_wire_ops *ops, void *ctx,
                                        struct bw_http_wire_end *out_end)
{
    struct bw_poll *kept = way->kept;
    const int fd = kept != NULL ? bw_poll_fd(kept) : dial(way, request->len);
    if (fd < 0) {
        const bool foreign = way->source != NULL && errno == EADDRNOTAVAIL;
        *out_end = (struct bw_http_wire_end){
            .reason = foreign ? BW_REASON_CONNECT_FAILED : bw_probe_errno_reason(errno),
            .text = foreign ? "source_ip_address is none of ours" : strerror(errno),
        };
        return NULL;
    }
    struct bw_http_wire *wire = bw_alloc(sizeof *wire);
    *wire = (struct bw_http_wire){ .ops = ops, .ctx = ctx, .fd = fd, .request = *request };
    bw_buf_init(request, request->max);
    bw_http_parser_init(&wire->parser, head_only, ops->line, ops->body, ctx);
    if (kept != NULL) {
        wire->poll = kept;
        go_on(wire);
        return wire;
    }
    wire->poll = bw_poll_open(loop, fd, WATCHED, on_ready, wire, NULL);
    if (wire->poll != NULL)
        return wire;
    *out_end = (struct bw_http_wire_end){ .reason = BW_REASON_LOCAL_LIMIT,
                                          .text = "the socket cannot be watched" };
    bw_http_wire_free(wire);
    return NULL;
}
