// SPDX-License-Identifier: GPL-3.0-or-later
/* Checks whose phases are stored, over a whole day, through the job that the daemon runs. */
#include "app/trend_job.h"
#include "app/trend_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000)         /* 2023-11-14 22:13:20 UTC */
#define SHIFT_MS (NOW - INT64_C(30000000)) /* 13:53:20 */

enum { STEP_MS = 15000, RUNS = 86400000 / STEP_MS, PARTS = 5 };

static const char config[] =
    "trends: {horizons: [1h], select: [{match: {__name__: probe_duration_seconds}},"
    " {match: {__name__: node_memory_MemAvailable_bytes}}]}\n";

static int open_bench(void **state)
{
    return bench_open(state, config);
}

/* A number around 1 for each run, the same every time. */
static double noise(size_t run, unsigned of)
{
    uint32_t x = (uint32_t)run * 2654435761u + of * 40503u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return 0.9 + 0.2 * (double)(x >> 8) / (1 << 24);
}

static int64_t time_of(size_t run)
{
    return NOW - 86400000 + (int64_t)(run + 1) * STEP_MS;
}

/* A check of "shop": its phases in ms before and after the shift. */
struct check {
    const char *name;
    double before[PARTS], after[PARTS];
};

static const char *const phases[PARTS] = { "resolve", "connect", "tls", "processing", "transfer" };

static void put(struct bench *bench, uint32_t series, int64_t ts_ms, double value)
{
    const struct bw_sample sample = { series, ts_ms, value };
    assert_true(bw_store_append(bench->core.store, &sample, 1));
}

static void fill(struct bench *bench, const struct check *check)
{
    const struct bw_label labels[] = { { "check", check->name },
                                       { "instance", "10.0.0.1:443" },
                                       { "phase", "" },
                                       { "service", "shop" } };
    const struct bw_label plain[] = { labels[0], labels[1], labels[3] };
    struct bw_store *store = bench->core.store;
    uint32_t ids[PARTS];
    const uint32_t whole =
        bw_store_series(store, "probe_duration_seconds", (struct bw_labels){ plain, 3 });
    for (size_t k = 0; k < PARTS; k++) {
        struct bw_label of[4] = { labels[0], labels[1], { "phase", phases[k] }, labels[3] };
        ids[k] = bw_store_series(store, "probe_http_duration_seconds", (struct bw_labels){ of, 4 });
    }
    for (size_t run = 0; run < RUNS; run++) {
        const int64_t ts_ms = time_of(run);
        double sum = 0.0005;
        for (unsigned k = 0; k < PARTS; k++) {
            const double ms = ts_ms < SHIFT_MS ? check->before[k] : check->after[k];
            const double seconds = round(ms * noise(run, k) * 1000) / 1e6;
            put(bench, ids[k], ts_ms, seconds);
            sum += seconds;
        }
        put(bench, whole, ts_ms, round(sum * 1e6) / 1e6);
    }
}

static struct bw_trend_job run_job(struct bench *bench)
{
    struct bw_trend_plan *plan;
    assert_int_equal(bw_trend_plan_make(bench->config, &plan, NULL), BW_OK);
    struct bw_trend_job job = { .plan = plan,
                                .store = bw_strdup(folder_file(&bench->folder, "data.db")),
                                .now_ms = NOW,
                                .count = 10 };
    bw_trend_job_run(&job);
    if (job.err.rc != BW_OK)
        fail_msg("%s", job.err.text);
    return job;
}

static void end(struct bw_trend_job *job)
{
    struct bw_trend_plan *plan = (struct bw_trend_plan *)(uintptr_t)job->plan;
    bw_trend_job_fini(job);
    bw_trend_plan_free(plan);
}

static const struct bw_trend_record *of_check(const struct bw_trend_job *job, const char *check)
{
    for (size_t i = 0; i < job->record_count; i++) {
        const char *name = bw_labels_value(job->records[i].labels, "check");
        if (name != NULL && strcmp(name, check) == 0)
            return &job->records[i];
    }
    fail_msg("%s: no record", check);
    return NULL;
}

static void a_slower_handshake_is_named(void **state)
{
    struct bench *bench = *state;
    static const struct check checks[] = {
        { "login", { 5, 20, 40, 60, 5 }, { 5, 20, 206, 74, 5 } },
        { "search", { 20, 20, 20, 20, 20 }, { 40, 40, 40, 40, 40 } },
        { "steady", { 5, 20, 40, 60, 5 }, { 5, 20, 40, 60, 5 } },
    };
    for (size_t i = 0; i < 3; i++)
        fill(bench, &checks[i]);
    bench_flush(bench);
    struct bw_trend_job job = run_job(bench);
    assert_int_equal(job.record_count, 3);

    const struct bw_trend_record *login = of_check(&job, "login");
    assert_int_equal(login->findings[0].kind, BW_FINDING_LEVEL_SHIFT);
    assert_string_equal(login->findings[0].driver, "tls");
    assert_string_equal(login->findings[0].measure, "p95");
    assert_true(fabs(login->findings[0].share - 0.92) < 0.02);
    assert_true(fabs(login->findings[0].size - 0.18) < 0.02);
    assert_true(llabs(login->findings[0].at_ms - SHIFT_MS) <= 10 * STEP_MS);
    assert_true(bw_text_starts_with(login->note, "p95 +1"));
    assert_non_null(strstr(login->note, " % of it in the tls phase since 13:5"));

    const struct bw_trend_record *search = of_check(&job, "search");
    assert_string_equal(search->findings[0].driver, "");
    assert_non_null(strstr(search->note, "spread over its phases since 13:5"));

    assert_int_equal(of_check(&job, "steady")->finding_count, 0);
    end(&job);
}

/* What was available went to programs, not into shared memory; and the other way round. */
static void memory_goes_somewhere(void **state)
{
    struct bench *bench = *state;
    static const struct {
        const char *instance;
        double shared_after;
        const char *driver;
    } hosts[] = { { "db1", 1e9, "programs or the kernel" }, { "db2", 3.9e9, "shared memory" } };
    for (unsigned h = 0; h < 2; h++) {
        const struct bw_label labels[] = { { "instance", hosts[h].instance },
                                           { "service", "host" } };
        const struct bw_labels of = { labels, 2 };
        struct bw_store *store = bench->core.store;
        const uint32_t free_id = bw_store_series(store, "node_memory_MemAvailable_bytes", of);
        const uint32_t shared_id = bw_store_series(store, "node_memory_Shmem_bytes", of);
        for (size_t run = 0; run < RUNS; run++) {
            const bool after = time_of(run) >= SHIFT_MS;
            put(bench, free_id, time_of(run),
                round((after ? 5e9 : 8e9) + 1e9 * (noise(run, h) - 1)));
            put(bench, shared_id, time_of(run), after ? hosts[h].shared_after : 1e9);
        }
    }
    bench_flush(bench);
    struct bw_trend_job job = run_job(bench);
    assert_int_equal(job.record_count, 2);
    for (size_t h = 0; h < 2; h++) {
        const struct bw_trend_record *record = &job.records[h];
        const bool first = strcmp(bw_labels_value(record->labels, "instance"), "db1") == 0;
        assert_int_equal(record->findings[0].kind, BW_FINDING_LEVEL_SHIFT);
        assert_string_equal(record->findings[0].driver, hosts[first ? 0 : 1].driver);
        assert_string_equal(record->findings[0].measure, "");
        assert_true(bw_text_starts_with(record->note, "level shift at 13:5"));
    }
    end(&job);
}

/* Of more shifts than are looked into, the newest are. */
static void the_newest_shifts_come_first(void **state)
{
    enum { CHECKS = BW_TREND_PARTS_EXPLAINED_MAX + 3, AROUND = 20 };
    struct bench *bench = *state;
    struct bw_store *store = bench->core.store;
    struct bw_trend_record records[CHECKS];
    struct bw_label labels[CHECKS][1];
    char names[CHECKS][8];
    for (size_t i = 0; i < CHECKS; i++) {
        snprintf(names[i], sizeof names[i], "c%02zu", i);
        labels[i][0] = (struct bw_label){ "check", names[i] };
        const struct bw_label tls[] = { labels[i][0], { "phase", "tls" } };
        const struct bw_labels of = { labels[i], 1 };
        const uint32_t whole = bw_store_series(store, "probe_duration_seconds", of);
        const uint32_t part =
            bw_store_series(store, "probe_http_duration_seconds", (struct bw_labels){ tls, 2 });
        /* Neither in the order of the records nor against it. */
        const int64_t at_ms = SHIFT_MS + (int64_t)(i * 7 % CHECKS) * 60000;
        for (int k = -AROUND; k < AROUND; k++) {
            const double seconds = (k < 0 ? 0.1 : 0.2) * noise((size_t)(k + AROUND), 0);
            put(bench, whole, at_ms + k * STEP_MS, seconds + 0.001);
            put(bench, part, at_ms + k * STEP_MS, seconds);
        }
        records[i] = (struct bw_trend_record){
            .series = whole,
            .metric = "probe_duration_seconds",
            .labels = of,
            .first_ms = at_ms - AROUND * STEP_MS,
            .last_ms = at_ms + (AROUND - 1) * STEP_MS,
            .points = 2 * AROUND * 100, /* so that the moment is known well */
            .findings = { { .kind = BW_FINDING_LEVEL_SHIFT, .at_ms = at_ms, .size = 0.1 } },
            .finding_count = 1,
        };
    }
    bench_flush(bench);
    struct bw_reader *reader;
    struct bw_arena arena;
    bw_arena_init(&arena);
    assert_int_equal(bw_reader_open(folder_file(&bench->folder, "data.db"), &reader, NULL), BW_OK);
    bw_trend_parts_explain(reader, &arena, records, CHECKS);
    bw_reader_close(reader);
    for (size_t i = 0; i < CHECKS; i++) {
        const bool newest = i * 7 % CHECKS >= CHECKS - BW_TREND_PARTS_EXPLAINED_MAX;
        assert_string_equal(records[i].findings[0].driver, newest ? "tls" : "");
        assert_string_equal(records[i].findings[0].measure, newest ? "median" : "");
    }
    bw_arena_fini(&arena);
}

#define AT_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_BENCH(a_slower_handshake_is_named),
        AT_BENCH(memory_goes_somewhere),
        AT_BENCH(the_newest_shifts_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
