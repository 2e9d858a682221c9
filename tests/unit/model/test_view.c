// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_service_is_found_by_its_whole_name(void **state)
{
    (void)state;
    const struct bw_view_service services[] = { { .name = "api" }, { .name = "api-2" } };
    const struct bw_view view = { .services = services, .service_count = 2 };
    assert_ptr_equal(bw_view_service(&view, "api"), &services[0]);
    assert_ptr_equal(bw_view_service(&view, "api-2"), &services[1]);
    assert_null(bw_view_service(&view, "api-"));
    assert_null(bw_view_service(&view, ""));
}

static void an_empty_view_has_none(void **state)
{
    (void)state;
    const struct bw_view view = { .service_count = 0 };
    assert_null(bw_view_service(&view, "api"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_is_found_by_its_whole_name),
        cmocka_unit_test(an_empty_view_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
