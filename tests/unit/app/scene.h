// SPDX-License-Identifier: GPL-3.0-or-later
/* Three tiers of services in a roster, each check with nothing known of it yet. */
#ifndef TESTS_APP_SCENE_H
#define TESTS_APP_SCENE_H

#include "fixture.h"

struct scene {
    struct bench bench;
    struct bw_roster *roster;
};

/* Two instances of two checks each, and a service that needs another that needs a third. */
extern const char scene_tiers[];

/* Setup and teardown: *state is the scene. */
int scene_raise(void **state);
int scene_strike(void **state);

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_raise, scene_strike)

/* The newest events, as bench_events() writes them. */
void scene_expect_events(struct scene *scene, const char *want);

enum bw_status scene_status(const struct scene *scene, const char *service);

#endif
