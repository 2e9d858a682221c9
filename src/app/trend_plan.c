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

static void look_ahead(struct bw_trend_plan *plan, int64_t ms)
{
    plan->farthest_ms = ms > plan->farthest_ms ? ms : plan->farthest_ms;
}

static enum bw_rc add_wish(struct bw_trend_plan *plan, const struct bw_alert_rule *rule,
                           struct bw_err *err)
{
    const struct bw_predict_opts *predict = rule->predict;
    struct bw_trend_wish *wish = &plan->wishes[plan->wish_count];
    const enum bw_rc rc = bw_picker_parse(predict->series, &wish->picker, err);
    if (rc != BW_OK)
        return bw_wrap(err, rc, "alert rule '%s'", rule->name);
    wish->rule = bw_arena_strdup(&plan->arena, rule->name);
    wish->question = (struct bw_trend_question){ .threshold = predict->threshold,
                                                 .side = predict->side,
                                                 .within_ms = predict->within_ns / BW_MS };
    wish->select = (struct bw_trend_select){ .threshold = predict->threshold,
                                             .side = predict->side,
                                             .tier_s = BW_TREND_TIER_AUTO,
                                             .season = "auto" };
    plan->wish_count++;
    look_ahead(plan, wish->question.within_ms);
    return BW_OK;
}

static enum bw_rc copy_wishes(struct bw_trend_plan *plan, const struct bw_config *config,
                              struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    plan->wishes = bw_arena_array(&plan->arena, config->rule_count + 1, sizeof *plan->wishes);
    for (size_t i = 0; rc == BW_OK && i < config->rule_count; i++)
        if (config->rules[i].kind == BW_ALERT_KIND_PREDICT)
            rc = add_wish(plan, &config->rules[i], err);
    return rc;
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
        look_ahead(plan,
                   plan->horizons_ms[plan->horizon_count++] = opts->horizons_ns.items[i] / BW_MS);
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < plan->select_count; i++)
        rc = make_picker(plan->select[i].match, &plan->pickers[i], err);
    if (rc != BW_OK)
        bw_wrap(err, rc, "trends.select");
    else
        rc = copy_wishes(plan, config, err);
    if (rc != BW_OK) {
        bw_trend_plan_free(plan);
        return rc;
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
    for (size_t i = 0; i < plan->wish_count; i++)
        bw_picker_free(plan->wishes[i].picker);
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
    for (size_t i = 0; i < plan->wish_count; i++) {
        if (bw_picker_matches(plan->wishes[i].picker, metric, labels))
            return &plan->wishes[i].select;
    }
    return NULL;
}

size_t bw_trend_plan_wishes(const struct bw_trend_plan *plan, const char *metric,
                            struct bw_labels labels, const struct bw_trend_wish **out)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->wish_count; i++) {
        if (bw_picker_matches(plan->wishes[i].picker, metric, labels))
            out[count++] = &plan->wishes[i];
    }
    return count;
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
    one->farthest_ms = plan->farthest_ms;
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
