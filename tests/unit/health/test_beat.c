// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/beat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { EVERY = 1000, GRACE = 100 };

static const struct bw_beat_rule rule = { EVERY, GRACE };

/* What happens, and what is told of it: "P early" for a report, "missed" for a look. */
struct step {
    int64_t at_ms;
    char what; /* S start, P pass, F fail, ? look, ! nobody could hear since the step before */
    const char *told;
};

static const struct {
    const char *name;
    struct step steps[8];
} stories[] = {
    { "on time", { { 500, 'P', "result" }, { 1500, 'P', "result" }, { 1599, '?', "" } } },
    { "the first report may come at any time",
      { { 999, 'P', "result" }, { 2098, '?', "" }, { 2099, '?', "missed" } } },
    { "never heard of",
      { { 1099, '?', "" },
        { 1100, '?', "missed" },
        { 1101, '?', "" },
        { 2099, '?', "" },
        { 2100, '?', "missed" } } },
    { "late and early",
      { { 100, 'P', "result" },
        { 1150, 'P', "result late 50" },
        { 1250, 'F', "result early" },
        { 2150, 'P', "result" } } },
    { "a report after one that was missed is that one, late",
      { { 100, 'P', "result" },
        { 1200, '?', "missed" },
        { 1900, 'P', "result late 800" },
        { 2900, 'P', "result" } } },
    { "late by all that was missed",
      { { 100, 'P', "result" },
        { 1200, '?', "missed" },
        { 2200, '?', "missed" },
        { 2250, 'P', "result late 1150" },
        { 3250, 'P', "result" } } },
    { "how long it took",
      { { 100, 'S', "" },
        { 400, 'P', "result took 300" },
        { 1300, 'S', "" },
        { 1350, 'F', "result took 50" },
        { 2350, 'P', "result" } } },
    { "a run that does not end",
      { { 100, 'S', "" },
        { 1100, '?', "missed" },
        { 1200, 'S', "overlaps" },
        { 1500, 'P', "result took 300" } } },
    { "what fell due long ago is missed once",
      { { 100, 'P', "result" },
        { 9150, '?', "missed" },
        { 9151, '?', "" },
        { 9199, '?', "" },
        { 9200, '?', "missed" } } },
    { "what we could not hear is forgiven, and the rhythm stays",
      { { 100, 'P', "result" },
        { 5150, '!', "forgiven" },
        { 5200, '?', "" },
        { 6199, '?', "" },
        { 6200, '?', "missed" } } },
    { "what may have come while we could not hear is forgiven before its deadline, too",
      { { 100, 'P', "result" },
        { 1050, '!', "forgiven" },
        { 1200, '?', "" },
        { 2199, '?', "" },
        { 2200, '?', "missed" } } },
    { "an outage of ours that missed nothing changes nothing",
      { { 100, 'P', "result" }, { 900, '!', "" }, { 1199, '?', "" }, { 1200, '?', "missed" } } },
    { "the clock goes back",
      { { 5000, 'P', "result" }, { 200, '?', "" }, { 1299, '?', "" }, { 1300, '?', "missed" } } },
    { "a run seems to end before it began", { { 5000, 'S', "" }, { 400, 'P', "result took 0" } } },
};

static void tell(const struct bw_beat_news *news, char *out, size_t size)
{
    int len = snprintf(out, size, "%s%s%s", news->decides ? "result" : "",
                       news->early ? " early" : "", news->overlaps ? "overlaps" : "");
    if (news->late_ms > 0)
        len += snprintf(out + len, size - (size_t)len, " late %d", (int)news->late_ms);
    if (news->duration_ms >= 0)
        snprintf(out + len, size - (size_t)len, " took %d", (int)news->duration_ms);
}

static void take(struct bw_beat *beat, const struct step *step, char *out, size_t size)
{
    static const char words[] = "SPF"; /* enum bw_beat_word */
    out[0] = '\0';
    if (step->what == '!') {
        const bool forgiven = bw_beat_forgive(beat, &rule, step[-1].at_ms, step->at_ms);
        snprintf(out, size, "%s", forgiven ? "forgiven" : "");
    } else if (step->what == '?') {
        snprintf(out, size, "%s", bw_beat_is_missed(beat, &rule, step->at_ms) ? "missed" : "");
    } else {
        const enum bw_beat_word word = (enum bw_beat_word)(strchr(words, step->what) - words);
        const struct bw_beat_news news = bw_beat_take(beat, &rule, word, step->at_ms);
        tell(&news, out, size);
    }
}

static void a_job_is_judged_by_when_it_reports(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_beat beat;
        bw_beat_init(&beat, &rule, 0);
        for (const struct step *step = stories[i].steps; step->told != NULL; step++) {
            char told[80];
            take(&beat, step, told, sizeof told);
            if (strcmp(told, step->told) != 0)
                fail_msg("%s, at %d: '%s' instead of '%s'", stories[i].name, (int)step->at_ms, told,
                         step->told);
        }
    }
}

static void the_deadline_is_when_a_look_finds_it_missed(void **state)
{
    (void)state;
    struct bw_beat beat;
    bw_beat_init(&beat, &rule, 70);
    for (int i = 0; i < 5; i++) {
        const int64_t deadline_ms = bw_beat_deadline_ms(&beat, &rule);
        assert_false(bw_beat_is_missed(&beat, &rule, deadline_ms - 1));
        assert_true(bw_beat_is_missed(&beat, &rule, deadline_ms));
        assert_int_equal(bw_beat_deadline_ms(&beat, &rule), deadline_ms + EVERY);
    }
}

static void a_stored_result_keeps_the_deadline(void **state)
{
    (void)state;
    struct bw_beat beat;
    bw_beat_resume(&beat, &rule, 5000, false);
    assert_int_equal(bw_beat_deadline_ms(&beat, &rule), 6100);
    assert_true(bw_beat_is_missed(&beat, &rule, 6100));
    struct bw_beat stored;
    bw_beat_resume(&stored, &rule, 6100, true); /* that it was missed is what was stored */
    assert_int_equal(bw_beat_deadline_ms(&stored, &rule), bw_beat_deadline_ms(&beat, &rule));
    assert_int_equal(bw_beat_take(&stored, &rule, BW_BEAT_PASS, 6150).late_ms, 150);
}

static void an_outage_that_was_over_before_forgives_nothing(void **state)
{
    (void)state;
    struct bw_beat beat;
    bw_beat_resume(&beat, &rule, 5000, false);
    assert_false(bw_beat_forgive(&beat, &rule, 5200, 5899));
    assert_int_equal(beat.due_ms, 6000);
    assert_true(bw_beat_forgive(&beat, &rule, 5200, 5900));
    assert_int_equal(beat.due_ms, 7000);
    assert_false(bw_beat_forgive(&beat, &rule, 7101, 7102));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_judged_by_when_it_reports),
        cmocka_unit_test(the_deadline_is_when_a_look_finds_it_missed),
        cmocka_unit_test(a_stored_result_keeps_the_deadline),
        cmocka_unit_test(an_outage_that_was_over_before_forgives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
