// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/guard.h"

#include "base/units.h"
#include "io/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct bw_guard_limits limits = {
    .slow_ns = 300 * BW_MS,
    .idle_ns = 700 * BW_MS,
    .send_ns = 300 * BW_MS,
    .connections_max = 4,
    .per_address_max = 2,
    .bytes_max = 1000,
};

static struct bw_guard *guard;
static int ends[2];
static struct bw_guarded *connection;

/* 10.0.0.last */
static const struct sockaddr *address(unsigned last)
{
    static struct sockaddr_in at;
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(0x0a000000 | last);
    return (const struct sockaddr *)&at;
}

static int start(void **state)
{
    (void)state;
    guard = bw_guard_new(&limits, NULL);
    if (guard == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return -1;
    connection = bw_guard_add(guard, ends[0], address(1));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    bw_guard_remove(guard, connection);
    bw_guard_free(guard);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* The other end sees it; false when it did not happen in time. */
static bool is_cut_within(int64_t ns)
{
    struct pollfd poll_for = { .fd = ends[1], .events = POLLIN };
    return poll(&poll_for, 1, (int)(ns / BW_MS)) == 1;
}

/* Bytes that drip in do not help: only the whole request does. */
static void a_slow_request_is_cut(void **state)
{
    (void)state;
    int64_t began_ns = bw_loop_mono_ns();
    bw_guard_arriving(guard, connection);
    assert_true(is_cut_within(5 * BW_SECOND));
    assert_true(bw_loop_mono_ns() - began_ns >= 300 * BW_MS);
    assert_int_equal(bw_guard_cut(guard, BW_CUT_SLOW), 1);
    assert_int_equal(bw_guard_cut(guard, BW_CUT_ROOM), 0);
}

static void what_waits_for_us_is_left_alone(void **state)
{
    (void)state;
    bw_guard_arrived(guard, connection);
    assert_false(is_cut_within(900 * BW_MS));
    assert_int_equal(bw_guard_cut(guard, BW_CUT_SLOW), 0);
    assert_int_equal(bw_guard_connections(guard), 1);
}

static void an_idle_connection_may_wait_longer(void **state)
{
    (void)state;
    int64_t began_ns = bw_loop_mono_ns();
    bw_guard_idle(guard, connection);
    assert_true(is_cut_within(5 * BW_SECOND));
    assert_true(bw_loop_mono_ns() - began_ns >= 700 * BW_MS);
    assert_int_equal(bw_guard_cut(guard, BW_CUT_SLOW), 0); /* nobody was refused anything */
}

/* A line of a request, sent late, does not begin the time anew. */
static void the_first_line_buys_no_time(void **state)
{
    (void)state;
    int64_t began_ns = bw_loop_mono_ns();
    usleep(150 * 1000);
    bw_guard_arriving(guard, connection);
    assert_true(is_cut_within(5 * BW_SECOND));
    assert_true(bw_loop_mono_ns() - began_ns < 299 * BW_MS + 350 * BW_MS);
}

static void a_slow_reader_is_cut(void **state)
{
    (void)state;
    bw_guard_arrived(guard, connection);
    bw_guard_sending(guard, connection, 100, true);
    assert_true(is_cut_within(5 * BW_SECOND));
}

enum { OTHERS_MAX = 6 };

static struct bw_guarded *others[OTHERS_MAX];
static int other_ends[OTHERS_MAX][2];

static void open_other(size_t i, const struct sockaddr *from)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, other_ends[i]), 0);
    others[i] = bw_guard_add(guard, other_ends[i][0], from);
}

static bool other_is_cut(size_t i)
{
    struct pollfd poll_for = { .fd = other_ends[i][1], .events = POLLIN };
    return poll(&poll_for, 1, 0) == 1;
}

static void close_others(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bw_guard_remove(guard, others[i]);
        close(other_ends[i][0]);
        close(other_ends[i][1]);
    }
}

/* The limits above: two of one address, four in all. */
static void the_one_that_waited_longest_makes_room(void **state)
{
    (void)state;
    bw_guard_arrived(guard, connection); /* a worker works for it: never cut */
    open_other(0, address(1));
    assert_false(other_is_cut(0));
    open_other(1, address(1)); /* the third of its address */
    assert_true(other_is_cut(0));
    assert_false(other_is_cut(1));
    open_other(2, address(2));
    open_other(3, address(3));
    open_other(4, NULL); /* local ones do not count */
    assert_int_equal(bw_guard_cut(guard, BW_CUT_ROOM), 1);
    assert_int_equal(bw_guard_cut(guard, BW_CUT_SLOW), 0);
    open_other(5, address(4)); /* the fifth in all */
    assert_true(other_is_cut(1));
    assert_false(is_cut_within(0) || other_is_cut(2) || other_is_cut(3) || other_is_cut(4)
                 || other_is_cut(5));
    close_others(6);
}

static void who_comes_last_goes_when_all_others_are_served(void **state)
{
    (void)state;
    bw_guard_arrived(guard, connection);
    open_other(0, address(1));
    bw_guard_arrived(guard, others[0]);
    open_other(1, address(1));
    assert_true(other_is_cut(1));
    assert_false(is_cut_within(0) || other_is_cut(0));
    close_others(2);
}

/* Who sends a file, or what is in the program anyhow, holds no memory for it. */
static void only_what_is_held_takes_room(void **state)
{
    (void)state;
    bw_guard_sending(guard, connection, 1 << 30, false);
    open_other(0, address(2));
    bw_guard_sending(guard, others[0], 900, true);
    assert_false(is_cut_within(0) || other_is_cut(0));
    assert_int_equal(bw_guard_cut(guard, BW_CUT_ROOM), 0);
    close_others(1);
}

static void answers_that_nobody_takes_make_room(void **state)
{
    (void)state;
    bw_guard_sending(guard, connection, 600, true);
    open_other(0, address(2));
    bw_guard_sending(guard, others[0], 400, true);
    assert_false(is_cut_within(0));
    open_other(1, address(3));
    bw_guard_sending(guard, others[1], 100, true);
    assert_true(is_cut_within(0));
    open_other(2, address(4));
    bw_guard_sending(guard, others[2], 5000, true); /* larger than all there is: it alone */
    assert_true(other_is_cut(0) && other_is_cut(1));
    assert_false(other_is_cut(2));
    close_others(3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_slow_request_is_cut, start, stop),
        cmocka_unit_test_setup_teardown(what_waits_for_us_is_left_alone, start, stop),
        cmocka_unit_test_setup_teardown(an_idle_connection_may_wait_longer, start, stop),
        cmocka_unit_test_setup_teardown(the_first_line_buys_no_time, start, stop),
        cmocka_unit_test_setup_teardown(a_slow_reader_is_cut, start, stop),
        cmocka_unit_test_setup_teardown(the_one_that_waited_longest_makes_room, start, stop),
        cmocka_unit_test_setup_teardown(who_comes_last_goes_when_all_others_are_served, start,
                                        stop),
        cmocka_unit_test_setup_teardown(only_what_is_held_takes_room, start, stop),
        cmocka_unit_test_setup_teardown(answers_that_nobody_takes_make_room, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
