// SPDX-License-Identifier: GPL-3.0-or-later
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

const char scene_tiers[] =
    "services:\n"
    "- {name: web, instances: ['a:1', 'b:1'], depends_on: [shop], labels: {team: x},\n"
    "   checks: [{name: port, tcp: '${instance}'}, {name: page, http: 'http://${instance}/'}]}\n"
    "- {name: shop, depends_on: [db], checks: [{name: port, tcp: 's:1'}]}\n"
    "- {name: db, checks: [{name: port, tcp: 'd:1'}]}\n";

int scene_raise(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    bench_make(&scene->bench, scene_tiers, false);
    scene->roster = bench_roster(&scene->bench, scene->bench.config);
    *state = scene;
    return 0;
}

int scene_strike(void **state)
{
    struct scene *scene = *state;
    bw_roster_free(scene->roster);
    bench_remove(&scene->bench);
    free(scene);
    return 0;
}

void scene_expect_events(struct scene *scene, const char *want)
{
    struct bw_buf said;
    bw_buf_init(&said, 1u << 16);
    bench_events(&scene->bench, &said);
    assert_string_equal(said.data, want);
    bw_buf_fini(&said);
}

enum bw_status scene_status(const struct scene *scene, const char *service)
{
    return bw_roster_service(scene->roster, service)->state.status;
}
