// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/settings.h"

#include "app/defaults.h"
#include "base/units.h"
#include "conf/decode.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_whole_table_is_sound(void **state)
{
    (void)state;
    struct bw_err err = { .text = "" };
    if (bw_conf_lint(&bw_settings_group, &err) != BW_OK)
        fail_msg("%s", err.text);
}

/* What docs promise when nothing is written. */
static void defaults_are_as_promised(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_settings settings;
    bw_conf_defaults(&arena, &bw_settings_group, &settings);
    assert_int_equal(settings.global.interval_ns, 15 * BW_SECOND);
    assert_int_equal(settings.global.timeout_ns, 5 * BW_SECOND);
    assert_int_equal(settings.global.health.fall, 3);
    assert_int_equal(settings.global.health.rise, 2);
    assert_int_equal(settings.global.retries, 0);
    assert_int_equal(settings.global.slot_ns, 100 * BW_MS);
    assert_string_equal(settings.global.timezone, "UTC");
    assert_int_equal(settings.storage.retention.raw_ns, 30 * BW_DAY);
    assert_int_equal(settings.storage.retention.minute_ns, 180 * BW_DAY);
    assert_int_equal(settings.storage.retention.hour_ns, 3 * 365 * BW_DAY);
    assert_int_equal(settings.storage.retention.day_ns, 10 * 365 * BW_DAY);
    assert_int_equal(settings.storage.max_bytes, INT64_C(4) << 30);
    assert_int_equal(settings.trends.max_series, 2000);
    assert_true(settings.alerts.defaults);
    assert_string_equal(settings.web.title, "Bellwether");
    bw_arena_fini(&arena);
}

static size_t length(const char *const *list)
{
    size_t count = 0;
    while (list[count] != NULL)
        count++;
    return count;
}

/* The names stand in one order with the members that keep their nodes. */
static void later_keys_have_their_places(void **state)
{
    (void)state;
    const struct bw_settings *settings = NULL;
    assert_int_equal(length(bw_later_sections), sizeof settings->later / sizeof *settings->later);
    for (size_t i = 0; bw_later_sections[i] != NULL; i++) {
        const struct bw_opt *row = bw_settings_group.opts;
        while (row->name != NULL && strcmp(row->name, bw_later_sections[i]) != 0)
            row++;
        assert_non_null(row->name);
        assert_int_equal(row->offset,
                         offsetof(struct bw_settings, later) + i * sizeof *settings->later);
    }
}

static void shipped_trends_have_thresholds_that_mean_something(void **state)
{
    (void)state;
    assert_true(bw_default_trend_count > 0);
    for (size_t i = 0; i < bw_default_trend_count; i++) {
        const struct bw_trend_select *select = &bw_default_trends[i];
        assert_int_equal(select->match.count, 1);
        assert_true(isnan(select->threshold) == (select->side == 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_table_is_sound),
        cmocka_unit_test(defaults_are_as_promised),
        cmocka_unit_test(later_keys_have_their_places),
        cmocka_unit_test(shipped_trends_have_thresholds_that_mean_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
