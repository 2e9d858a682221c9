// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster.h"

#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_needed_is_found_down(void **state)
{
    struct scene *scene = *state;
    assert_null(bw_roster_parent_down(scene->roster, "web"));
    bench_feed(scene->roster, "db", "d:1", "port", "---");
    assert_string_equal(bw_roster_parent_down(scene->roster, "shop"), "db");
    assert_string_equal(bw_roster_parent_down(scene->roster, "web"), "db");
    bench_feed(scene->roster, "shop", "s:1", "port", "---");
    assert_string_equal(bw_roster_parent_down(scene->roster, "web"), "shop");
    assert_null(bw_roster_parent_down(scene->roster, "db"));
    assert_null(bw_roster_parent_down(scene->roster, "no such service"));
    bench_feed(scene->roster, "shop", "s:1", "port", "++");
    bench_feed(scene->roster, "db", "d:1", "port", "++");
    assert_null(bw_roster_parent_down(scene->roster, "web"));
}

static void the_last_check_takes_its_instance_along(void **state)
{
    struct scene *scene = *state;
    struct bw_roster_service *web = bw_roster_service(scene->roster, "web");
    static const struct bw_subject subjects[] = { { "web", "a:1", "page" },
                                                  { "web", "a:1", "port" } };
    bw_roster_remove_check(scene->roster, bw_roster_check(scene->roster, &subjects[0]));
    assert_string_equal(web->instances->name, "a:1");
    bw_roster_remove_check(scene->roster, bw_roster_check(scene->roster, &subjects[1]));
    assert_string_equal(web->instances->name, "b:1");
    assert_null(web->instances->next);
    assert_null(bw_roster_check(scene->roster, &subjects[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(what_is_needed_is_found_down),
        IN_SCENE(the_last_check_takes_its_instance_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
