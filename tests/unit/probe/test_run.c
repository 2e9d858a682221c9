// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "world.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void good(struct peer_talk *talk)
{
    if (peer_hear(talk, "\r\n\r\n"))
        peer_say(talk, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void mute(struct peer_talk *talk)
{
    peer_wait(talk);
}

static void third_time_good(struct peer_talk *talk)
{
    if (talk->number >= 2)
        good(talk);
}

static void retries_are_made_and_counted(void **state)
{
    (void)state;
    static const struct {
        unsigned retries, attempts;
        bool success;
    } cases[] = { { 0, 1, false }, { 1, 2, false }, { 2, 3, true }, { 5, 3, true } };
    struct world w;
    world_open(&w, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        peer_start(&peer, third_time_good, NULL);
        const struct bw_probe_request request = {
            .target = { .text = world_text(&w, "http://127.0.0.1:%u/", peer.port) },
            .timeout_ns = 10 * BW_SECOND,
            .retries = cases[i].retries,
        };
        world_run(&w, &module, &request);
        peer_stop(&peer);
        assert_int_equal(w.result.attempts, cases[i].attempts);
        assert_int_equal(w.result.success, cases[i].success);
        assert_int_equal(atomic_load(&peer.count), cases[i].attempts);
        assert_int_equal(w.result.retried_reason,
                         cases[i].attempts > 1 ? BW_REASON_CONNECTION_CLOSED : BW_REASON_NONE);
    }
    world_close(&w);
}

static void first_unwell_then_good(struct peer_talk *talk)
{
    if (talk->number > 0)
        good(talk);
    else if (peer_hear(talk, "\r\n\r\n"))
        peer_say(talk, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
}

/* A pass does not hide the try that failed: neither its words nor its part of the transcript, and
 * no secret in either. */
static void a_try_that_failed_is_told(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, first_unwell_then_good, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    const struct bw_probe_request request = {
        .target = { .text = world_text(&w, "http://127.0.0.1:%u/?token=hidden", peer.port) },
        .timeout_ns = 30 * BW_SECOND,
        .retries = 1,
    };
    world_run(&w, &module, &request);
    peer_stop(&peer);
    assert_true(w.result.success);
    assert_int_equal(w.result.retried_reason, BW_REASON_HTTP_STATUS);
    assert_string_equal(w.retried, "status 503, expected 2xx");
    assert_non_null(strstr(w.told, "HTTP/1.1 503"));
    assert_non_null(strstr(w.told, "failed: unexpected status code"));
    assert_non_null(strstr(w.told, "try 2 of 2"));
    assert_non_null(strstr(w.told, "HTTP/1.1 200"));
    assert_null(strstr(w.told, "hidden"));
    world_close(&w);
}

static void retries_end_with_the_deadline(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_TCP);
    const struct bw_probe_request request = {
        .target = { .text = world_text(&w, "127.0.0.1:%u", peer_closed_port()) },
        .timeout_ns = 350 * BW_MS,
        .retries = 1000,
    };
    world_run(&w, &module, &request);
    assert_int_equal(w.result.reason, BW_REASON_CONNECT_REFUSED);
    assert_true(w.result.attempts > 1 && w.result.attempts < 10);
    assert_true(w.result.duration_ns < 20 * BW_SECOND);
    world_close(&w);
}

static void failure_can_be_expected(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, mute, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_TCP);
    struct bw_probe_request request = {
        .target = { .text = world_text(&w, "127.0.0.1:%u", peer_closed_port()) },
        .timeout_ns = BW_SECOND,
        .expect_failure = true,
    };
    world_run(&w, &module, &request);
    assert_true(w.result.success);
    assert_true(world_value(&w, BW_METRIC_PROBE_SUCCESS, NULL) == 1);
    assert_string_equal(w.result.detail, "");
    request.target.text = world_text(&w, "127.0.0.1:%u", peer.port);
    world_run(&w, &module, &request);
    assert_int_equal(w.result.reason, BW_REASON_UNEXPECTED_SUCCESS);
    assert_true(world_value(&w, BW_METRIC_PROBE_SUCCESS, NULL) == 0);
    request.target.text = "no port";
    world_run(&w, &module, &request); /* our own fault is no failure of the target's */
    assert_int_equal(w.result.reason, BW_REASON_INTERNAL);
    peer_stop(&peer);
    world_close(&w);
}

static void note_end(void *ctx, const struct bw_probe_result *result)
{
    (void)result;
    *(bool *)ctx = true;
}

/* A name server that never answers; closed by the caller. */
static int mute_name_server(char out[32])
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    getsockname(fd, (struct sockaddr *)&at, &len);
    snprintf(out, 32, "127.0.0.1:%u", ntohs(at.sin_port));
    return fd;
}

static void stop(void *ctx)
{
    bw_loop_stop(ctx);
}

/* Lets the loop run for a while, then cancels: in the lookup, in the connection, in the answer. */
static void a_run_can_be_cancelled_in_each_phase(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    char servers[32];
    int name_server = mute_name_server(servers);
    world_open(&w, servers);
    peer_start(&peer, mute, NULL);
    const struct {
        const char *http, *tcp;
    } targets[] = {
        { "http://name.test/", "name.test:80" },
        { "http://192.0.2.1/", "192.0.2.1:80" },
        { world_text(&w, "http://127.0.0.1:%u/", peer.port),
          world_text(&w, "127.0.0.1:%u", peer.port) },
    };
    const struct bw_tcp_step step = { .expect = "never" };
    struct bw_probe_module modules[] = { world_module(&w, BW_PROBER_HTTP),
                                         world_module(&w, BW_PROBER_TCP) };
    modules[1].tcp.query_response = (struct bw_items){ (void *)(uintptr_t)&step, 1 };
    struct bw_timer *timer = bw_timer_new(w.loop, stop, w.loop);
    for (size_t m = 0; m < 2; m++) {
        struct bw_probe_plan *plan = bw_probe_plan_new(w.engine, &modules[m], NULL, NULL);
        for (size_t i = 0; i < 3; i++) {
            const struct bw_probe_request request = {
                .plan = plan,
                .target = { .text = m == 0 ? targets[i].http : targets[i].tcp },
                .timeout_ns = 60 * BW_SECOND,
            };
            bool ended = false;
            bw_probe_cancel(bw_probe_start(w.engine, &request, note_end, &ended));
            assert_false(ended);
            struct bw_probe_run *run = bw_probe_start(w.engine, &request, note_end, &ended);
            bw_timer_start(timer, 30 * BW_MS, 0);
            bw_loop_run(w.loop);
            /* Without a route the second target fails at once; elsewhere its connection hangs. */
            assert_true(!ended || i == 1);
            if (!ended)
                bw_probe_cancel(run);
        }
        bw_probe_plan_free(plan);
    }
    bw_timer_free(timer);
    peer_stop(&peer);
    world_close(&w);
    close(name_server);
}

/* ---- many at once ---- */

enum { GOOD = 60, HANGING = 40 };

struct crowd {
    struct bw_loop *loop;
    unsigned passed, timed_out, other;
    int64_t slowest_good_ns;
};

static void on_crowd(void *ctx, const struct bw_probe_result *result)
{
    struct crowd *c = ctx;
    if (result->success && result->duration_ns > c->slowest_good_ns)
        c->slowest_good_ns = result->duration_ns;
    c->passed += result->success;
    c->timed_out += result->reason == BW_REASON_TIMEOUT;
    c->other += !result->success && result->reason != BW_REASON_TIMEOUT;
    if (c->passed + c->timed_out + c->other == GOOD + HANGING)
        bw_loop_stop(c->loop);
}

static void hanging_probes_delay_no_other(void **state)
{
    (void)state;
    struct world w;
    struct peer good_peer, mute_peer;
    world_open(&w, NULL);
    peer_start(&good_peer, good, NULL);
    peer_start(&mute_peer, mute, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    struct bw_probe_plan *plan = bw_probe_plan_new(w.engine, &module, NULL, NULL);
    const char *targets[] = { world_text(&w, "http://127.0.0.1:%u/", good_peer.port),
                              world_text(&w, "http://127.0.0.1:%u/", mute_peer.port) };
    struct crowd crowd = { .loop = w.loop };
    for (size_t i = 0; i < GOOD + HANGING; i++) {
        const struct bw_probe_request request = {
            .plan = plan,
            .target = { .text = targets[i % 5 < 2 ? 1 : 0] },
            .timeout_ns = 3 * BW_SECOND,
        };
        bw_probe_start(w.engine, &request, on_crowd, &crowd);
    }
    bw_loop_run(w.loop);
    bw_probe_plan_free(plan);
    peer_stop(&good_peer);
    peer_stop(&mute_peer);
    assert_int_equal(crowd.passed, GOOD);
    assert_int_equal(crowd.timed_out, HANGING);
    assert_true(crowd.slowest_good_ns < 3 * BW_SECOND); /* none waited for a deadline */
    world_close(&w);
}

/* ---- out of descriptors ---- */

static void no_descriptor_is_our_fault(void **state)
{
    (void)state;
    struct world w;
    struct rlimit old, none;
    world_open(&w, NULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    int lowest = dup(0); /* all below are taken */
    close(lowest);
    none.rlim_cur = (rlim_t)lowest;
    const char *const targets[] = { "http://127.0.0.1:9/", "127.0.0.1:9" };
    for (size_t i = 0; i < 2; i++) {
        const struct bw_probe_module module = world_module(&w, (enum bw_prober)i);
        const struct bw_probe_request request = { .target = { .text = targets[i] },
                                                  .timeout_ns = BW_SECOND,
                                                  .expect_failure = true };
        world_run(&w, &module, &request); /* reads the certificates while it can */
        assert_true(w.result.success);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        world_run(&w, &module, &request);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
        assert_int_equal(w.result.reason, BW_REASON_LOCAL_LIMIT);
    }
    world_close(&w);
}

/* ---- names ---- */

static void names_that_never_resolve_end_in_time(void **state)
{
    (void)state;
    struct world w;
    char servers[32];
    int name_server = mute_name_server(servers);
    world_open(&w, servers);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    world_probe(&w, &module, "http://name.test/", 100 * BW_MS);
    assert_int_equal(w.result.reason, BW_REASON_DNS_TIMEOUT);
    assert_int_equal(w.result.last_phase, BW_PHASE_RESOLVE);
    assert_true(w.result.duration_ns < 20 * BW_SECOND);
    world_close(&w);
    close(name_server);
}

static void localhost_is_known(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, good, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.preferred_ip_protocol = BW_IP_4;
    world_probe(&w, &module, world_text(&w, "http://localhost:%u/", peer.port), 5 * BW_SECOND);
    assert_true(w.result.success);
    assert_non_null(strstr(peer.heard, "Host: localhost:"));
    peer_stop(&peer);
    world_close(&w);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void ignore_result(void *ctx, const struct bw_probe_result *result)
{
    (void)ctx, (void)result;
}

/* Refused, without a name, timed out and cancelled: nothing of them stays open. */
static void probes_of_every_fate_leave_no_descriptor(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    const struct bw_probe_module modules[] = { world_module(&w, BW_PROBER_HTTP),
                                               world_module(&w, BW_PROBER_TCP) };
    const char *const targets[] = { world_text(&w, "127.0.0.1:%u", peer_closed_port()),
                                    "name.test:80", "[::1]:1" };
    size_t before = 0;
    for (unsigned i = 0; i < 120; i++) {
        const struct bw_probe_module *module = &modules[i % 2];
        world_probe(&w, module, targets[i % 3], i % 5 == 0 ? 1 : 20 * BW_MS);
        struct bw_probe_plan *plan = bw_probe_plan_new(w.engine, module, NULL, NULL);
        const struct bw_probe_request request = { .plan = plan,
                                                  .target = { .text = targets[i % 3] },
                                                  .timeout_ns = BW_SECOND };
        bw_probe_cancel(bw_probe_start(w.engine, &request, ignore_result, NULL));
        bw_probe_plan_free(plan);
        if (i == 29)
            before = open_descriptors();
    }
    assert_int_equal(open_descriptors(), before);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_of_every_fate_leave_no_descriptor),
        cmocka_unit_test(retries_are_made_and_counted),
        cmocka_unit_test(a_try_that_failed_is_told),
        cmocka_unit_test(retries_end_with_the_deadline),
        cmocka_unit_test(failure_can_be_expected),
        cmocka_unit_test(a_run_can_be_cancelled_in_each_phase),
        cmocka_unit_test(hanging_probes_delay_no_other),
        cmocka_unit_test(no_descriptor_is_our_fault),
        cmocka_unit_test(names_that_never_resolve_end_in_time),
        cmocka_unit_test(localhost_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
