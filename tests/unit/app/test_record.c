// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/record.h"

#include "fixture.h"
#include "metric/guest.h"
#include "store/erase.h"
#include "store/reader.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T0 INT64_C(1700000000000)

static int open_bench(void **state)
{
    return bench_open(state, "");
}

static struct bw_source *source(struct bench *bench, const char *service, size_t stored_max)
{
    const struct bw_label identity[] = { { "service", service }, { "instance", "i" } };
    return bw_source_new(bench->core.recorder, identity, 2, stored_max);
}

/* One round about these processors, a measure each. */
static void put_cpus_by(void (*put)(struct bw_source *, const struct bw_measures *, int64_t),
                        struct bw_source *source, const char *cpus, double value, int64_t ts_ms)
{
    struct bw_arena arena = { 0 };
    struct bw_measures measures;
    bw_measures_init(&measures, &arena);
    for (; *cpus != '\0'; cpus++) {
        const char cpu[] = { *cpus, '\0' };
        bw_measures_add(&measures, BW_METRIC_NODE_CPU_SECONDS_TOTAL, value,
                        BW_LABEL_VALUES(cpu, "user"));
    }
    put(source, &measures, ts_ms);
    bw_arena_fini(&arena);
}

static void put_cpus(struct bw_source *source, const char *cpus, double value, int64_t ts_ms)
{
    put_cpus_by(bw_source_put, source, cpus, value, ts_ms);
}

/* ---- what is in the store -------------------------------------------------------------- */

struct stored {
    struct bw_reader *reader;
    struct bw_buf *out;
};

static bool list_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct bw_buf *out = ctx;
    (void)series;
    for (size_t i = 0; i < count; i++)
        bw_buf_printf(out, " %lld:%g", (long long)(points[i].ts_ms - T0), points[i].value);
    return true;
}

static bool list_series(void *ctx, const struct bw_series_info *series)
{
    struct stored *stored = ctx;
    bw_buf_text(stored->out, series->text);
    bw_reader_scan(stored->reader, &series->id, 1, INT64_MIN, INT64_MAX, list_points, stored->out,
                   NULL, NULL);
    bw_buf_char(stored->out, '\n');
    return true;
}

/* Every stored series with its points as time-T0:value. */
static void expect_stored(struct bench *bench, const char *want)
{
    struct bw_buf out;
    struct stored stored = { .out = &out };
    struct bw_err err = { .text = "" };
    bw_buf_init(&out, 1u << 20);
    bench_flush(bench);
    if (bw_reader_open(folder_file(&bench->folder, "data.db"), &stored.reader, &err) != BW_OK)
        fail_msg("%s", err.text);
    assert_int_equal(bw_reader_series(stored.reader, NULL, list_series, &stored, NULL, &err),
                     BW_OK);
    bw_reader_close(stored.reader);
    assert_string_equal(out.data, want);
    bw_buf_fini(&out);
}

/* ---- what is the latest ---------------------------------------------------------------- */

static void list_latest(void *ctx, const struct bw_latest *latest)
{
    bw_series_text(ctx, latest->metric, latest->labels);
    bw_buf_printf(ctx, " %g @%lld\n", latest->value, (long long)(latest->ts_ms - T0));
}

static void expect_latest(struct bench *bench, const char *selector, int64_t since_ms,
                          const char *want)
{
    struct bw_picker *picker;
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    assert_int_equal(bw_picker_parse(selector, &picker, NULL), BW_OK);
    bw_recorder_each(bench->core.recorder, picker, since_ms, list_latest, &out);
    assert_string_equal(out.data, want);
    bw_picker_free(picker);
    bw_buf_fini(&out);
}

#define CPU(n) "node_cpu_seconds_total{cpu=\"" n "\",instance=\"i\",mode=\"user\",service=\"a\"}"

/* ---- stories --------------------------------------------------------------------------- */

static void rounds_go_to_the_store(void **state)
{
    struct bench *bench = *state;
    struct bw_source *a = source(bench, "a", 200);
    put_cpus(a, "01", 1, T0);
    const uint32_t id = bw_source_series(a, BW_METRIC_NODE_CPU_SECONDS_TOTAL);
    assert_true(id > 0);
    put_cpus(a, "01", 2, T0 + 1000);
    assert_int_equal(bw_source_series(a, BW_METRIC_NODE_CPU_SECONDS_TOTAL), id);
    assert_int_equal(bw_source_series(a, BW_METRIC_PROBE_SUCCESS), 0);
    expect_stored(bench, CPU("0") " 0:1 1000:2\n" CPU("1") " 0:1 1000:2\n");
    bw_source_free(a);
}

/* Another set of things measured: old series end, those that are back are the same series. */
static void a_change_of_shape_keeps_who_is_who(void **state)
{
    struct bench *bench = *state;
    struct bw_source *a = source(bench, "a", 200);
    put_cpus(a, "012", 1, T0);
    put_cpus(a, "02", 2, T0 + 1000);
    expect_latest(bench, "node_cpu_seconds_total", 0, CPU("0") " 2 @1000\n" CPU("2") " 2 @1000\n");
    put_cpus(a, "20", 3, T0 + 2000);
    put_cpus(a, "", 9, T0 + 3000);
    expect_latest(bench, "node_cpu_seconds_total", 0, "");
    put_cpus(a, "1", 4, T0 + 4000);
    expect_latest(bench, "node_cpu_seconds_total", 0, CPU("1") " 4 @4000\n");
    expect_stored(bench, CPU("0") " 0:1 1000:2 2000:3\n" CPU("1") " 0:1 4000:4\n" CPU(
                             "2") " 0:1 1000:2 2000:3\n");
    bw_source_free(a);
    expect_latest(bench, "node_cpu_seconds_total", 0, "");
}

/* By labels of its own, which are looked at first, by those of its source, and by both. */
static void a_picker_chooses_among_the_latest(void **state)
{
    static const struct {
        const char *selector, *cpus; /* of sources a and b that are picked */
    } cases[] = {
        { "node_cpu_seconds_total", "a0a1b0b1" },
        { "node_cpu_seconds_total{cpu=\"1\"}", "a1b1" },
        { "node_cpu_seconds_total{cpu!=\"1\"}", "a0b0" },
        { "node_cpu_seconds_total{cpu=~\"[1-9]\",service=\"b\"}", "b1" },
        { "node_cpu_seconds_total{service!~\"b|c\"}", "a0a1" },
        { "node_cpu_seconds_total{cpu=\"7\"}", "" },
        { "node_cpu_seconds_total{shelf=\"\"}", "a0a1b0b1" },
        { "node_cpu_seconds_total{shelf!=\"\"}", "" },
        { "node_cpu_seconds_total{mode=\"user\",cpu=\"0\",service=\"a\"}", "a0" },
    };
    struct bench *bench = *state;
    struct bw_source *b = source(bench, "b", 200), *a = source(bench, "a", 200);
    put_cpus(a, "01", 1, T0);
    put_cpus(b, "01", 1, T0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[1024];
        size_t len = 0;
        want[0] = '\0';
        for (const char *at = cases[i].cpus; *at != '\0'; at += 2)
            len += (size_t)snprintf(want + len, sizeof want - len,
                                    "node_cpu_seconds_total{cpu=\"%c\",instance=\"i\","
                                    "mode=\"user\",service=\"%c\"} 1 @0\n",
                                    at[1], at[0]);
        expect_latest(bench, cases[i].selector, 0, want);
    }
    bw_source_free(a);
    bw_source_free(b);
}

/* Live families and parts of histograms are not stored; the former still have a latest value. */
static void only_kept_families_are_stored(void **state)
{
    struct bench *bench = *state;
    struct bw_source *a = source(bench, "a", 200);
    struct bw_arena arena = { 0 };
    struct bw_measures measures;
    struct bw_histogram histogram;
    bw_measures_init(&measures, &arena);
    bw_histogram_init(&histogram, bw_duration_bounds, bw_duration_bound_count);
    bw_histogram_observe(&histogram, 0.1);
    bw_measures_add(&measures, BW_METRIC_PROBE_TIMEOUT_SECONDS, 5, NULL);
    bw_measures_add_histogram(&measures, BW_METRIC_CHECK_DURATION_SECONDS, &histogram, NULL);
    bw_measures_add(&measures, BW_METRIC_PROBE_SUCCESS, 1, NULL);
    bw_source_put(a, &measures, T0);
    bw_source_put(a, &measures, T0 + 1000);
    expect_stored(bench, "probe_success{instance=\"i\",service=\"a\"} 0:1 1000:1\n");
    expect_latest(bench, "probe_timeout_seconds", 0,
                  "probe_timeout_seconds{instance=\"i\",service=\"a\"} 5 @1000\n");
    expect_latest(bench, "bellwether_check_duration_seconds", 0, "");
    expect_latest(bench, "no_such_metric", 0, "");
    bw_arena_fini(&arena);
    bw_source_free(a);
}

static void a_source_has_a_ceiling(void **state)
{
    struct bench *bench = *state;
    struct bw_source *a = source(bench, "a", 2);
    put_cpus(a, "0123", 1, T0);
    expect_stored(bench, CPU("0") " 0:1\n" CPU("1") " 0:1\n");
    expect_latest(bench, "node_cpu_seconds_total", 0,
                  CPU("0") " 1 @0\n" CPU("1") " 1 @0\n" CPU("2") " 1 @0\n" CPU("3") " 1 @0\n");
    bw_source_free(a);
}

static void old_values_are_left_out(void **state)
{
    struct bench *bench = *state;
    struct bw_source *a = source(bench, "a", 200), *b = source(bench, "b", 200);
    put_cpus(a, "0", 1, T0);
    put_cpus(b, "0", 2, T0 + 60000);
    expect_latest(bench, "node_cpu_seconds_total", T0 + 1,
                  "node_cpu_seconds_total{cpu=\"0\",instance=\"i\",mode=\"user\",service=\"b\"} 2 "
                  "@60000\n");
    put_cpus(a, "0", 3, T0 + 1);
    bw_source_free(b);
    expect_latest(bench, "node_cpu_seconds_total", T0 + 1, CPU("0") " 3 @1\n");
    bw_source_free(a);
    bw_source_free(NULL);
}

static void put_backup(struct bw_source *source, const char *label, double value)
{
    const struct bw_family wanted = { .name = "backup_age_seconds",
                                      .type = BW_TYPE_GAUGE,
                                      .unit = "",
                                      .labels = { label },
                                      .label_count = 1,
                                      .help = "Said by a command." };
    struct bw_arena arena = { 0 };
    struct bw_measures measures;
    enum bw_family_id id;
    bw_measures_init(&measures, &arena);
    assert_int_equal(bw_guest_family(&wanted, &id, NULL), BW_OK);
    bw_measures_add(&measures, id, value, BW_LABEL_VALUES("x", NULL));
    bw_source_put(source, &measures, T0);
    bw_arena_fini(&arena);
}

/* Commands that write a metric of the same name, each with a label of its own. */
static void a_metric_may_be_made_up_by_two(void **state)
{
    struct bench *bench = *state;
    struct bw_source *a = source(bench, "a", 200), *b = source(bench, "b", 200);
    put_backup(a, "disk", 1);
    put_backup(b, "folder", 2);
    expect_latest(bench, "backup_age_seconds", T0,
                  "backup_age_seconds{folder=\"x\",instance=\"i\",service=\"b\"} 2 @0\n"
                  "backup_age_seconds{disk=\"x\",instance=\"i\",service=\"a\"} 1 @0\n");
    bw_source_free(a);
    bw_source_free(b);
}

/* While there is no store values are the latest all the same; ids are looked up when it is
 * back. */
static void the_store_may_come_and_go(void **state)
{
    struct bench *bench = *state;
    struct bw_source *a = source(bench, "a", 200);
    bw_recorder_set_store(bench->core.recorder, NULL);
    put_cpus(a, "0", 1, T0);
    assert_int_equal(bw_source_series(a, BW_METRIC_NODE_CPU_SECONDS_TOTAL), 0);
    expect_latest(bench, "node_cpu_seconds_total", 0, CPU("0") " 1 @0\n");
    bw_recorder_set_store(bench->core.recorder, bench->core.store);
    put_cpus(a, "0", 2, T0 + 1000);
    bw_recorder_set_store(bench->core.recorder, NULL);
    put_cpus(a, "0", 3, T0 + 2000);
    bw_recorder_set_store(bench->core.recorder, bench->core.store);
    put_cpus(a, "0", 4, T0 + 3000);
    expect_stored(bench, CPU("0") " 1000:2 3000:4\n");
    bw_source_free(a);
}

/* Neither a reload nor a restart within an interval may change what was stored. */
static void a_tick_is_stored_once(void **state)
{
    struct bench *bench = *state;
    bw_recorder_free(bench->core.recorder);
    bench->core.recorder = bw_recorder_new(T0 + 400, bw_publisher_shapes(bench->core.publisher));
    bw_recorder_set_store(bench->core.recorder, bench->core.store);
    struct bw_source *a = source(bench, "a", 200);
    static const struct {
        double value;
        int64_t tick_ms;
    } rounds[] = {
        { 1, T0 },        /* the process before us may have stored this one */
        { 2, T0 + 1000 }, /* ours */
        { 3, T0 + 1000 }, /* again */
        { 4, T0 + 2000 }, //
        { 5, T0 - 9000 }, /* the clock was set back: followed */
    };
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++)
        put_cpus_by(bw_source_put_tick, a, "0", rounds[i].value, rounds[i].tick_ms);
    expect_stored(bench, CPU("0") " -9000:5 1000:2 2000:4\n");
    expect_latest(bench, "node_cpu_seconds_total", 0, CPU("0") " 5 @-9000\n");
    bw_source_free(a);
}

/* Deleted and still measured: another series of the same name, beside what is left. */
static void what_is_deleted_begins_again(void **state)
{
    struct bench *bench = *state;
    struct bw_source *a = source(bench, "a", 200);
    put_cpus(a, "01", 1, T0);
    bench_flush(bench);
    const uint32_t first = bw_store_series(
        bench->core.store, "node_cpu_seconds_total",
        (struct bw_labels){
            (const struct bw_label[]){
                { "cpu", "0" }, { "instance", "i" }, { "mode", "user" }, { "service", "a" } },
            4 });
    uint64_t erased = 0;
    assert_int_equal(bw_store_erase(bench->core.store, &first, 1, &erased, NULL), BW_OK);
    assert_int_equal(erased, 1);
    expect_stored(bench, CPU("1") " 0:1\n");
    put_cpus(a, "01", 2, T0 + 1000);
    expect_stored(bench, CPU("1") " 0:1 1000:2\n" CPU("0") " 1000:2\n");
    assert_true(bw_source_series(a, BW_METRIC_NODE_CPU_SECONDS_TOTAL) > first + 1);
    bw_source_free(a);
}

/* + known, - gone, and the values that are heard, each with the label cpu. */
struct heard {
    char said[512];
    struct {
        uint32_t series;
        char cpu;
    } names[32];
    size_t count;
};

static void note(struct heard *heard, const char *sign, uint32_t series, double value)
{
    char cpu = '?';
    for (size_t i = 0; i < heard->count; i++)
        cpu = heard->names[i].series == series ? heard->names[i].cpu : cpu;
    const size_t len = strlen(heard->said);
    if (isnan(value))
        snprintf(heard->said + len, sizeof heard->said - len, "%s%c ", sign, cpu);
    else
        snprintf(heard->said + len, sizeof heard->said - len, "%c:%g ", cpu, value);
}

static void on_known(void *ctx, uint32_t series, const char *metric, struct bw_labels labels)
{
    struct heard *heard = ctx;
    assert_string_equal(metric, "node_cpu_seconds_total");
    heard->names[heard->count].series = series;
    heard->names[heard->count++].cpu = bw_labels_value(labels, "cpu")[0];
    note(heard, "+", series, NAN);
}

static void on_gone(void *ctx, uint32_t series)
{
    note(ctx, "-", series, NAN);
}

static void on_heard(void *ctx, const struct bw_sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        note(ctx, "", samples[i].series, samples[i].value);
}

static void an_ear_hears_what_is_stored(void **state)
{
    struct bench *bench = *state;
    static const struct bw_recorder_ear ear = { on_known, on_gone, on_heard };
    struct heard heard = { 0 };
    struct bw_source *a = source(bench, "a", 200);
    put_cpus(a, "0", 1, T0);
    bw_recorder_listen(bench->core.recorder, &ear, &heard);
    put_cpus(a, "0", 2, T0 + 1000); /* known before: told now, as if it had gone and come */
    put_cpus(a, "0", 3, T0 + 2000);
    put_cpus(a, "01", 4, T0 + 3000);
    bw_source_free(a);
    assert_string_equal(heard.said, "-? +0 0:2 0:3 -0 +0 +1 0:4 1:4 -0 -1 ");
    bw_recorder_listen(bench->core.recorder, NULL, NULL);
}

#define AT_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_BENCH(rounds_go_to_the_store),
        AT_BENCH(a_change_of_shape_keeps_who_is_who),
        AT_BENCH(a_picker_chooses_among_the_latest),
        AT_BENCH(only_kept_families_are_stored),
        AT_BENCH(a_source_has_a_ceiling),
        AT_BENCH(old_values_are_left_out),
        AT_BENCH(a_metric_may_be_made_up_by_two),
        AT_BENCH(the_store_may_come_and_go),
        AT_BENCH(a_tick_is_stored_once),
        AT_BENCH(what_is_deleted_begins_again),
        AT_BENCH(an_ear_hears_what_is_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
