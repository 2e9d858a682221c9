// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/throttle.h"

#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <string.h>
#include <sys/un.h>

static struct bw_client client(const char *address)
{
    struct bw_client out;
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        assert_true(bw_client_of((const struct sockaddr *)&v4, &out));
    else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
        assert_true(bw_client_of((const struct sockaddr *)&v6, &out));
    else
        fail_msg("%s", address);
    return out;
}

static const struct {
    const char *a, *b;
    bool same;
} pairs[] = {
    { "10.0.0.1", "10.0.0.1", true },
    { "10.0.0.1", "10.0.0.2", false },
    { "10.0.0.1", "::ffff:10.0.0.1", true },
    { "::ffff:10.0.0.1", "::ffff:10.0.0.2", false },
    { "2001:db8:1:2::1", "2001:db8:1:2:ffff::2", true },
    { "2001:db8:1:2::1", "2001:db8:1:3::1", false },
};

static void clients_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct bw_client a = client(pairs[i].a);
        struct bw_client b = client(pairs[i].b);
        if (bw_client_is(&a, &b) != pairs[i].same)
            fail_msg("%s and %s", pairs[i].a, pairs[i].b);
    }
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    struct bw_client none;
    assert_false(bw_client_of((const struct sockaddr *)&local, &none));
    assert_false(bw_client_of(NULL, &none));
}

static void ten_wrong_tokens_are_enough_for_a_minute(void **state)
{
    (void)state;
    struct bw_throttle *throttle = bw_throttle_new();
    struct bw_client bad = client("10.0.0.1");
    struct bw_client good = client("10.0.0.2");
    for (int i = 0; i < 10; i++) {
        assert_int_equal(bw_throttle_wait_s(throttle, &bad, i * BW_SECOND), 0);
        bw_throttle_failed(throttle, &bad, i * BW_SECOND);
    }
    assert_int_equal(bw_throttle_wait_s(throttle, &bad, 10 * BW_SECOND), 50);
    assert_int_equal(bw_throttle_wait_s(throttle, &good, 10 * BW_SECOND), 0);
    assert_int_equal(bw_throttle_wait_s(throttle, &bad, 60 * BW_SECOND - 1), 1);
    assert_int_equal(bw_throttle_wait_s(throttle, &bad, 60 * BW_SECOND), 0);
    bw_throttle_failed(throttle, &bad, 60 * BW_SECOND);
    assert_int_equal(bw_throttle_wait_s(throttle, &bad, 61 * BW_SECOND), 0);
    bw_throttle_free(throttle);
}

/* Many addresses push out the one that failed first, and no other. */
static void clients_are_bounded(void **state)
{
    (void)state;
    struct bw_throttle *throttle = bw_throttle_new();
    struct bw_client first = client("192.0.2.1");
    struct bw_client second = client("192.0.2.2");
    for (int i = 0; i < 10; i++) {
        bw_throttle_failed(throttle, &first, 1);
        bw_throttle_failed(throttle, &second, 2);
    }
    for (unsigned i = 0; i < BW_THROTTLE_CLIENTS_MAX - 1; i++) {
        struct bw_client other = first;
        other.bytes[0] = 1;
        memcpy(other.bytes + 1, &i, sizeof i);
        bw_throttle_failed(throttle, &other, BW_SECOND);
    }
    assert_int_equal(bw_throttle_wait_s(throttle, &first, 2 * BW_SECOND), 0);
    assert_true(bw_throttle_wait_s(throttle, &second, 2 * BW_SECOND) > 0);
    bw_throttle_free(throttle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_are_told_apart),
        cmocka_unit_test(ten_wrong_tokens_are_enough_for_a_minute),
        cmocka_unit_test(clients_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
