// SPDX-License-Identifier: GPL-3.0-or-later
/* bench_dataset DATASET FOLDER [look]: stores a dataset tick by tick as it would have come, each
 * tick committed; then compacts the store. Before and after: bytes a sample on disk, what of it
 * SQLite takes, CPU to add up all series and to read one, and whether every bit came back. With
 * "look" only the last of it, of the store that an earlier run left.
 *
 * A dataset: "BWD1", u32 series, 8 bytes; per series u32 kind, points, target, jitter and a name
 * of 48 bytes, then the times (i64, ms) and the values (f64) of its points. */
#include "base/crc32c.h"
#include "base/mem.h"
#include "base/units.h"
#include "store/compact.h"
#include "store/reader.h"
#include "store/store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 16, SERIES_HEAD_BYTES = 64, NAME_AT = 16, TICK_MS = 15000, ROUNDS = 5 };

struct series {
    const char *name;
    uint32_t count, target;
    const int64_t *times;
    const double *values;
    uint32_t next; /* point to be appended */
    uint32_t id;
    uint32_t crc; /* of its points */
};

struct dataset {
    struct series *series;
    size_t count;
    uint64_t samples;
    uint32_t *ids;
};

static double cpu_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
           + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_dataset: %s: %s\n", what, why);
    exit(1);
}

static uint32_t sum_of(uint32_t crc, int64_t ts_ms, double value)
{
    const struct bw_point point = { ts_ms, value };
    return bw_crc32c(crc, &point, sizeof point);
}

static const uint8_t *map_file(const char *path)
{
    struct stat st;
    const int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0)
        fail(path, "cannot be read");
    const uint8_t *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED || st.st_size < HEAD_BYTES || memcmp(bytes, "BWD1", 4) != 0)
        fail(path, "no dataset");
    return bytes;
}

static const uint8_t *take_series(struct series *series, const uint8_t *at)
{
    memcpy(&series->count, at + 4, sizeof series->count);
    memcpy(&series->target, at + 8, sizeof series->target);
    series->name = (const char *)at + NAME_AT;
    const void *times = at + SERIES_HEAD_BYTES;
    const void *values = at + SERIES_HEAD_BYTES + (size_t)8 * series->count;
    series->times = times;
    series->values = values;
    for (uint32_t i = 0; i < series->count; i++)
        series->crc = sum_of(series->crc, series->times[i], series->values[i]);
    return at + SERIES_HEAD_BYTES + (size_t)16 * series->count;
}

static void load(struct dataset *set, const char *path)
{
    uint32_t count = 0;
    const uint8_t *bytes = map_file(path);
    memcpy(&count, bytes + 4, sizeof count);
    set->count = count;
    set->series = bw_alloc_array(count, sizeof *set->series);
    set->ids = bw_alloc_array(count, sizeof *set->ids);
    const uint8_t *at = bytes + HEAD_BYTES;
    for (size_t i = 0; i < count; i++) {
        at = take_series(&set->series[i], at);
        set->samples += set->series[i].count;
    }
}

static void register_all(struct dataset *set, struct bw_store *store)
{
    for (size_t i = 0; i < set->count; i++) {
        char instance[32], number[24], metric[48];
        struct series *series = &set->series[i];
        snprintf(instance, sizeof instance, "target-%u", series->target);
        snprintf(number, sizeof number, "%zu", i);
        snprintf(metric, sizeof metric, "%.*s", (int)strcspn(series->name, "{ "), series->name);
        const struct bw_label labels[] = { { "id", number }, { "instance", instance } };
        series->id = bw_store_series(store, metric, (struct bw_labels){ labels, 2 });
        if (series->id == 0)
            fail(metric, "refused");
        set->ids[i] = series->id;
    }
}

/* Hands over all points before a moment; how many. */
static size_t append_until(struct dataset *set, struct bw_store *store, int64_t end_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct series *series = &set->series[i];
        for (; series->next < series->count && series->times[series->next] < end_ms; count++) {
            const struct bw_sample sample = { series->id, series->times[series->next],
                                              series->values[series->next] };
            bw_store_append(store, &sample, 1);
            series->next++;
        }
    }
    return count;
}

static void ingest(struct dataset *set, const char *path)
{
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store *store = NULL;
    struct bw_err err = { .text = "" };
    opts.path = path;
    if (bw_store_open(&opts, NULL, &store, &err) != BW_OK)
        fail("open", err.text);
    register_all(set, store);
    const double began = cpu_seconds();
    int64_t end_ms = set->series[0].times[0];
    for (uint64_t done = 0; done < set->samples; end_ms += TICK_MS) {
        done += append_until(set, store, end_ms);
        if (bw_store_flush(store, BW_MINUTE, &err) != BW_OK)
            fail("commit", err.text);
    }
    bw_store_close(store);
    printf("ingest: %.2f M samples per CPU-second\n",
           (double)set->samples / (cpu_seconds() - began) / 1e6);
}

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
    const struct dataset *set = ctx;
    uint32_t crc = 0;
    for (size_t i = 0; i < count; i++)
        crc = sum_of(crc, points[i].ts_ms, points[i].value);
    for (size_t i = 0; i < set->count; i++) {
        if (set->series[i].id == id && (set->series[i].crc != crc || set->series[i].count != count))
            fail(set->series[i].name, "came back changed");
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
        fail("scan", err.text);
    if (damage.packs + damage.journal_rows + damage.rows > 0)
        fail("scan", "damage");
    return cpu_seconds() - began;
}

/* The shortest of a few rounds. */
static double best_of(struct bw_reader *reader, const uint32_t *ids, size_t count)
{
    double best = 1e9;
    for (size_t i = 0; i < ROUNDS; i++) {
        struct total total = { 0 };
        const double used = scan(reader, ids, count, add_up, &total);
        best = used < best ? used : best;
    }
    return best;
}

static double of_all_one_by_one(struct bw_reader *reader, const struct dataset *set)
{
    double used = 0;
    struct total total = { 0 };
    for (size_t i = 0; i < set->count; i++)
        used += scan(reader, &set->ids[i], 1, add_up, &total);
    return used / (double)set->count;
}

static void look(struct dataset *set, const char *path, const char *what)
{
    struct bw_store_info info;
    struct bw_reader *reader = NULL;
    struct bw_err err = { .text = "" };
    if (bw_store_info(path, &info, &err) != BW_OK || bw_reader_open(path, &reader, &err) != BW_OK)
        fail("open", err.text);
    const double samples = (double)set->samples;
    printf("%s: %.4f bytes a sample on disk, %.4f in %" PRIu64 " packs, SQLite's share %.2f %%\n",
           what, (double)info.bytes / samples, (double)info.pack_bytes / samples, info.packs,
           ((double)info.bytes / (double)info.pack_bytes - 1) * 100);
    scan(reader, set->ids, set->count, compare, set);
    printf("%s: all %" PRIu64 " samples are the same bits; added up at %.1f M a CPU-second,"
           " one series takes %.3f ms (%.3f on average of all)\n",
           what, set->samples, samples / best_of(reader, set->ids, set->count) / 1e6,
           best_of(reader, set->ids + 11, 1) * 1e3, of_all_one_by_one(reader, set) * 1e3);
    bw_reader_close(reader);
}

int main(int argc, char **argv)
{
    struct dataset set = { 0 };
    struct bw_compact_report report;
    struct bw_err err = { .text = "" };
    char path[4096];
    if (argc < 3)
        fail("usage", "bench_dataset DATASET FOLDER [look]");
    snprintf(path, sizeof path, "%s/dataset.db", argv[2]);
    load(&set, argv[1]);
    printf("%zu series, %" PRIu64 " samples\n", set.count, set.samples);
    if (argc > 3) {
        for (size_t i = 0; i < set.count; i++)
            set.series[i].id = set.ids[i] = (uint32_t)i + 1; /* as they were given */
        look(&set, path, "as it is");
        return 0;
    }
    ingest(&set, path);
    look(&set, path, "hot");
    const double began = cpu_seconds();
    if (bw_store_compact(path, NULL, NULL, &report, &err) != BW_OK)
        fail("compact", err.text);
    printf("compact: %" PRIu64 " bytes before, %" PRIu64 " after, %.2f s CPU, %.1f M samples a"
           " CPU-second\n",
           report.bytes_before, report.bytes_after, cpu_seconds() - began,
           (double)set.samples / (cpu_seconds() - began) / 1e6);
    look(&set, path, "cold");
    free(set.series);
    free(set.ids);
    return 0;
}
