// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "probe/stream.h"
#include "secure.h"
#include "world.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONG = 3 << 20 }; /* more than a socket takes at once */

/* ---- servers ---- */

static size_t hear_some(struct peer_talk *talk, void *bytes, size_t size)
{
    const ssize_t got =
        talk->ssl != NULL ? SSL_read(talk->ssl, bytes, (int)size) : recv(talk->fd, bytes, size, 0);
    return got > 0 ? (size_t)got : 0;
}

/* Takes all that comes and says what it was: its length, and "good" if the bytes are in order. */
static void weighs(struct peer_talk *talk)
{
    static unsigned char bytes[65536];
    size_t len = 0, wrong = 0;
    for (size_t got; len < LONG && (got = hear_some(talk, bytes, sizeof bytes)) > 0;) {
        for (size_t i = 0; i < got; i++)
            wrong += bytes[i] != (unsigned char)((len + i) % 251);
        len += got;
    }
    peer_say(talk, len == LONG && wrong == 0 ? "good" : "bad");
}

static void greets(struct peer_talk *talk)
{
    peer_say(talk, "hello");
}

static void says_nothing(struct peer_talk *talk)
{
    (void)talk;
}

/* Not before it is known that the connection stands. */
static void resets(struct peer_talk *talk)
{
    char byte;
    hear_some(talk, &byte, 1);
    const struct linger now = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(talk->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void speaks_no_tls(struct peer_talk *talk)
{
    peer_say(talk, "220 mail.test ESMTP\r\n");
    peer_wait(talk);
}

/* ---- an owner ---- */

/* Says what it has to say, hears until the peer is done, and writes down how it ended: c closed, b
 * broken, f failed. */
struct owner {
    struct world *w;
    struct bw_stream stream;
    struct bw_probe_outcome out;
    struct bw_tls_plan plan;
    struct bw_tls_watch watch;
    bool secure, twice; /* with TLS; and once more */
    const unsigned char *words;
    size_t words_len, sent;
    char heard[64];
    size_t heard_len;
    char end;
};

static void finish(struct owner *o, char how)
{
    o->end = how;
    bw_loop_stop(o->w->loop);
}

static enum bw_stream_io hear(struct owner *o)
{
    size_t len;
    enum bw_stream_io io;
    do {
        io = bw_stream_read(&o->stream, o->heard + o->heard_len, sizeof o->heard - 1 - o->heard_len,
                            &len);
        o->heard_len += len;
    } while (io == BW_STREAM_DONE && bw_stream_has_more(&o->stream));
    return io;
}

static void on_ready(void *ctx)
{
    struct owner *o = ctx;
    enum bw_stream_io io = bw_stream_write(&o->stream, o->words, o->words_len, &o->sent);
    if (io == BW_STREAM_DONE)
        io = hear(o);
    if (io == BW_STREAM_CLOSED || io == BW_STREAM_BROKEN)
        finish(o, io == BW_STREAM_CLOSED ? 'c' : 'b');
    else
        bw_stream_wait(&o->stream, io == BW_STREAM_WRITE ? BW_POLL_WRITE : BW_POLL_READ);
}

static void on_secured(void *ctx)
{
    struct owner *o = ctx;
    if (o->twice)
        bw_stream_secure(&o->stream, &o->watch);
    else
        on_ready(o);
}

static void on_connected(void *ctx)
{
    struct owner *o = ctx;
    if (o->secure)
        bw_stream_secure(&o->stream, &o->watch);
    else
        on_ready(o);
}

static void on_failed(void *ctx)
{
    finish(ctx, 'f');
}

static void open_owner(struct owner *o, struct world *w, const char *ca_file)
{
    static const struct bw_stream_ops ops = { .connected = on_connected,
                                              .secured = on_secured,
                                              .ready = on_ready,
                                              .failed = on_failed,
                                              .where = "in the test: " };
    const struct bw_tls_options options = { .ca_file = ca_file };
    struct bw_err err;
    *o = (struct owner){ .w = w };
    assert_int_equal(bw_tls_plan_make(&o->plan, &options, NULL, &err), BW_OK);
    o->watch = (struct bw_tls_watch){ .plan = &o->plan, .out = &o->out, .name = "127.0.0.1" };
    o->stream =
        (struct bw_stream){ .loop = w->loop, .out = &o->out, .ops = &ops, .ctx = o, .fd = -1 };
}

static void close_owner(struct owner *o)
{
    bw_stream_close(&o->stream);
    bw_stream_close(&o->stream); /* what is gone is gone */
    bw_tls_plan_fini(&o->plan);
}

static struct bw_trail_peer at(uint16_t port)
{
    struct bw_trail_peer peer = { .port = port };
    assert_true(bw_address_parse("127.0.0.1", &peer.address));
    return peer;
}

static void give_up(void *ctx)
{
    finish(ctx, '-');
}

/* To the end of it. */
static void run(struct owner *o, uint16_t port)
{
    const struct bw_trail_peer peer = at(port);
    struct bw_timer *patience = bw_timer_new(o->w->loop, give_up, o);
    bw_timer_start(patience, 60 * BW_SECOND, 0);
    assert_true(bw_stream_connect(&o->stream, &peer, NULL));
    assert_int_equal(o->end, 0); /* never from inside */
    bw_loop_run(o->w->loop);
    bw_timer_free(patience);
}

/* ---- stories ---- */

static void streams_end_as_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        peer_fn *server;
        bool server_tls, tls, lenient, stranger, twice;
        char end;
        enum bw_reason reason;
        const char *detail, *heard, *words;
    } cases[] = {
        { "it greets and goes", greets, .end = 'c', .heard = "hello" },
        { "over TLS", greets, true, true, .end = 'c', .heard = "hello" },
        { "it goes", says_nothing, .end = 'c' },
        { "it goes, over TLS", says_nothing, true, true, .end = 'c' },
        { "it breaks", resets, .end = 'b', .reason = BW_REASON_CONNECTION_CLOSED,
          .detail = "in the test: the peer reset the connection", .words = "x" },
        { "it goes instead of a handshake", says_nothing, .tls = true, .end = 'f',
          .reason = BW_REASON_TLS_HANDSHAKE },
        { "it speaks no TLS", speaks_no_tls, .tls = true, .end = 'f',
          .reason = BW_REASON_TLS_HANDSHAKE, .detail = "TLS: " },
        { "nobody vouches for it", greets, true, true, .stranger = true, .end = 'f',
          .reason = BW_REASON_TLS_UNTRUSTED },
        { "nobody vouches for it, nobody minds", greets, true, true, .stranger = true,
          .lenient = true, .end = 'c', .heard = "hello" },
        { "TLS in TLS", greets, true, true, .twice = true, .end = 'f', .reason = BW_REASON_INTERNAL,
          .detail = "TLS cannot be started" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        struct owner o;
        peer_start(&peer, cases[i].server, cases[i].server_tls ? secure.server : NULL);
        open_owner(&o, &w, cases[i].stranger ? NULL : secure.ca_file);
        o.secure = cases[i].tls;
        o.twice = cases[i].twice;
        o.words = (const unsigned char *)cases[i].words;
        o.words_len = cases[i].words != NULL ? strlen(cases[i].words) : 0;
        o.watch.lenient = cases[i].lenient;
        run(&o, peer.port);
        const char *detail = cases[i].detail != NULL ? cases[i].detail : "";
        const char *heard = cases[i].heard != NULL ? cases[i].heard : "";
        if (o.end != cases[i].end || o.out.reason != cases[i].reason
            || strncmp(o.out.detail, detail, strlen(detail)) != 0 || strcmp(o.heard, heard) != 0)
            fail_msg("%s: %c %s '%s', heard '%s'", cases[i].name, o.end,
                     bw_reason_name(o.out.reason), o.out.detail, o.heard);
        close_owner(&o);
        peer_stop(&peer);
    }
    world_close(&w);
}

/* What does not fit waits until the peer has taken some. */
static void much_is_said_in_parts(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    unsigned char *words = malloc(LONG);
    for (size_t i = 0; i < LONG; i++)
        words[i] = (unsigned char)(i % 251);
    for (int tls = 0; tls < 2; tls++) {
        struct peer peer;
        struct owner o;
        peer_start(&peer, weighs, tls ? secure.server : NULL);
        open_owner(&o, &w, secure.ca_file);
        o.secure = tls != 0;
        o.words = words;
        o.words_len = LONG;
        run(&o, peer.port);
        assert_int_equal(o.end, 'c');
        assert_int_equal(o.sent, LONG);
        assert_string_equal(o.heard, "good");
        close_owner(&o);
        peer_stop(&peer);
    }
    free(words);
    world_close(&w);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct world w;
    struct owner o;
    world_open(&w, NULL);
    open_owner(&o, &w, secure.ca_file);
    run(&o, peer_closed_port());
    assert_int_equal(o.end, 'f');
    assert_int_equal(o.out.reason, BW_REASON_CONNECT_REFUSED);
    close_owner(&o);
    world_close(&w);
}

/* Connections come from where they shall, or not at all. */
static void a_source_is_kept_to(void **state)
{
    (void)state;
    static const struct {
        const char *source, *detail; /* "": it connects */
    } cases[] = {
        { "127.0.0.2", "" },
        { "192.0.2.1", "source_ip_address: Cannot assign requested address" },
        { "::1", "source_ip_address: of another family" },
    };
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, says_nothing, NULL);
    const struct bw_trail_peer there = at(peer.port);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_address source;
        struct bw_probe_outcome out = { 0 };
        struct sockaddr_in from = { 0 };
        socklen_t len = sizeof from;
        assert_true(bw_address_parse(cases[i].source, &source));
        const int fd = bw_stream_socket(&out, SOCK_STREAM, &there, &source);
        assert_string_equal(out.detail, cases[i].detail);
        assert_int_equal(fd >= 0, cases[i].detail[0] == '\0');
        if (fd < 0)
            continue;
        assert_int_equal(getsockname(fd, (struct sockaddr *)&from, &len), 0);
        assert_int_equal(from.sin_addr.s_addr, source.ip4.s_addr);
        close(fd);
    }
    peer_stop(&peer);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_end_as_told),
        cmocka_unit_test(much_is_said_in_parts),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(a_source_is_kept_to),
    };
    return cmocka_run_group_tests(tests, secure_setup, secure_teardown);
}
