// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "health/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bw_health_rule rule = {
    .fall = 3, .rise = 2, .degraded_fall = 2, .degraded_rise = 2, .unknown_after = 3
};

static struct bw_outcome outcome_of_char(char c)
{
    switch (c) {
    case '+':
        return bw_outcome_of(BW_REASON_NONE, NULL);
    case 'w':
        return (struct bw_outcome){ BW_OUTCOME_WARN, BW_REASON_NONE, "took 912ms" };
    case '-':
        return bw_outcome_of(BW_REASON_CONNECT_REFUSED, NULL);
    default:
        return bw_outcome_of(BW_REASON_INTERNAL, NULL);
    }
}

/* One outcome per character: '+' pass, 'w' warning, '-' failure, '.' lost. `changes` counts
 * the transitions on the way. */
static const struct {
    const char *name, *story;
    enum bw_status want;
    int changes;
    enum bw_pace pace;
} stories[] = {
    { "never seen, never guessed", "", BW_UNKNOWN, 0, BW_PACE_NORMAL },
    { "the first pass is enough", "+", BW_HEALTHY, 1, BW_PACE_NORMAL },
    { "the first warning too", "w", BW_DEGRADED, 1, BW_PACE_NORMAL },
    { "one failure proves nothing", "-", BW_UNKNOWN, 0, BW_PACE_FAST },
    { "fall failures at the start", "---", BW_UNHEALTHY, 1, BW_PACE_DOWN },
    { "one blip is forgiven", "++-+", BW_HEALTHY, 1, BW_PACE_NORMAL },
    { "two failures degrade", "++--", BW_DEGRADED, 2, BW_PACE_FAST },
    { "the third failure is down", "++---", BW_UNHEALTHY, 3, BW_PACE_DOWN },
    { "one good answer is not up", "---+", BW_UNHEALTHY, 1, BW_PACE_FAST },
    { "two are", "---++", BW_HEALTHY, 2, BW_PACE_NORMAL },
    { "a relapse counts anew", "---+-+", BW_UNHEALTHY, 1, BW_PACE_FAST },
    { "back, but slow", "---w+", BW_DEGRADED, 2, BW_PACE_FAST },
    { "back, slow, then well", "---w++", BW_HEALTHY, 3, BW_PACE_NORMAL },
    { "one slow answer is forgiven", "+w+", BW_HEALTHY, 1, BW_PACE_NORMAL },
    { "two slow ones are not", "+ww", BW_DEGRADED, 2, BW_PACE_NORMAL },
    { "slow and failing in turns", "+w-w-w-", BW_DEGRADED, 2, BW_PACE_FAST },
    { "flapping changes nothing", "+-+-+-+-+-+", BW_HEALTHY, 1, BW_PACE_NORMAL },
    { "flapping while down neither", "---+-+-+-+-", BW_UNHEALTHY, 1, BW_PACE_DOWN },
    { "a lost run says nothing", "+-.-.", BW_DEGRADED, 2, BW_PACE_FAST },
    { "lost runs never mean down", "+........", BW_UNKNOWN, 2, BW_PACE_NORMAL },
    { "two lost runs are bearable", "+..+..+", BW_HEALTHY, 1, BW_PACE_NORMAL },
    { "before the dark does not count", "--...-", BW_UNKNOWN, 0, BW_PACE_FAST },
    { "down, dark, and back", "---...+", BW_HEALTHY, 3, BW_PACE_NORMAL },
};

static int tell(struct bw_health *h, const char *story, int64_t *now_ms, struct bw_transition *last)
{
    int changes = 0;
    for (const char *c = story; *c != '\0'; c++, *now_ms += 1000) {
        const struct bw_outcome outcome = outcome_of_char(*c);
        changes += bw_health_feed(h, &rule, &outcome, *now_ms, last);
    }
    return changes;
}

static void stories_end_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_health h = { 0 };
        int64_t now_ms = 1000;
        const int changes = tell(&h, stories[i].story, &now_ms, NULL);
        if (h.status != stories[i].want || changes != stories[i].changes
            || bw_health_pace(&h) != stories[i].pace)
            fail_msg("%s: became %s after %d changes, pace %d", stories[i].name,
                     bw_status_name(h.status), changes, (int)bw_health_pace(&h));
    }
}

static const struct {
    const char *story, *want;
} causes[] = {
    { "+", "first answer" },
    { "w", "took 912ms, first answer" },
    { "+ww", "took 912ms, 2 bad results in a row" },
    { "---", "connection refused, 3 failures in a row" },
    { "---++", "2 passes in a row" },
    { "---ww", "took 912ms, 2 answers in a row" },
    { "+...", "internal error, 3 lost runs in a row" },
};

static void transitions_say_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
        struct bw_health h = { 0 };
        struct bw_transition last = { 0 };
        int64_t now_ms = 1000;
        tell(&h, causes[i].story, &now_ms, &last);
        assert_string_equal(last.cause, causes[i].want);
        assert_int_equal(last.to, h.status);
        assert_int_equal(last.since_ms, h.since_ms);
        assert_int_equal(last.since_ms, now_ms - 1000);
    }
}

static void one_word_is_not_said_twice(void **state)
{
    (void)state;
    const struct bw_outcome outcome =
        bw_outcome_of(BW_REASON_CONNECT_REFUSED, "Connection refused");
    struct bw_health h = { 0 };
    struct bw_transition last = { 0 };
    for (int i = 0; i < 3; i++)
        bw_health_feed(&h, &rule, &outcome, 1000 + i, &last);
    assert_string_equal(last.cause, "connection refused, 3 failures in a row");
}

static void long_details_are_cut(void **state)
{
    (void)state;
    char detail[2000];
    memset(detail, 'x', sizeof detail - 1);
    detail[sizeof detail - 1] = '\0';
    const struct bw_outcome outcome = bw_outcome_of(BW_REASON_HTTP_STATUS, detail);
    struct bw_health h = { 0 };
    struct bw_transition last = { 0 };
    for (int i = 0; i < 3; i++)
        bw_health_feed(&h, &rule, &outcome, 1000 + i, &last);
    assert_true(strlen(last.cause) < BW_CAUSE_BYTES_MAX);
    assert_non_null(strstr(last.cause, "unexpected status code: xxx"));
    assert_non_null(strstr(last.cause, ", 3 failures in a row"));
}

static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33);
}

/* Mostly runs of one kind, as in life; otherwise few changes would ever happen. */
static char random_outcome(uint64_t *seed, char before)
{
    return next_random(seed) % 3 != 0 ? before : "+w-."[next_random(seed) % 4];
}

static void assert_invariants(const struct bw_health *h, enum bw_status before, uint16_t ok_before,
                              bool changed)
{
    assert_true(h->fail_run <= h->bad_run && h->pass_run <= h->ok_run);
    assert_true(h->fail_run == 0 || h->ok_run == 0);
    assert_true(h->pass_run == 0 || h->bad_run == 0);
    assert_int_equal(changed, h->status != before);
    if (!changed)
        return;
    if (h->status == BW_UNHEALTHY)
        assert_true(h->fail_run >= rule.fall);
    if (before == BW_UNHEALTHY && h->status != BW_UNKNOWN)
        assert_true(h->ok_run >= rule.rise && ok_before + 1 >= rule.rise);
    if (before == BW_UNHEALTHY && h->status == BW_HEALTHY)
        assert_true(h->pass_run >= rule.rise);
    if (h->status == BW_UNKNOWN)
        assert_true(h->lost_run >= rule.unknown_after);
}

static void invariants_hold_at_random(void **state)
{
    (void)state;
    uint64_t seed = 42;
    struct bw_health h = { 0 };
    enum bw_status told = BW_UNKNOWN;
    int changes = 0;
    char c = '+';
    for (int i = 0; i < 10000; i++) {
        c = random_outcome(&seed, c);
        const struct bw_outcome outcome = outcome_of_char(c);
        const enum bw_status before = h.status;
        const uint16_t ok_before = h.ok_run;
        struct bw_transition t;
        const bool changed = bw_health_feed(&h, &rule, &outcome, 1000 * i, &t);
        assert_invariants(&h, before, ok_before, changed);
        if (changed) {
            assert_int_equal(t.from, told);
            assert_int_not_equal(t.to, t.from);
            told = t.to;
            changes++;
        }
    }
    assert_true(changes > 300);
}

/* A restart between any two outcomes changes nothing. */
static void restart_at_random_changes_nothing(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct bw_health steady = { 0 }, restarted = { 0 };
    char c = '+';
    for (int i = 1; i <= 10000; i++) {
        const int64_t now_ms = 1000 * (int64_t)i;
        c = random_outcome(&seed, c);
        const struct bw_outcome outcome = outcome_of_char(c);
        const bool a = bw_health_feed(&steady, &rule, &outcome, now_ms, NULL);
        const bool b = bw_health_feed(&restarted, &rule, &outcome, now_ms, NULL);
        assert_int_equal(a, b);
        assert_int_equal(steady.status, restarted.status);
        assert_int_equal(steady.since_ms, restarted.since_ms);
        assert_int_equal(bw_health_pace(&steady), bw_health_pace(&restarted));
        struct bw_check_state saved = { 0 };
        bw_health_save(&restarted, &saved);
        bw_health_restore(&restarted, &rule, &saved, 1000, now_ms + 500);
    }
}

static void a_long_absence_is_unknown(void **state)
{
    (void)state;
    const struct bw_check_state saved = {
        .status = BW_UNHEALTHY, .since_ms = 5000, .last_result_ms = 10000, .fail_run = 9
    };
    struct bw_health h;
    bw_health_restore(&h, &rule, &saved, 1000, 12999);
    assert_int_equal(h.status, BW_UNHEALTHY);
    assert_int_equal(h.since_ms, 5000);
    bw_health_restore(&h, &rule, &saved, 1000, 13000);
    assert_int_equal(h.status, BW_UNKNOWN);
    assert_int_equal(h.since_ms, 13000);
    assert_int_equal(h.fail_run, 0);
    const struct bw_check_state broken = { .status = (enum bw_status)77 };
    bw_health_restore(&h, &rule, &broken, 1000, 500);
    assert_int_equal(h.status, BW_UNKNOWN);
}

static void settings_come_from_the_nearest(void **state)
{
    (void)state;
    struct bw_health_rule made = bw_health_rule_make(NULL, NULL);
    assert_memory_equal(&made, &bw_health_rule_default, sizeof made);
    const struct bw_health_opts global = { .fall = 5, .rise = 4 };
    const struct bw_health_opts own = { .fall = 7, .degraded_rise = 1 };
    made = bw_health_rule_make(&own, &global);
    assert_int_equal(made.fall, 7);
    assert_int_equal(made.rise, 4);
    assert_int_equal(made.degraded_fall, 7);
    assert_int_equal(made.degraded_rise, 1);
}

/* Line by line: "12:00:03 fail connect_refused", "12:00:03 restart", "expect UNHEALTHY",
 * "expect changes 2"; "rule fall rise degraded_fall degraded_rise" first; '#' comments. */
struct replay {
    struct bw_health health;
    struct bw_health_rule rule;
    int changes;
};

static enum bw_reason reason_by_name(const char *name)
{
    for (int r = 0; r < BW_REASON_COUNT; r++)
        if (strcmp(bw_reason_name((enum bw_reason)r), name) == 0)
            return (enum bw_reason)r;
    fail_msg("no such reason: %s", name);
    return BW_REASON_NONE;
}

static void replay_outcome(struct replay *r, int64_t now_ms, const char *kind, const char *reason)
{
    if (strcmp(kind, "restart") == 0) {
        struct bw_check_state saved = { 0 };
        bw_health_save(&r->health, &saved);
        bw_health_restore(&r->health, &r->rule, &saved, 5000, now_ms);
        return;
    }
    struct bw_outcome outcome = { .reason = reason_by_name(reason) };
    while (outcome.kind < BW_OUTCOME_COUNT && strcmp(bw_outcome_name(outcome.kind), kind) != 0)
        outcome.kind++;
    assert_true(outcome.kind < BW_OUTCOME_COUNT);
    r->changes += bw_health_feed(&r->health, &r->rule, &outcome, now_ms, NULL);
}

static void replay_line(struct replay *r, const char *line, int number)
{
    unsigned h, m, s, fall, rise, dfall, drise;
    char word[32] = "", reason[64] = "";
    int changes;
    if (line[0] == '#' || line[0] == '\n')
        return;
    if (sscanf(line, "rule %u %u %u %u", &fall, &rise, &dfall, &drise) == 4) {
        r->rule = bw_health_rule_default;
        r->rule.fall = (uint16_t)fall;
        r->rule.rise = (uint16_t)rise;
        r->rule.degraded_fall = (uint16_t)dfall;
        r->rule.degraded_rise = (uint16_t)drise;
    } else if (sscanf(line, "%u:%u:%u %31s %63s", &h, &m, &s, word, reason) >= 4) {
        replay_outcome(r, (int64_t)(h * 3600 + m * 60 + s) * 1000, word, reason);
    } else if (sscanf(line, "expect changes %d", &changes) == 1) {
        if (r->changes != changes)
            fail_msg("line %d: %d changes so far, not %d", number, r->changes, changes);
    } else if (sscanf(line, "expect %31s", word) == 1) {
        if (strcmp(bw_status_name(r->health.status), word) != 0)
            fail_msg("line %d: is %s, not %s", number, bw_status_name(r->health.status), word);
    } else {
        fail_msg("line %d: cannot be read: %s", number, line);
    }
}

static void scripts_replay(void **state)
{
    (void)state;
    static const char *const scripts[] = { "health-outage.txt", "health-flapping.txt" };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        char path[512], line[256];
        snprintf(path, sizeof path, BW_REPLAY "/%s", scripts[i]);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        struct replay r = { .rule = bw_health_rule_default };
        for (int number = 1; fgets(line, sizeof line, file) != NULL; number++)
            replay_line(&r, line, number);
        fclose(file);
        assert_true(r.changes > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_end_as_told),
        cmocka_unit_test(transitions_say_why),
        cmocka_unit_test(one_word_is_not_said_twice),
        cmocka_unit_test(long_details_are_cut),
        cmocka_unit_test(invariants_hold_at_random),
        cmocka_unit_test(restart_at_random_changes_nothing),
        cmocka_unit_test(a_long_absence_is_unknown),
        cmocka_unit_test(settings_come_from_the_nearest),
        cmocka_unit_test(scripts_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
