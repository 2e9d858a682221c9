// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/problems.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void they_are_listed_by_place(void **state)
{
    (void)state;
    struct bw_problems problems;
    struct bw_buf got;
    bw_problems_init(&problems);
    bw_buf_init(&got, 4096);
    bw_problems_add(&problems, (struct bw_place){ "b.yml", 1, 1 }, "", "other file");
    bw_problems_add(&problems, (struct bw_place){ "a.yml", 10, 2 }, "x.y", "late");
    bw_problems_add(&problems, (struct bw_place){ "a.yml", 2, 10 }, "x", "second of the line");
    bw_problems_add(&problems, (struct bw_place){ "a.yml", 2, 9 }, "x", "first of the line");
    bw_problems_add(&problems, (struct bw_place){ "a.yml", 2, 9 }, "x", "then %d", 7);
    bw_problems_add(&problems, (struct bw_place){ "a.yml", 0, 0 }, "", "the file");
    bw_problems_print(&problems, &got);
    assert_string_equal(got.data, "a.yml: the file\n"
                                  "a.yml:2:9: x: first of the line\n"
                                  "a.yml:2:9: x: then 7\n"
                                  "a.yml:2:10: x: second of the line\n"
                                  "a.yml:10:2: x.y: late\n"
                                  "b.yml:1:1: other file\n");
    bw_buf_fini(&got);
    bw_problems_fini(&problems);
}

static void beyond_the_cap_they_are_counted(void **state)
{
    (void)state;
    struct bw_problems problems = { 0 };
    struct bw_buf got;
    bw_buf_init(&got, 1u << 20);
    for (unsigned i = 0; i < BW_CONF_ERRORS_MAX + 3; i++)
        bw_problems_add(&problems, (struct bw_place){ "a.yml", i + 1, 1 }, "", "m");
    assert_int_equal(problems.total, BW_CONF_ERRORS_MAX + 3);
    bw_problems_print(&problems, &got);
    assert_non_null(strstr(got.data, "a.yml:100:1: m\nand 3 more\n"));
    bw_buf_fini(&got);
    bw_problems_fini(&problems);
}

static void a_message_cannot_steer_a_terminal(void **state)
{
    (void)state;
    struct bw_problems problems = { 0 };
    struct bw_buf got;
    bw_buf_init(&got, 4096);
    bw_problems_add(&problems, (struct bw_place){ "a.yml", 1, 1 }, "k\x1b[2J", "x\ny\x7f\xc3\xa4");
    bw_problems_print(&problems, &got);
    assert_string_equal(got.data, "a.yml:1:1: k?[2J: x?y?\xc3\xa4\n");
    bw_buf_fini(&got);
    bw_problems_fini(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_listed_by_place),
        cmocka_unit_test(beyond_the_cap_they_are_counted),
        cmocka_unit_test(a_message_cannot_steer_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
