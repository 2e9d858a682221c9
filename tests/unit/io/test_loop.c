// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "io/loop.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct world {
    struct bw_loop *loop;
    struct bw_timer *timer;
    struct bw_poll *poll;
    char said[64];
    unsigned count;
    int fds[2];
};

static void say(struct world *w, const char *what)
{
    strncat(w->said, what, sizeof w->said - strlen(w->said) - 1);
}

static void stop(void *ctx)
{
    bw_loop_stop(((struct world *)ctx)->loop);
}

static void first(void *ctx)
{
    say(ctx, "1");
}

static void second(void *ctx)
{
    say(ctx, "2");
}

static void timers_fire_in_order(void **state)
{
    (void)state;
    struct world w = { .loop = bw_loop_new() };
    struct bw_timer *a = bw_timer_new(w.loop, first, &w);
    struct bw_timer *b = bw_timer_new(w.loop, second, &w);
    struct bw_timer *c = bw_timer_new(w.loop, stop, &w);
    struct bw_timer *never = bw_timer_new(w.loop, first, &w);
    int64_t start_ns = bw_loop_mono_ns();
    bw_timer_start(b, 10 * BW_MS, 0);
    bw_timer_start(a, 1, 0); /* rounded up */
    bw_timer_start(c, 20 * BW_MS, 0);
    bw_timer_start(never, 5 * BW_MS, 0);
    bw_timer_stop(never);
    bw_loop_run(w.loop);
    assert_true(bw_loop_mono_ns() - start_ns >= 20 * BW_MS);
    assert_string_equal(w.said, "12");
    bw_timer_free(a);
    bw_timer_free(b);
    bw_timer_free(c);
    bw_timer_free(never);
    bw_loop_free(w.loop);
}

static void count_to_three(void *ctx)
{
    struct world *w = ctx;
    if (++w->count < 3)
        return;
    bw_timer_free(w->timer); /* from inside its own callback */
    w->timer = NULL;
    bw_loop_stop(w->loop);
}

static void a_timer_repeats_and_can_free_itself(void **state)
{
    (void)state;
    struct world w = { .loop = bw_loop_new() };
    w.timer = bw_timer_new(w.loop, count_to_three, &w);
    bw_timer_start(w.timer, 0, BW_MS);
    bw_loop_run(w.loop);
    assert_int_equal(w.count, 3);
    bw_loop_free(w.loop);
}

/* A timer that was let go may serve another: what it was started for is forgotten. */
static void a_timer_that_is_gone_does_not_fire_for_the_next(void **state)
{
    (void)state;
    enum { TIMERS = 600 };
    struct world w = { .loop = bw_loop_new() };
    struct bw_timer *timers[TIMERS];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < TIMERS; i++) {
            timers[i] = bw_timer_new(w.loop, first, &w);
            bw_timer_start(timers[i], 0, BW_MS);
        }
        for (int i = 0; i < TIMERS; i++)
            bw_timer_free(timers[i]);
    }
    struct bw_timer *idle = bw_timer_new(w.loop, first, &w), *b = bw_timer_new(w.loop, second, &w);
    struct bw_timer *c = bw_timer_new(w.loop, stop, &w);
    bw_timer_start(b, 0, 0);
    bw_timer_start(c, 5 * BW_MS, 0);
    bw_loop_run(w.loop);
    assert_string_equal(w.said, "2");
    bw_timer_free(idle);
    bw_timer_free(b);
    bw_timer_free(c);
    bw_loop_free(w.loop);
}

struct poster {
    struct world *world;
    unsigned seen, sent;
};

enum { POSTERS = 4, POSTS = 1000 };

static void received(void *ctx)
{
    struct poster *p = ctx;
    if (++p->seen == POSTS && ++p->world->count == POSTERS)
        bw_loop_stop(p->world->loop);
}

static void *post_many(void *ctx)
{
    struct poster *p = ctx;
    for (unsigned i = 0; i < POSTS; i++)
        bw_loop_post(p->world->loop, received, p);
    return NULL;
}

static void every_post_of_every_thread_arrives(void **state)
{
    (void)state;
    struct world w = { .loop = bw_loop_new() };
    struct poster posters[POSTERS] = { 0 };
    pthread_t threads[POSTERS];
    for (size_t i = 0; i < POSTERS; i++) {
        posters[i].world = &w;
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &posters[i]), 0);
    }
    bw_loop_run(w.loop);
    for (size_t i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(posters[i].seen, POSTS);
    }
    bw_loop_free(w.loop);
}

static void what_is_posted_runs_before_the_loop_is_freed(void **state)
{
    (void)state;
    struct world w = { .loop = bw_loop_new() };
    bw_loop_post(w.loop, first, &w);
    bw_loop_post(w.loop, second, &w);
    bw_loop_free(w.loop);
    assert_string_equal(w.said, "12");
}

static void a_signal_becomes_a_callback(void **state)
{
    (void)state;
    struct world w = { .loop = bw_loop_new() };
    struct bw_err err;
    struct bw_signal *signal = bw_signal_new(w.loop, SIGUSR1, stop, &w, &err);
    assert_non_null(signal);
    kill(getpid(), SIGUSR1);
    bw_loop_run(w.loop);
    bw_signal_free(signal);
    assert_null(bw_signal_new(w.loop, 9999, stop, &w, &err));
    assert_non_null(strstr(err.text, "9999"));
    bw_loop_free(w.loop);
}

static void on_pipe(void *ctx, unsigned events)
{
    struct world *w = ctx;
    char c;
    assert_int_equal(events, BW_POLL_READ);
    assert_int_equal(read(w->fds[0], &c, 1), 1);
    w->said[w->count++] = c;
    if (c != '.')
        return;
    bw_poll_free(w->poll); /* from inside its own callback */
    bw_loop_stop(w->loop);
}

static void a_descriptor_is_watched(void **state)
{
    (void)state;
    struct world w = { .loop = bw_loop_new() };
    struct bw_err err;
    assert_int_equal(pipe(w.fds), 0);
    w.poll = bw_poll_new(w.loop, w.fds[0], on_pipe, &w, &err);
    assert_non_null(w.poll);
    bw_poll_start(w.poll, BW_POLL_READ);
    assert_int_equal(write(w.fds[1], "ab.", 3), 3);
    bw_loop_run(w.loop);
    assert_string_equal(w.said, "ab.");
    /* The descriptor can be watched again at once. */
    w.poll = bw_poll_new(w.loop, w.fds[0], on_pipe, &w, &err);
    assert_non_null(w.poll);
    bw_poll_free(w.poll);
    close(w.fds[0]);
    close(w.fds[1]);
    assert_null(bw_poll_new(w.loop, -1, on_pipe, &w, &err));
    bw_loop_free(w.loop);
}

struct hangup {
    struct bw_loop *loop;
    struct bw_poll *polls[2];
    unsigned calls;
    int quiet;
};

/* Whichever comes first takes both away: the other's event is under way already. */
static void on_either(void *ctx, unsigned events)
{
    struct hangup *h = ctx;
    assert_true((events & BW_POLL_READ) != 0);
    h->calls++;
    bw_poll_close(h->polls[0]);
    bw_poll_close(h->polls[1]);
    bw_loop_stop(h->loop);
}

static void what_is_gone_is_not_told_of_events_under_way(void **state)
{
    (void)state;
    struct hangup h = { .loop = bw_loop_new() };
    int a[2], b[2];
    assert_int_equal(pipe(a), 0);
    assert_int_equal(pipe(b), 0);
    assert_int_equal(write(a[1], "x", 1), 1);
    assert_int_equal(write(b[1], "x", 1), 1);
    h.polls[0] = bw_poll_open(h.loop, a[0], BW_POLL_READ, on_either, &h, NULL);
    h.polls[1] = bw_poll_open(h.loop, b[0], BW_POLL_READ, on_either, &h, NULL);
    bw_loop_run(h.loop);
    assert_int_equal(h.calls, 1);
    assert_int_equal(fcntl(a[0], F_GETFD), -1);
    close(a[1]);
    close(b[1]);
    bw_loop_free(h.loop);
}

static void stop_loop(void *ctx)
{
    bw_loop_stop(ctx);
}

/* Whichever comes first closes the other, whose number and place another descriptor takes. */
static void on_first(void *ctx, unsigned events)
{
    struct hangup *h = ctx;
    (void)events;
    h->calls++;
    const int old = bw_poll_fd(h->polls[1]);
    bw_poll_close(h->polls[1]);
    assert_int_equal(dup2(h->quiet, old), old);
    h->polls[1] = bw_poll_open(h->loop, old, BW_POLL_READ, on_first, h, NULL);
    assert_non_null(h->polls[1]);
    bw_poll_stop(h->polls[0]);
    bw_loop_post(h->loop, stop_loop, h->loop);
}

static void an_event_is_not_told_to_who_has_the_number_now(void **state)
{
    (void)state;
    struct hangup h = { .loop = bw_loop_new() };
    int a[2], b[2], quiet[2];
    assert_int_equal(pipe(a), 0);
    assert_int_equal(pipe(b), 0);
    assert_int_equal(pipe(quiet), 0);
    h.quiet = quiet[0];
    h.polls[0] = bw_poll_open(h.loop, a[0], BW_POLL_READ, on_first, &h, NULL);
    h.polls[1] = bw_poll_open(h.loop, b[0], BW_POLL_READ, on_first, &h, NULL);
    assert_int_equal(write(a[1], "x", 1), 1); /* told in this order */
    assert_int_equal(write(b[1], "x", 1), 1);
    bw_loop_run(h.loop);
    assert_int_equal(h.calls, 1);
    bw_poll_close(h.polls[0]);
    bw_poll_close(h.polls[1]);
    close(a[1]);
    close(b[1]);
    close(quiet[0]);
    close(quiet[1]);
    bw_loop_free(h.loop);
}

static void on_reset(void *ctx, unsigned events)
{
    struct hangup *h = ctx;
    char bytes[4];
    assert_int_equal(events, BW_POLL_READ | BW_POLL_WRITE | BW_POLL_ERROR);
    h->calls++;
    bw_poll_start(h->polls[0], BW_POLL_READ | BW_POLL_EDGE);
    if (recv(bw_poll_fd(h->polls[0]), bytes, sizeof bytes, 0) > 0)
        bw_poll_again(h->polls[0]);
    else
        bw_loop_stop(h->loop);
}

/* What came before an error can be read in as many turns as it takes. */
static void an_error_stops_a_poll_which_may_start_again(void **state)
{
    (void)state;
    struct hangup h = { .loop = bw_loop_new() };
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(send(pair[0], "x", 1, 0), 1); /* unread by the peer: its close is a reset */
    assert_int_equal(send(pair[1], "0123456789", 10, 0), 10);
    close(pair[1]);
    h.polls[0] = bw_poll_open(h.loop, pair[0], BW_POLL_READ | BW_POLL_EDGE, on_reset, &h, NULL);
    bw_loop_run(h.loop);
    assert_true(h.calls > 1);
    bw_poll_close(h.polls[0]);
    bw_loop_free(h.loop);
}

static void on_hangup(void *ctx, unsigned events)
{
    struct hangup *h = ctx;
    assert_true((events & BW_POLL_READ) != 0);
    h->calls++;
    bw_loop_stop(h->loop);
}

static void a_stopped_poll_is_silent_and_a_started_one_hears_the_hangup(void **state)
{
    (void)state;
    struct hangup h = { .loop = bw_loop_new() };
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    h.polls[0] = bw_poll_open(h.loop, pair[0], BW_POLL_READ, on_hangup, &h, NULL);
    bw_poll_stop(h.polls[0]);
    close(pair[1]);
    bw_loop_post(h.loop, stop_loop, h.loop);
    bw_loop_run(h.loop);
    assert_int_equal(h.calls, 0);
    bw_poll_start(h.polls[0], BW_POLL_READ);
    bw_loop_run(h.loop);
    assert_int_equal(h.calls, 1);
    bw_poll_close(h.polls[0]);
    bw_loop_free(h.loop);
}

/* More than one call of the system tells, and more than the first slots hold. */
static void many_descriptors_are_all_heard(void **state)
{
    (void)state;
    enum { MANY = 100 };
    struct world worlds[MANY] = { 0 };
    struct bw_loop *loop = bw_loop_new();
    for (size_t i = 0; i < MANY; i++) {
        worlds[i].loop = loop;
        assert_int_equal(pipe(worlds[i].fds), 0);
        worlds[i].poll =
            bw_poll_open(loop, worlds[i].fds[0], BW_POLL_READ, on_pipe, &worlds[i], NULL);
        assert_int_equal(write(worlds[i].fds[1], i + 1 < MANY ? "a" : "a.", i + 1 < MANY ? 1 : 2),
                         (ssize_t)(i + 1 < MANY ? 1 : 2));
    }
    bw_loop_run(loop);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(worlds[i].said[0], 'a');
        if (i + 1 < MANY)
            bw_poll_free(worlds[i].poll);
        close(worlds[i].fds[0]);
        close(worlds[i].fds[1]);
    }
    bw_loop_free(loop);
}

static void a_second_loop_may_be_refused(void **state)
{
    (void)state;
    struct rlimit before, few;
    int taken[64];
    size_t count = 0;
    struct bw_err err;
    bw_loop_free(bw_loop_new()); /* what libuv opens once for all loops is open now */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 48;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (count < 64 && (taken[count] = dup(0)) >= 0)
        count++;
    /* With one descriptor left the beginning works and the rest does not. */
    for (int left = 0; left < 2; left++) {
        assert_null(bw_loop_open(&err));
        assert_int_equal(err.rc, BW_ELIMIT);
        close(taken[--count]);
    }
    while (count > 0)
        close(taken[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    bw_loop_free(bw_loop_open(&err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_order),
        cmocka_unit_test(a_second_loop_may_be_refused),
        cmocka_unit_test(a_timer_repeats_and_can_free_itself),
        cmocka_unit_test(a_timer_that_is_gone_does_not_fire_for_the_next),
        cmocka_unit_test(every_post_of_every_thread_arrives),
        cmocka_unit_test(what_is_posted_runs_before_the_loop_is_freed),
        cmocka_unit_test(a_signal_becomes_a_callback),
        cmocka_unit_test(a_descriptor_is_watched),
        cmocka_unit_test(what_is_gone_is_not_told_of_events_under_way),
        cmocka_unit_test(an_event_is_not_told_to_who_has_the_number_now),
        cmocka_unit_test(an_error_stops_a_poll_which_may_start_again),
        cmocka_unit_test(a_stopped_poll_is_silent_and_a_started_one_hears_the_hangup),
        cmocka_unit_test(many_descriptors_are_all_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
