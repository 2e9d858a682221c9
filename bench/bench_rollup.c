// SPDX-License-Identifier: GPL-3.0-or-later
/* What roll-ups cost: bytes a bucket, CPU of the job, and asking for 90 days. In a store of its own
 * in the folder given (or /tmp), 20 series at 15 s over 90 days. */
#include "base/units.h"
#include "pack/rollup.h"
#include "store/reader.h"
#include "store/rollups.h"
#include "store/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define D0 INT64_C(1700006400000)
#define DAY_MS INT64_C(86400000)

enum { SERIES = 20, DAYS = 90, STEP_MS = 15000 };

static double cpu_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return D0 + DAYS * DAY_MS;
}

static uint64_t random_bits(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Latencies, a status, percents, a counter, a constant: four series of each. */
static double value_of(size_t series, size_t i)
{
    static double counters[SERIES];
    switch (series % 5) {
    case 0:
        return (double)(20000 + random_bits() % 4000 + (random_bits() % 100 == 0) * 30000) / 1e6;
    case 1:
        return i % 1000 < 990;
    case 2:
        return round((50 + 30 * sin((double)i / 5760 * 6.28) + (double)(random_bits() % 1000) / 100)
                     * 100)
               / 100;
    case 3:
        return counters[series] += (double)(random_bits() % 5000);
    default:
        return 42;
    }
}

static void fill(struct bw_store *store, const uint32_t *ids)
{
    for (size_t i = 0; i < (size_t)DAYS * DAY_MS / STEP_MS; i++) {
        struct bw_sample samples[SERIES];
        for (size_t s = 0; s < SERIES; s++)
            samples[s] = (struct bw_sample){ ids[s], D0 + (int64_t)i * STEP_MS, value_of(s, i) };
        bw_store_append(store, samples, SERIES);
        if (i % 480 == 479)
            bw_store_checkpoint(store, BW_MINUTE, NULL);
    }
}

static void roll_up(struct bw_store *store, struct bw_reader *reader)
{
    double spent_ms = 0;
    size_t windows = 0;
    for (bool made = true; made; windows += made) {
        const double began_ms = cpu_ms(CLOCK_THREAD_CPUTIME_ID);
        bw_store_roll_up(store, reader, &made, NULL);
        spent_ms += cpu_ms(CLOCK_THREAD_CPUTIME_ID) - began_ms;
        bw_store_flush(store, BW_MINUTE, NULL);
    }
    const double samples = (double)SERIES * DAYS * DAY_MS / STEP_MS;
    printf("job: %zu windows, %.0f ms for a million samples, all tiers\n", windows,
           spent_ms / samples * 1e6);
}

static bool note(void *ctx, uint32_t series, const struct bw_bucket *buckets, size_t count)
{
    (void)series;
    struct bw_sketch *all = ctx;
    for (size_t i = 0; i < count; i++)
        bw_sketch_merge(all, &buckets[i].sketch);
    return true;
}

static double ask_once(struct bw_reader *reader, const struct bw_bucket_range *range, uint32_t id,
                       struct bw_sketch *all)
{
    const double began_ms = cpu_ms(CLOCK_THREAD_CPUTIME_ID);
    bw_reader_buckets(reader, &id, 1, range, note, all, NULL, NULL);
    return cpu_ms(CLOCK_THREAD_CPUTIME_ID) - began_ms;
}

static void ask(struct bw_reader *reader, uint32_t id, int64_t step_ms)
{
    struct bw_bucket_range range = { .from_ms = D0,
                                     .to_ms = D0 + DAYS * DAY_MS - 1,
                                     .step_ms = step_ms };
    struct bw_sketch all = { 0 };
    const double took_ms = ask_once(reader, &range, id, &all);
    range.plain = true;
    const double plain_ms = ask_once(reader, &range, id, &all);
    printf("90 days of a series by %lld s: %.2f ms, %.2f ms without quantiles, p95 %g\n",
           (long long)step_ms / 1000, took_ms, plain_ms, bw_sketch_quantile(&all, 0.95));
    bw_sketch_fini(&all);
}

int main(int argc, char **argv)
{
    char path[200];
    struct bw_store *store = NULL;
    struct bw_reader *reader = NULL;
    struct bw_err err = { .text = "" };
    uint32_t ids[SERIES];
    struct bw_storage_opts opts = bw_storage_defaults();
    const struct bw_store_hooks hooks = { .wall_ms = wall_ms };
    const struct bw_label label = { "instance", "a" };
    snprintf(path, sizeof path, "%s/bench_rollup.db", argc > 1 ? argv[1] : "/tmp");
    opts.path = path;
    opts.retention = (struct bw_retention_opts){ 0 };
    if (bw_store_open(&opts, &hooks, &store, &err) != BW_OK
        || bw_reader_open(path, &reader, &err) != BW_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    for (size_t s = 0; s < SERIES; s++) {
        char metric[20];
        snprintf(metric, sizeof metric, "value%zu", s);
        ids[s] = bw_store_series(store, metric, (struct bw_labels){ &label, 1 });
    }
    fill(store, ids);
    bw_store_trust_clock(store, true);
    roll_up(store, reader);
    const int64_t steps_ms[] = { 60000, 3600000, DAY_MS };
    for (size_t i = 0; i < 3; i++)
        ask(reader, ids[0], steps_ms[i]);
    struct bw_store_info info;
    if (bw_store_info(path, &info, &err) == BW_OK)
        printf("%llu roll-ups, %llu bytes: %.2f a minute of a series, all tiers; packs %llu\n",
               (unsigned long long)info.rollups, (unsigned long long)info.rollup_bytes,
               (double)info.rollup_bytes / SERIES / DAYS / 1440,
               (unsigned long long)info.pack_bytes);
    bw_reader_close(reader);
    bw_store_close(store);
    return 0;
}
