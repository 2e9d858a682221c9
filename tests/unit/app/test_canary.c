// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/canary.h"

#include "fixture.h"
#include "io/resolve.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { TARGETS = 2 };

/* Two ports of this machine that are asked at once; the interval is out of the way. */
struct scene {
    struct bench bench;
    struct bw_resolver *resolver;
    struct bw_probe_engine *engine;
    struct bw_canary *canary;
    int listeners[TARGETS]; /* -1: closed */
    uint16_t ports[TARGETS];
    unsigned told, changes; /* decided rounds, those that changed our sight */
    unsigned awaited;       /* the loop stops after so many rounds */
};

static void on_told(void *ctx, bool changed)
{
    struct scene *scene = ctx;
    scene->told++;
    scene->changes += changed;
    if (scene->told == scene->awaited)
        bw_loop_stop(scene->bench.core.loop);
}

static void open_port(struct scene *scene, size_t i)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons(scene->ports[i]),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    scene->listeners[i] = fd;
    scene->ports[i] = ntohs(at.sin_port);
}

static void close_port(struct scene *scene, size_t i)
{
    if (scene->listeners[i] >= 0)
        close(scene->listeners[i]);
    scene->listeners[i] = -1;
}

static void raise_scene(struct scene *scene, int need)
{
    char text[256];
    struct bw_err err = { .text = "" };
    *scene = (struct scene){ 0 };
    for (size_t i = 0; i < TARGETS; i++)
        open_port(scene, i);
    snprintf(text, sizeof text,
             "self_canary: {targets: ['tcp 127.0.0.1:%u', 'tcp 127.0.0.1:%u'], need: %d,\n"
             "  interval: 1h}\n",
             scene->ports[0], scene->ports[1], need);
    bench_make(&scene->bench, text, false);
    struct bw_core *core = &scene->bench.core;
    scene->resolver = bw_resolver_new(core->loop, NULL, &err);
    scene->engine = bw_probe_engine_new(core->loop, scene->resolver, &err);
    assert_non_null(scene->engine);
    scene->canary = bw_canary_new(core, scene->engine, on_told, scene);
    assert_int_equal(bw_canary_apply(scene->canary, scene->bench.config, &err), BW_OK);
}

static void strike_scene(struct scene *scene)
{
    bw_canary_stop(scene->canary);
    bw_canary_free(scene->canary);
    bw_probe_engine_free(scene->engine);
    bw_resolver_free(scene->resolver);
    for (size_t i = 0; i < TARGETS; i++)
        close_port(scene, i);
    bench_remove(&scene->bench);
}

/* Until so many more rounds are decided. */
static void await(struct scene *scene, unsigned rounds)
{
    scene->awaited = scene->told + rounds;
    bw_loop_run(scene->bench.core.loop);
}

static const struct {
    const char *name;
    int need;
    unsigned open;   /* targets that answer */
    unsigned rounds; /* until it is sure */
    bool blind;
    const char *words, *event;
} cases[] = {
    { "all answer", 1, 2, 1, false, "", "" },
    { "one of two is enough", 1, 1, 1, false, "", "" },
    { "nobody answers, twice", 1, 0, 2, true, "none of 2 canary targets answers", "blind" },
    { "one is too few", 2, 1, 2, true, "only 1 of 2 canary targets answers, 2 must", "blind" },
    { "once is no proof", 1, 0, 1, false, "", "" },
};

static void rounds_decide_whether_we_see(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        raise_scene(&scene, cases[i].need);
        for (size_t k = cases[i].open; k < TARGETS; k++)
            close_port(&scene, k);
        assert_int_equal(bw_canary_ask(scene.canary), 0); /* it has not started */
        bw_canary_start(scene.canary);
        await(&scene, cases[i].rounds);
        const struct bw_core_sight *sight = &scene.bench.core.sight;
        if (sight->blind != cases[i].blind || strcmp(sight->words, cases[i].words) != 0)
            fail_msg("%s: blind %d, '%s'", cases[i].name, sight->blind, sight->words);
        assert_int_equal(scene.changes, cases[i].blind);
        assert_int_equal(sight->answered, cases[i].rounds == 1 && cases[i].open > 0 ? 1 : 0);
        struct bw_buf said;
        bw_buf_init(&said, 1u << 16);
        bench_events(&scene.bench, &said);
        assert_int_equal(said.len > 0, cases[i].blind);
        if (cases[i].blind && strstr(said.data, cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].name, said.data);
        bw_buf_fini(&said);
        strike_scene(&scene);
    }
}

/* A round that began before the question is no answer to it. */
static void a_question_has_a_round_of_its_own(void **state)
{
    (void)state;
    struct scene scene;
    raise_scene(&scene, 1);
    bw_canary_start(scene.canary);
    assert_int_equal(bw_canary_ask(scene.canary), 2);
    assert_int_equal(bw_canary_ask(scene.canary), 2);
    await(&scene, 2);
    assert_int_equal(scene.bench.core.sight.answered, 2);
    assert_int_equal(bw_canary_ask(scene.canary), 3);
    strike_scene(&scene);
}

static void without_a_canary_we_see_again(void **state)
{
    (void)state;
    struct scene scene;
    struct bw_err err = { .text = "" };
    raise_scene(&scene, 1);
    bw_canary_restore(scene.canary, 1000, "nobody answered");
    assert_true(scene.bench.core.sight.blind);
    assert_string_equal(scene.bench.core.sight.cause, "we cannot see: nobody answered");
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config =
        folder_config(&folder, "services: [{name: a, checks: [{name: b, tcp: 'c:1'}]}]\n");
    assert_int_equal(bw_canary_apply(scene.canary, config, &err), BW_OK);
    assert_false(scene.bench.core.sight.blind);
    assert_int_equal(bw_canary_ask(scene.canary), 0);
    strike_scene(&scene);
    bw_config_free(config);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_decide_whether_we_see),
        cmocka_unit_test(a_question_has_a_round_of_its_own),
        cmocka_unit_test(without_a_canary_we_see_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
