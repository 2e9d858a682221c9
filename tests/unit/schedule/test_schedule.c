// SPDX-License-Identifier: GPL-3.0-or-later
/* A world in virtual time around the scheduler: checks run for a while, clocks step. */
#include "schedule/schedule.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { CHECKS = 1000, BATCH = 64 };

#define WALL_START_MS INT64_C(1795300000000)
#define START_NS (BW_HOUR + 12345678)
#define SLOT_NS (100 * BW_MS)

struct world {
    struct bw_schedule *schedule;
    int64_t now_ns;
    int64_t wall_step_ms; /* how far the wall clock was set since the start */
    int64_t run_ns;       /* how long a run takes */
    int64_t done_ns[CHECKS];
    int64_t started_ns[CHECKS], nominal_ms[CHECKS]; /* of the last start */
    unsigned starts[CHECKS];
    unsigned most_running;
    int64_t most_lag_ns;
};

static int64_t wall_ms(const struct world *w)
{
    return WALL_START_MS + (w->now_ns - START_NS) / BW_MS + w->wall_step_ms;
}

static void world_init_with(struct world *w, int64_t slot_ns, uint32_t concurrency, int64_t run_ns)
{
    memset(w, 0, sizeof *w);
    w->schedule = bw_schedule_new(slot_ns, concurrency);
    w->now_ns = START_NS;
    w->run_ns = run_ns;
    for (size_t i = 0; i < CHECKS; i++)
        w->done_ns[i] = INT64_MAX;
}

static void world_init(struct world *w, uint32_t concurrency, int64_t run_ns)
{
    world_init_with(w, SLOT_NS, concurrency, run_ns);
}

static struct bw_schedule_rule rule_of(uint32_t id, int64_t interval_ns)
{
    return (struct bw_schedule_rule){ .interval_ns = interval_ns,
                                      .hash = bw_hash(&id, sizeof id, 0) };
}

static void add(struct world *w, uint32_t id, int64_t interval_ns)
{
    const struct bw_schedule_rule rule = rule_of(id, interval_ns);
    assert_int_equal(bw_schedule_add(w->schedule, id, &rule, w->now_ns, wall_ms(w), NULL), BW_OK);
}

static void finish_what_is_done(struct world *w)
{
    for (uint32_t id = 0; id < CHECKS; id++) {
        if (w->done_ns[id] <= w->now_ns) {
            w->done_ns[id] = INT64_MAX;
            bw_schedule_finished(w->schedule, id);
        }
    }
}

static void begin(struct world *w, const struct bw_schedule_run *run)
{
    assert_true(w->done_ns[run->id] == INT64_MAX); /* never over itself */
    assert_true(run->lag_ns >= 0);
    w->done_ns[run->id] = w->now_ns + w->run_ns;
    w->started_ns[run->id] = w->now_ns;
    w->nominal_ms[run->id] = run->nominal_ms;
    w->starts[run->id]++;
    if (run->lag_ns > w->most_lag_ns)
        w->most_lag_ns = run->lag_ns;
}

/* One look of the loop; returns how many started. */
static unsigned look(struct world *w)
{
    struct bw_schedule_run runs[BATCH];
    unsigned started = 0;
    size_t count;
    finish_what_is_done(w);
    while ((count = bw_schedule_due(w->schedule, w->now_ns, wall_ms(w), runs, BATCH)) > 0) {
        for (size_t i = 0; i < count; i++)
            begin(w, &runs[i]);
        started += (unsigned)count;
    }
    if (bw_schedule_running(w->schedule) > w->most_running)
        w->most_running = (unsigned)bw_schedule_running(w->schedule);
    return started;
}

/* Lives through `ns`, waking when the scheduler says so or a run is over. */
static void live(struct world *w, int64_t ns)
{
    const int64_t end_ns = w->now_ns + ns;
    look(w);
    for (;;) {
        int64_t next_ns = bw_schedule_next_ns(w->schedule);
        for (size_t i = 0; i < CHECKS; i++)
            next_ns = w->done_ns[i] < next_ns ? w->done_ns[i] : next_ns;
        assert_true(next_ns > w->now_ns); /* all that could be done was done */
        if (next_ns > end_ns)
            break;
        w->now_ns = next_ns;
        look(w);
    }
    w->now_ns = end_ns;
}

static void an_hour_of_a_thousand_checks(void **state)
{
    static struct world w;
    (void)state;
    world_init(&w, 10000, 300 * BW_MS);
    for (uint32_t i = 0; i < CHECKS; i++)
        add(&w, i, 15 * BW_SECOND);
    live(&w, BW_HOUR);
    unsigned slots[15] = { 0 };
    for (uint32_t i = 0; i < CHECKS; i++) {
        /* The last tick may lie in a slot that begins after the hour. */
        assert_in_range(w.starts[i], 239, 240);
        slots[w.nominal_ms[i] / 1000 % 15]++;
        assert_in_range(w.started_ns[i] - START_NS - (w.nominal_ms[i] - WALL_START_MS) * BW_MS, 0,
                        100 * BW_MS);
    }
    for (size_t i = 0; i < 15; i++) /* 67 each; the binomial's sigma is 8 */
        assert_in_range(slots[i], 67 - 32, 67 + 32);
    const struct bw_schedule_counts totals = bw_schedule_totals(w.schedule);
    assert_int_equal(totals.skipped_equal + totals.skipped_missed + totals.skipped_overlap, 0);
    assert_int_equal(w.most_lag_ns, 0);
    bw_schedule_free(w.schedule);
}

/* Whoever is added at whatever time has the same ticks. */
static void many_starts_make_short_slots(void **state)
{
    (void)state;
    static const struct {
        int64_t most_ns;
        double starts_per_second;
        int64_t slot_ns;
    } cases[] = {
        { 100 * BW_MS, 0, 100 * BW_MS },   { 100 * BW_MS, 640, 100 * BW_MS },
        { 100 * BW_MS, 650, 98 * BW_MS }, /* whole milliseconds */
        { 100 * BW_MS, 1000, 64 * BW_MS }, { 100 * BW_MS, 10000, 6 * BW_MS },
        { 100 * BW_MS, 1e6, BW_MS }, /* and not less than one */
        { 5 * BW_MS, 10000, 5 * BW_MS },   { 10 * BW_SECOND, 6, 10 * BW_SECOND },
        { 10 * BW_SECOND, 64, BW_SECOND }, { BW_MS, 1e9, BW_MS },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(bw_schedule_slot(cases[i].most_ns, cases[i].starts_per_second),
                         cases[i].slot_ns);
}

static void ticks_do_not_depend_on_the_start(void **state)
{
    static struct world a, b;
    (void)state;
    world_init(&a, 10, BW_MS);
    world_init(&b, 10, BW_MS);
    b.now_ns += 7 * BW_SECOND + 3;
    for (uint32_t i = 0; i < 5; i++) {
        add(&a, i, BW_MINUTE);
        add(&b, 4 - i, BW_MINUTE);
    }
    live(&a, 5 * BW_MINUTE);
    live(&b, 5 * BW_MINUTE - 7 * BW_SECOND - 3);
    for (uint32_t i = 0; i < 5; i++) {
        const int64_t phase_ms = (int64_t)(rule_of(i, BW_MINUTE).hash % 60000);
        assert_int_equal(a.nominal_ms[i], b.nominal_ms[i]);
        assert_int_equal((a.nominal_ms[i] - phase_ms) % 60000, 0);
    }
    bw_schedule_free(a.schedule);
    bw_schedule_free(b.schedule);
}

static void a_slow_check_skips_its_own_ticks(void **state)
{
    static struct world w;
    (void)state;
    world_init(&w, 10, 25 * BW_SECOND); /* longer than two intervals */
    add(&w, 0, 10 * BW_SECOND);
    live(&w, 10 * BW_MINUTE);
    const struct bw_schedule_counts counts = bw_schedule_counts(w.schedule, 0);
    assert_int_equal(counts.starts, 20);
    assert_int_equal(counts.starts + counts.skipped_overlap, 60);
    assert_int_equal(counts.skipped_missed, 0);
    bw_schedule_free(w.schedule);
}

static void a_suspend_is_no_burst(void **state)
{
    static struct world w;
    (void)state;
    world_init(&w, 10000, 300 * BW_MS);
    for (uint32_t i = 0; i < CHECKS; i++)
        add(&w, i, 15 * BW_SECOND);
    live(&w, BW_MINUTE);
    const struct bw_schedule_counts before = bw_schedule_totals(w.schedule);
    w.now_ns += 10 * BW_MINUTE;
    const unsigned at_once = look(&w);
    /* Only those that were due just before we looked; the others wait for their phase. */
    assert_true(at_once < CHECKS / 15);
    unsigned most = 0;
    for (int slot = 0; slot < 150; slot++) {
        w.now_ns += SLOT_NS;
        const unsigned started = look(&w);
        most = started > most ? started : most;
    }
    assert_true(most < 30); /* 6.7 a slot on average */
    const struct bw_schedule_counts after = bw_schedule_totals(w.schedule);
    assert_int_equal(after.skipped_missed - before.skipped_missed, 40 * CHECKS);
    assert_in_range(after.starts - before.starts, CHECKS, CHECKS + CHECKS / 15);
    bw_schedule_free(w.schedule);
}

static void a_loop_that_is_always_late_still_starts_checks(void **state)
{
    static struct world w;
    (void)state;
    world_init(&w, 10, 0);
    add(&w, 0, BW_SECOND);
    for (int i = 0; i < 100; i++) {
        w.now_ns += 3 * BW_SECOND;
        look(&w);
    }
    const struct bw_schedule_counts counts = bw_schedule_counts(w.schedule, 0);
    assert_in_range(counts.starts, 49, 51);
    assert_in_range(counts.starts + counts.skipped_missed, 298, 300);
    bw_schedule_free(w.schedule);
}

static void places_go_to_high_priority_first(void **state)
{
    static struct world w;
    (void)state;
    world_init(&w, 3, BW_SECOND);
    for (uint32_t i = 0; i < 12; i++) {
        struct bw_schedule_rule rule = { .interval_ns = BW_MINUTE, .hash = 0 };
        rule.priority = i < 4 ? BW_PRIORITY_LOW : i < 8 ? BW_PRIORITY_NORMAL : BW_PRIORITY_HIGH;
        assert_int_equal(bw_schedule_add(w.schedule, i, &rule, w.now_ns, wall_ms(&w), NULL), BW_OK);
    }
    live(&w, 65 * BW_SECOND);
    assert_int_equal(w.most_running, 3);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(w.starts[i], 1);
        assert_true(w.started_ns[8 + i] <= w.started_ns[4]); /* high before normal */
        assert_true(w.started_ns[4 + i] <= w.started_ns[0]); /* normal before low */
        assert_int_equal(w.nominal_ms[i], w.nominal_ms[8]);  /* all of one tick */
    }
    assert_int_equal(w.most_lag_ns, 3 * BW_SECOND); /* the last of four rounds */
    bw_schedule_free(w.schedule);
}

static void waiting_for_a_place_counts_as_overlap(void **state)
{
    static struct world w;
    (void)state;
    world_init(&w, 1, 25 * BW_SECOND);
    add(&w, 0, 10 * BW_SECOND);
    add(&w, 1, 10 * BW_SECOND);
    live(&w, 10 * BW_MINUTE);
    const struct bw_schedule_counts totals = bw_schedule_totals(w.schedule);
    assert_int_equal(w.most_running, 1);
    assert_true(w.starts[0] >= 11 && w.starts[1] >= 11); /* neither starves */
    assert_in_range(totals.starts + totals.skipped_overlap + bw_schedule_ready(w.schedule), 119,
                    120);
    bw_schedule_free(w.schedule);
}

static void modes_change_the_pace(void **state)
{
    static struct world w;
    struct bw_schedule_rule rule = rule_of(0, 15 * BW_SECOND);
    rule.fast_interval_ns = BW_SECOND;
    rule.down_interval_ns = BW_MINUTE;
    static const struct {
        enum bw_schedule_mode mode;
        unsigned starts; /* in five minutes */
    } cases[] = {
        { BW_SCHEDULE_NORMAL, 20 },
        { BW_SCHEDULE_FAST, 300 },
        { BW_SCHEDULE_DOWN, 5 },
        { BW_SCHEDULE_NORMAL, 20 },
    };
    (void)state;
    world_init(&w, 10, 10 * BW_MS);
    assert_int_equal(bw_schedule_add(w.schedule, 0, &rule, w.now_ns, wall_ms(&w), NULL), BW_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const unsigned before = w.starts[0];
        bw_schedule_mode(w.schedule, 0, cases[i].mode, w.now_ns, wall_ms(&w));
        live(&w, 5 * BW_MINUTE);
        assert_in_range(w.starts[0] - before, cases[i].starts - 1, cases[i].starts + 1);
    }
    bw_schedule_mode(w.schedule, 77, BW_SCHEDULE_FAST, w.now_ns, wall_ms(&w)); /* unknown */
    bw_schedule_free(w.schedule);
}

static void lag_counts_from_the_slot(void **state)
{
    static struct world w;
    (void)state;
    world_init(&w, 10, BW_MS);
    add(&w, 0, 15 * BW_SECOND);
    w.now_ns = bw_schedule_next_ns(w.schedule) + 70 * BW_MS;
    assert_int_equal(look(&w), 1);
    assert_int_equal(w.most_lag_ns, 70 * BW_MS);
    assert_in_range(wall_ms(&w) - w.nominal_ms[0], 70, 171); /* the stamp is not late */
    bw_schedule_free(w.schedule);
}

/* A check that waits for a place keeps the stamp of its tick, whatever its mode becomes. */
static void a_new_mode_does_not_turn_stamps_back(void **state)
{
    static struct world w;
    struct bw_schedule_rule rule = { .interval_ns = 15 * BW_SECOND,
                                     .down_interval_ns = 10 * BW_MINUTE };
    struct bw_schedule_run run;
    (void)state;
    world_init(&w, 1, BW_HOUR);
    for (uint32_t id = 0; id < 2; id++)
        assert_int_equal(bw_schedule_add(w.schedule, id, &rule, w.now_ns, wall_ms(&w), NULL),
                         BW_OK);
    w.now_ns += 15 * BW_SECOND + SLOT_NS;
    assert_int_equal(bw_schedule_due(w.schedule, w.now_ns, wall_ms(&w), &run, 1), 1);
    assert_int_equal(run.id, 0);
    bw_schedule_mode(w.schedule, 1, BW_SCHEDULE_DOWN, w.now_ns, wall_ms(&w));
    bw_schedule_finished(w.schedule, 0);
    const int64_t nominal_ms = run.nominal_ms;
    assert_int_equal(bw_schedule_due(w.schedule, w.now_ns, wall_ms(&w), &run, 1), 1);
    assert_int_equal(run.id, 1);
    assert_int_equal(run.nominal_ms, nominal_ms);
    bw_schedule_free(w.schedule);
}

/* The wall clock is set while the monotonic one goes on. */
static void wall_steps_change_stamps_only(void **state)
{
    static const struct {
        const char *name;
        int64_t step_ms;
        uint64_t equal; /* ticks skipped by one check */
    } cases[] = {
        { "an hour forward", 3600000, 0 },  { "an hour back", -3600000, 0 },
        { "one interval back", -15000, 1 }, { "half an interval back", -7500, 1 },
        { "half an interval on", 7500, 0 }, { "within a slot", 40, 0 },
        { "within a slot, back", -40, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct world w;
        world_init(&w, 10, 10 * BW_MS);
        add(&w, 0, 15 * BW_SECOND);
        live(&w, 100 * BW_SECOND);
        w.wall_step_ms = cases[i].step_ms;
        live(&w, 15 * BW_MINUTE);
        const struct bw_schedule_counts counts = bw_schedule_counts(w.schedule, 0);
        const int64_t off_ms = wall_ms(&w) - (w.now_ns - w.started_ns[0]) / BW_MS - w.nominal_ms[0];
        if (counts.skipped_equal != cases[i].equal || counts.skipped_missed != 0
            || counts.starts + counts.skipped_equal < 66
            || counts.starts + counts.skipped_equal > 67)
            fail_msg("%s: %u starts, %u equal", cases[i].name, (unsigned)counts.starts,
                     (unsigned)counts.skipped_equal);
        if (off_ms < -1 || off_ms > 15000 + 100)
            fail_msg("%s: stamped %d ms before its start", cases[i].name, (int)off_ms);
        bw_schedule_free(w.schedule);
    }
}

/* A wall clock that drifts away from the monotonic one by 1 in 1000 costs no tick. */
static void follow_drift(struct world *w, int64_t slot_ns, int64_t drift_ms)
{
    world_init_with(w, slot_ns, 10, 10 * BW_MS);
    add(w, 0, 15 * BW_SECOND);
    int64_t last_ms = 0;
    for (int second = 0; second < 7200; second++) {
        live(w, BW_SECOND);
        w->wall_step_ms += drift_ms;
        assert_true(last_ms == 0 || w->nominal_ms[0] == last_ms
                    || w->nominal_ms[0] == last_ms + 15000);
        last_ms = w->nominal_ms[0];
        const int64_t wall_start_ms = wall_ms(w) - (w->now_ns - w->started_ns[0]) / BW_MS;
        assert_true(last_ms == 0
                    || (last_ms < wall_start_ms + 50 && last_ms > wall_start_ms - 150));
    }
    assert_int_equal(bw_schedule_counts(w->schedule, 0).skipped_equal, 0);
    assert_in_range(w->starts[0], 479, 481);
    bw_schedule_free(w->schedule);
}

/* However short the slots are. */
static void drift_is_followed(void **state)
{
    static struct world w;
    (void)state;
    for (int64_t drift_ms = -1; drift_ms <= 1; drift_ms += 2) {
        follow_drift(&w, SLOT_NS, drift_ms);
        follow_drift(&w, 2 * BW_MS, drift_ms);
    }
}

static void edits_keep_what_they_can(void **state)
{
    static struct world w;
    struct bw_schedule_rule rule = rule_of(0, 15 * BW_SECOND);
    (void)state;
    world_init(&w, 1, 5 * BW_SECOND);
    add(&w, 0, 15 * BW_SECOND);
    live(&w, BW_MINUTE);
    const int64_t next_ns = bw_schedule_next_ns(w.schedule);
    rule.priority = BW_PRIORITY_HIGH;
    assert_int_equal(bw_schedule_update(w.schedule, 0, &rule, w.now_ns, wall_ms(&w), NULL), BW_OK);
    assert_int_equal(bw_schedule_next_ns(w.schedule), next_ns);
    rule.interval_ns = BW_SECOND;
    assert_int_equal(bw_schedule_update(w.schedule, 0, &rule, w.now_ns, wall_ms(&w), NULL), BW_OK);
    assert_in_range(bw_schedule_next_ns(w.schedule), w.now_ns, w.now_ns + BW_SECOND + SLOT_NS);
    assert_int_equal(bw_schedule_counts(w.schedule, 0).starts, 4);
    bw_schedule_free(w.schedule);
}

static void removal_gives_back_places(void **state)
{
    static struct world w;
    (void)state;
    world_init(&w, 2, BW_HOUR);
    for (uint32_t i = 0; i < 5; i++)
        add(&w, i, 10 * BW_SECOND);
    live(&w, 30 * BW_SECOND);
    assert_int_equal(bw_schedule_running(w.schedule), 2);
    assert_int_equal(bw_schedule_ready(w.schedule), 3);
    for (uint32_t i = 0; i < 5; i++) {
        bw_schedule_remove(w.schedule, i);
        bw_schedule_remove(w.schedule, i);
        bw_schedule_finished(w.schedule, i);
    }
    assert_int_equal(bw_schedule_running(w.schedule), 0);
    assert_int_equal(bw_schedule_ready(w.schedule), 0);
    assert_int_equal(bw_schedule_size(w.schedule), 0);
    assert_true(bw_schedule_next_ns(w.schedule) == INT64_MAX);
    assert_int_equal(look(&w), 0);
    bw_schedule_free(w.schedule);
    bw_schedule_free(NULL);
}

static void bad_rules_are_refused(void **state)
{
    static const struct {
        struct bw_schedule_rule rule;
        const char *want;
    } cases[] = {
        { { .interval_ns = 50 * BW_MS }, "interval 50ms is shorter than the scheduler's slot" },
        { { .interval_ns = 401 * BW_DAY }, "interval 1y5w1d is longer than 400d" },
        { { .interval_ns = BW_SECOND + 1 }, "interval 1s1ns is not in whole milliseconds" },
        { { .interval_ns = BW_SECOND, .fast_interval_ns = 1 }, "fast_interval 1ns is shorter" },
        { { .interval_ns = BW_SECOND, .down_interval_ns = -1 }, "down_interval -1ns is shorter" },
    };
    struct bw_schedule *s = bw_schedule_new(SLOT_NS, 1);
    struct bw_err err = { 0 };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (bw_schedule_add(s, 0, &cases[i].rule, 0, 0, &err) != BW_EINVAL
            || strncmp(err.text, cases[i].want, strlen(cases[i].want)) != 0)
            fail_msg("\"%s\"", err.text);
    }
    const struct bw_schedule_rule good = { .interval_ns = BW_SECOND };
    assert_int_equal(bw_schedule_update(s, 0, &good, 0, 0, &err), BW_ENOTFOUND);
    assert_int_equal(bw_schedule_add(s, BW_SCHEDULE_CHECKS_MAX, &good, 0, 0, &err), BW_ELIMIT);
    assert_int_equal(bw_schedule_add(s, 0, &good, 0, 0, &err), BW_OK);
    assert_int_equal(bw_schedule_add(s, 0, &good, 0, 0, &err), BW_EEXISTS);
    bw_schedule_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_of_a_thousand_checks),
        cmocka_unit_test(many_starts_make_short_slots),
        cmocka_unit_test(ticks_do_not_depend_on_the_start),
        cmocka_unit_test(a_slow_check_skips_its_own_ticks),
        cmocka_unit_test(a_suspend_is_no_burst),
        cmocka_unit_test(a_loop_that_is_always_late_still_starts_checks),
        cmocka_unit_test(places_go_to_high_priority_first),
        cmocka_unit_test(waiting_for_a_place_counts_as_overlap),
        cmocka_unit_test(modes_change_the_pace),
        cmocka_unit_test(lag_counts_from_the_slot),
        cmocka_unit_test(a_new_mode_does_not_turn_stamps_back),
        cmocka_unit_test(wall_steps_change_stamps_only),
        cmocka_unit_test(drift_is_followed),
        cmocka_unit_test(edits_keep_what_they_can),
        cmocka_unit_test(removal_gives_back_places),
        cmocka_unit_test(bad_rules_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
