// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "io/socket.h"

#include <errno.h>
#include <fcntl.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_descriptors_stay_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
