// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pack/rope.h"

#include <string.h>

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

/* Parts of all sizes, put together and copied out. */
static void bytes_come_back_in_order(void **state)
{
    (void)state;
    enum { PARTS = 1200 };
    static uint8_t all[PARTS * PARTS / 2], copy[PARTS * PARTS / 2];
    struct bw_pool pool = { 0 };
    struct bw_rope rope = { 0 };
    size_t size = 0;
    for (size_t part = 0; part < PARTS; part++) {
        for (size_t i = 0; i < part; i++)
            all[size + i] = pattern(size + i);
        bw_rope_put(&rope, &pool, all + size, part);
        size += part;
    }
    assert_int_equal(rope.size, size);
    bw_rope_copy(&rope, copy);
    assert_memory_equal(copy, all, size);
    bw_rope_clear(&rope, &pool);
    assert_int_equal(rope.size, 0);
    bw_rope_copy(&rope, copy); /* nothing */
    bw_pool_fini(&pool);
}

/* What ropes of all lengths give back serves other ropes: the pool does not grow. */
static void a_pool_does_not_grow_when_ropes_come_and_go(void **state)
{
    (void)state;
    enum { ROPES = 20, TURNS = 2000 };
    struct bw_pool pool = { 0 };
    struct bw_rope ropes[ROPES] = { { 0 } };
    uint8_t bytes[1500], copy[1500];
    size_t full = 0;
    for (size_t turn = 0; turn < TURNS; turn++) {
        struct bw_rope *rope = &ropes[turn % ROPES];
        const size_t size = 1 + turn * 7919 % sizeof bytes;
        bw_rope_clear(rope, &pool);
        memset(bytes, (int)(turn % 256), size);
        bw_rope_put(rope, &pool, bytes, size);
        bw_rope_copy(rope, copy);
        assert_memory_equal(copy, bytes, size);
        if (turn == TURNS / 4)
            full = pool.bytes;
    }
    assert_true(full > 0);
    assert_true(pool.bytes <= full + full / 4);
    bw_pool_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_back_in_order),
        cmocka_unit_test(a_pool_does_not_grow_when_ropes_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
