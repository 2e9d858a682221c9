// SPDX-License-Identifier: GPL-3.0-or-later
/* bench_store [FOLDER [SERIES [TICKS]]]: appends TICKS batches of SERIES samples, 15 s apart,
 * committing each; then reads everything back, with a reader and with SQL. Says samples per
 * CPU-second for both, memory a series, the longest commit, bytes a sample on disk, CPU for one
 * series. The numbers of two machines cannot be compared. Without arguments: 10,000, then 100,000
 * series, a window each. */
#include "base/mem.h"
#include "base/units.h"
#include "store/reader.h"
#include "store/sql.h"
#include "store/store.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define T0 INT64_C(1700000000000)

enum { WINDOW = 480 };

static double cpu_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
           + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double wall_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What the process holds at a moment, in bytes. */
struct held {
    double resident;
    double allocated; /* by malloc, handed out */
    double idle;      /* by malloc, kept but not handed out */
};

static struct held held_now(void)
{
    const struct mallinfo2 heap = mallinfo2();
    struct held held = { .allocated = (double)(heap.uordblks + heap.hblkhd),
                         .idle = (double)heap.fordblks };
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL && fscanf(file, "%ld %ld", &pages, &resident) == 2)
        held.resident = (double)resident * (double)sysconf(_SC_PAGESIZE);
    if (file != NULL)
        fclose(file);
    return held;
}

static long peak_kib(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
}

/* What came since `before`, which is of the moment when the store was open and empty. */
static void say_memory(const char *when, const struct held *before, size_t series)
{
    const struct held now = held_now();
    const double count = (double)series;
    printf("memory %s: %.0f bytes a series resident, %.0f allocated, %.0f idle (RSS %.0f KiB,"
           " peak %ld KiB)\n",
           when, (now.resident - before->resident) / count,
           (now.allocated - before->allocated) / count, (now.idle - before->idle) / count,
           now.resident / 1024, peak_kib());
}

static uint64_t noise_state = 88172645463325252u;

static uint64_t noise(void)
{
    noise_state ^= noise_state << 13;
    noise_state ^= noise_state >> 7;
    noise_state ^= noise_state << 17;
    return noise_state;
}

/* What monitoring looks like: latencies, percentages, counters, states, constants. */
static double next_value(size_t series, double before)
{
    switch (series % 5) {
    case 0:
        return (double)(20000 + noise() % 4000) / 1e6;
    case 1:
        return (double)(noise() % 10000) / 100;
    case 2:
        return before + (double)(noise() % 1500);
    case 3:
        return noise() % 500 == 0 ? 0 : 1;
    default:
        return 4096;
    }
}

static void fail(const char *what, const struct bw_err *err)
{
    fprintf(stderr, "bench_store: %s: %s\n", what, err->text);
    exit(1);
}

/* Twenty series a check, as probes have them: some are one of several phases. */
static void register_series(struct bw_store *store, struct bw_sample *batch, size_t count)
{
    static const char *const phases[] = { "resolve", "connect", "tls", "processing", "transfer" };
    for (size_t i = 0; i < count; i++) {
        const size_t check = i / 20, nth = i % 20, phase = nth < 5 ? nth : 0;
        char metric[40], service[32], instance[48];
        snprintf(metric, sizeof metric, "bench_http_metric_%zu_seconds", nth < 5 ? 0 : nth);
        snprintf(service, sizeof service, "service-%zu", check / 10);
        snprintf(instance, sizeof instance, "host-%zu.example.org:443", check);
        struct bw_label labels[4] = { { "check", "front-page" },
                                      { "instance", instance },
                                      { "phase", phases[phase] } };
        const size_t named = nth < 5 ? 3 : 2;
        labels[named] = (struct bw_label){ "service", service };
        batch[i].series = bw_store_series(store, metric, (struct bw_labels){ labels, named + 1 });
        batch[i].value = 0;
        batch[i].ts_ms = 0;
    }
}

static void ingest(struct bw_store *store, struct bw_sample *batch, size_t count, size_t ticks)
{
    struct bw_err err;
    const struct held before = held_now();
    register_series(store, batch, count);
    if (bw_store_flush(store, BW_MINUTE, &err) != BW_OK)
        fail("register", &err);
    say_memory("with series and no samples", &before, count);
    double own = 0, longest = 0;
    const double began = cpu_seconds();
    for (size_t t = 0; t < ticks; t++) {
        const double making = cpu_seconds();
        for (size_t i = 0; i < count; i++) {
            batch[i].ts_ms = T0 + (int64_t)t * 15000;
            batch[i].value = next_value(i, batch[i].value);
        }
        own += cpu_seconds() - making;
        const double handed = wall_seconds();
        bw_store_append(store, batch, count);
        if (bw_store_flush(store, BW_MINUTE, &err) != BW_OK)
            fail("commit", &err);
        longest = wall_seconds() - handed > longest ? wall_seconds() - handed : longest;
        if (t + 1 == WINDOW)
            say_memory("after the first window", &before, count);
    }
    const double used = cpu_seconds() - began - own;
    struct bw_store_stats stats;
    bw_store_stats(store, &stats);
    say_memory("at the end", &before, count);
    printf("ingest: %.2f M samples per CPU-second (append, journal, packs), %llu packs written,"
           " longest commit %.0f ms\n",
           (double)(count * ticks) / used / 1e6, (unsigned long long)stats.packs_written_total,
           longest * 1e3);
}

struct total {
    uint64_t points;
    double sum;
};

static bool add_up(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct total *total = ctx;
    (void)series;
    total->points += count;
    for (size_t i = 0; i < count; i++)
        total->sum += points[i].value;
    return true;
}

static void scan(const char *path, const uint32_t *ids, size_t count, const char *what)
{
    struct bw_reader *reader = NULL;
    struct bw_err err;
    struct total total = { 0 };
    if (bw_reader_open(path, &reader, &err) != BW_OK)
        fail("open", &err);
    const double began = cpu_seconds();
    if (bw_reader_scan(reader, ids, count, 0, INT64_MAX, add_up, &total, NULL, &err) != BW_OK)
        fail("scan", &err);
    const double used = cpu_seconds() - began;
    printf("scan of %s: %llu points (sum %.6g), %.3f ms CPU, %.1f M samples per CPU-second\n", what,
           (unsigned long long)total.points, total.sum, used * 1e3,
           (double)total.points / used / 1e6);
    bw_reader_close(reader);
}

/* ---- the same through SQL ------------------------------------------------------------------- */

static bool take_columns(void *ctx, const char *const *names, size_t count)
{
    (void)ctx;
    (void)names;
    return count > 0;
}

static bool take_row(void *ctx, const struct bw_sql_value *values, size_t count)
{
    struct total *total = ctx;
    total->points = (uint64_t)values[0].integer;
    total->sum = count > 1 ? values[1].number : 0;
    return true;
}

static void query(const char *path, const char *sql)
{
    struct bw_err err;
    struct total total = { 0 };
    const struct bw_sql_sink sink = { &total, take_columns, take_row };
    const double began = cpu_seconds();
    if (bw_sql_run(path, sql, NULL, &sink, NULL, &err) != BW_OK)
        fail(sql, &err);
    const double used = cpu_seconds() - began;
    printf("%s: %llu points (sum %.6g), %.3f ms CPU, %.1f M samples per CPU-second\n", sql,
           (unsigned long long)total.points, total.sum, used * 1e3,
           (double)total.points / used / 1e6);
}

static void query_all(const char *path, uint32_t one)
{
    char sql[120];
    query(path, "SELECT count(*), sum(value) FROM samples");
    query(path, "SELECT count(*), sum(value) FROM samples WHERE value > 0");
    query(path,
          "SELECT count(*), sum(value) FROM samples WHERE metric = 'bench_http_metric_7_seconds'");
    snprintf(sql, sizeof sql, "SELECT count(*), sum(value) FROM samples WHERE series = %u", one);
    query(path, sql);
    query(path, "SELECT sum(points), total(bytes) FROM series");
}

static void run(const char *folder, size_t count, size_t ticks)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/bench.db", folder);
    unlink(path);
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store *store = NULL;
    struct bw_err err;
    opts.path = path;
    if (bw_store_open(&opts, NULL, &store, &err) != BW_OK)
        fail("open", &err);
    struct bw_sample *batch = bw_alloc_array(count, sizeof *batch);
    uint32_t *ids = bw_alloc_array(count, sizeof *ids);
    memset(batch, 1, count * sizeof *batch); /* resident before it is counted */
    printf("-- %zu series, %zu ticks\n", count, ticks);
    ingest(store, batch, count, ticks);
    for (size_t i = 0; i < count; i++)
        ids[i] = batch[i].series;
    scan(path, ids, count, "all, live");
    const double closing = cpu_seconds();
    bw_store_close(store);
    printf("close: %.2f s CPU\n", cpu_seconds() - closing);
    struct bw_store_info info;
    if (bw_store_info(path, &info, &err) != BW_OK)
        fail("info", &err);
    printf("file: %.3f bytes a sample on disk, %.3f in packs\n",
           (double)info.bytes / (double)(count * ticks),
           (double)info.pack_bytes / (double)(count * ticks));
    scan(path, ids, count, "all, closed");
    scan(path, ids, 1, "one series");
    query_all(path, ids[0]);
    free(batch);
    free(ids);
}

/* A folder of our own, and a process for each number of series: what one has freed must not serve
 * the next. */
static int run_all(void)
{
    static const size_t counts[] = { 10000, 100000 };
    int status = 0;
    char folder[] = "/tmp/bench_store_XXXXXX", command[64];
    if (mkdtemp(folder) == NULL)
        return 1;
    for (size_t i = 0; i < sizeof counts / sizeof *counts && status == 0; i++) {
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0) {
            run(folder, counts[i], WINDOW + 20);
            return 0;
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
            status = 1;
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0 || status != 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return run_all();
    run(argv[1], argc > 2 ? strtoul(argv[2], NULL, 10) : 10000,
        argc > 3 ? strtoul(argv[3], NULL, 10) : 600);
    return 0;
}
