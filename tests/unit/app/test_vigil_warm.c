// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/vigil_warm.h"

#include "base/mem.h"
#include "fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Values of a series at a step, up to now. */
static uint32_t fill(struct bench *bench, const char *service, size_t count, int64_t step_ms)
{
    const struct bw_label labels[] = { { "service", service } };
    const int64_t now_ms = bw_core_now_ms(&bench->core);
    struct bw_sample *samples = bw_alloc_array(count, sizeof *samples);
    const uint32_t id =
        bw_store_series(bench->core.store, "node_load1", (struct bw_labels){ labels, 1 });
    for (size_t i = 0; i < count; i++)
        samples[i] =
            (struct bw_sample){ id, now_ms - (int64_t)(count - 1 - i) * step_ms, (double)(i % 7) };
    bw_store_append(bench->core.store, samples, count);
    free(samples);
    return id;
}

/* A new eye that is fed with what there is. */
static struct bw_vigil_eye *fed(struct bench *bench, uint32_t series, const char *store, bool reads)
{
    struct bw_vigil_eye *eye = bw_vigil_eye_new(false, NULL);
    struct bw_vigil_warm warm = { .store = bw_strdup(store),
                                  .now_ms = bw_core_now_ms(&bench->core),
                                  .series = &series,
                                  .eyes = &eye,
                                  .count = 1 };
    bw_vigil_warm_run(&warm);
    assert_int_equal(warm.err.rc == BW_OK, reads);
    free(warm.store);
    return eye;
}

static const struct {
    const char *name;
    size_t count;
    int64_t step_ms, seen_ms; /* how far back what it has seen goes */
} cases[] = {
    { "all of some hours", 600, 15000, 599 * 15000 },
    { "not more than 2,000", 2500, 1000, 1999 * 1000 },
    { "what comes seldom from farther back", 300, 900000, 299 * INT64_C(900000) },
    { "few, when there are no more", 10, 15000, 9 * 15000 },
};

static void an_eye_sees_what_the_store_has(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        bench_make(&bench, "storage: {max_late: 7d}\n", true);
        const uint32_t series = fill(&bench, "a", cases[i].count, cases[i].step_ms);
        bench_flush(&bench);
        struct bw_vigil_eye *eye = fed(&bench, series, bw_store_path(bench.core.store), true);
        if (eye->last_ms - eye->first_ms != cases[i].seen_ms)
            fail_msg("%s: %lld ms", cases[i].name, (long long)(eye->last_ms - eye->first_ms));
        assert_int_equal(!isnan(eye->score), cases[i].count > BW_TREND_WARM_UP);
        bw_vigil_eye_free(eye);
        bench_remove(&bench);
    }
}

static void what_is_not_there_leaves_it_as_it_is(void **state)
{
    (void)state;
    struct bench bench;
    bench_make(&bench, "", true);
    struct bw_vigil_eye *eye = fed(&bench, 77, bw_store_path(bench.core.store), true);
    assert_int_equal(eye->first_ms, 0);
    bw_vigil_eye_free(eye);
    eye = fed(&bench, 77, "/nowhere/at/all", false);
    assert_int_equal(eye->first_ms, 0);
    bw_vigil_eye_free(eye);
    bench_remove(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_eye_sees_what_the_store_has),
        cmocka_unit_test(what_is_not_there_leaves_it_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
