// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/icmp_packet.h"

#include <string.h>

static const struct bw_icmp_packet example = {
    .id = 0x1234, .sequence = 0xfedc, .token = { 1, 2, 3, 4, 5, 6, 7, 8 }, .token_bytes = 8
};

static void requests_have_their_bytes(void **state)
{
    (void)state;
    unsigned char bytes[BW_ICMP_HEADER_BYTES + 9];
    const unsigned char want[] = { 8, 0, 0xde, 0xd4, 0x12, 0x34, 0xfe, 0xdc, 1,
                                   2, 3, 4,    5,    6,    7,    8,    8 };
    assert_int_equal(bw_icmp_write_request(bytes, &example, 9), sizeof want);
    assert_int_equal(bw_icmp_checksum(bytes, sizeof bytes), 0); /* as a receiver tests it */
    bytes[2] = want[2];
    bytes[3] = want[3];
    assert_memory_equal(bytes, want, sizeof want);
    struct bw_icmp_packet six = example;
    six.ip6 = true;
    bw_icmp_write_request(bytes, &six, 9);
    assert_int_equal(bytes[0], 128);
    assert_int_equal(bytes[2] + bytes[3], 0); /* the kernel's to fill in */
}

/* RFC 1071, section 3. */
static void the_checksum_is_the_rfc_s(void **state)
{
    (void)state;
    const unsigned char bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
    assert_int_equal(bw_icmp_checksum(bytes, sizeof bytes), 0xffff & ~0xddf2);
    assert_int_equal(bw_icmp_checksum(bytes, 0), 0xffff);
    assert_int_equal(bw_icmp_checksum(bytes + 2, 1), 0xffff & ~0xf200);
}

#define HEADER(first) first, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define ECHO(type, code) type, code, 0, 0, 0x12, 0x34, 0xfe, 0xdc, 1, 2, 3, 4, 5, 6, 7, 8, 9

static const struct {
    const char *name;
    unsigned char bytes[48];
    size_t len;
    bool ip6, has_header, quoted, good;
} packets[] = {
    { "a reply", { ECHO(0, 0) }, 17, false, false, false, true },
    { "a reply behind its header", { HEADER(0x45), ECHO(0, 0) }, 37, false, true, false, true },
    { "a reply behind options",
      { HEADER(0x46), 1, 1, 1, 0, ECHO(0, 0) },
      41,
      false,
      true,
      false,
      true },
    { "a reply of IPv6, which has no header", { ECHO(129, 0) }, 17, true, true, false, true },
    { "our request, quoted", { ECHO(8, 0) }, 17, false, false, true, true },
    { "our request, not quoted", { ECHO(8, 0) }, 17, false, false, false, false },
    { "a reply, quoted", { ECHO(0, 0) }, 17, false, false, true, false },
    { "another code", { ECHO(0, 1) }, 17, false, false, false, false },
    { "only a header", { ECHO(0, 0) }, 8, false, false, false, true },
    { "less than a header", { ECHO(0, 0) }, 7, false, false, false, false },
    { "nothing", { 0 }, 0, false, true, false, false },
    { "a header that is too short", { HEADER(0x44), ECHO(0, 0) }, 37, false, true, false, false },
    { "a header that ends behind the packet",
      { HEADER(0x4f), ECHO(0, 0) },
      37,
      false,
      true,
      false,
      false },
    { "a header of IPv6", { HEADER(0x65), ECHO(0, 0) }, 37, false, true, false, false },
};

static void replies_are_told_from_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        struct bw_icmp_packet packet = { .ip6 = packets[i].ip6 };
        const bool good = bw_icmp_read(packets[i].bytes, packets[i].len, packets[i].has_header,
                                       packets[i].quoted, &packet);
        if (good != packets[i].good)
            fail_msg("%s", packets[i].name);
        if (!good)
            continue;
        assert_int_equal(packet.id, example.id);
        assert_int_equal(packet.sequence, example.sequence);
        assert_true(bw_icmp_same_token(&packet, &example));
    }
}

static void tokens_are_compared_as_far_as_they_go(void **state)
{
    (void)state;
    struct bw_icmp_packet other = example;
    other.token[7] = 99;
    assert_false(bw_icmp_same_token(&example, &other));
    other.token_bytes = 7;
    assert_true(bw_icmp_same_token(&example, &other));
    other.token[0] = 99;
    assert_false(bw_icmp_same_token(&other, &example));
}

static void errors_are_named(void **state)
{
    (void)state;
    assert_string_equal(bw_icmp_error_text(false, 3, 1), "host unreachable");
    assert_string_equal(bw_icmp_error_text(false, 11, 0), "time to live exceeded");
    assert_string_equal(bw_icmp_error_text(true, 1, 3), "address unreachable");
    assert_string_equal(bw_icmp_error_text(true, 3, 0), "hop limit exceeded");
    assert_string_equal(bw_icmp_error_text(false, 77, 7), "destination unreachable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_have_their_bytes),
        cmocka_unit_test(the_checksum_is_the_rfc_s),
        cmocka_unit_test(replies_are_told_from_the_rest),
        cmocka_unit_test(tokens_are_compared_as_far_as_they_go),
        cmocka_unit_test(errors_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
