// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_pace.h"

#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MINUTE (60 * BW_SECOND)
#define OLD (100 * MINUTE)

static const struct {
    const char *what;
    struct bw_trend_pace pace;
    int64_t pause_ns;
} stories[] = {
    { "a round is spread over its time", { OLD, 5 * MINUTE, 500, 10, 0, 0.1 }, 30 * BW_SECOND },
    { "a round of nothing", { OLD, 5 * MINUTE, 0, 0, 0, 0.1 }, 5 * MINUTE },
    { "the first round comes soon", { 0, 5 * MINUTE, 20, 1, 0, 0.1 }, 15 * BW_SECOND },
    { "but not so soon with many series", { 0, 5 * MINUTE, 500, 10, 0, 0.1 }, 10 * BW_SECOND },
    { "never later than asked for", { 0, 10 * BW_SECOND, 20, 1, 0, 0.1 }, 10 * BW_SECOND },
    { "rounds grow with the daemon's age", { 2 * MINUTE, 5 * MINUTE, 20, 1, 0, 0.1 }, MINUTE },
    { "a tenth of a core", { OLD, 10 * BW_SECOND, 5000, 100, 400 * BW_MS, 0.1 }, 3600 * BW_MS },
    { "a whole core still breathes",
      { OLD, 10 * BW_SECOND, 5000, 100, 400 * BW_MS, 1 },
      200 * BW_MS },
    { "what costs little waits for its turn",
      { OLD, 5 * MINUTE, 500, 10, 10 * BW_MS, 0.1 },
      30 * BW_SECOND },
};

static void pauses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const int64_t pause_ns = bw_trend_pause_ns(&stories[i].pace);
        if (pause_ns / BW_MS != stories[i].pause_ns / BW_MS)
            fail_msg("%s: %lld ms", stories[i].what, (long long)(pause_ns / BW_MS));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(pauses) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
