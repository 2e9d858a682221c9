// SPDX-License-Identifier: GPL-3.0-or-later
/* bench_dataset DATASET FOLDER: stores a dataset tick by tick as it would have come, each tick
 * committed; then compacts the store. Before and after: bytes a sample on disk, what of it SQLite
 * takes, CPU to add up all series and to read one, and whether every bit came back.
 *
 *   bench_dataset DATASET FOLDER hot            only the first half of it
 *   bench_dataset DATASET STORE look            only the questions, to a store that is there
 *   bench_dataset DATASET FOLDER day [STEP_MS]  only the first day, and what the store takes while
 * it is open; its clock goes as fast as the ticks do, so what is due every ten minutes is done
 * every 40 ticks, and packs are merged as in the daemon */
#include "base/crc32c.h"
#include "base/mem.h"
#include "base/units.h"
#include "dataset_file.h"
#include "store/compact.h"
#include "store/reader.h"
#include "store/store.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

enum { TICK_MS = 15000, ROUNDS = 5 };

struct series {
    const struct dataset_series *data;
    uint32_t next; /* point to be appended */
    uint32_t id;
    uint32_t crc; /* of its points */
};

struct bench {
    struct dataset set;
    struct series *series;
    uint32_t *ids;
    uint64_t samples; /* that are stored */
};

static double cpu_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
           + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static uint32_t sum_of(uint32_t crc, int64_t ts_ms, double value)
{
    const struct bw_point point = { ts_ms, value };
    return bw_crc32c(crc, &point, sizeof point);
}

static void load(struct bench *bench, const char *path)
{
    dataset_load(&bench->set, path);
    bench->series = bw_alloc_array(bench->set.count, sizeof *bench->series);
    bench->ids = bw_alloc_array(bench->set.count, sizeof *bench->ids);
    bench->samples = bench->set.samples;
    for (size_t i = 0; i < bench->set.count; i++) {
        struct series *series = &bench->series[i];
        series->data = &bench->set.series[i];
        for (uint32_t k = 0; k < series->data->count; k++)
            series->crc = sum_of(series->crc, series->data->times[k], series->data->values[k]);
    }
}

static uint32_t register_one(struct bw_store *store, const struct dataset_series *data, size_t i)
{
    char instance[32], number[24];
    snprintf(instance, sizeof instance, "host-%u:9100", data->target);
    snprintf(number, sizeof number, "%zu", i);
    const struct bw_label labels[] = { { "id", number }, { "instance", instance } };
    const uint32_t id = bw_store_series(store, data->name, (struct bw_labels){ labels, 2 });
    if (id == 0)
        dataset_fail(data->name, "refused");
    return id;
}

static void register_all(struct bench *bench, struct bw_store *store)
{
    for (size_t i = 0; i < bench->set.count; i++)
        bench->series[i].id = bench->ids[i] = register_one(store, &bench->set.series[i], i);
}

/* Hands over all points before a moment; how many. */
static size_t append_until(struct bench *bench, struct bw_store *store, int64_t end_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < bench->set.count; i++) {
        struct series *series = &bench->series[i];
        const struct dataset_series *data = series->data;
        for (; series->next < data->count && data->times[series->next] < end_ms; count++) {
            const struct bw_sample sample = { series->id, data->times[series->next],
                                              data->values[series->next] };
            bw_store_append(store, &sample, 1);
            series->next++;
        }
    }
    return count;
}

static struct bw_store *open_store(const char *path, const struct bw_store_hooks *hooks)
{
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store *store = NULL;
    struct bw_err err = { .text = "" };
    opts.path = path;
    if (bw_store_open(&opts, hooks, &store, &err) != BW_OK)
        dataset_fail("open", err.text);
    return store;
}

static void flush(struct bw_store *store)
{
    struct bw_err err = { .text = "" };
    if (bw_store_flush(store, BW_MINUTE, &err) != BW_OK)
        dataset_fail("commit", err.text);
}

static int64_t first_tick_ms(const struct bench *bench)
{
    int64_t first_ms = INT64_MAX;
    for (size_t i = 0; i < bench->set.count; i++) {
        const struct dataset_series *data = &bench->set.series[i];
        if (data->count > 0 && data->times[0] < first_ms)
            first_ms = data->times[0];
    }
    return first_ms - first_ms % TICK_MS;
}

static void ingest(struct bench *bench, const char *path)
{
    struct bw_store *store = open_store(path, NULL);
    register_all(bench, store);
    const double began = cpu_seconds();
    int64_t end_ms = first_tick_ms(bench) + TICK_MS;
    for (uint64_t done = 0; done < bench->samples; end_ms += TICK_MS) {
        done += append_until(bench, store, end_ms);
        flush(store);
    }
    bw_store_close(store);
    printf("ingest: %.2f M samples per CPU-second\n",
           (double)bench->samples / (cpu_seconds() - began) / 1e6);
}

/* ---- a day, open ---------------------------------------------------------------------------- */

/* How far the store's clock is ahead of this machine's. */
static _Atomic int64_t ahead_ns;

int __real_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);

int __wrap_clock_gettime(clockid_t id, struct timespec *out)
{
    const int rc = __real_clock_gettime(id, out);
    if (id == CLOCK_MONOTONIC) {
        const int64_t ns = out->tv_nsec + atomic_load(&ahead_ns);
        out->tv_sec += ns / BW_SECOND;
        out->tv_nsec = ns % BW_SECOND;
    }
    return rc;
}

static _Atomic int64_t now_ms;

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return atomic_load(&now_ms);
}

/* Every file of a folder is told; the sum of all. */
static uint64_t list_files(const char *folder)
{
    uint64_t sum = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        dataset_fail(folder, "cannot be read");
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096 + sizeof entry->d_name];
        struct stat st;
        snprintf(path, sizeof path, "%.4000s/%s", folder, entry->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            printf("  %s %lld\n", entry->d_name, (long long)st.st_size);
            sum += (uint64_t)st.st_size;
        }
    }
    closedir(dir);
    return sum;
}

static uint64_t size_of(const char *path, const char *ending)
{
    char name[4200];
    struct stat st;
    snprintf(name, sizeof name, "%s%s", path, ending);
    return stat(name, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* What the store takes while it is open: the most of a day's last hour, as it moves with the log
 * and with the packs that are about to be written. */
static void say_open(const struct bench *bench, const char *folder, const char *path, uint64_t most)
{
    struct bw_store_info info;
    struct bw_err err = { .text = "" };
    if (bw_store_info(path, &info, &err) != BW_OK)
        dataset_fail("open", err.text);
    const uint64_t sum = list_files(folder), reserve = size_of(path, ".reserve");
    printf("  of it %" PRIu64 " packs of %" PRIu64 " bytes, journal %" PRIu64 " in %" PRIu64
           " rows\n",
           info.packs, info.pack_bytes, info.journal_bytes, info.journal_rows);
    const double samples = (double)bench->samples;
    printf("day, open: %" PRIu64 " bytes, %.4f a sample (at most %" PRIu64 ", %.4f, in its last"
           " hour); with the reserve %.4f\n",
           sum - reserve, (double)(sum - reserve) / samples, most, (double)most / samples,
           (double)sum / samples);
}

/* As the daemon does once a minute. */
static void compact_step(struct bw_compactor *compactor)
{
    struct bw_err err = { .text = "" };
    bool more;
    if (bw_compactor_step(compactor, &more, &err) != BW_OK)
        dataset_fail("compact", err.text);
}

static void live_through(struct bench *bench, const char *folder, const char *path, int64_t step_ms)
{
    static const struct bw_store_hooks hooks = { .wall_ms = wall_ms };
    const int64_t begin_ms = first_tick_ms(bench), end_ms = begin_ms + BW_DAY / BW_MS;
    uint64_t most = 0;
    atomic_store(&now_ms, begin_ms);
    struct bw_store *store = open_store(path, &hooks);
    register_all(bench, store);
    struct bw_compactor *compactor = bw_compactor_new(store, BW_COMPACT_OLD);
    const double began = cpu_seconds();
    bench->samples = 0;
    for (int64_t ms = begin_ms + step_ms; ms <= end_ms; ms += step_ms) {
        atomic_fetch_add(&ahead_ns, step_ms * BW_MS);
        atomic_store(&now_ms, ms);
        bench->samples += append_until(bench, store, ms);
        flush(store);
        if (ms % (BW_MINUTE / BW_MS) < step_ms)
            compact_step(compactor);
        const uint64_t size = size_of(path, "") + size_of(path, "-wal") + size_of(path, "-shm");
        if (ms > end_ms - BW_HOUR / BW_MS && size > most)
            most = size;
    }
    printf("day: %" PRIu64 " samples, %.2f M samples per CPU-second, a commit each %" PRId64
           " ms\n",
           bench->samples, (double)bench->samples / (cpu_seconds() - began) / 1e6, step_ms);
    say_open(bench, folder, path, most);
    bw_compactor_free(compactor);
    bw_store_close(store);
    printf("closed:\n");
    const uint64_t closed = list_files(folder);
    printf("day, closed: %" PRIu64 " bytes, %.4f a sample\n", closed,
           (double)closed / (double)bench->samples);
}

/* ---- reading -------------------------------------------------------------------------------- */

struct total {
    double sum;
    uint64_t points;
};

static bool add_up(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct total *total = ctx;
    (void)series;
    for (size_t i = 0; i < count; i++)
        total->sum += points[i].value;
    total->points += count;
    return true;
}

static bool compare(void *ctx, uint32_t id, const struct bw_point *points, size_t count)
{
    const struct bench *bench = ctx;
    uint32_t crc = 0;
    for (size_t i = 0; i < count; i++)
        crc = sum_of(crc, points[i].ts_ms, points[i].value);
    for (size_t i = 0; i < bench->set.count; i++) {
        const struct series *series = &bench->series[i];
        if (series->id == id && (series->crc != crc || series->data->count != count))
            dataset_fail(series->data->name, "came back changed");
    }
    return true;
}

static double scan(struct bw_reader *reader, const uint32_t *ids, size_t count, bw_points_fn *fn,
                   void *ctx)
{
    struct bw_damage damage = { 0 };
    struct bw_err err = { .text = "" };
    const double began = cpu_seconds();
    if (bw_reader_scan(reader, ids, count, INT64_MIN, INT64_MAX, fn, ctx, &damage, &err) != BW_OK)
        dataset_fail("scan", err.text);
    if (damage.packs + damage.journal_rows + damage.rows > 0)
        dataset_fail("scan", "damage");
    return cpu_seconds() - began;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of a few rounds. */
static double median_of(struct bw_reader *reader, const uint32_t *ids, size_t count)
{
    double used[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        struct total total = { 0 };
        used[i] = scan(reader, ids, count, add_up, &total);
    }
    qsort(used, ROUNDS, sizeof *used, by_size);
    return used[ROUNDS / 2];
}

static double of_all_one_by_one(struct bw_reader *reader, const struct bench *bench)
{
    double used = 0;
    struct total total = { 0 };
    for (size_t i = 0; i < bench->set.count; i++)
        used += scan(reader, &bench->ids[i], 1, add_up, &total);
    return used / (double)bench->set.count;
}

static void look(struct bench *bench, const char *path, const char *what)
{
    struct bw_store_info info;
    struct bw_reader *reader = NULL;
    struct bw_err err = { .text = "" };
    if (bw_store_info(path, &info, &err) != BW_OK || bw_reader_open(path, &reader, &err) != BW_OK)
        dataset_fail("open", err.text);
    const double samples = (double)bench->samples;
    printf("%s: %.4f bytes a sample on disk, %.4f in %" PRIu64 " packs, SQLite's share %.2f %%\n",
           what, (double)info.bytes / samples, (double)info.pack_bytes / samples, info.packs,
           ((double)info.bytes / (double)info.pack_bytes - 1) * 100);
    scan(reader, bench->ids, bench->set.count, compare, bench);
    printf("%s: all %" PRIu64 " samples are the same bits; added up at %.1f M a CPU-second,"
           " one series takes %.3f ms (%.3f on average of all)\n",
           what, bench->samples, samples / median_of(reader, bench->ids, bench->set.count) / 1e6,
           median_of(reader, bench->ids + 11, 1) * 1e3, of_all_one_by_one(reader, bench) * 1e3);
    bw_reader_close(reader);
}

static bool take_id(void *ctx, const struct bw_series_info *info)
{
    struct bench *bench = ctx;
    const char *number = bw_labels_value(info->labels, "id");
    const size_t i = number == NULL ? SIZE_MAX : strtoul(number, NULL, 10);
    if (i >= bench->set.count || strcmp(bench->set.series[i].name, info->metric) != 0)
        dataset_fail(info->text, "is not in the dataset");
    bench->series[i].id = bench->ids[i] = info->id;
    return true;
}

static void find_ids(struct bench *bench, const char *path)
{
    struct bw_reader *reader = NULL;
    struct bw_err err = { .text = "" };
    if (bw_reader_open(path, &reader, &err) != BW_OK
        || bw_reader_series(reader, NULL, take_id, bench, NULL, &err) != BW_OK)
        dataset_fail(path, err.text);
    bw_reader_close(reader);
}

static void compact(const struct bench *bench, const char *path)
{
    struct bw_compact_report report;
    struct bw_err err = { .text = "" };
    const double began = cpu_seconds();
    if (bw_store_compact(path, NULL, NULL, &report, &err) != BW_OK)
        dataset_fail("compact", err.text);
    const double used = cpu_seconds() - began;
    printf("compact: %" PRIu64 " bytes before, %" PRIu64 " after, %.2f s CPU, %.1f M samples a"
           " CPU-second\n",
           report.bytes_before, report.bytes_after, used, (double)bench->samples / used / 1e6);
}

int main(int argc, char **argv)
{
    struct bench bench = { 0 };
    char path[4096];
    const char *only = argc > 3 ? argv[3] : "";
    if (argc < 3)
        dataset_fail("usage", "bench_dataset DATASET FOLDER|STORE [look|hot|day [STEP_MS]]");
    snprintf(path, sizeof path, "%s%s", argv[2], strcmp(only, "look") == 0 ? "" : "/dataset.db");
    load(&bench, argv[1]);
    printf("%zu series, %" PRIu64 " samples\n", bench.set.count, bench.samples);
    if (strcmp(only, "look") == 0) {
        find_ids(&bench, path);
        look(&bench, path, "as it is");
    } else if (strcmp(only, "hot") == 0) {
        ingest(&bench, path);
    } else if (strcmp(only, "day") == 0) {
        live_through(&bench, argv[2], path, argc > 4 ? strtol(argv[4], NULL, 10) : TICK_MS);
    } else {
        ingest(&bench, path);
        look(&bench, path, "hot");
        compact(&bench, path);
        look(&bench, path, "cold");
    }
    free(bench.series);
    free(bench.ids);
    return 0;
}
