// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/vigil_list.h"

#include "base/limits.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A series that nobody measures any more is watched for so long: its check may come again, as with
 * a reload. */
#define ORPHAN_MS (10 * 60 * 1000)

/* In the place of a series that is wanted, but one too many. */
#define LEFT_OUT UINT32_MAX

void bw_vigil_item_hide(struct bw_vigil_item *item)
{
    bw_publication_free(item->publication);
    item->publication = NULL;
}

static void free_item(struct bw_vigil_item *item)
{
    bw_publication_free(item->publication);
    free(item->metric);
    free((void *)(uintptr_t)item->labels.items);
    bw_vigil_eye_free(item->eye);
    free(item->shape);
    free(item->waiting);
    free(item);
}

static void free_rules(struct bw_vigil_list *list)
{
    for (size_t i = 0; i < list->rule_count; i++)
        bw_picker_free(list->rules[i]);
    free(list->rules);
    list->rules = NULL;
    list->rule_count = 0;
}

void bw_vigil_list_fini(struct bw_vigil_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free_item(list->items[i]);
    free(list->items);
    free(list->slot);
    free_rules(list);
    bw_trend_plan_free(list->plan);
}

/* ---- places ---------------------------------------------------------------------------- */

struct bw_vigil_item *bw_vigil_list_find(const struct bw_vigil_list *list, uint32_t series)
{
    const size_t slot = series < list->slots ? list->slot[series] : 0;
    return slot > 0 && slot != LEFT_OUT ? list->items[slot - 1] : NULL;
}

static void set_slot(struct bw_vigil_list *list, uint32_t series, size_t place)
{
    if (series >= list->slots) {
        const size_t old = list->slots;
        list->slot = bw_grow(list->slot, &list->slots, (size_t)series + 1, sizeof *list->slot);
        memset(list->slot + old, 0, (list->slots - old) * sizeof *list->slot);
    }
    list->slot[series] = (uint32_t)place;
}

/* Series are told of again and again: each is left out once. */
static void leave_out(struct bw_vigil_list *list, uint32_t series, bool out)
{
    const bool is_out = series < list->slots && list->slot[series] == LEFT_OUT;
    if (is_out == out)
        return;
    set_slot(list, series, out ? LEFT_OUT : 0);
    list->left_out += out ? 1 : (size_t)-1;
}

static void add(struct bw_vigil_list *list, uint32_t series, const char *metric,
                struct bw_labels labels, bool by_rule)
{
    struct bw_vigil_item *item = bw_alloc(sizeof *item);
    item->series = series;
    item->metric = bw_strdup(metric);
    item->labels = bw_labels_clone(labels.items, labels.count);
    item->by_rule = by_rule;
    list->items = bw_grow(list->items, &list->cap, list->count + 1, sizeof *list->items);
    list->items[list->count++] = item;
    list->selected += by_rule ? 0 : 1;
    set_slot(list, series, list->count);
}

/* ---- series come and go ---------------------------------------------------------------- */

static bool is_named(const struct bw_vigil_list *list, const char *metric, struct bw_labels labels)
{
    for (size_t i = 0; i < list->rule_count; i++) {
        if (bw_picker_matches(list->rules[i], metric, labels))
            return true;
    }
    return false;
}

bool bw_vigil_list_known(struct bw_vigil_list *list, uint32_t series, const char *metric,
                         struct bw_labels labels)
{
    struct bw_vigil_item *item = bw_vigil_list_find(list, series);
    if (item != NULL) {
        item->orphan_ms = item->unwanted ? item->orphan_ms : 0;
        return false;
    }
    leave_out(list, series, false);
    const bool by_rule = is_named(list, metric, labels);
    if (!by_rule && bw_trend_plan_pick(list->plan, metric, labels) == NULL)
        return false;
    const bool room =
        list->count < BW_WATCHED_MAX && (by_rule || list->selected < list->max_watched);
    if (room)
        add(list, series, metric, labels, by_rule);
    else
        leave_out(list, series, true);
    return room;
}

void bw_vigil_list_gone(struct bw_vigil_list *list, uint32_t series, int64_t now_ms)
{
    struct bw_vigil_item *item = bw_vigil_list_find(list, series);
    if (item != NULL && item->orphan_ms == 0)
        item->orphan_ms = now_ms;
    leave_out(list, series, false);
}

bool bw_vigil_list_sweep(struct bw_vigil_list *list, int64_t now_ms)
{
    const size_t before = list->count;
    size_t kept = 0;
    for (size_t i = 0; i < before; i++) {
        struct bw_vigil_item *item = list->items[i];
        if (item->orphan_ms != 0 && now_ms - item->orphan_ms >= ORPHAN_MS && !item->warming) {
            list->slot[item->series] = 0;
            list->selected -= item->by_rule ? 0 : 1;
            free_item(item);
            continue;
        }
        list->items[kept++] = item;
        list->slot[item->series] = (uint32_t)kept;
    }
    list->count = kept;
    return kept < before && list->left_out > 0;
}

/* ---- configuration --------------------------------------------------------------------- */

static enum bw_rc make_rules(struct bw_vigil_list *list, const struct bw_config *config,
                             struct bw_err *err)
{
    free_rules(list);
    list->rules = bw_alloc_array(config->rule_count + 1, sizeof(struct bw_picker *));
    for (size_t i = 0; i < config->rule_count; i++) {
        const struct bw_alert_rule *rule = &config->rules[i];
        if (rule->kind != BW_ALERT_KIND_ANOMALY)
            continue;
        const enum bw_rc rc =
            bw_picker_parse(rule->anomaly->series, &list->rules[list->rule_count], err);
        if (rc != BW_OK)
            return rc;
        list->rule_count++;
    }
    return BW_OK;
}

static void want_anew(struct bw_vigil_list *list)
{
    list->selected = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct bw_vigil_item *item = list->items[i];
        item->by_rule = is_named(list, item->metric, item->labels);
        list->selected += item->by_rule ? 0 : 1;
        item->unwanted = !item->by_rule
                         && (list->selected > list->max_watched
                             || bw_trend_plan_pick(list->plan, item->metric, item->labels) == NULL);
        if (item->unwanted) {
            bw_vigil_item_hide(item);
            item->orphan_ms = 1; /* long ago */
        }
    }
}

enum bw_rc bw_vigil_list_apply(struct bw_vigil_list *list, const struct bw_config *config,
                               struct bw_err *err)
{
    struct bw_trend_plan *plan;
    enum bw_rc rc = bw_trend_plan_make(config, &plan, err);
    if (rc == BW_OK) {
        bw_trend_plan_free(list->plan);
        list->plan = plan;
        rc = make_rules(list, config, err);
    }
    if (rc != BW_OK)
        return rc;
    list->max_watched = (size_t)config->settings.trends.max_watched;
    want_anew(list);
    return BW_OK;
}
