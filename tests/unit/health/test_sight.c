// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "health/sight.h"

#include <string.h>

/* One round per character: 's' seen, 'l' lost. What becomes of them: 'B' blind, 'S' sees again,
 * '?' in doubt, '.' nothing. */
static const struct {
    const char *name, *rounds, *want;
} rounds[] = {
    { "all is well", "sssss", "....." },
    { "one lost round is no blindness", "slsls", ".?.?." },
    { "two in a row are", "sll", ".?B" },
    { "at the start too", "ll", "?B" },
    { "it is said once", "lllll", "?B..." },
    { "one seen round is not yet sight", "llsl", "?B?." },
    { "two in a row are", "llss", "?B?S" },
    { "and that is said once", "llssss", "?B?S.." },
    { "flapping changes nothing", "lslslslls", "?.?.?.?B?" },
    { "blind again takes two again", "llsslsll", "?B?S?.?B" },
};

static void rounds_end_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        struct bw_sight sight = { 0 };
        char got[16] = "";
        for (size_t k = 0; rounds[i].rounds[k] != '\0'; k++) {
            const int64_t now_ms = 1000 * ((int64_t)k + 1), before_ms = sight.since_ms;
            const bool changed = bw_sight_feed(&sight, rounds[i].rounds[k] == 's', now_ms);
            got[k] = changed ? sight.blind ? 'B' : 'S' : bw_sight_is_in_doubt(&sight) ? '?' : '.';
            assert_int_equal(sight.since_ms, changed ? now_ms : before_ms);
        }
        if (strcmp(got, rounds[i].want) != 0)
            fail_msg("%s: %s became %s, not %s", rounds[i].name, rounds[i].rounds, got,
                     rounds[i].want);
    }
}

/* A check as app/ keeps it: with a veil. '+' pass, 'w' warning, '-' failure, '.' lost run; 'B' we
 * go blind, 'S' we see again; while we are blind, runs are passed over. */
struct seen {
    struct bw_health health;
    bool veiled, blind;
    unsigned changes;
};

static void play(struct seen *seen, char c, int64_t now_ms)
{
    static const struct bw_health_rule rule = {
        .fall = 3, .rise = 2, .degraded_fall = 3, .degraded_rise = 2, .unknown_after = 3
    };
    if (c == 'B' || c == 'S') {
        seen->blind = c == 'B';
        if (seen->blind)
            bw_veil_fall(&seen->health);
        seen->veiled |= seen->blind;
        return;
    }
    const struct bw_outcome outcome =
        c == 'w' ? (struct bw_outcome){ BW_OUTCOME_WARN, BW_REASON_THRESHOLD, "slow" }
                 : bw_outcome_of(c == '+'   ? BW_REASON_NONE
                                 : c == '-' ? BW_REASON_CONNECT_TIMEOUT
                                            : BW_REASON_INTERNAL,
                                 NULL);
    if (seen->blind) {
        bw_veil_pass(&seen->health, now_ms);
        return;
    }
    const bool changed = bw_health_feed(&seen->health, &rule, &outcome, now_ms, NULL);
    seen->changes += changed;
    if (seen->veiled && bw_veil_is_lifted(&seen->health, &outcome, changed))
        seen->veiled = false;
}

/* `changes` are those of the status behind the veil: what is told. */
static const struct {
    const char *name, *story;
    enum bw_status shown;
    unsigned changes;
} stories[] = {
    { "blind is UNKNOWN", "++B", BW_UNKNOWN, 1 },
    { "whatever comes then", "++B-----", BW_UNKNOWN, 1 },
    { "answers too", "++B++++", BW_UNKNOWN, 1 },
    { "sight alone brings nothing back", "++B---S", BW_UNKNOWN, 1 },
    { "the first answer does", "++B---S+", BW_HEALTHY, 1 },
    { "failures of before are forgotten", "++--B--S-", BW_UNKNOWN, 1 },
    { "as are those of blindness", "++--B--S--", BW_UNKNOWN, 1 },
    { "three with open eyes are down", "++--B--S---", BW_UNHEALTHY, 2 },
    { "one of them is not", "++--B--S-+", BW_HEALTHY, 1 },
    { "down stays down", "+---B++S-", BW_UNHEALTHY, 2 },
    { "and gets up by the rules", "+---B++S+", BW_UNKNOWN, 2 },
    { "with rise answers", "+---B++S++", BW_HEALTHY, 3 },
    { "slow stays slow", "wB---Sw", BW_DEGRADED, 1 },
    { "a failure agrees with slow", "wB---S-", BW_DEGRADED, 1 },
    { "who never ran begins", "BS-", BW_UNKNOWN, 0 },
    { "and is judged", "B---S---", BW_UNHEALTHY, 1 },
    { "a lost run lifts nothing", "++BS.", BW_UNKNOWN, 1 },
    { "blind twice", "++B--S+B--S+", BW_HEALTHY, 1 },
    { "blind again before anything came", "++B--SB--S+", BW_HEALTHY, 1 },
};

static void veils_end_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct seen seen = { .veiled = false };
        int64_t now_ms = 1000;
        for (const char *c = stories[i].story; *c != '\0'; c++, now_ms += 1000)
            play(&seen, *c, now_ms);
        const enum bw_status shown = seen.veiled ? BW_UNKNOWN : seen.health.status;
        if (shown != stories[i].shown || seen.changes != stories[i].changes)
            fail_msg("%s: '%s' shows %s after %u changes", stories[i].name, stories[i].story,
                     bw_status_name(shown), seen.changes);
    }
}

/* A check that was watched blindly for long is not one that nobody watched. */
static void blind_runs_keep_a_check_watched(void **state)
{
    (void)state;
    struct seen seen = { .veiled = false };
    play(&seen, '+', 1000);
    play(&seen, 'B', 2000);
    for (int64_t now_ms = 3000; now_ms <= 60000; now_ms += 1000)
        play(&seen, '-', now_ms);
    struct bw_check_state saved = { .subject = { "a", "b", "c" } };
    struct bw_health restored;
    bw_health_save(&seen.health, &saved);
    bw_health_restore(&restored, &bw_health_rule_default, &saved, 1000, 61000);
    assert_int_equal(restored.status, BW_HEALTHY);
    assert_int_equal(restored.fail_run, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_end_as_told),
        cmocka_unit_test(veils_end_as_told),
        cmocka_unit_test(blind_runs_keep_a_check_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
