// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/alert_kind.h"
#include "app/vigil.h"
#include "base/mem.h"
#include "base/units.h"
#include "model/picker.h"
#include "web/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Series that are watched value by value (app/vigil.h). */
struct gaze {
    const char *series; /* the rule's */
    struct bw_picker *picker;
};

static void gaze_free(void *made)
{
    struct gaze *gaze = made;
    if (gaze != NULL)
        bw_picker_free(gaze->picker);
    free(gaze);
}

/* What does not go into the store cannot be watched. */
static enum bw_rc gaze_make(const struct bw_alert_rule *rule, bool guests, void **out,
                            struct bw_err *err)
{
    enum bw_family_id family;
    struct gaze *gaze = bw_alloc(sizeof *gaze);
    gaze->series = rule->anomaly->series;
    enum bw_rc rc = bw_alert_kind_picker(rule->anomaly->series, guests, &gaze->picker, err);
    if (rc == BW_OK && bw_family_by_name(bw_picker_metric(gaze->picker), &family)
        && !bw_family_row(family)->stored)
        rc = bw_fail(err, BW_EINVAL, "'%s' is not stored, so it cannot be watched",
                     bw_picker_metric(gaze->picker));
    if (rc != BW_OK) {
        gaze_free(gaze);
        return rc;
    }
    *out = gaze;
    return BW_OK;
}

struct looking {
    struct bw_alert_round *round;
    struct bw_expr_vector *out;
};

static void pick(void *ctx, const struct bw_vigil_sight *sight)
{
    const struct looking *looking = ctx;
    bw_expr_vector_add(looking->out, bw_alert_labels_text(looking->round->arena, sight->labels),
                       bw_vigil_eye_worth(sight->eye));
    bw_alert_round_saw(looking->round, sight->labels);
}

static enum bw_rc gaze_look(void *made, struct bw_alert_round *round, struct bw_expr_vector *out,
                            struct bw_err *err)
{
    const struct gaze *gaze = made;
    struct looking looking = { round, out };
    (void)err;
    if (round->vigil != NULL)
        bw_vigil_each(round->vigil, gaze->picker, round->now_ms - BW_ALERT_STALE_MS, pick,
                      &looking);
    if (out->count == 0)
        bw_alert_round_missed(round, gaze->series);
    return BW_OK;
}

/* ---- in words -------------------------------------------------------------------------- */

struct telling {
    const char *labels;
    enum bw_level to;
    struct bw_arena *arena;
    const char *words;
};

static const char *expected(struct bw_arena *arena, const char *metric, double low, double high)
{
    if (isnan(low) || isnan(high))
        return "";
    return bw_arena_printf(arena, ", expected %s to %s", bw_words_metric(arena, metric, low),
                           bw_words_metric(arena, metric, high));
}

static const char *begun(struct bw_arena *arena, const struct bw_vigil_sight *sight)
{
    const struct bw_vigil_eye *eye = sight->eye;
    char past[BW_DURATION_TEXT_MAX];
    const int64_t past_ms = eye->begun_ms - bw_vigil_eye_unmatched_since_ms(eye);
    bw_format_duration_short(past, past_ms * BW_MS);
    return bw_arena_printf(arena, "%s%s; odder than anything in the last %s",
                           bw_words_metric(arena, sight->metric, eye->begun_value),
                           expected(arena, sight->metric, eye->begun_low, eye->begun_high), past);
}

static const char *ended(struct bw_arena *arena, const struct bw_vigil_sight *sight)
{
    const struct bw_vigil_eye *eye = sight->eye;
    const bool is_back = eye->value >= eye->low && eye->value <= eye->high
                         && eye->episode.values < BW_TREND_EPISODE_MOST;
    return bw_arena_printf(arena, is_back ? "%s, as expected%s" : "%s has become normal%s",
                           bw_words_metric(arena, sight->metric, eye->value),
                           is_back ? "" : ": it has lasted for 120 values");
}

static void describe(void *ctx, const struct bw_vigil_sight *sight)
{
    struct telling *telling = ctx;
    if (strcmp(bw_alert_labels_text(telling->arena, sight->labels), telling->labels) != 0)
        return;
    if (telling->to == BW_LEVEL_NONE && !sight->eye->episode.inside)
        telling->words = ended(telling->arena, sight);
    else if (telling->to != BW_LEVEL_NONE && sight->eye->episode.inside)
        telling->words = begun(telling->arena, sight);
}

static const char *gaze_cause(void *made, const struct bw_alert_round *round,
                              const struct bw_alert_intent *intent, struct bw_arena *arena)
{
    const struct gaze *gaze = made;
    struct telling telling = { intent->labels, intent->to, arena, intent->cause };
    if (round->vigil != NULL && !isnan(intent->value))
        bw_vigil_each(round->vigil, gaze->picker, round->now_ms - BW_ALERT_STALE_MS, describe,
                      &telling);
    return telling.words;
}

const struct bw_alert_kind_ops bw_alert_kind_anomaly = {
    .make = gaze_make,
    .free = gaze_free,
    .look = gaze_look,
    .cause = gaze_cause,
};
