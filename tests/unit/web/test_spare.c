// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "web/spare.h"

#include <string.h>

enum { LARGE = 1 << 20 };

/* What a page leaves behind when it was sent. */
static const char *send_page(struct bw_spare *spare, size_t size)
{
    struct bw_buf page;
    bw_buf_init(&page, 2 * LARGE);
    bw_spare_lend(spare, &page);
    bw_buf_fill(&page, 'x', size);
    assert_int_equal(page.len, size);
    const size_t cap = page.cap;
    char *data = bw_buf_detach(&page, NULL);
    bw_spare_return(spare, data, cap);
    return data;
}

static void a_page_gets_the_memory_of_the_one_before(void **state)
{
    (void)state;
    struct bw_spare spare;
    bw_spare_init(&spare);
    const char *first = send_page(&spare, LARGE);
    assert_ptr_equal(send_page(&spare, LARGE), first);
    assert_ptr_equal(send_page(&spare, 10), first);
    bw_spare_fini(&spare);
}

static void what_is_lent_is_not_lent_again(void **state)
{
    (void)state;
    struct bw_spare spare;
    struct bw_buf one, other;
    bw_spare_init(&spare);
    const char *first = send_page(&spare, LARGE);
    bw_buf_init(&one, LARGE);
    bw_buf_init(&other, LARGE);
    bw_spare_lend(&spare, &one);
    bw_spare_lend(&spare, &other);
    assert_ptr_equal(one.data, first);
    assert_int_equal(strlen(one.data), 0);
    assert_int_equal(other.cap, 0);
    bw_buf_fini(&one);
    bw_buf_fini(&other);
    bw_spare_fini(&spare);
}

static void only_so_many_are_kept_and_none_that_is_small(void **state)
{
    (void)state;
    struct bw_spare spare;
    bw_spare_init(&spare);
    bw_spare_return(&spare, bw_alloc(100), 100);
    for (size_t i = 0; i < BW_SPARE_COUNT + 2; i++)
        bw_spare_return(&spare, bw_alloc(LARGE + i), LARGE + i);
    struct bw_buf page;
    bw_buf_init(&page, 2 * LARGE);
    bw_spare_lend(&spare, &page);
    assert_int_equal(page.cap, LARGE + BW_SPARE_COUNT - 1); /* the largest that was kept */
    bw_buf_fini(&page);
    bw_spare_fini(&spare);
}

static void what_nobody_asked_for_goes_at_the_second_rest(void **state)
{
    (void)state;
    struct bw_spare spare;
    struct bw_buf page;
    bw_spare_init(&spare);
    bw_buf_init(&page, LARGE);
    send_page(&spare, LARGE);
    bw_spare_rest(&spare);
    bw_spare_lend(&spare, &page); /* still there */
    assert_true(page.cap >= LARGE);
    bw_spare_return(&spare, page.data, page.cap);
    bw_buf_init(&page, LARGE);
    bw_spare_rest(&spare);
    bw_spare_rest(&spare);
    bw_spare_lend(&spare, &page);
    assert_int_equal(page.cap, 0);
    bw_spare_fini(&spare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_gets_the_memory_of_the_one_before),
        cmocka_unit_test(what_is_lent_is_not_lent_again),
        cmocka_unit_test(only_so_many_are_kept_and_none_that_is_small),
        cmocka_unit_test(what_nobody_asked_for_goes_at_the_second_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
