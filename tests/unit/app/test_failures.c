// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/failures.h"
#include "base/limits.h"
#include "fixture.h"
#include "store/reader.h"

#include <stdio.h>
#include <string.h>

static const char config[] = "services:\n"
                             "  - name: shop\n"
                             "    checks: [{name: page, http: 'http://a/'}]\n";

static const struct bw_subject page = { "shop", "a:80", "page" };

/* '+', a letter for a failure, a capital one for a run that passed at its second try. */
static struct bw_probe_result result_of(char kind)
{
    static const char *const said[] = { "it said A", "it said B", "it said C" };
    const bool retried = kind >= 'A' && kind <= 'C', passed = retried || kind == '+';
    struct bw_probe_result result = { .success = passed,
                                      .attempts = retried ? 2 : 1,
                                      .reason = passed ? BW_REASON_NONE : BW_REASON_HTTP_STATUS };
    if (retried) {
        result.retried_reason = BW_REASON_HTTP_STATUS;
        result.retried_detail = said[kind - 'A'];
    } else if (!passed) {
        snprintf(result.detail, sizeof result.detail, "it said %c", kind);
    }
    return result;
}

struct listing {
    char text[4000];
};

static bool show(void *ctx, const struct bw_failure *failure)
{
    struct listing *listing = ctx;
    const size_t used = strlen(listing->text);
    assert_int_equal(failure->reason, BW_REASON_HTTP_STATUS);
    snprintf(listing->text + used, sizeof listing->text - used, "%u:%s x%u +%u;",
             failure->tally.slot, failure->cause + strlen("it said "), failure->tally.times,
             failure->tally.left_out);
    return true;
}

static const char *stored(struct bench *bench, const struct bw_subject *subject)
{
    static struct listing listing;
    struct bw_reader *reader = NULL;
    listing.text[0] = '\0';
    bench_flush(bench);
    assert_int_equal(bw_reader_open(bw_store_path(bench->core.store), &reader, NULL), BW_OK);
    assert_int_equal(bw_reader_failures(reader, subject, show, &listing, NULL, NULL), BW_OK);
    bw_reader_close(reader);
    return listing.text;
}

/* One run a character: '+' passes, a letter is a failure that says so, '.' waits a minute. */
static const struct {
    const char *name, *story, *want; /* newest first: SLOT:LETTER xTIMES +LEFT-OUT */
} stories[] = {
    { "nothing fails", "++++", "" },
    { "one blip", "++a++", "0:a x1 +0;" },
    { "the same again only counts", "aaaa", "0:a x4 +0;" },
    { "after a pass it is another", "a+a", "1:a x1 +0;0:a x1 +0;" },
    { "another one is another", "abb", "1:b x2 +0;0:a x1 +0;" },
    { "digits make no other", "1223", "0:1 x4 +0;" },
    { "a flapping check is held back", "a+b+c+d+e+.f", "3:f x1 +2;2:c x1 +0;1:b x1 +0;0:a x1 +0;" },
    { "a try that failed is written down", "+A+", "0:A (passed at try 2) x1 +0;" },
    { "blips of one kind are one", "A+A++A", "0:A (passed at try 2) x3 +0;" },
    { "blips of another kind are not", "A+B",
      "1:B (passed at try 2) x1 +0;0:A (passed at try 2) x1 +0;" },
    { "a blip is no outage", "aAa", "2:a x1 +0;1:A (passed at try 2) x1 +0;0:a x1 +0;" },
    { "slots are taken in turn", "a+b+c.d+e+f.g+h+i.j+k+l",
      "1:l x1 +0;0:k x1 +0;9:j x1 +0;8:i x1 +0;7:h x1 +0;6:g x1 +0;5:f x1 +0;4:e x1 +0;3:d x1 "
      "+0;2:c x1 +0;" },
};

static void stories_are_kept_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bench bench;
        struct bw_failure_memory memory = { 0 };
        bench_make(&bench, config, true);
        int64_t ts_ms = 1000000;
        for (const char *c = stories[i].story; *c != '\0'; c++, ts_ms += 1000) {
            if (*c == '.') {
                memory.minute_ms = bench.core.failures.second_ms = 0;
                continue;
            }
            const struct bw_probe_result result = result_of(*c);
            bw_failures_note(&bench.core, &memory, &page, &result, ts_ms);
        }
        bw_failures_save(&bench.core, &memory, &page);
        const char *got = stored(&bench, &page);
        if (strcmp(got, stories[i].want) != 0)
            fail_msg("%s: %s, not %s", stories[i].name, got, stories[i].want);
        bench_remove(&bench);
    }
}

static void a_storm_does_not_flood_the_store(void **state)
{
    (void)state;
    struct bench bench;
    static struct bw_failure_memory memories[1000];
    const struct bw_probe_result result = result_of('a');
    size_t written = 0, skipped = 0;
    memset(memories, 0, sizeof memories);
    bench_make(&bench, config, true);
    for (size_t i = 0; i < 1000; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%zu", i);
        const struct bw_subject subject = { "shop", "a:80", name };
        bw_failures_note(&bench.core, &memories[i], &subject, &result, 1000);
        written += memories[i].what != 0;
        skipped += memories[i].skipped;
    }
    /* The clock may have come to another second meanwhile. */
    assert_true(written >= 200 && written <= 600);
    assert_int_equal(written + skipped, 1000);
    bench.core.failures.second_ms = 0;
    const struct bw_subject last = { "shop", "a:80", "c999" };
    bw_failures_note(&bench.core, &memories[999], &last, &result, 3000);
    assert_string_equal(stored(&bench, &last), "0:a x1 +1;");
    bench_remove(&bench);
}

static void it_goes_on_after_a_restart(void **state)
{
    (void)state;
    struct bench bench;
    struct bw_failure_memory memory = { 0 };
    const struct bw_probe_result result = result_of('a');
    const struct bw_failure_tally tallies[] = { { page, 4, 100, 100, 1, 0 },
                                                { page, 6, 300, 900, 5, 2 },
                                                { page, 5, 200, 200, 1, 0 } };
    bench_make(&bench, config, true);
    for (size_t i = 0; i < 3; i++)
        bw_failures_restore(&memory, &tallies[i]);
    bw_failures_note(&bench.core, &memory, &page, &result, 1000);
    assert_string_equal(stored(&bench, &page), "7:a x1 +0;");
    bench_remove(&bench);
}

static void without_a_store_nothing_breaks(void **state)
{
    (void)state;
    struct bench bench;
    struct bw_failure_memory memory = { 0 };
    const struct bw_probe_result result = result_of('a');
    bench_make(&bench, config, false);
    bw_failures_note(&bench.core, &memory, &page, &result, 1000);
    bw_failures_note(&bench.core, &memory, &page, &result, 2000);
    bw_failures_save(&bench.core, &memory, &page);
    assert_int_equal(memory.what, 0);
    assert_int_equal(memory.skipped, 2);
    bench_remove(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_are_kept_as_told),
        cmocka_unit_test(a_storm_does_not_flood_the_store),
        cmocka_unit_test(it_goes_on_after_a_restart),
        cmocka_unit_test(without_a_store_nothing_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
