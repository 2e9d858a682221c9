// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/measure.h"

#include "base/limits.h"
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

const double bw_duration_bounds[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                      0.5,   1,      2.5,   5,    10,    30,   60 };
const size_t bw_duration_bound_count = sizeof bw_duration_bounds / sizeof *bw_duration_bounds;

void bw_measures_init(struct bw_measures *measures, struct bw_arena *arena)
{
    *measures = (struct bw_measures){ .arena = arena };
}

void bw_measures_init_with(struct bw_measures *measures, struct bw_arena *arena,
                           struct bw_measure *room, size_t cap)
{
    *measures = (struct bw_measures){ .arena = arena, .items = room, .cap = cap };
}

void bw_measures_clear(struct bw_measures *measures)
{
    measures->count = 0;
}

/* An arena cannot grow a piece, so the list moves. */
static void move_items(struct bw_measures *measures, size_t cap)
{
    struct bw_measure *items = bw_arena_array(measures->arena, cap, sizeof *items);
    if (measures->count > 0)
        memcpy(items, measures->items, measures->count * sizeof *items);
    measures->items = items;
    measures->cap = cap;
}

/* What moving leaves behind is at most as large as the list. */
static void make_room(struct bw_measures *measures)
{
    if (measures->count == measures->cap)
        move_items(measures, measures->cap == 0 ? 16 : measures->cap * 2);
}

/* A value from outside may be of any length and hold any bytes. */
static const char *copy_value(struct bw_arena *arena, const char *value)
{
    if (value == NULL || *value == '\0')
        return "";
    if (strlen(value) <= BW_LABEL_VALUE_BYTES_MAX)
        return bw_arena_strdup(arena, value);
    char *cut = bw_arena_alloc(arena, BW_LABEL_VALUE_BYTES_MAX + 1);
    bw_text_copy(cut, BW_LABEL_VALUE_BYTES_MAX + 1, value);
    return cut;
}

static const char *const *copy_labels(struct bw_arena *arena, enum bw_family_id family,
                                      const char *const *values)
{
    const size_t count = bw_family_row(family)->label_count;
    if (count == 0)
        return NULL;
    assert(values != NULL);
    const char **copy = bw_arena_array(arena, count, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = copy_value(arena, values[i]);
    return copy;
}

static void add(struct bw_measures *measures, const struct bw_measure *measure)
{
    make_room(measures);
    measures->items[measures->count++] = *measure;
}

void bw_measures_add(struct bw_measures *measures, enum bw_family_id family, double value,
                     const char *const *label_values)
{
    assert(bw_family_row(family)->type != BW_TYPE_HISTOGRAM);
    add(measures, &(struct bw_measure){
                      .family = family,
                      .value = value,
                      .labels = copy_labels(measures->arena, family, label_values),
                  });
}

void bw_measures_lend(struct bw_measures *measures, enum bw_family_id family, double value,
                      const char *const *label_values)
{
    assert(bw_family_row(family)->type != BW_TYPE_HISTOGRAM);
    add(measures, &(struct bw_measure){ .family = family, .value = value, .labels = label_values });
}

void bw_measures_add_part(struct bw_measures *measures, enum bw_family_id family,
                          enum bw_measure_part part, double bound, double value,
                          const char *const *label_values)
{
    add(measures, &(struct bw_measure){
                      .family = family,
                      .part = part,
                      .bound = bound,
                      .value = value,
                      .labels = copy_labels(measures->arena, family, label_values),
                  });
}

void bw_measures_append(struct bw_measures *measures, const struct bw_measures *more)
{
    if (measures->count == 0 && measures->cap < more->count)
        move_items(measures, more->count); /* a copy is often all there will be */
    for (size_t i = 0; i < more->count; i++) {
        struct bw_measure copy = more->items[i];
        copy.labels = copy_labels(measures->arena, copy.family, copy.labels);
        add(measures, &copy);
    }
}

void bw_measures_lend_all(struct bw_measures *measures, const struct bw_measures *more)
{
    const size_t count = measures->count + more->count;
    if (count > measures->cap)
        move_items(measures, count > 2 * measures->cap ? count : 2 * measures->cap);
    if (more->count > 0)
        memcpy(measures->items + measures->count, more->items, more->count * sizeof *more->items);
    measures->count = count;
}

static bool same_labels(const struct bw_measure *measure, const char *const *values)
{
    const size_t count = values == NULL ? 0 : bw_family_row(measure->family)->label_count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(measure->labels[i], values[i]) != 0)
            return false;
    }
    return true;
}

bool bw_measures_value(const struct bw_measures *measures, enum bw_family_id family,
                       const char *const *label_values, double *out)
{
    for (size_t i = 0; i < measures->count; i++) {
        const struct bw_measure *measure = &measures->items[i];
        if (measure->family == family && measure->part == BW_PART_VALUE
            && same_labels(measure, label_values)) {
            *out = measure->value;
            return true;
        }
    }
    return false;
}

void bw_histogram_init(struct bw_histogram *histogram, const double *bounds, size_t count)
{
    assert(count <= BW_HISTOGRAM_BUCKETS_MAX);
    *histogram = (struct bw_histogram){ .bounds = bounds, .bound_count = count };
}

/* The sum to 1e-9: what additions leave behind that is most of the cost of printing it. */
static double tidy(double sum)
{
    const double scaled = nearbyint(sum * 1e9);
    return fabs(scaled) < 0x1p53 ? scaled / 1e9 : sum;
}

void bw_histogram_observe(struct bw_histogram *histogram, double value)
{
    if (isnan(value))
        return;
    size_t bucket = 0;
    while (bucket < histogram->bound_count && value > histogram->bounds[bucket])
        bucket++;
    histogram->counts[bucket]++;
    histogram->sum = tidy(histogram->sum + value);
}

void bw_measures_add_histogram(struct bw_measures *measures, enum bw_family_id family,
                               const struct bw_histogram *histogram,
                               const char *const *label_values)
{
    assert(bw_family_row(family)->type == BW_TYPE_HISTOGRAM);
    struct bw_measure measure = {
        .family = family,
        .part = BW_PART_BUCKET,
        .labels = copy_labels(measures->arena, family, label_values),
    };
    uint64_t total = 0;
    for (size_t i = 0; i <= histogram->bound_count; i++) {
        total += histogram->counts[i];
        measure.bound = i < histogram->bound_count ? histogram->bounds[i] : (double)INFINITY;
        measure.value = (double)total;
        add(measures, &measure);
    }
    measure.bound = 0;
    measure.part = BW_PART_SUM;
    measure.value = histogram->sum;
    add(measures, &measure);
    measure.part = BW_PART_COUNT;
    measure.value = (double)total;
    add(measures, &measure);
}
