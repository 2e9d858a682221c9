// SPDX-License-Identifier: GPL-3.0-or-later
#include "schedule/due_queue.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void ids_come_in_order(void **state)
{
    struct bw_due_queue queue = { 0 };
    (void)state;
    assert_null(bw_due_queue_first(&queue));
    bw_due_queue_remove(&queue, 7);
    bw_due_queue_set(&queue, 2, 30);
    bw_due_queue_set(&queue, 1, 20);
    bw_due_queue_set(&queue, 0, 20);
    assert_int_equal(bw_due_queue_first(&queue)->id, 0); /* ties by id */
    bw_due_queue_set(&queue, 0, 40);                     /* moved, not added */
    assert_int_equal(queue.count, 3);
    assert_int_equal(bw_due_queue_first(&queue)->id, 1);
    bw_due_queue_set(&queue, 0, 10);
    assert_int_equal(bw_due_queue_first(&queue)->id, 0);
    bw_due_queue_remove(&queue, 0);
    bw_due_queue_remove(&queue, 0);
    assert_int_equal(bw_due_queue_first(&queue)->id, 1);
    bw_due_queue_fini(&queue);
}

/* A long random story against a plain array searched from end to end. */
static void it_agrees_with_a_plain_array(void **state)
{
    enum { IDS = 97, STEPS = 20000 };
    int64_t due[IDS];
    struct bw_due_queue queue = { 0 };
    (void)state;
    for (size_t i = 0; i < IDS; i++)
        due[i] = INT64_MAX;
    for (uint64_t step = 0; step < STEPS; step++) {
        const uint64_t random = bw_hash(&step, sizeof step, 1);
        const uint32_t id = (uint32_t)(random % IDS);
        due[id] = random >> 60 < 5 ? INT64_MAX : (int64_t)(random >> 20 & 1023);
        if (due[id] == INT64_MAX)
            bw_due_queue_remove(&queue, id);
        else
            bw_due_queue_set(&queue, id, due[id]);
        uint32_t least = 0;
        for (uint32_t i = 1; i < IDS; i++)
            least = due[i] < due[least] ? i : least;
        const struct bw_due_item *first = bw_due_queue_first(&queue);
        if (due[least] == INT64_MAX) {
            assert_null(first);
            continue;
        }
        assert_int_equal(first->id, least);
        assert_int_equal(first->due_ns, due[least]);
    }
    bw_due_queue_fini(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_come_in_order),
        cmocka_unit_test(it_agrees_with_a_plain_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
