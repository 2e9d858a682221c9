// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/probing_tally.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>

struct row {
    const char *module;
    uint64_t answers[BW_PROBING_ANSWERS];
};

struct bw_probing_tally {
    struct bw_arena arena; /* of the rows */
    struct row *rows;      /* the last one is of modules that there are not */
    size_t count;
    struct bw_histogram durations;
};

static const char *const names[BW_PROBING_ANSWERS] = {
    [BW_PROBING_SUCCESS] = "success", [BW_PROBING_FAILURE] = "failure",
    [BW_PROBING_CACHED] = "cached",   [BW_PROBING_INVALID] = "invalid",
    [BW_PROBING_DENIED] = "denied",   [BW_PROBING_LIMITED] = "limited",
};

static struct row *row_of(const struct bw_probing_tally *tally, const char *module)
{
    size_t i = 0;
    while (i + 1 < tally->count && strcmp(tally->rows[i].module, module) != 0)
        i++;
    return &tally->rows[i];
}

/* With what it has counted so far. */
static void begin_row(struct row *row, const struct bw_probing_tally *tally, const char *module)
{
    row->module = module;
    if (tally->count == 0)
        return;
    const struct row *old = row_of(tally, module);
    if (strcmp(old->module, module) == 0)
        memcpy(row->answers, old->answers, sizeof row->answers);
}

void bw_probing_tally_apply(struct bw_probing_tally *tally, const char *const *modules,
                            size_t count)
{
    struct bw_arena arena = { 0 };
    struct row *rows = bw_arena_array(&arena, count + 1, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        begin_row(&rows[i], tally, bw_arena_strdup(&arena, modules[i]));
    begin_row(&rows[count], tally, "");
    bw_arena_fini(&tally->arena);
    tally->arena = arena;
    tally->rows = rows;
    tally->count = count + 1;
}

struct bw_probing_tally *bw_probing_tally_new(void)
{
    struct bw_probing_tally *tally = bw_alloc(sizeof *tally);
    bw_histogram_init(&tally->durations, bw_duration_bounds, bw_duration_bound_count);
    bw_probing_tally_apply(tally, NULL, 0);
    return tally;
}

void bw_probing_tally_free(struct bw_probing_tally *tally)
{
    if (tally == NULL)
        return;
    bw_arena_fini(&tally->arena);
    free(tally);
}

enum bw_probing_answer bw_probing_answer_of(unsigned status)
{
    if (status == 403)
        return BW_PROBING_DENIED;
    return status == 429 || status == 503 ? BW_PROBING_LIMITED : BW_PROBING_INVALID;
}

void bw_probing_tally_count(struct bw_probing_tally *tally, const char *module,
                            enum bw_probing_answer answer, int64_t took_ns)
{
    row_of(tally, module)->answers[answer]++;
    bw_histogram_observe(&tally->durations, (double)took_ns / (double)BW_SECOND);
}

void bw_probing_tally_measure(const struct bw_probing_tally *tally, struct bw_measures *out)
{
    for (size_t i = 0; i < tally->count; i++) {
        const struct row *row = &tally->rows[i];
        for (size_t k = 0; k < BW_PROBING_ANSWERS; k++) {
            if (row->answers[k] > 0)
                bw_measures_add(out, BW_METRIC_PROBE_REQUESTS_TOTAL, (double)row->answers[k],
                                BW_LABEL_VALUES(row->module, names[k]));
        }
    }
    bw_measures_add_histogram(out, BW_METRIC_PROBE_REQUEST_DURATION_SECONDS, &tally->durations,
                              NULL);
}
