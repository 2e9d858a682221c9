// SPDX-License-Identifier: GPL-3.0-or-later
/* Markers that somebody sets: answered when they are on disk, told on the loop afterwards, and gone
 * from both when they are taken back. */
#include "app/marking.h"

#include "fixture.h"
#include "io/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct desk {
    struct bench bench;
    struct bw_marking *marking;
};

static void build(struct desk *desk, bool store)
{
    bench_make(&desk->bench, "storage: {retention: {raw: 2d, 1m: 3d, 1h: 9d, 1d: 4d}}\n", store);
    desk->marking = bw_marking_new(&desk->bench.core);
    bw_marking_set_store(desk->marking, desk->bench.core.store);
    bw_marking_apply(desk->marking, desk->bench.config);
}

static void raze(struct desk *desk)
{
    bw_marking_stop(desk->marking);
    bench_remove(&desk->bench);
    bw_marking_free(desk->marking);
}

static void stop(void *ctx)
{
    bw_loop_stop(ctx);
}

/* What was posted before runs first. */
static void turn(struct desk *desk)
{
    bw_loop_post(desk->bench.core.loop, stop, desk->bench.core.loop);
    bw_loop_run(desk->bench.core.loop);
}

static enum bw_rc set(struct desk *desk, const char *text, int64_t ago_ms, int64_t *out_id)
{
    struct bw_err err = { .text = "" };
    const struct bw_event marker = { .ts_ms = bw_wall_system_ms() - ago_ms,
                                     .kind = BW_EVENT_MARKER,
                                     .subject = { "shop", "", "" },
                                     .name = "deploy",
                                     .to = BW_MARKER_SET,
                                     .cause = text };
    const enum bw_rc rc = bw_marking_set(desk->marking, &marker, out_id, &err);
    assert_int_equal(rc == BW_OK, err.text[0] == '\0');
    return rc;
}

/* The causes of the events that a view would show, newest first. */
static void expect_shown(const struct desk *desk, const char *want)
{
    char shown[400] = "";
    const struct bw_event *event;
    for (size_t i = 0; (event = bw_core_recent_event(&desk->bench.core, i)) != NULL; i++)
        snprintf(shown + strlen(shown), sizeof shown - strlen(shown), "%s ", event->cause);
    assert_string_equal(shown, want);
}

static void what_is_set_is_shown_until_it_is_taken_back(void **state)
{
    (void)state;
    struct desk desk;
    int64_t ids[4] = { 0 };
    static const char *const texts[] = { "a", "b", "c", "d" };
    build(&desk, true);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(set(&desk, texts[i], 1000, &ids[i]), BW_OK);
    expect_shown(&desk, "");
    turn(&desk);
    expect_shown(&desk, "d c b a ");
    assert_int_equal(desk.bench.core.event_totals[BW_EVENT_MARKER], 4);
    assert_int_equal(bw_marking_drop(desk.marking, ids[1], NULL), BW_OK);
    assert_int_equal(bw_marking_drop(desk.marking, ids[1], NULL), BW_ENOTFOUND);
    turn(&desk);
    expect_shown(&desk, "d c a ");
    assert_int_equal(bw_marking_drop(desk.marking, ids[3], NULL), BW_OK);
    turn(&desk);
    expect_shown(&desk, "c a ");
    assert_int_equal(set(&desk, "e", 1000, &ids[0]), BW_OK);
    turn(&desk);
    expect_shown(&desk, "e c a ");
    raze(&desk);
}

/* The ring has gone round: what moves up crosses its end. */
static void taking_back_works_wherever_the_ring_stands(void **state)
{
    (void)state;
    struct desk desk;
    build(&desk, false);
    struct bw_core *core = &desk.bench.core;
    for (int i = 1; i <= BW_CORE_EVENTS_MAX + 3; i++)
        bw_core_remember_event(core, &(struct bw_event){ .id = i, .kind = BW_EVENT_MARKER });
    bw_core_forget_event(core, BW_CORE_EVENTS_MAX - 2);
    bw_core_forget_event(core, 1); /* has left the ring long ago */
    assert_int_equal(core->event_count, BW_CORE_EVENTS_MAX - 1);
    for (size_t i = 0; i < core->event_count; i++) {
        const int64_t id = BW_CORE_EVENTS_MAX + 3 - (int64_t)i;
        const int64_t want = id > BW_CORE_EVENTS_MAX - 2 ? id : id - 1;
        assert_int_equal(bw_core_recent_event(core, i)->id, want);
    }
    raze(&desk);
}

static void what_cannot_be_kept_is_refused(void **state)
{
    (void)state;
    enum { DAY_MS = 24 * 3600 * 1000 };
    struct desk desk;
    int64_t id = 7;
    build(&desk, true);
    assert_int_equal(set(&desk, "as old as the oldest tier", 9 * (int64_t)DAY_MS - 60000, &id),
                     BW_OK);
    assert_int_equal(set(&desk, "older", 9 * (int64_t)DAY_MS + 1000, &id), BW_EINVAL);
    raze(&desk);
    build(&desk, false);
    assert_int_equal(set(&desk, "nowhere", 0, &id), BW_EBUSY);
    assert_int_equal(bw_marking_drop(desk.marking, 1, NULL), BW_EBUSY);
    raze(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_set_is_shown_until_it_is_taken_back),
        cmocka_unit_test(taking_back_works_wherever_the_ring_stands),
        cmocka_unit_test(what_cannot_be_kept_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
