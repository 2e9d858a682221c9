// SPDX-License-Identifier: GPL-3.0-or-later
/* A dataset for benchmarks: series and their points, made once and given to every contestant.
 *
 * The file: "BWD1", u32 series, 8 bytes; per series u32 kind, points, target, jitter and a name
 * of 48 bytes, then the times (i64, ms) and the values (f64) of its points. */
#ifndef BENCH_DATASET_FILE_H
#define BENCH_DATASET_FILE_H

#include <stddef.h>
#include <stdint.h>

enum { DATASET_NAME_BYTES = 48 };

struct dataset_series {
    uint32_t kind, count, target;
    char name[DATASET_NAME_BYTES];
    const int64_t *times;
    const double *values;
};

struct dataset {
    struct dataset_series *series;
    size_t count;
    uint64_t samples;
};

/* Ends the program when the file is no dataset. */
void dataset_load(struct dataset *set, const char *path);

/* A sum over series, time and bits of every sample, in whatever order they come. */
uint64_t dataset_sum(const char *name, size_t series, int64_t ts_ms, double value);

/* For the whole of it, samples before `until_ms`. */
uint64_t dataset_sum_all(const struct dataset *set, int64_t until_ms, uint64_t *out_samples);

/* Prints a line and ends the program. */
_Noreturn void dataset_fail(const char *what, const char *why);

#endif
