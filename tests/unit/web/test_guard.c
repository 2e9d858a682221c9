// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/guard.h"

#include "base/units.h"
#include "io/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct bw_guard *guard;
static int ends[2];
static struct bw_guarded *connection;

static int start(void **state)
{
    (void)state;
    guard = bw_guard_new(300 * BW_MS, 400 * BW_MS, NULL);
    if (guard == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return -1;
    connection = bw_guard_add(guard, ends[0]);
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
    assert_int_equal(bw_guard_cut(guard), 1);
}

static void what_waits_for_us_is_left_alone(void **state)
{
    (void)state;
    bw_guard_arrived(guard, connection);
    assert_false(is_cut_within(900 * BW_MS));
    assert_int_equal(bw_guard_cut(guard), 0);
    assert_int_equal(bw_guard_connections(guard), 1);
}

static void an_idle_connection_may_wait_longer(void **state)
{
    (void)state;
    int64_t began_ns = bw_loop_mono_ns();
    bw_guard_idle(guard, connection);
    assert_true(is_cut_within(5 * BW_SECOND));
    assert_true(bw_loop_mono_ns() - began_ns >= 700 * BW_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_slow_request_is_cut, start, stop),
        cmocka_unit_test_setup_teardown(what_waits_for_us_is_left_alone, start, stop),
        cmocka_unit_test_setup_teardown(an_idle_connection_may_wait_longer, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
