// SPDX-License-Identifier: GPL-3.0-or-later
/* bench_expiry [FOLDER [SERIES [WINDOWS]]]: how long commits take while much grows old at once.
 * Fills a store with WINDOWS windows of 480 samples of SERIES series, then commits a tick of them
 * ten times a second: first as usual, then while all of that is deleted and its pages go back. Says
 * the middle and the longest commit of both, and how long it took. Timings are of this machine. */
#include "base/mem.h"
#include "base/units.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define T0 INT64_C(1700000000000)
#define DAY_MS INT64_C(86400000)

enum { WINDOW = 480, TICKS_MAX = 6000, USUAL_TICKS = 100, TICK_US = 100000 };

static int64_t wall_now_ms = T0;

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return wall_now_ms;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void append(struct bw_store *store, const uint32_t *series, size_t count, int64_t ts_ms)
{
    struct bw_sample *samples = bw_alloc_array(count, sizeof *samples);
    for (size_t i = 0; i < count; i++)
        samples[i] = (struct bw_sample){ series[i], ts_ms, (double)(rand() % 100000) / 100 };
    if (!bw_store_append(store, samples, count))
        exit(EXIT_FAILURE);
    free(samples);
}

static void fill(struct bw_store *store, const uint32_t *series, size_t count, int windows)
{
    for (int tick = 0; tick < windows * WINDOW; tick++) {
        append(store, series, count, T0 + tick * INT64_C(15000));
        if (tick % 60 == 59)
            bw_store_flush(store, 60 * BW_SECOND, NULL);
    }
    bw_store_checkpoint(store, 60 * BW_SECOND, NULL);
}

/* Ticks until the file is smaller than that, or so many; prints what they took. */
static void tick_until(struct bw_store *store, const uint32_t *series, size_t count,
                       const char *what, uint64_t bytes, int ticks)
{
    static double took[TICKS_MAX];
    struct bw_store_stats stats = { 0 };
    const double began = seconds();
    int n = 0;
    do {
        wall_now_ms += 1000;
        append(store, series, count, wall_now_ms);
        const double at = seconds();
        bw_store_flush(store, 60 * BW_SECOND, NULL);
        took[n++] = seconds() - at;
        usleep(TICK_US);
        bw_store_stats(store, &stats);
    } while (n < ticks && stats.bytes > bytes);
    qsort(took, (size_t)n, sizeof *took, by_value);
    printf(
        "%s: %d commits in %.0f s, middle %.1f ms, 99th %.1f ms, longest %.1f ms; %llu MiB left\n",
        what, n, seconds() - began, took[n / 2] * 1e3, took[n * 99 / 100] * 1e3, took[n - 1] * 1e3,
        (unsigned long long)stats.bytes >> 20);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "bench-expiry";
    const size_t count = argc > 2 ? (size_t)atoi(argv[2]) : 2000;
    const int windows = argc > 3 ? atoi(argv[3]) : 100;
    char path[400], metric[32];
    setvbuf(stdout, NULL, _IOLBF, 0);
    mkdir(folder, 0700);
    snprintf(path, sizeof path, "%s/expiry.db", folder);
    struct bw_storage_opts opts = bw_storage_defaults();
    opts.path = path;
    opts.commit_interval_ns = 50 * BW_MS;
    const struct bw_store_hooks hooks = { .wall_ms = wall_ms };
    struct bw_store *store = NULL;
    struct bw_err err;
    if (bw_store_open(&opts, &hooks, &store, &err) != BW_OK) {
        fprintf(stderr, "bench_expiry: %s\n", err.text);
        return EXIT_FAILURE;
    }
    uint32_t *series = bw_alloc_array(count, sizeof *series);
    for (size_t i = 0; i < count; i++) {
        snprintf(metric, sizeof metric, "m%zu", i);
        series[i] = bw_store_series(store, metric, (struct bw_labels){ NULL, 0 });
    }
    fill(store, series, count, windows);
    struct bw_store_stats stats;
    bw_store_stats(store, &stats);
    printf("%zu series, %llu packs, %llu MiB\n", count, (unsigned long long)stats.packs,
           (unsigned long long)stats.bytes >> 20);
    wall_now_ms = T0 + 20 * DAY_MS;
    tick_until(store, series, count, "as usual", 0, USUAL_TICKS);
    wall_now_ms = T0 + 60 * DAY_MS;
    bw_store_trust_clock(store, true);
    tick_until(store, series, count, "while it expires", stats.bytes / 3, TICKS_MAX);
    bw_store_close(store);
    free(series);
    return EXIT_SUCCESS;
}
