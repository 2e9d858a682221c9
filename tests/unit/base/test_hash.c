// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Schedules depend on these: a change moves every check of every user. */
static void known_texts_keep_their_hashes(void **state)
{
    (void)state;
    assert_true(bw_hash_text("", 0) == UINT64_C(0xefd01f60ba992926));
    assert_true(bw_hash_text("a", 0) == UINT64_C(0x82a2a958a9bece5b));
    assert_true(bw_hash_text("checkout/web1/health", 0) == UINT64_C(0x8afa71d42a502b0f));
    assert_true(bw_hash("ab", 1, 0) == bw_hash_text("a", 0));
    assert_true(bw_hash_text("a", 1) != bw_hash_text("a", 0));
}

/* Names that differ in their last digit must spread over all slots, from any bits. */
static void short_keys_spread(void **state)
{
    (void)state;
    enum { KEYS = 16000, SLOTS = 16 };
    unsigned low[SLOTS] = { 0 }, high[SLOTS] = { 0 };
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        snprintf(key, sizeof key, "c%d", i);
        const uint64_t h = bw_hash_text(key, 0);
        low[h % SLOTS]++;
        high[h >> 60]++;
    }
    for (int i = 0; i < SLOTS; i++) {
        assert_in_range(low[i], 850, 1150);
        assert_in_range(high[i], 850, 1150);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_keep_their_hashes),
        cmocka_unit_test(short_keys_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
