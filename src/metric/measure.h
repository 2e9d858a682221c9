// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/measure.h: values on their way to /metrics and to the store: what one run of a
 * probe, one round of samplers or one part of the daemon has to say. A plain list; building
 * it needs no lock and no knowledge of who reads it.
 *
 *     struct bw_measures m;
 *     bw_measures_init(&m, &arena);
 *     bw_measures_add(&m, BW_METRIC_PROBE_SUCCESS, 1, NULL);
 *     bw_measures_add(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, 0.012, BW_LABEL_VALUES("tls"));
 *
 * What is not known is not added: there is no number for "absent". */
#ifndef METRIC_MEASURE_H
#define METRIC_MEASURE_H

#include "base/arena.h"
#include "metric/family.h"

#include <stdint.h>

/* Which line of a family a measure is; all but VALUE belong to histograms. */
enum bw_measure_part { BW_PART_VALUE, BW_PART_BUCKET, BW_PART_SUM, BW_PART_COUNT };

struct bw_measure {
    enum bw_family_id family;
    enum bw_measure_part part;
    double bound; /* upper bound of a bucket (le), +Inf for the last; else 0 */
    double value;
    const char *const *labels; /* values in the order of the family's labels; NULL: it has none */
};

/* In the order in which they were added. Lives as long as its arena. */
struct bw_measures {
    struct bw_arena *arena;
    struct bw_measure *items;
    size_t count;
    size_t cap;
};

/* The values of a family's labels, in its order. */
#define BW_LABEL_VALUES(...) ((const char *const[]){ __VA_ARGS__ })

void bw_measures_init(struct bw_measures *measures, struct bw_arena *arena);

/* The same with room for the first `cap` of them, which must outlive the list. */
void bw_measures_init_with(struct bw_measures *measures, struct bw_arena *arena,
                           struct bw_measure *room, size_t cap);

/* Empties the list, which keeps its room; the arena keeps what was copied. */
void bw_measures_clear(struct bw_measures *measures);

/* `label_values` has as many entries as the family has labels; it may be NULL when there are
 * none. The texts are copied; NULL counts as "", an empty value is not exposed. */
void bw_measures_add(struct bw_measures *measures, enum bw_family_id family, double value,
                     const char *const *label_values);

/* The same without a copy: the values and the array of them live as long as the measures, and
 * none is NULL or longer than BW_LABEL_VALUE_BYTES_MAX. */
void bw_measures_lend(struct bw_measures *measures, enum bw_family_id family, double value,
                      const char *const *label_values);

/* One line of a family that has lines of several kinds: a bucket, the sum, the count. */
void bw_measures_add_part(struct bw_measures *measures, enum bw_family_id family,
                          enum bw_measure_part part, double bound, double value,
                          const char *const *label_values);

/* Copies all measures of `more`. */
void bw_measures_append(struct bw_measures *measures, const struct bw_measures *more);

/* The same without a copy of their labels: `more` lives as long as the measures. */
void bw_measures_lend_all(struct bw_measures *measures, const struct bw_measures *more);

/* The value of the first plain measure of the family whose labels are these (NULL: any);
 * false when there is none. */
bool bw_measures_value(const struct bw_measures *measures, enum bw_family_id family,
                       const char *const *label_values, double *out);

/* A histogram with fixed buckets. */
enum { BW_HISTOGRAM_BUCKETS_MAX = 16 };

struct bw_histogram {
    const double *bounds; /* rising upper bounds, without +Inf; borrowed, at most BUCKETS_MAX */
    size_t bound_count;
    uint64_t counts[BW_HISTOGRAM_BUCKETS_MAX + 1]; /* not cumulative; the last is +Inf */
    double sum;
};

/* Seconds from 1 ms to 60 s, for how long things take. */
extern const double bw_duration_bounds[];
extern const size_t bw_duration_bound_count;

void bw_histogram_init(struct bw_histogram *histogram, const double *bounds, size_t count);

/* `value` in seconds: the sum is kept to the nanosecond, as long as it is below 9e6. A NaN is not
 * counted: it would spoil the sum for ever. */
void bw_histogram_observe(struct bw_histogram *histogram, double value);

/* Adds the cumulative buckets, the sum and the count. */
void bw_measures_add_histogram(struct bw_measures *measures, enum bw_family_id family,
                               const struct bw_histogram *histogram,
                               const char *const *label_values);

#endif
