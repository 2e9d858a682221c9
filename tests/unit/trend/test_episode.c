// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "synth.h"
#include "trend/episode.h"

enum { N = 1200, SINCE = 600 };

struct told {
    unsigned begins, ends;
    int begun, ended; /* values after 600: of the last ones */
    double peak;
};

/* Adds `by` to values 600 … 600 + length. */
static struct told tell(double by, size_t length, uint64_t seed)
{
    double x[N];
    struct told told = { 0 };
    struct bw_arena arena = { 0 };
    struct bw_trend_watch *w = bw_trend_watch_make(bw_arena_alloc(&arena, bw_trend_watch_bytes()));
    struct bw_trend_episode episode = { 0 };
    synth_make(&(struct synth){ .level = 5, .sd = 1, .phi = 0.3 }, seed, x, N);
    for (size_t i = 0; i < N; i++) {
        const double value = x[i] + (i >= SINCE && i < SINCE + length ? by : 0);
        const struct bw_trend_oddity oddity = bw_trend_watch_put(w, value);
        const struct bw_trend_stance s = bw_trend_episode_put(&episode, &oddity);
        told.peak = fmax(told.peak, s.score);
        told.begins += s.turn == BW_TREND_BEGINS;
        told.ends += s.turn == BW_TREND_ENDS;
        told.begun = s.turn == BW_TREND_BEGINS ? (int)i - SINCE : told.begun;
        told.ended = s.turn == BW_TREND_ENDS ? (int)i - SINCE : told.ended;
    }
    bw_arena_fini(&arena);
    return told;
}

/* What lasts for long is felt by the median of 24 for twelve values more. */
static const struct {
    const char *name;
    double by;
    size_t length;
    unsigned episodes;
    int end_least, end_most; /* after value 600 */
} cases[] = {
    { "nothing happens", 0, 0, 0, 0, 0 },
    { "a spike is over after five calm values", 20, 1, 1, 5, 5 },
    { "a stretch lasts until it is over", 20, 40, 1, 44, 60 },
    { "so does one that is lower", -20, 40, 1, 44, 60 },
    { "what stays is the new normal", 20, N, 1, 120, 120 },
};

static void an_episode_begins_and_ends_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (uint64_t seed = 11; seed <= 15; seed++) {
            const struct told told = tell(cases[i].by, cases[i].length, seed);
            if (told.begins != cases[i].episodes || told.ends != told.begins || told.begun != 0
                || told.ended < cases[i].end_least || told.ended > cases[i].end_most)
                fail_msg("%s: %u begin, the last at %d; %u end, the last at %d", cases[i].name,
                         told.begins, told.begun, told.ends, told.ended);
            assert_int_equal(told.peak >= 1, cases[i].by != 0);
            assert_true(told.peak <= BW_TREND_SURPRISE_MAX / BW_TREND_SURPRISE_ODD);
        }
    }
}

/* The band is that of when the episode began: the odd values do not widen it. */
static void the_band_stands_during_an_episode(void **state)
{
    (void)state;
    double x[N];
    struct bw_arena arena = { 0 };
    struct bw_trend_watch *w = bw_trend_watch_make(bw_arena_alloc(&arena, bw_trend_watch_bytes()));
    struct bw_trend_episode episode = { 0 };
    struct bw_trend_stance s = { 0 }, before = { 0 };
    synth_make(&(struct synth){ .level = 5, .sd = 1 }, 1, x, N);
    for (size_t i = 0; i < SINCE + 50; i++) {
        const struct bw_trend_oddity oddity = bw_trend_watch_put(w, x[i] + (i >= SINCE ? 30 : 0));
        s = bw_trend_episode_put(&episode, &oddity);
        if (i + 1 == SINCE)
            before = s;
    }
    assert_true(episode.inside && episode.peak >= 1);
    assert_true(before.low > -5 && before.low < 3 && before.high > 7 && before.high < 15);
    assert_true(fabs(s.low - before.low) < 1 && fabs(s.high - before.high) < 1);
    bw_arena_fini(&arena);
}

/* What has just been seen is no news: another episode must be odder. */
static void an_episode_like_the_last_is_not_told(void **state)
{
    (void)state;
    static const double second[] = { 10, 60 };
    for (size_t k = 0; k < 2; k++) {
        double x[N];
        unsigned begins = 0;
        struct bw_arena arena = { 0 };
        struct bw_trend_watch *w =
            bw_trend_watch_make(bw_arena_alloc(&arena, bw_trend_watch_bytes()));
        struct bw_trend_episode episode = { 0 };
        synth_make(&(struct synth){ .level = 5, .sd = 1 }, 11, x, N);
        x[SINCE] += 20;
        x[SINCE + 50] += second[k];
        for (size_t i = 0; i < SINCE + 100; i++) {
            const struct bw_trend_oddity oddity = bw_trend_watch_put(w, x[i]);
            begins += bw_trend_episode_put(&episode, &oddity).turn == BW_TREND_BEGINS;
        }
        assert_int_equal(begins, 1 + k);
        bw_arena_fini(&arena);
    }
}

static void without_a_past_there_is_no_band(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_trend_watch *w = bw_trend_watch_make(bw_arena_alloc(&arena, bw_trend_watch_bytes()));
    struct bw_trend_episode episode = { 0 };
    const struct bw_trend_oddity oddity = bw_trend_watch_put(w, 5);
    const struct bw_trend_stance s = bw_trend_episode_put(&episode, &oddity);
    assert_true(isnan(s.low) && isnan(s.high) && s.score == 0);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_episode_begins_and_ends_once),
        cmocka_unit_test(the_band_stands_during_an_episode),
        cmocka_unit_test(an_episode_like_the_last_is_not_told),
        cmocka_unit_test(without_a_past_there_is_no_band),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
