// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/births.h"

#include <math.h>
#include <string.h>

enum { TELL_EACH_MS = 10 * 60 * 1000 };

#define CLOCKS_DIFFER_S 60.0
#define SAME_S 1.0 /* some round */

/* The value of a family that is one number, NaN when there is none; nobody sees it any more. */
static double take(struct bw_text_doc *doc, const char *name)
{
    double value = NAN;
    for (size_t i = 0; i < doc->sample_count; i++) {
        const struct bw_text_sample *sample = &doc->samples[i];
        struct bw_text_family *family = &doc->families[sample->family];
        if (strcmp(family->name, name) != 0)
            continue;
        family->sampled = false;
        if (sample->label_count == 0 && sample->part == BW_PART_VALUE && isfinite(sample->value))
            value = sample->value;
    }
    return value;
}

struct bw_births bw_births_take(struct bw_text_doc *doc)
{
    return (struct bw_births){ .process_s = take(doc, "process_start_time_seconds"),
                               .machine_s = take(doc, "node_boot_time_seconds") };
}

/* False where either is not known. */
static bool is_new(double now_s, double last_s, int64_t seen_ms)
{
    return now_s > last_s + SAME_S && now_s >= (double)seen_ms / 1000 - CLOCKS_DIFFER_S;
}

/* What is away is not forgotten. */
static void remember(struct bw_births_memory *memory, const struct bw_births *now, int64_t now_ms)
{
    const bool first = memory->seen_ms == 0;
    if (first || !isnan(now->process_s))
        memory->last.process_s = now->process_s;
    if (first || !isnan(now->machine_s))
        memory->last.machine_s = now->machine_s;
    memory->seen_ms = now_ms;
}

const char *bw_births_compare(struct bw_births_memory *memory, const struct bw_births *now,
                              int64_t now_ms)
{
    const struct bw_births last = memory->last;
    const int64_t seen_ms = memory->seen_ms;
    if (isnan(now->process_s) && isnan(now->machine_s))
        return NULL;
    remember(memory, now, now_ms);
    if (seen_ms == 0)
        return NULL;
    const bool machine = is_new(now->machine_s, last.machine_s, seen_ms);
    if (!machine && !is_new(now->process_s, last.process_s, seen_ms))
        return NULL;
    if (memory->told_ms != 0 && now_ms - memory->told_ms < TELL_EACH_MS)
        return NULL;
    memory->told_ms = now_ms;
    return machine ? "its machine was booted" : "the process was started anew";
}
