// SPDX-License-Identifier: GPL-3.0-or-later
#include "discover/watch.h"

#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
    struct bw_loop *loop;
    unsigned changes;
    bool late;
};

static void on_change(void *ctx)
{
    struct scene *scene = ctx;
    scene->changes++;
    bw_loop_stop(scene->loop);
}

static void on_late(void *ctx)
{
    struct scene *scene = ctx;
    scene->late = true;
    bw_loop_stop(scene->loop);
}

static void a_file_that_is_renamed_over_is_noticed_once(void **state)
{
    (void)state;
    char folder[] = "/tmp/bw_watch_XXXXXX", file[64], other[64];
    struct scene scene = { .loop = bw_loop_new() };
    struct bw_err err;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/a.json", folder);
    snprintf(other, sizeof other, "%s/a.json.new", folder);
    struct bw_timer *timer = bw_timer_new(scene.loop, on_late, &scene);
    struct bw_folder_watch *watch = bw_folder_watch_new(scene.loop, on_change, &scene, &err);
    assert_non_null(watch);
    bw_folder_watch_add(watch, folder, "*.json");
    bw_folder_watch_add(watch, NULL, file); /* the same folder */
    bw_folder_watch_add(watch, folder, "absent/a.json");
    fclose(fopen(other, "w"));
    rename(other, file);
    bw_timer_start(timer, 10 * BW_SECOND, 0);
    bw_loop_run(scene.loop);
    assert_int_equal(scene.changes, 1);
    assert_false(scene.late);
    bw_folder_watch_free(watch);
    bw_timer_free(timer);
    bw_loop_free(scene.loop);
    unlink(file);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_renamed_over_is_noticed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
