// SPDX-License-Identifier: GPL-3.0-or-later
#include "dataset_file.h"

#include "base/hash.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 16, NAME_AT = 16, SERIES_HEAD_BYTES = NAME_AT + DATASET_NAME_BYTES };

_Noreturn void dataset_fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
    exit(1);
}

static const uint8_t *map_file(const char *path, size_t *out_size)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        dataset_fail(path, "cannot be read");
    const uint8_t *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED || st.st_size < HEAD_BYTES || memcmp(bytes, "BWD1", 4) != 0)
        dataset_fail(path, "no dataset");
    *out_size = (size_t)st.st_size;
    return bytes;
}

static size_t take_series(struct dataset_series *series, const uint8_t *at, size_t left)
{
    if (left < SERIES_HEAD_BYTES)
        dataset_fail("dataset", "cut short");
    memcpy(&series->kind, at, sizeof series->kind);
    memcpy(&series->count, at + 4, sizeof series->count);
    memcpy(&series->target, at + 8, sizeof series->target);
    memcpy(series->name, at + NAME_AT, DATASET_NAME_BYTES - 1);
    const size_t column = 8 * (size_t)series->count;
    if (left - SERIES_HEAD_BYTES < 2 * column)
        dataset_fail(series->name, "cut short");
    const void *times = at + SERIES_HEAD_BYTES, *values = at + SERIES_HEAD_BYTES + column;
    series->times = times;
    series->values = values;
    return SERIES_HEAD_BYTES + 2 * column;
}

void dataset_load(struct dataset *set, const char *path)
{
    uint32_t count = 0;
    size_t size = 0, at = HEAD_BYTES;
    const uint8_t *bytes = map_file(path, &size);
    memcpy(&count, bytes + 4, sizeof count);
    *set = (struct dataset){ .count = count };
    set->series = bw_alloc_array(count, sizeof *set->series);
    for (size_t i = 0; i < count; i++) {
        at += take_series(&set->series[i], bytes + at, size - at);
        set->samples += set->series[i].count;
    }
}

uint64_t dataset_sum(const char *name, size_t series, int64_t ts_ms, double value)
{
    struct {
        uint64_t series;
        int64_t ts_ms;
        double value;
    } sample = { series, ts_ms, value };
    return bw_hash(&sample, sizeof sample, bw_hash_text(name, 0));
}

uint64_t dataset_sum_all(const struct dataset *set, int64_t until_ms, uint64_t *out_samples)
{
    uint64_t sum = 0;
    *out_samples = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct dataset_series *series = &set->series[i];
        for (uint32_t k = 0; k < series->count && series->times[k] < until_ms; k++) {
            sum += dataset_sum(series->name, i, series->times[k], series->values[k]);
            ++*out_samples;
        }
    }
    return sum;
}
