// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/resolve.h"

#include <sys/socket.h>

static const struct {
    const char *text;
    int family;       /* 0: refused */
    const char *back; /* how it is written again */
} cases[] = {
    { "10.0.0.1", AF_INET, "10.0.0.1" },
    { "::1", AF_INET6, "::1" },
    { "[::1]", AF_INET6, "::1" },
    { "2001:DB8::0:1", AF_INET6, "2001:db8::1" },
    { "fe80::1%1", AF_INET6, "fe80::1%1" },
    { "fe80::1%nosuchinterface0", 0, "" },
    { "fe80::1%", 0, "" },
    { "[10.0.0.1]", 0, "" },
    { "10.0.0", 0, "" },
    { "10.0.0.256", 0, "" },
    { "0x7f.1", 0, "" },
    { "2130706433", 0, "" },
    { "localhost", 0, "" },
    { "", 0, "" },
    { "[]", 0, "" },
    { "[::1", 0, "" },
    { "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff", 0, "" },
};

static void literals_are_told_from_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_address address = { 0 };
        bool is = bw_address_parse(cases[i].text, &address);
        if (is != (cases[i].family != 0))
            fail_msg("'%s': %s", cases[i].text, is ? "taken" : "refused");
        if (!is)
            continue;
        char back[BW_ADDRESS_TEXT_MAX];
        bw_address_format(back, &address);
        assert_string_equal(back, cases[i].back);
        assert_int_equal(address.family, cases[i].family);
    }
}

static void a_socket_address_has_all_parts(void **state)
{
    (void)state;
    struct bw_address address;
    struct sockaddr_storage socket;
    assert_true(bw_address_parse("127.0.0.1", &address));
    assert_int_equal(bw_address_socket(&address, 80, &socket), sizeof(struct sockaddr_in));
    const struct sockaddr_in *ip4 = (const struct sockaddr_in *)(const void *)&socket;
    assert_int_equal(ntohs(ip4->sin_port), 80);
    assert_int_equal(ntohl(ip4->sin_addr.s_addr), 0x7f000001);
    assert_true(bw_address_parse("fe80::2%7", &address));
    assert_int_equal(bw_address_socket(&address, 443, &socket), sizeof(struct sockaddr_in6));
    const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)(const void *)&socket;
    assert_int_equal(ip6->sin6_scope_id, 7);
    assert_int_equal(ntohs(ip6->sin6_port), 443);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_are_told_from_names),
        cmocka_unit_test(a_socket_address_has_all_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
