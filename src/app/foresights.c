// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/foresights.h"

#include "base/mem.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>

struct known {
    struct bw_trend_foresight foresight; /* its texts are its own */
    unsigned round;
};

struct bw_foresights {
    struct known *items;
    size_t count, cap;
};

struct bw_foresights *bw_foresights_new(void)
{
    return bw_alloc(sizeof(struct bw_foresights));
}

static void free_texts(struct bw_trend_foresight *foresight)
{
    free((void *)(uintptr_t)foresight->rule);
    free((void *)(uintptr_t)foresight->metric);
    free((void *)(uintptr_t)foresight->labels.items);
}

void bw_foresights_free(struct bw_foresights *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        free_texts(&set->items[i].foresight);
    free(set->items);
    free(set);
}

static struct known *known_for(struct bw_foresights *set,
                               const struct bw_trend_foresight *foresight)
{
    for (size_t i = 0; i < set->count; i++) {
        struct known *known = &set->items[i];
        if (known->foresight.series == foresight->series
            && strcmp(known->foresight.rule, foresight->rule) == 0)
            return known;
    }
    set->items = bw_grow(set->items, &set->cap, set->count + 1, sizeof *set->items);
    struct known *known = &set->items[set->count++];
    known->foresight.rule = bw_strdup(foresight->rule);
    known->foresight.metric = bw_strdup(foresight->metric);
    known->foresight.labels = bw_labels_clone(foresight->labels.items, foresight->labels.count);
    return known;
}

void bw_foresights_take(struct bw_foresights *set, const struct bw_trend_foresight *foresight,
                        unsigned round)
{
    struct known *known = known_for(set, foresight);
    const struct bw_trend_foresight old = known->foresight;
    known->foresight = *foresight;
    known->foresight.rule = old.rule; /* of one rule and series they stay what they are */
    known->foresight.metric = old.metric;
    known->foresight.labels = old.labels;
    known->round = round;
}

void bw_foresights_drop(struct bw_foresights *set, unsigned round)
{
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].round + 2 <= round)
            free_texts(&set->items[i].foresight);
        else
            set->items[kept++] = set->items[i];
    }
    set->count = kept;
}

const struct bw_trend_foresight *bw_foresights_get(const struct bw_foresights *set, size_t i)
{
    return i < set->count ? &set->items[i].foresight : NULL;
}

bool bw_foresight_is_for(const struct bw_trend_foresight *foresight,
                         const struct bw_alert_rule *rule)
{
    const struct bw_trend_question *question = &foresight->question;
    return strcmp(foresight->rule, rule->name) == 0 && question->side == rule->predict->side
           && question->threshold == rule->predict->threshold // NOLINT: both are as configured
           && question->within_ms == rule->predict->within_ns / BW_MS;
}
