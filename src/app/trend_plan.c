// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_plan.h"

#include "app/defaults.h"
#include "base/mem.h"
#include "base/units.h"
#include "metric/family.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum bw_rc make_picker(struct bw_pairs match, struct bw_picker **out, struct bw_err *err)
{
    struct bw_arena arena = { 0 };
    struct bw_matcher *matchers = bw_arena_array(&arena, match.count + 1, sizeof *matchers);
    for (size_t i = 0; i < match.count; i++)
        matchers[i] =
            (struct bw_matcher){ match.items[i].name, BW_MATCH_REGEX, match.items[i].value };
    const struct bw_selector selector = { matchers, match.count };
    const enum bw_rc rc = bw_picker_make(&selector, out, err);
    bw_arena_fini(&arena);
    return rc;
}

/* The plan outlives a configuration that a reload replaces: nothing in it is borrowed. The
 * matches are copied into the pickers. */
static void copy_select(struct bw_trend_plan *plan, const struct bw_trend_options *opts)
{
    const bool own = opts->select.count > 0;
    const struct bw_trend_select *from = own ? opts->select.items : bw_default_trends;
    plan->select_count = own ? opts->select.count : bw_default_trend_count;
    struct bw_trend_select *select =
        bw_arena_array(&plan->arena, plan->select_count, sizeof *select);
    for (size_t i = 0; i < plan->select_count; i++) {
        select[i] = from[i];
        select[i].season = bw_arena_strdup(&plan->arena, from[i].season);
    }
    plan->select = select;
}

enum bw_rc bw_trend_plan_make(const struct bw_config *config, struct bw_trend_plan **out,
                              struct bw_err *err)
{
    const struct bw_trend_options *opts = &config->settings.trends;
    struct bw_trend_plan *plan = bw_alloc(sizeof *plan);
    copy_select(plan, opts);
    plan->every_ns = opts->every_ns;
    plan->max_series = (size_t)opts->max_series;
    plan->cpu_share = opts->cpu_share;
    plan->pickers = bw_arena_array(&plan->arena, plan->select_count, sizeof(struct bw_picker *));
    for (size_t i = 0; i < opts->horizons_ns.count && i < BW_TREND_HORIZONS_MAX; i++)
        plan->horizons_ms[plan->horizon_count++] = opts->horizons_ns.items[i] / BW_MS;
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < plan->select_count; i++)
        rc = make_picker(plan->select[i].match, &plan->pickers[i], err);
    if (rc != BW_OK) {
        bw_trend_plan_free(plan);
        return bw_wrap(err, rc, "trends.select");
    }
    *out = plan;
    return BW_OK;
}

void bw_trend_plan_free(struct bw_trend_plan *plan)
{
    if (plan == NULL)
        return;
    for (size_t i = 0; i < plan->select_count; i++)
        bw_picker_free(plan->pickers[i]);
    bw_arena_fini(&plan->arena);
    free(plan);
}

const struct bw_trend_select *bw_trend_plan_pick(const struct bw_trend_plan *plan,
                                                 const char *metric, struct bw_labels labels)
{
    for (size_t i = 0; i < plan->select_count; i++) {
        if (bw_picker_matches(plan->pickers[i], metric, labels))
            return &plan->select[i];
    }
    return NULL;
}

struct bw_trend_plan *bw_trend_plan_of(const struct bw_trend_plan *plan, const char *metric,
                                       struct bw_labels labels)
{
    const struct bw_trend_select *from = bw_trend_plan_pick(plan, metric, labels);
    if (from == NULL)
        return NULL;
    struct bw_trend_plan *one = bw_alloc(sizeof *one);
    struct bw_trend_select *select = bw_arena_alloc(&one->arena, sizeof *select);
    *select = *from;
    select->season = bw_arena_strdup(&one->arena, from->season);
    one->select = select;
    one->horizon_count = plan->horizon_count;
    memcpy(one->horizons_ms, plan->horizons_ms, sizeof one->horizons_ms);
    one->every_ns = plan->every_ns;
    one->max_series = 1;
    one->cpu_share = plan->cpu_share;
    return one;
}

struct bw_trend_request bw_trend_plan_request(const struct bw_trend_plan *plan,
                                              const struct bw_trend_select *select,
                                              const char *metric, int64_t now_ms)
{
    struct bw_trend_request request = { .counter = bw_family_counts_up(metric),
                                        .horizon_count = plan->horizon_count,
                                        .threshold = select->threshold,
                                        .side = isnan(select->threshold) ? 0 : select->side,
                                        .now_ms = now_ms };
    memcpy(request.horizons_ms, plan->horizons_ms, sizeof request.horizons_ms);
    bw_trend_season_parse(select->season != NULL ? select->season : "auto", &request.season,
                          &request.season_ms, NULL);
    return request;
}
