// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "probe/regex.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

static void good(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Role: primary\r\n"
                      "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nhello");
}

static void set_status(struct bw_http_options *o)
{
    static const int64_t codes[] = { 204, 404 };
    o->valid_status_codes = (struct bw_ints){ codes, 2 };
}

static void set_version(struct bw_http_options *o)
{
    static const char *const versions[] = { "HTTP/2.0" };
    o->valid_http_versions = (struct bw_strings){ versions, 1 };
}

static const char *const hello[] = { "^hel+o$" };
static const char *const bye[] = { "bye" };
static const char *const slow[] = { "(h+e*)*?(l*o?)*?(\\S*)*?!$" };

static void body_is_bad(struct bw_http_options *o)
{
    o->fail_if_body_matches_regexp = (struct bw_strings){ hello, 1 };
}

static void body_is_fine(struct bw_http_options *o)
{
    o->fail_if_body_matches_regexp = (struct bw_strings){ bye, 1 };
    o->fail_if_body_not_matches_regexp = (struct bw_strings){ hello, 1 };
}

static void body_lacks(struct bw_http_options *o)
{
    o->fail_if_body_not_matches_regexp = (struct bw_strings){ bye, 1 };
}

static void body_warns(struct bw_http_options *o)
{
    o->warn_if_body_not_matches_regexp = (struct bw_strings){ bye, 1 };
}

static void body_is_slow_to_match(struct bw_http_options *o)
{
    o->fail_if_body_not_matches_regexp = (struct bw_strings){ slow, 1 };
}

/* ---- what a peer does to patterns ---- */

enum { LONG_BODY_BYTES = 900000 };

static void long_body(struct peer_talk *talk)
{
    static char block[LONG_BODY_BYTES];
    memset(block, 'a', sizeof block - 1);
    block[sizeof block - 1] = 'b';
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n");
    peer_say_bytes(talk, block, sizeof block);
}

enum { SLOW_HEADERS = 90 };

static void many_slow_headers(struct peer_talk *talk)
{
    char line[640] = "X-Role: ";
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    memset(line + 8, 'a', 580);
    memcpy(line + 588, "b\r\n", 4);
    for (int i = 0; i < SLOW_HEADERS; i++)
        peer_say(talk, line);
    peer_say(talk, "\r\n");
}

/* The loop's heartbeat, and the longest that it ever took. */
struct pulse {
    struct bw_timer *timer;
    int64_t last_ns, longest_ns;
};

static void on_pulse(void *ctx)
{
    struct pulse *pulse = ctx;
    int64_t now_ns = bw_loop_mono_ns();
    if (pulse->last_ns != 0 && now_ns - pulse->last_ns > pulse->longest_ns)
        pulse->longest_ns = now_ns - pulse->last_ns;
    pulse->last_ns = now_ns;
}

static const char *const hostile[] = { "(a+)+$", "(a|aa)+$" };

static int64_t longest_pause_ns(struct world *w, const struct bw_probe_module *module,
                                peer_fn *server, int64_t timeout_ns)
{
    struct peer peer;
    struct pulse pulse = { 0 };
    peer_start(&peer, server, NULL);
    pulse.timer = bw_timer_new(w->loop, on_pulse, &pulse);
    bw_timer_start(pulse.timer, BW_MS, BW_MS);
    world_probe(w, module, world_text(w, "http://127.0.0.1:%u/", peer.port), timeout_ns);
    on_pulse(&pulse);
    bw_timer_free(pulse.timer);
    peer_stop(&peer);
    return pulse.longest_ns;
}

static void patterns_do_not_hold_up_the_loop(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.fail_if_body_matches_regexp = (struct bw_strings){ hostile, 2 };
    int64_t pause_ns = longest_pause_ns(&w, &module, long_body, 10 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_ASSERTION_BODY);
    assert_non_null(strstr(w.result.detail, "took too long"));
    assert_true(pause_ns < w.result.duration_ns / 2);

    /* The deadline leaves the worker to finish alone, with a plan that is gone for all others. */
    longest_pause_ns(&w, &module, long_body, 250 * BW_MS);
    assert_int_equal(w.result.reason, BW_REASON_TIMEOUT);
    world_close(&w);
}

static void many_headers_share_one_patience(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    struct bw_header_match slow_match = { "x-role", "(a|aa)+$", false, BW_SEVERITY_UNHEALTHY };
    module.http.fail_if_header_matches_regexp = (struct bw_items){ &slow_match, 1 };
    longest_pause_ns(&w, &module, many_slow_headers, 10 * BW_SECOND);
    /* Given up is not "does not match". */
    assert_int_equal(w.result.reason, BW_REASON_ASSERTION_HEADER);
    assert_non_null(strstr(w.result.detail, "took too long"));
    assert_true(w.result.duration_ns < SLOW_HEADERS * BW_REGEX_LOOP_NS);
    world_close(&w);
}

static struct bw_header_match match;

static void set_match(struct bw_items *items, const char *header, const char *regexp,
                      bool allow_missing, int severity)
{
    match = (struct bw_header_match){ header, regexp, allow_missing, severity };
    *items = (struct bw_items){ &match, 1 };
}

static void header_is_bad(struct bw_http_options *o)
{
    set_match(&o->fail_if_header_matches_regexp, "x-role", "prim", false, BW_SEVERITY_UNHEALTHY);
}

static void header_is_fine(struct bw_http_options *o)
{
    set_match(&o->fail_if_header_not_matches_regexp, "X-ROLE", "^primary$", false,
              BW_SEVERITY_UNHEALTHY);
}

static void header_is_missing(struct bw_http_options *o)
{
    set_match(&o->fail_if_header_not_matches_regexp, "X-Absent", ".", false, BW_SEVERITY_UNHEALTHY);
}

static void header_may_be_missing(struct bw_http_options *o)
{
    set_match(&o->fail_if_header_not_matches_regexp, "X-Absent", ".", true, BW_SEVERITY_UNHEALTHY);
}

static void header_warns(struct bw_http_options *o)
{
    set_match(&o->fail_if_header_not_matches_regexp, "X-Role", "standby", false,
              BW_SEVERITY_DEGRADED);
}

static void needs_tls(struct bw_http_options *o)
{
    o->fail_if_not_ssl = true;
}

static void small_body(struct bw_http_options *o)
{
    o->body_size_limit_bytes = 4;
}

static const struct {
    const char *name;
    void (*set)(struct bw_http_options *o);
    enum bw_reason reason;
    bool warned;
    bool regex;
} assertions[] = {
    { "status", set_status, BW_REASON_HTTP_STATUS, false, false },
    { "version", set_version, BW_REASON_HTTP_PROTOCOL, false, false },
    { "body matches", body_is_bad, BW_REASON_ASSERTION_BODY, false, true },
    { "body is fine", body_is_fine, BW_REASON_NONE, false, false },
    { "body does not match", body_lacks, BW_REASON_ASSERTION_BODY, false, true },
    { "body warns", body_warns, BW_REASON_NONE, true, false },
    { "body is slow to match", body_is_slow_to_match, BW_REASON_ASSERTION_BODY, false, true },
    { "header matches", header_is_bad, BW_REASON_ASSERTION_HEADER, false, true },
    { "header is fine", header_is_fine, BW_REASON_NONE, false, false },
    { "header is missing", header_is_missing, BW_REASON_ASSERTION_HEADER, false, true },
    { "header may be missing", header_may_be_missing, BW_REASON_NONE, false, false },
    { "header warns", header_warns, BW_REASON_NONE, true, false },
    { "no TLS", needs_tls, BW_REASON_ASSERTION_TLS, false, false },
    { "body too long", small_body, BW_REASON_RESPONSE_TOO_LARGE, false, false },
};

static void assertions_hold_or_have_their_reason(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, good, NULL);
    const char *target = world_text(&w, "http://127.0.0.1:%u/", peer.port);
    for (size_t i = 0; i < sizeof assertions / sizeof *assertions; i++) {
        struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
        assertions[i].set(&module.http);
        world_probe(&w, &module, target, 5 * BW_SECOND);
        if (w.result.reason != assertions[i].reason || w.result.warned != assertions[i].warned)
            fail_msg("%s: %s, %s", assertions[i].name, bw_reason_name(w.result.reason),
                     w.result.detail);
        assert_int_equal(w.result.warning[0] != '\0', assertions[i].warned);
        assert_int_equal(world_value(&w, BW_METRIC_PROBE_FAILED_DUE_TO_REGEX, NULL) != 0,
                         assertions[i].regex);
    }
    peer_stop(&peer);
    world_close(&w);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_do_not_hold_up_the_loop),
        cmocka_unit_test(many_headers_share_one_patience),
        cmocka_unit_test(assertions_hold_or_have_their_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
