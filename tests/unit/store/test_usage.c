// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "fixture.h"
#include "store/usage.h"

#include <stdio.h>
#include <string.h>

#define D0 INT64_C(1700006400000)
#define DAY_MS INT64_C(86400000)

/* Noisy series cost more than constant ones; one metric has many series. */
static void fill(struct fixture *f)
{
    uint32_t noisy = fixture_series(f, "noisy", "a"), even[3];
    for (int s = 0; s < 3; s++) {
        char instance[16];
        snprintf(instance, sizeof instance, "%d", s);
        even[s] = fixture_series(f, "even", instance);
    }
    fixture_series(f, "silent", "a");
    for (int64_t i = 0; i < 2880; i++) {
        fixture_append(f, noisy, D0 + i * 30000, (double)(i * 7919 % 10007) / 7);
        for (int s = 0; s < 3; s++)
            fixture_append(f, even[s], D0 + i * 30000, 5);
    }
    fixture_pack(f);
    fixture_roll_up(f);
    fixture_append(f, even[0], D0 + DAY_MS, 5);
    fixture_flush(f);
}

static void what_takes_most_comes_first(void **state)
{
    struct fixture *f = *state;
    struct bw_store_usage usage;
    f->wall_ms = D0 + 2 * DAY_MS;
    fixture_open(f);
    fill(f);
    assert_int_equal(bw_store_usage_read(f->path, 2, &usage, NULL), BW_OK); /* live */
    assert_int_equal(usage.damaged, 0);
    assert_int_equal(usage.metrics_in_all, 3);
    assert_int_equal(usage.metric_count, 2);
    assert_string_equal(usage.metrics[0].name, "noisy");
    assert_int_equal(usage.metrics[0].samples, 2880);
    assert_string_equal(usage.metrics[1].name, "even");
    assert_int_equal(usage.metrics[1].series, 3);
    assert_int_equal(usage.metrics[1].samples, 3 * 2880 + 1);
    assert_true(usage.metrics[0].bytes > 2880 && usage.metrics[1].bytes < 2880);
    assert_true(usage.metrics[0].rollup_bytes > usage.metrics[1].rollup_bytes);
    assert_int_equal(usage.series_count, 2);
    assert_string_equal(usage.series[0].name, "noisy{instance=\"a\"}");
    bw_store_usage_fini(&usage);
    fixture_close(f);
}

/* Nothing of the file is forgotten or told twice. */
static void parts_add_up_to_the_file(void **state)
{
    struct fixture *f = *state;
    struct bw_store_usage usage;
    f->wall_ms = D0 + 2 * DAY_MS;
    fixture_open(f);
    fill(f);
    fixture_close(f);
    assert_int_equal(bw_store_usage_read(f->path, 100, &usage, NULL), BW_OK);
    const int64_t pages = fixture_sql(f, "PRAGMA page_count");
    const int64_t page_bytes = fixture_sql(f, "PRAGMA page_size");
    uint64_t rollups = 0, packs = 0, shared = 0;
    for (unsigned t = 0; t < BW_ROLLUP_TIERS; t++)
        rollups += usage.rollup_bytes[t];
    assert_int_equal(usage.open_bytes + usage.hot_bytes + usage.cold_bytes + usage.journal_bytes
                         + rollups + usage.free_bytes + usage.other_bytes,
                     (uint64_t)(pages * page_bytes));
    assert_int_equal(usage.open_bytes + usage.hot_bytes + usage.cold_bytes,
                     (uint64_t)fixture_sql(f, "SELECT sum(length(body)) FROM pack"));
    assert_true(usage.rollup_bytes[0] > 0 && usage.other_bytes > 0);
    /* Series have all but headers and directories. */
    for (size_t i = 0; i < usage.series_count; i++) {
        packs += usage.series[i].bytes;
        shared += usage.series[i].rollup_bytes;
    }
    assert_int_equal(usage.series_count, 5);
    assert_in_range(usage.open_bytes + usage.hot_bytes - packs, 0, 2000);
    assert_in_range(rollups - shared, 0, 2000);
    bw_store_usage_fini(&usage);
}

static void an_empty_store_has_no_list(void **state)
{
    struct fixture *f = *state;
    struct bw_store_usage usage;
    fixture_open(f);
    fixture_close(f);
    assert_int_equal(bw_store_usage_read(f->path, 10, &usage, NULL), BW_OK);
    assert_int_equal(usage.metric_count + usage.series_count, 0);
    assert_int_equal(usage.hot_bytes + usage.rollup_bytes[0], 0);
    bw_store_usage_fini(&usage);
    assert_int_equal(bw_store_usage_read("/nowhere/at.db", 10, &usage, NULL), BW_ENOTFOUND);
}

static void damage_is_counted(void **state)
{
    struct fixture *f = *state;
    struct bw_store_usage usage;
    f->wall_ms = D0 + 2 * DAY_MS;
    fixture_open(f);
    fill(f);
    fixture_close(f);
    fixture_sql(f,
                "UPDATE pack SET body=zeroblob(length(body)) WHERE id=(SELECT min(id) FROM pack)");
    assert_int_equal(bw_store_usage_read(f->path, 10, &usage, NULL), BW_OK);
    assert_int_equal(usage.damaged, 1);
    bw_store_usage_fini(&usage);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(what_takes_most_comes_first),
        IN_FIXTURE(parts_add_up_to_the_file),
        IN_FIXTURE(an_empty_store_has_no_list),
        IN_FIXTURE(damage_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
