// SPDX-License-Identifier: GPL-3.0-or-later
#include "watching.h"

#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CHECK(name, target, more)                                                                  \
    "services: [{name: a, checks: [{name: " name ", tcp: '" target "', module: m" more "}]}]\n"    \
    "modules: {m: {prober: tcp, tcp: {query_response: [{expect: hello}]}}}\n"

static const char refusing[] = CHECK("port", "REFUSES", ", fall: 2");
static const char silent[] = CHECK("port", "SILENT", ", timeout: 100ms");
static const char patient[] = CHECK("port", "SILENT", ", timeout: 50s");
static const char covered[] =
    CHECK("port", "REFUSES",
          ", fall: 1, canary: true") "self_canary: {targets: ['tcp 192.0.2.1:1'], interval: 1h}\n";

static void apply(struct watching *w, const char *text)
{
    struct bw_err err = { .text = "" };
    if (watching_apply(w, text, &err) != BW_OK)
        fail_msg("%s", err.text);
}

static void run_once(struct watching *w)
{
    watching_start(w, 0);
    watching_await(w, watching_is_idle);
}

static void a_result_is_shown_counted_and_judged(void **state)
{
    struct watching *w = *state;
    apply(w, refusing);
    const struct bw_roster_check *seat = bw_watch_seat(w->watch, 0);
    run_once(w);
    assert_int_equal(seat->last.reason, BW_REASON_CONNECT_REFUSED);
    assert_int_equal(seat->last.attempts, 1);
    assert_int_equal(bw_roster_status(seat), BW_UNKNOWN); /* one failure of two */
    run_once(w);
    assert_int_equal(bw_roster_status(seat), BW_UNHEALTHY);
    watching_expect_page(w, "bellwether_check_runs_total{",
                         "bellwether_check_runs_total{service=\"a\",instance=\"REFUSES\","
                         "check=\"port\",module=\"m\",result=\"success\"} 0\n"
                         "bellwether_check_runs_total{service=\"a\",instance=\"REFUSES\","
                         "check=\"port\",module=\"m\",result=\"failure\","
                         "reason=\"connect_refused\"} 2\n");
    watching_expect_page(w, "probe_success{",
                         "probe_success{service=\"a\",instance=\"REFUSES\",check=\"port\","
                         "module=\"m\"} 0\n");
    watching_expect_events(
        w, "status a/REFUSES/port UNKNOWN>UNHEALTHY: connection refused, 2 failures in a row\n"
           "status a// UNKNOWN>UNHEALTHY: REFUSES: port: connection refused\n");
}

static void a_run_ends_at_its_deadline(void **state)
{
    struct watching *w = *state;
    apply(w, silent);
    run_once(w);
    assert_int_equal(bw_watch_seat(w->watch, 0)->last.reason, BW_REASON_TIMEOUT);
}

/* What is due while its last run goes on is left out and counted. */
static void a_check_runs_once_at_a_time(void **state)
{
    struct watching *w = *state;
    apply(w, patient);
    watching_start(w, 0);
    const struct bw_flight *flight = w->watch->checks[0]->flight;
    watching_start(w, 0);
    assert_ptr_equal(w->watch->checks[0]->flight, flight);
    assert_int_equal(w->watch->still_flying, 1);
    bw_watch_stop(w->watch); /* and what runs is cut off */
    assert_true(watching_is_idle(w));
    assert_int_equal(bw_watch_seat(w->watch, 0)->last.attempts, 0);
}

/* ---- the canary ------------------------------------------------------------------------ */

enum { ROUND = 7 };

static uint64_t ask(void *ctx)
{
    ++*(unsigned *)ctx;
    return ROUND;
}

static bool waits(const struct watching *w)
{
    return w->watch->waiting == 1;
}

static void wait_for_answer(struct watching *w, unsigned *asked)
{
    *asked = 0;
    apply(w, covered);
    bw_watch_set_canary(w->watch, ask, asked);
    watching_start(w, 0);
    watching_await(w, waits);
    assert_int_equal(*asked, 1);
    assert_int_equal(bw_roster_status(bw_watch_seat(w->watch, 0)), BW_UNKNOWN);
}

static void bad_news_wait_until_we_know_that_we_see(void **state)
{
    struct watching *w = *state;
    unsigned asked;
    wait_for_answer(w, &asked);
    w->bench.core.sight.answered = ROUND - 1; /* asked before this result was there */
    bw_watch_told(w->watch);
    assert_int_equal(w->watch->waiting, 1);
    w->bench.core.sight.answered = ROUND;
    bw_watch_told(w->watch);
    assert_int_equal(w->watch->waiting, 0);
    const struct bw_roster_check *seat = bw_watch_seat(w->watch, 0);
    assert_int_equal(bw_roster_status(seat), BW_UNHEALTHY);
    assert_string_equal(seat->detail, "Connection refused");
    run_once(w); /* no news: nobody is asked */
    assert_int_equal(asked, 1);
}

static void bad_news_of_the_blind_are_none(void **state)
{
    struct watching *w = *state;
    unsigned asked;
    wait_for_answer(w, &asked);
    w->bench.core.sight.blind = true;
    w->bench.core.sight.spells++;
    bw_roster_veil(w->roster);
    bw_watch_told(w->watch);
    assert_int_equal(w->watch->waiting, 0);
    const struct bw_roster_check *seat = bw_watch_seat(w->watch, 0);
    assert_int_equal(bw_roster_status(seat), BW_UNKNOWN);
    assert_int_equal(seat->health.status, BW_UNKNOWN);
    run_once(w);
    assert_int_equal(asked, 1);
}

/* A run that began while we were blind tells nothing although we see at its end. */
static void a_run_out_of_blindness_tells_nothing(void **state)
{
    struct watching *w = *state;
    unsigned asked = 0;
    apply(w, covered);
    bw_watch_set_canary(w->watch, ask, &asked);
    w->bench.core.sight.blind = true;
    watching_start(w, 0);
    w->bench.core.sight.blind = false;
    watching_await(w, watching_is_idle);
    assert_int_equal(asked, 0);
    assert_int_equal(bw_watch_seat(w->watch, 0)->health.status, BW_UNKNOWN);
    assert_true(bw_watch_seat(w->watch, 0)->last.unseen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WATCHING(a_result_is_shown_counted_and_judged),
        IN_WATCHING(a_run_ends_at_its_deadline),
        IN_WATCHING(a_check_runs_once_at_a_time),
        IN_WATCHING(bad_news_wait_until_we_know_that_we_see),
        IN_WATCHING(bad_news_of_the_blind_are_none),
        IN_WATCHING(a_run_out_of_blindness_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
