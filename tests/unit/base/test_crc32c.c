// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The plainest form: one bit at a time, by the definition. It stands for every faster one. */
static uint32_t by_bits(uint32_t crc, const unsigned char *p, size_t size)
{
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

/* RFC 3720, appendix B.4. */
static void the_vectors_of_rfc_3720_hold(void **state)
{
    (void)state;
    unsigned char bytes[32];
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(bw_crc32c(0, bytes, sizeof bytes), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(bw_crc32c(0, bytes, sizeof bytes), 0x62a8ab43);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(bw_crc32c(0, bytes, sizeof bytes), 0x46dd794e);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(31 - i);
    assert_int_equal(bw_crc32c(0, bytes, sizeof bytes), 0x113fdb5c);
    static const unsigned char read_command[48] = {
        0x01, 0xc0, [16] = 0x14, [22] = 0x04, [26] = 0x14, 0, 0, 0, 0x18, 0x28, [40] = 0x02,
    };
    assert_int_equal(by_bits(0, read_command, sizeof read_command),
                     bw_crc32c(0, read_command, sizeof read_command));
    assert_int_equal(bw_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(bw_crc32c(0, "", 0), 0);
}

/* Every length and alignment, whole and in two parts. */
static void all_paths_agree(void **state)
{
    (void)state;
    unsigned char bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 131 + 17);
    for (size_t from = 0; from < 9; from++) {
        for (size_t size = 0; size < 280; size++) {
            const uint32_t want = by_bits(0, bytes + from, size);
            const size_t cut = size * from / 9;
            const uint32_t first = bw_crc32c(0, bytes + from, cut);
            assert_int_equal(bw_crc32c(0, bytes + from, size), want);
            assert_int_equal(bw_crc32c_portable(0, bytes + from, size), want);
            assert_int_equal(bw_crc32c(first, bytes + from + cut, size - cut), want);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_3720_hold),
        cmocka_unit_test(all_paths_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
