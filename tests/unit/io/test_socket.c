// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "io/loop.h"
#include "io/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void the_last_descriptors_stay_free(void **state)
{
    (void)state;
    static const struct {
        rlim_t limit, reserve;
    } cases[] = { { 64, 16 }, { 200, BW_DESCRIPTORS_RESERVED } };
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct rlimit few = { cases[i].limit, before.rlim_max };
        int taken[256], fd, others = 0;
        size_t count = 0;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        while ((fd = bw_socket_open(AF_INET, SOCK_STREAM, 0)) >= 0) {
            assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
            taken[count++] = fd;
        }
        assert_int_equal(errno, EMFILE);
        assert_true(count > 0);
        assert_int_equal(taken[count - 1], cases[i].limit - cases[i].reserve - 1);
        assert_true(bw_socket_may_idle((int)cases[i].limit / 2 - 1));
        assert_false(bw_socket_may_idle((int)cases[i].limit / 2));
        while ((fd = dup(taken[0])) >= 0) {
            taken[count++] = fd;
            others++;
        }
        assert_int_equal(others, cases[i].reserve);
        while (count > 0)
            close(taken[--count]);
        fd = bw_socket_open(AF_INET, SOCK_STREAM, 0);
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    }
}

static void count_sockets(int limit, int *taken, int *out_count)
{
    int fd;
    *out_count = 0;
    while (*out_count < limit && (fd = bw_socket_open(AF_INET, SOCK_STREAM, 0)) >= 0)
        taken[(*out_count)++] = fd;
}

/* Runs last: what is settled stays so. A limit that is lowered all the same is noticed, not at once
 * but soon. */
static void a_settled_limit_is_looked_at_again(void **state)
{
    (void)state;
    struct rlimit before;
    int taken[256], count = 0;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit few = { 100, before.rlim_max }, fewer = { 60, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    bw_socket_settle_limit();
    count_sockets(256, taken, &count);
    assert_int_equal(taken[count - 1], 100 - 25 - 1);
    while (count > 0)
        close(taken[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &fewer), 0);
    for (int i = 0; i < 20; i++)
        close(bw_socket_open(AF_INET, SOCK_STREAM, 0));
    count_sockets(256, taken, &count);
    assert_int_equal(taken[count - 1], 60 - 15 - 1);
    while (count > 0)
        close(taken[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* A loop tells how a connection ended; nobody is asked where it knows of no error. */
static void errors_are_asked_for_only_where_there_is_one(void **state)
{
    (void)state;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof to;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&to, sizeof to), 0); /* nobody listens */
    assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &len), 0);
    const int fd = bw_socket_open(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int rc = connect(fd, (struct sockaddr *)&to, sizeof to);
    assert_true(rc != 0 && errno == EINPROGRESS);
    assert_int_equal(bw_socket_error(fd, BW_POLL_WRITE), 0);
    assert_int_equal(bw_socket_error(fd, BW_POLL_WRITE | BW_POLL_ERROR), ECONNREFUSED);
    close(fd);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_descriptors_stay_free),
        cmocka_unit_test(errors_are_asked_for_only_where_there_is_one),
        cmocka_unit_test(a_settled_limit_is_looked_at_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
