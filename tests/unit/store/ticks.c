// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ticks.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double value_of(size_t series, int64_t tick)
{
    return (double)((tick * 7919 + (int64_t)series * 104729) % 100000) / 1000;
}

void ticks_begin(struct ticks *ticks, struct fixture *f)
{
    char name[20];
    for (size_t s = 0; s < TICK_SERIES; s++) {
        snprintf(name, sizeof name, "host%zu", s);
        ticks->ids[s] = fixture_series(f, "value", name);
    }
}

void ticks_append(const struct ticks *ticks, struct fixture *f, int64_t tick)
{
    struct bw_sample samples[TICK_SERIES];
    char cause[24];
    for (size_t s = 0; s < TICK_SERIES; s++)
        samples[s] = (struct bw_sample){ ticks->ids[s], T0 + tick * 1000, value_of(s, tick) };
    snprintf(cause, sizeof cause, "%lld", (long long)tick);
    const struct bw_event event = {
        .ts_ms = T0 + tick * 1000, .kind = BW_EVENT_SYSTEM, .name = "tick", .cause = cause
    };
    assert_true(bw_store_append(f->store, samples, TICK_SERIES));
    assert_true(bw_store_put_event(f->store, &event));
}

struct check {
    uint32_t ids[TICK_SERIES];
    int64_t told, seen;
    uint8_t *events; /* how often each tick's was seen */
    size_t event_count;
};

static bool note_series(void *ctx, const struct bw_series_info *series)
{
    struct check *check = ctx;
    if (strcmp(series->metric, "value") != 0)
        return true;
    const size_t s = strtoul(series->labels.items[0].value + strlen("host"), NULL, 10);
    assert_in_range(s, 0, TICK_SERIES - 1);
    assert_int_equal(check->ids[s], 0); /* no name twice */
    check->ids[s] = series->id;
    return true;
}

static bool check_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct check *check = ctx;
    size_t s = 0;
    while (check->ids[s] != series)
        s++;
    if ((int64_t)count <= check->told)
        fail_msg("series %zu: %zu points of %lld told", s, count, (long long)check->told + 1);
    for (size_t i = 0; i < count; i++) {
        if (points[i].ts_ms != T0 + (int64_t)i * 1000 || points[i].value != value_of(s, (int64_t)i))
            fail_msg("series %zu, tick %zu: %lld %g", s, i, (long long)points[i].ts_ms,
                     points[i].value);
    }
    const int64_t last = (int64_t)count - 1;
    if (check->seen >= 0 && last != check->seen)
        fail_msg("series %zu: last tick %lld, another has %lld: a batch is not whole", s,
                 (long long)last, (long long)check->seen);
    check->seen = last;
    return true;
}

static bool note_event(void *ctx, const struct bw_event *event)
{
    struct check *check = ctx;
    const size_t tick = strtoul(event->cause, NULL, 10);
    if (strcmp(event->name, "tick") != 0)
        return true;
    assert_in_range(tick, 0, check->event_count - 1);
    if (check->events[tick]++ != 0)
        fail_msg("the event of tick %zu is there twice", tick);
    return true;
}

static void check_events(struct bw_reader *reader, struct check *check)
{
    struct bw_damage damage = { 0 };
    const struct bw_event_filter all = { .limit = 1000000 };
    check->event_count = (size_t)(check->seen + 1);
    check->events = bw_alloc(check->event_count + 1);
    assert_int_equal(bw_reader_events(reader, &all, note_event, check, &damage, NULL), BW_OK);
    for (size_t i = 0; i < check->event_count; i++) {
        if (check->events[i] == 0)
            fail_msg("the event of tick %zu is not there", i);
    }
    free(check->events);
    assert_int_equal(damage.rows, 0);
}

int64_t ticks_check(struct fixture *f, int64_t told)
{
    struct check check = { .told = told, .seen = -1 };
    struct bw_reader *reader = NULL;
    struct bw_damage damage = { 0 };
    struct bw_err err = { .text = "" };
    if (bw_reader_open(f->path, &reader, &err) != BW_OK)
        fail_msg("%s", err.text);
    if (bw_reader_series(reader, NULL, note_series, &check, &damage, &err) != BW_OK
        || bw_reader_scan(reader, check.ids, TICK_SERIES, INT64_MIN, INT64_MAX, check_points,
                          &check, &damage, &err)
               != BW_OK)
        fail_msg("%s", err.text);
    if (check.seen < told)
        fail_msg("nothing is there, %lld ticks were told", (long long)told + 1);
    check_events(reader, &check);
    bw_reader_close(reader);
    assert_int_equal(damage.packs + damage.journal_rows + damage.rows, 0);
    return check.seen;
}
