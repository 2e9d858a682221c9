// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "io/resolve.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* A name server with a script: the first label of the name says what it answers.
 *   both  A and AAAA      four  only A       six  only AAAA      many  60 A
 *   gone  NXDOMAIN        fail  SERVFAIL     mute nothing at all
 *   torn  SERVFAIL to A, NXDOMAIN to AAAA
 *   half  A, and nothing to AAAA             junk bytes that are no answer
 *   loop  a name whose compression points to itself
 *   snake CNAME from the name to itself      liar  counts 100 answers, has one
 *   short a record that ends before its data huge  an A record of 200 bytes
 *   other the answer to another question     echo  the question again, as a question
 *   id    the answer with another number     deny  REFUSED */
struct server {
    int fd;
    int quit[2];
    pthread_t thread;
    char address[32];
};

struct world {
    struct bw_loop *loop;
    struct bw_resolver *resolver;
    enum bw_reason reason;
    struct bw_address addresses[BW_RESOLVED_ADDRESSES_MAX];
    size_t count;
    unsigned done;
    int64_t duration_ns;
    char detail[64];
};

static size_t put_record(unsigned char *out, int type, unsigned n)
{
    static const unsigned char head[] = { 0xc0, 12, 0, 0, 0, 1, 0, 0, 0, 60, 0, 0 };
    size_t size = type == 1 ? 4 : 16;
    memcpy(out, head, sizeof head);
    out[3] = (unsigned char)type;
    out[11] = (unsigned char)size;
    memset(out + sizeof head, 0, size);
    if (type == 1)
        out[12] = 127;
    out[sizeof head + size - 1] = (unsigned char)(n + 1);
    return sizeof head + size;
}

/* What is wrong with an answer that has one record at `record`; returns its length. */
static size_t spoil(const char *label, unsigned char *packet, size_t record, size_t len)
{
    if (strcmp(label, "loop") == 0)
        packet[record + 1] = (unsigned char)record;
    else if (strcmp(label, "liar") == 0)
        packet[7] = 100;
    else if (strcmp(label, "short") == 0)
        return len - 3;
    else if (strcmp(label, "huge") == 0)
        packet[record + 11] = 200;
    else if (strcmp(label, "other") == 0)
        packet[13] ^= 1;
    else if (strcmp(label, "echo") == 0)
        packet[2] = 1, packet[7] = 0;
    else if (strcmp(label, "id") == 0)
        packet[0] ^= 1;
    else if (strcmp(label, "deny") == 0)
        packet[3] = 0x85, packet[7] = 0;
    return strcmp(label, "echo") == 0 || strcmp(label, "deny") == 0 ? record : len;
}

/* A CNAME that points to the name itself. */
static size_t put_snake(unsigned char *out)
{
    static const unsigned char record[] = { 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 12 };
    memcpy(out, record, sizeof record);
    return sizeof record;
}

/* Turns the question in `packet` into the answer; 0: stay silent. */
static size_t answer(unsigned char *packet, size_t len)
{
    char label[8] = "";
    size_t label_len = packet[12];
    memcpy(label, packet + 13, label_len < 7 ? label_len : 7);
    int type = packet[len - 3]; /* the questions come without EDNS */
    bool wants4 = type == 1, wants6 = type == 28;
    if (strcmp(label, "mute") == 0 || (strcmp(label, "half") == 0 && wants6))
        return 0;
    if (strcmp(label, "junk") == 0) {
        memset(packet + 2, 0xff, len - 2);
        return len;
    }
    static const char *const spoilt[] = { "loop",  "snake", "liar", "short", "huge",
                                          "other", "echo",  "id",   "deny" };
    unsigned count = 0;
    bool is_spoilt = false;
    for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++)
        is_spoilt = is_spoilt || strcmp(label, spoilt[i]) == 0;
    if (is_spoilt || strcmp(label, "both") == 0 || (strcmp(label, "four") == 0 && wants4)
        || (strcmp(label, "six") == 0 && wants6) || strcmp(label, "half") == 0)
        count = 1;
    if (strcmp(label, "many") == 0 && wants4)
        count = 28; /* as many as fit into a datagram without EDNS */
    packet[2] = 0x81;
    bool fails = strcmp(label, "fail") == 0 || (strcmp(label, "torn") == 0 && wants4);
    bool gone = strcmp(label, "gone") == 0 || (strcmp(label, "torn") == 0 && wants6);
    packet[3] = gone ? 0x83 : fails ? 0x82 : 0x80;
    packet[7] = (unsigned char)count;
    const size_t record = len;
    if (strcmp(label, "snake") == 0)
        return len + put_snake(packet + len);
    for (unsigned i = 0; i < count; i++)
        len += put_record(packet + len, type, i);
    return is_spoilt ? spoil(label, packet, record, len) : len;
}

static void *serve(void *ctx)
{
    struct server *s = ctx;
    for (;;) {
        struct pollfd fds[] = { { .fd = s->fd, .events = POLLIN },
                                { .fd = s->quit[0], .events = POLLIN } };
        poll(fds, 2, -1);
        if (fds[1].revents != 0)
            return NULL;
        unsigned char packet[1024];
        struct sockaddr_in from;
        socklen_t from_len = sizeof from;
        ssize_t got = recvfrom(s->fd, packet, 256, 0, (struct sockaddr *)&from, &from_len);
        size_t len = got < 17 ? 0 : answer(packet, (size_t)got);
        if (len > 0)
            sendto(s->fd, packet, len, 0, (struct sockaddr *)&from, from_len);
    }
}

static void start_server(struct server *s)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    s->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    getsockname(s->fd, (struct sockaddr *)&at, &len);
    snprintf(s->address, sizeof s->address, "127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(pipe(s->quit), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop_server(struct server *s)
{
    close(s->quit[1]);
    pthread_join(s->thread, NULL);
    close(s->quit[0]);
    close(s->fd);
}

static void open_world(struct world *w, const char *servers)
{
    const struct bw_resolver_options options = { .servers = servers,
                                                 .try_ns = 50 * BW_MS,
                                                 .tries = 2 };
    memset(w, 0, sizeof *w);
    w->loop = bw_loop_new();
    w->resolver = bw_resolver_new(w->loop, &options, NULL);
    assert_non_null(w->resolver);
}

static void close_world(struct world *w)
{
    bw_resolver_free(w->resolver);
    bw_loop_free(w->loop);
}

static void on_done(void *ctx, const struct bw_lookup_result *result)
{
    struct world *w = ctx;
    w->done++;
    w->reason = result->reason;
    w->count = result->count;
    w->duration_ns = result->duration_ns;
    memcpy(w->addresses, result->addresses, result->count * sizeof *result->addresses);
    snprintf(w->detail, sizeof w->detail, "%s", result->detail);
    bw_loop_stop(w->loop);
}

static void look_up(struct world *w, const char *name, enum bw_ip_preference preference,
                    bool fallback)
{
    const struct bw_lookup_query query = {
        .name = name, .preference = preference, .fallback = fallback, .timeout_ns = 5 * BW_SECOND
    };
    w->done = 0;
    assert_non_null(bw_lookup_start(w->resolver, &query, on_done, w));
    assert_int_equal(w->done, 0);
    bw_loop_run(w->loop);
    assert_int_equal(w->done, 1);
}

static const struct {
    const char *name;
    enum bw_ip_preference preference;
    bool fallback;
    enum bw_reason reason;
    size_t count;
    int family; /* of the first address */
} cases[] = {
    { "10.1.2.3", BW_IP_6, true, BW_REASON_NONE, 1, AF_INET },
    { "10.1.2.3", BW_IP_6, false, BW_REASON_DNS_NXDOMAIN, 0, 0 },
    { "::1", BW_IP_6, false, BW_REASON_NONE, 1, AF_INET6 },
    { "localhost", BW_IP_4, false, BW_REASON_NONE, 1, AF_INET },
    { "localhost", BW_IP_6, false, BW_REASON_NONE, 1, AF_INET6 }, /* with or without a hosts file */
    { "both.test.", BW_IP_4, true, BW_REASON_NONE, 1, AF_INET },
    { "both.test.", BW_IP_4, false, BW_REASON_NONE, 1, AF_INET },
    { "both.test.", BW_IP_6, false, BW_REASON_NONE, 1, AF_INET6 },
    { "four.test.", BW_IP_6, true, BW_REASON_NONE, 1, AF_INET },
    { "four.test.", BW_IP_6, false, BW_REASON_DNS_NXDOMAIN, 0, 0 },
    { "four.test.", BW_IP_ANY, false, BW_REASON_NONE, 1, AF_INET },
    { "six.test.", BW_IP_4, true, BW_REASON_NONE, 1, AF_INET6 },
    { "six.test.", BW_IP_4, false, BW_REASON_DNS_NXDOMAIN, 0, 0 },
    { "many.test.", BW_IP_4, false, BW_REASON_NONE, 28, AF_INET },
    { "gone.test.", BW_IP_6, true, BW_REASON_DNS_NXDOMAIN, 0, 0 },
    { "fail.test.", BW_IP_6, true, BW_REASON_DNS_FAILURE, 0, 0 },
    { "torn.test.", BW_IP_6, true, BW_REASON_DNS_FAILURE, 0, 0 },
    { "mute.test.", BW_IP_6, true, BW_REASON_DNS_TIMEOUT, 0, 0 },
    { "half.test.", BW_IP_6, true, BW_REASON_NONE, 1, AF_INET },
    { "junk.test.", BW_IP_4, false, BW_REASON_DNS_TIMEOUT, 0, 0 },
    { "loop.test.", BW_IP_4, false, BW_REASON_DNS_FAILURE, 0, 0 },
    { "snake.test.", BW_IP_4, false, BW_REASON_DNS_NXDOMAIN, 0, 0 },
    { "liar.test.", BW_IP_4, false, BW_REASON_DNS_FAILURE, 0, 0 },
    { "short.test.", BW_IP_4, false, BW_REASON_DNS_FAILURE, 0, 0 },
    { "huge.test.", BW_IP_4, false, BW_REASON_DNS_FAILURE, 0, 0 },
    { "other.test.", BW_IP_4, false, BW_REASON_DNS_TIMEOUT, 0, 0 },
    { "echo.test.", BW_IP_4, false, BW_REASON_DNS_NXDOMAIN, 0, 0 }, /* c-ares sees no records */
    { "id.test.", BW_IP_4, false, BW_REASON_DNS_TIMEOUT, 0, 0 },
    { "deny.test.", BW_IP_4, false, BW_REASON_DNS_FAILURE, 0, 0 },
};

static void names_resolve_as_told(void **state)
{
    (void)state;
    struct server server;
    struct world w;
    start_server(&server);
    open_world(&w, server.address);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        look_up(&w, cases[i].name, cases[i].preference, cases[i].fallback);
        if (w.reason != cases[i].reason || w.count != cases[i].count)
            fail_msg("%s (case %zu): %s, %zu addresses, %s", cases[i].name, i,
                     bw_reason_name(w.reason), w.count, w.detail);
        if (w.count > 0)
            assert_int_equal(w.addresses[0].family, cases[i].family);
        else
            assert_true(w.detail[0] != '\0');
    }
    close_world(&w);
    stop_server(&server);
}

static void both_families_come_in_the_preferred_order(void **state)
{
    (void)state;
    struct server server;
    struct world w;
    start_server(&server);
    open_world(&w, server.address);
    look_up(&w, "both.test.", BW_IP_ANY, true);
    assert_int_equal(w.count, 2);
    /* IPv6 first, where this machine has it at all. */
    struct sockaddr_in6 loopback = { .sin6_family = AF_INET6,
                                     .sin6_port = htons(53),
                                     .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    bool has_ip6 = connect(fd, (struct sockaddr *)&loopback, sizeof loopback) == 0;
    close(fd);
    assert_int_equal(w.addresses[0].family, has_ip6 ? AF_INET6 : AF_INET);
    assert_int_equal(w.addresses[1].family, has_ip6 ? AF_INET : AF_INET6);
    close_world(&w);
    stop_server(&server);
}

static void a_dead_name_server_is_a_failure(void **state)
{
    (void)state;
    struct server server;
    struct world w;
    start_server(&server);
    stop_server(&server); /* nobody listens there now */
    open_world(&w, server.address);
    look_up(&w, "both.test.", BW_IP_6, true);
    assert_int_equal(w.reason, BW_REASON_DNS_FAILURE);
    close_world(&w);
}

/* Our own shortage says nothing about a name, and is over as soon as there are descriptors. */
static void without_descriptors_it_is_our_fault(void **state)
{
    (void)state;
    struct server server;
    struct world w;
    struct rlimit before, few;
    int taken[128];
    size_t count = 0;
    start_server(&server);
    open_world(&w, server.address);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (count < 128 && (taken[count] = dup(server.fd)) >= 0)
        count++;
    look_up(&w, "both.test.", BW_IP_6, true);
    while (count > 0)
        close(taken[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(w.reason, BW_REASON_LOCAL_LIMIT);
    assert_string_equal(w.detail, "no descriptor to ask the name servers with");
    look_up(&w, "fail.test.", BW_IP_6, true);
    assert_int_equal(w.reason, BW_REASON_DNS_FAILURE);
    look_up(&w, "both.test.", BW_IP_6, true);
    assert_int_equal(w.reason, BW_REASON_NONE);
    close_world(&w);
    stop_server(&server);
}

static void the_lookup_has_its_own_timeout(void **state)
{
    (void)state;
    struct server server;
    struct world w;
    start_server(&server);
    open_world(&w, server.address);
    const struct bw_lookup_query query = { .name = "mute.test.", .timeout_ns = 20 * BW_MS };
    bw_lookup_start(w.resolver, &query, on_done, &w);
    bw_loop_run(w.loop);
    assert_int_equal(w.reason, BW_REASON_DNS_TIMEOUT);
    assert_true(w.duration_ns >= 19 * BW_MS && w.duration_ns < 20 * BW_SECOND);
    close_world(&w);
    stop_server(&server);
}

static void a_cancelled_lookup_is_silent(void **state)
{
    (void)state;
    struct server server;
    struct world w;
    start_server(&server);
    open_world(&w, server.address);
    const char *const names[] = { "mute.test.", "both.test.", "127.0.0.1", "localhost" };
    for (size_t i = 0; i < 4; i++) {
        const struct bw_lookup_query query = { .name = names[i], .fallback = true };
        bw_lookup_cancel(bw_lookup_start(w.resolver, &query, on_done, &w));
    }
    look_up(&w, "four.test.", BW_IP_4, true); /* asserts that only one done came */
    close_world(&w);
    stop_server(&server);
}

enum { CALLERS = 6 };

/* Callers that look up addresses; what some of them do when theirs comes. */
struct caller {
    struct world *w;
    struct caller *all;
    struct bw_lookup *lookup;
    char said[4 * CALLERS];
};

static void on_call(void *ctx, const struct bw_lookup_result *result)
{
    struct caller *caller = ctx;
    struct caller *all = caller->all;
    const size_t me = (size_t)(caller - all);
    const char name[] = { (char)('a' + me), '\0' };
    const struct bw_lookup_query again = { .name = "127.0.0.9", .preference = BW_IP_4 };
    assert_int_equal(result->count, 1);
    assert_int_equal(ntohl(result->addresses[0].ip4.s_addr),
                     0x7f000001 + (caller->lookup ? me : 8));
    caller->lookup = NULL;
    strncat(all->said, name, sizeof all->said - strlen(all->said) - 1);
    if (me == 1) { /* the next, and the last */
        bw_lookup_cancel(all[2].lookup);
        bw_lookup_cancel(all[CALLERS - 1].lookup);
    }
    if (me == 3 && strlen(all->said) < 4) /* once */
        bw_lookup_start(caller->w->resolver, &again, on_call, caller);
    if (strlen(all->said) == 5)
        bw_loop_stop(caller->w->loop);
}

/* In the order in which they were begun; who is called may cancel others, or begin anew. */
static void addresses_come_in_order(void **state)
{
    (void)state;
    struct world w;
    struct caller callers[CALLERS] = { 0 };
    open_world(&w, NULL);
    for (size_t i = 0; i < CALLERS; i++) {
        char name[] = "127.0.0.1";
        name[8] = (char)('1' + i);
        const struct bw_lookup_query query = { .name = name, .preference = BW_IP_4 };
        callers[i].w = &w;
        callers[i].all = callers;
        callers[i].lookup = bw_lookup_start(w.resolver, &query, on_call, &callers[i]);
    }
    assert_string_equal(callers->said, "");
    bw_loop_run(w.loop);
    assert_string_equal(callers->said, "abded");
    close_world(&w);
}

static void lookups_end_with_their_resolver(void **state)
{
    (void)state;
    struct server server;
    struct world w;
    start_server(&server);
    open_world(&w, server.address);
    const struct bw_lookup_query query = { .name = "mute.test." };
    bw_lookup_start(w.resolver, &query, on_done, &w);
    bw_lookup_start(w.resolver, &query, on_done, &w);
    close_world(&w);
    assert_int_equal(w.done, 2);
    assert_int_equal(w.reason, BW_REASON_DNS_FAILURE);
    stop_server(&server);
}

static void broken_server_lists_are_refused(void **state)
{
    (void)state;
    struct bw_loop *loop = bw_loop_new();
    const struct bw_resolver_options options = { .servers = "not an address" };
    struct bw_err err;
    assert_null(bw_resolver_new(loop, &options, &err));
    assert_int_equal(err.rc, BW_EINVAL);
    bw_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_resolve_as_told),
        cmocka_unit_test(both_families_come_in_the_preferred_order),
        cmocka_unit_test(a_dead_name_server_is_a_failure),
        cmocka_unit_test(without_descriptors_it_is_our_fault),
        cmocka_unit_test(the_lookup_has_its_own_timeout),
        cmocka_unit_test(a_cancelled_lookup_is_silent),
        cmocka_unit_test(addresses_come_in_order),
        cmocka_unit_test(lookups_end_with_their_resolver),
        cmocka_unit_test(broken_server_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
