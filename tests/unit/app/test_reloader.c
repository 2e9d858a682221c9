// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/reloader.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char sound[] = "services: [{name: a, checks: [{name: b, tcp: 'c:1'}]}]\n";
static const char broken[] = "services: [{name: a, checks: [{name: b, tcp: 'c'}]}]\n";

struct scene {
    struct bench bench;
    struct bw_reloader *reloader;
    char file[300];
    unsigned takes, sound_takes; /* reloads that came, and that brought a configuration */
    unsigned answers, refusals;
    unsigned awaited; /* the loop stops after so many answers */
    bool wish_again;  /* when a reload comes */
    char message[80]; /* of the last answer */
};

static void on_answer(void *reply, bool ok, const char *message)
{
    struct scene *scene = reply;
    scene->answers++;
    scene->refusals += !ok;
    snprintf(scene->message, sizeof scene->message, "%s", message);
    if (scene->answers == scene->awaited)
        bw_loop_stop(scene->bench.core.loop);
}

static void wish(struct scene *scene)
{
    bw_reloader_wish(scene->reloader, on_answer, scene);
}

static bool take(void *ctx, struct bw_config *config, struct bw_problems *problems, char *message,
                 size_t size)
{
    struct scene *scene = ctx;
    scene->takes++;
    scene->sound_takes += config != NULL;
    snprintf(message, size, "reload %u", scene->takes);
    assert_int_equal(problems->count == 0, config != NULL);
    if (scene->wish_again)
        wish(scene);
    scene->wish_again = false;
    bw_config_free(config);
    return config != NULL;
}

static int raise_scene(void **state)
{
    static struct scene scene;
    struct bw_err err = { .text = "" };
    scene = (struct scene){ 0 };
    bench_make(&scene.bench, sound, false);
    scene.bench.core.workers = bw_work_pool_new(scene.bench.core.loop, 1, 8, &err);
    assert_non_null(scene.bench.core.workers);
    snprintf(scene.file, sizeof scene.file, "%s", folder_file(&scene.bench.folder, "c.yml"));
    scene.reloader = bw_reloader_new(&scene.bench.core, scene.file, NULL, take, &scene);
    *state = &scene;
    return 0;
}

static int strike_scene(void **state)
{
    struct scene *scene = *state;
    bw_reloader_stop(scene->reloader);
    bw_work_pool_free(scene->bench.core.workers, BW_WORK_CANCEL);
    bench_remove(&scene->bench); /* the loop still runs what was posted */
    bw_reloader_free(scene->reloader);
    return 0;
}

static void await(struct scene *scene, unsigned answers)
{
    scene->awaited = answers;
    bw_loop_run(scene->bench.core.loop);
    assert_int_equal(scene->answers, answers);
}

static void wishes_that_come_together_are_one_reload(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 5; i++)
        wish(scene);
    bw_reloader_ask(scene->reloader);
    await(scene, 5);
    assert_int_equal(scene->takes, 1);
    assert_int_equal(scene->refusals, 0);
    assert_string_equal(scene->message, "reload 1");
}

/* Its files may have been read before what made somebody wish for it. */
static void a_wish_during_a_reload_has_its_own(void **state)
{
    struct scene *scene = *state;
    scene->wish_again = true;
    wish(scene);
    await(scene, 2);
    assert_int_equal(scene->takes, 2);
    assert_string_equal(scene->message, "reload 2");
}

static void mistakes_are_handed_over(void **state)
{
    struct scene *scene = *state;
    folder_write(&scene->bench.folder, "c.yml", broken);
    wish(scene);
    await(scene, 1);
    assert_int_equal(scene->takes, 1);
    assert_int_equal(scene->sound_takes, 0);
    assert_int_equal(scene->refusals, 1);
}

static void at_the_end_nobody_is_left_waiting(void **state)
{
    struct scene *scene = *state;
    scene->awaited = 2;
    wish(scene);
    bw_reloader_stop(scene->reloader);
    wish(scene);
    bw_reloader_ask(scene->reloader);
    bw_loop_run(scene->bench.core.loop);
    assert_int_equal(scene->refusals, 2);
    assert_int_equal(scene->takes, 0);
    assert_string_equal(scene->message, "the daemon is about to stop");
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, raise_scene, strike_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(wishes_that_come_together_are_one_reload),
        IN_SCENE(a_wish_during_a_reload_has_its_own),
        IN_SCENE(mistakes_are_handed_over),
        IN_SCENE(at_the_end_nobody_is_left_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
