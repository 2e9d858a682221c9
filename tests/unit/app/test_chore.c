// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/chore.h"

#include "base/units.h"
#include "fixture.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A chore that writes down what becomes of it, a letter each: n not yet, b begin (once, however
 * often it is asked), s step, p pause, x pause after a failure. The loop stops at a pause when the
 * story is as long as it shall be. */
struct scene {
    struct bench bench;
    struct bw_chore *chore;
    char story[64];
    size_t len, enough;
    unsigned not_yet; /* times */
    unsigned asked;   /* whether it may begin: times */
    int64_t until_ns; /* then it is too late for others to go first */
    enum bw_rc outcome;
    bool held;    /* a step goes on until the chore is stopped */
    bool on_loop; /* a step ran there */
    pthread_t loop_thread;
    sem_t go; /* what goes on goes on until then */
};

static void note(struct scene *scene, char letter)
{
    assert_true(scene->len < sizeof scene->story - 1);
    if (letter != 'b' || scene->len == 0 || scene->story[scene->len - 1] != 'b')
        scene->story[scene->len++] = letter;
}

static bool begin(void *ctx)
{
    struct scene *scene = ctx;
    const bool ready = scene->not_yet == 0;
    scene->not_yet -= !ready;
    scene->asked++;
    note(scene, ready ? 'b' : 'n');
    return ready;
}

static void stop_all(void *ctx)
{
    struct scene *scene = ctx;
    bw_chore_stop(scene->chore);
    sem_post(&scene->go);
    bw_loop_stop(scene->bench.core.loop);
}

static void step(void *ctx, struct bw_err *err)
{
    struct scene *scene = ctx;
    assert_int_equal(err->rc, BW_OK);
    scene->on_loop |= pthread_equal(pthread_self(), scene->loop_thread) != 0;
    note(scene, 's');
    if (scene->held) {
        bw_loop_post(scene->bench.core.loop, stop_all, scene);
        sem_wait(&scene->go);
    }
    if (scene->outcome != BW_OK)
        bw_fail(err, scene->outcome, "as told");
}

static int64_t pause_ns(void *ctx, const struct bw_err *err)
{
    struct scene *scene = ctx;
    note(scene, err->rc == BW_OK ? 'p' : 'x');
    if (scene->len >= scene->enough)
        bw_loop_stop(scene->bench.core.loop);
    return BW_MS;
}

static const struct bw_chore_ops ops = {
    .name = "test", .busy_ns = BW_MS, .begin = begin, .step = step, .pause_ns = pause_ns
};

static void raise_scene(struct scene *scene)
{
    struct bw_err err;
    *scene = (struct scene){ 0 };
    bench_make(&scene->bench, "services: []\n", false);
    struct bw_core *core = &scene->bench.core;
    core->workers = bw_work_pool_new(core->loop, 1, 4, &err);
    assert_non_null(core->workers);
    scene->loop_thread = pthread_self();
    scene->chore = bw_chore_new(core, &ops, scene);
    sem_init(&scene->go, 0, 0);
}

static void strike_scene(struct scene *scene)
{
    bw_chore_stop(scene->chore);
    bw_work_pool_free(scene->bench.core.workers, BW_WORK_CANCEL);
    bw_chore_free(scene->chore);
    sem_destroy(&scene->go);
    bench_remove(&scene->bench);
}

static void run(struct scene *scene, size_t letters)
{
    scene->enough = letters;
    bw_loop_run(scene->bench.core.loop);
    assert_false(scene->on_loop);
}

static void a_step_a_pause_and_so_on(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene);
    run(&scene, 6);
    assert_string_equal(scene.story, "bspbsp");
    strike_scene(&scene);
}

static void it_waits_until_there_is_something_to_do(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene);
    scene.not_yet = 3;
    run(&scene, 6);
    assert_string_equal(scene.story, "nnnbsp");
    strike_scene(&scene);
}

static void a_failure_is_paused_for_and_forgotten(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene);
    scene.outcome = BW_EBUSY;
    run(&scene, 3);
    scene.outcome = BW_OK;
    run(&scene, 6);
    assert_string_equal(scene.story, "bsxbsp");
    strike_scene(&scene);
}

static void wait_for_go(void *ctx)
{
    sem_wait(&((struct scene *)ctx)->go);
}

/* The chore has been asked often enough to see that it lets others go first. */
static void look(void *ctx)
{
    struct scene *scene = ctx;
    if (scene->asked >= 3 || bw_loop_mono_ns() > scene->until_ns)
        sem_post(&scene->go);
}

static void others_go_first(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene);
    struct bw_core *core = &scene.bench.core;
    scene.until_ns = bw_loop_mono_ns() + 60 * BW_SECOND;
    struct bw_timer *timer = bw_timer_new(core->loop, look, &scene);
    bw_timer_start(timer, 0, BW_MS);
    assert_true(bw_work_submit(core->workers, wait_for_go, NULL, &scene));
    run(&scene, 3);
    assert_string_equal(scene.story, "bsp");
    assert_true(scene.asked >= 3);
    bw_timer_free(timer);
    strike_scene(&scene);
}

/* Whoever stops it while a step goes on hears no more of it. */
static void nothing_follows_the_end(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene);
    scene.held = true;
    run(&scene, 0);
    bw_work_pool_free(scene.bench.core.workers, BW_WORK_DRAIN);
    scene.bench.core.workers = NULL;
    assert_string_equal(scene.story, "bs");
    strike_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_a_pause_and_so_on),
        cmocka_unit_test(it_waits_until_there_is_something_to_do),
        cmocka_unit_test(a_failure_is_paused_for_and_forgotten),
        cmocka_unit_test(others_go_first),
        cmocka_unit_test(nothing_follows_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
