// SPDX-License-Identifier: GPL-3.0-or-later
/* What a store takes beside its samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SERIES = 60, TICKS = 500, TICK_MS = 15000 };

static int64_t size_of(const struct fixture *f, const char *ending)
{
    char name[128];
    struct stat st;
    snprintf(name, sizeof name, "%s%s", f->path, ending);
    return stat(name, &st) == 0 ? (int64_t)st.st_size : -1;
}

static void live_through(struct fixture *f)
{
    uint32_t ids[SERIES];
    for (size_t i = 0; i < SERIES; i++) {
        char instance[16];
        snprintf(instance, sizeof instance, "host-%zu", i);
        ids[i] = fixture_series(f, "up", instance);
    }
    for (int tick = 0; tick < TICKS; tick++) {
        for (size_t i = 0; i < SERIES; i++)
            fixture_append(f, ids[i], T0 + (int64_t)tick * TICK_MS,
                           (double)(tick * tick % 971) / 7);
        fixture_flush(f);
    }
}

/* Four pages a commit and more: SQLite's own choice would be a log of 4 MiB. */
static void a_small_store_has_a_small_log(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    live_through(f);
    assert_in_range(size_of(f, "-wal"), 1, 600 << 10);
    fixture_close(f);
    assert_int_equal(size_of(f, "-wal"), -1);
    assert_in_range(fixture_sql(f, "PRAGMA freelist_count"), 0, 32);
}

static void the_reserve_is_there_while_somebody_writes(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    assert_int_equal(size_of(f, ".reserve"), 4 << 20);
    fixture_close(f);
    assert_int_equal(size_of(f, ".reserve"), -1);
    fixture_open(f);
    assert_int_equal(size_of(f, ".reserve"), 4 << 20);
}

/* Who is turned away leaves it to who is there. */
static void a_second_daemon_leaves_the_reserve(void **state)
{
    struct fixture *f = *state;
    struct bw_store *second = NULL;
    fixture_open(f);
    assert_int_equal(bw_store_open(&f->opts, NULL, &second, NULL), BW_EBUSY);
    assert_int_equal(size_of(f, ".reserve"), 4 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_small_store_has_a_small_log, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_reserve_is_there_while_somebody_writes, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_second_daemon_leaves_the_reserve, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
