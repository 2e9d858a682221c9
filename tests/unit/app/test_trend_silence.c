// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_silence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One job after another: what it heard, what it did not hear, who is silent then. 0 ends a list. */
static const struct story {
    uint32_t heard[4], unheard[4], silent[6];
} stories[] = {
    { .unheard = { 9, 3 }, .silent = { 3, 9 } },
    { .heard = { 1, 2 }, .unheard = { 5 }, .silent = { 3, 5, 9 } },
    { .unheard = { 5, 3 }, .silent = { 3, 5, 9 } }, /* known already */
    { .heard = { 5 }, .unheard = { 1 }, .silent = { 1, 3, 9 } },
    { .heard = { 9, 1, 3 }, .silent = { 0 } },
    { .heard = { 9 }, .silent = { 0 } }, /* was not among them */
};

static size_t length(const uint32_t *ids)
{
    size_t n = 0;
    while (ids[n] != 0)
        n++;
    return n;
}

static void update(struct bw_trend_silence *silence, const struct story *story)
{
    struct bw_trend_record records[4] = { 0 };
    uint32_t unheard[4];
    struct bw_trend_job job = { .records = records,
                                .record_count = length(story->heard),
                                .unheard = unheard,
                                .unheard_count = length(story->unheard) };
    for (size_t i = 0; i < 4; i++) {
        records[i].series = story->heard[i];
        unheard[i] = story->unheard[i];
    }
    bw_trend_silence_update(silence, &job);
}

static void who_speaks_is_no_longer_silent(void **state)
{
    (void)state;
    struct bw_trend_silence *silence = bw_trend_silence_new();
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        update(silence, &stories[i]);
        const struct bw_trend_silent now = bw_trend_silence_get(silence);
        if (now.count != length(stories[i].silent))
            fail_msg("after job %zu: %zu are silent", i, now.count);
        for (size_t k = 0; k < now.count; k++)
            assert_int_equal(now.ids[k], stories[i].silent[k]);
    }
    bw_trend_silence_free(silence);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(who_speaks_is_no_longer_silent) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
