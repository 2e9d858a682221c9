// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/alert_kind.h"
#include "app/foresights.h"
#include "base/civil.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "model/picker.h"
#include "model/say.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_S 3600.0
#define FORESEEN_MAX_S 1e9 /* decades: more than any store keeps */
#define DAY_MS (BW_DAY / BW_MS)

/* How likely the series of a rule reach its threshold. */
struct outlook {
    const struct bw_alert_rule *rule;
    struct bw_picker *picker; /* it proved that the selector means something */
};

static void outlook_free(void *made)
{
    struct outlook *outlook = made;
    if (outlook == NULL)
        return;
    bw_picker_free(outlook->picker);
    free(outlook);
}

static enum bw_rc outlook_make(const struct bw_alert_rule *rule, bool guests, void **out,
                               struct bw_err *err)
{
    struct outlook *outlook = bw_alloc(sizeof *outlook);
    outlook->rule = rule;
    const enum bw_rc rc =
        bw_alert_kind_picker(rule->predict->series, guests, &outlook->picker, err);
    if (rc != BW_OK) {
        outlook_free(outlook);
        return rc;
    }
    *out = outlook;
    return BW_OK;
}

/* A forecast that nobody is to be woken for. What is reached already is no forecast. */
static bool is_muted(const struct bw_trend_foresight *foresight)
{
    return foresight->muted && !(foresight->question.time_to_p50_s <= 0);
}

/* What cannot be known, or is muted, is NaN: to the engine an entry without data. */
static enum bw_rc outlook_look(void *made, struct bw_alert_round *round, struct bw_expr_vector *out,
                               struct bw_err *err)
{
    const struct outlook *outlook = made;
    const struct bw_trend_foresight *foresight;
    (void)err;
    for (size_t i = 0;
         round->foresights != NULL && (foresight = bw_foresights_get(round->foresights, i)) != NULL;
         i++) {
        if (!bw_foresight_is_for(foresight, outlook->rule))
            continue;
        bw_expr_vector_add(out, bw_alert_labels_text(round->arena, foresight->labels),
                           is_muted(foresight) ? NAN : foresight->question.crossing_ratio);
        bw_alert_round_saw(round, foresight->labels);
    }
    if (out->count == 0)
        bw_alert_round_missed(round, outlook->rule->predict->series);
    return BW_OK;
}

/* ---- in words -------------------------------------------------------------------------- */

static const char *duration_words(struct bw_arena *arena, double seconds)
{
    char text[BW_DURATION_TEXT_MAX];
    bw_format_duration_short(text, (int64_t)(seconds * (double)BW_SECOND));
    return bw_arena_strdup(arena, text);
}

/* "1.2 GiB" of a metric in bytes, else the plain number. */
static const char *amount_words(struct bw_arena *arena, const char *metric, double amount)
{
    char text[BW_DURATION_TEXT_MAX], number[BW_SAY_MAX];
    if (!bw_text_ends_with(metric, "_bytes") || !(fabs(amount) < 1e18) || !(fabs(amount) >= 1))
        return bw_arena_strdup(arena, bw_say_metric(number, "", amount));
    bw_format_bytes(text, (uint64_t)fabs(amount));
    return bw_arena_printf(arena, "%s%s", amount < 0 ? "-" : "", text);
}

/* ", falling 1.2 GiB an hour since 14:02"; nothing when it does not move. */
static const char *course_words(struct bw_arena *arena, const struct bw_trend_foresight *f)
{
    const double per_hour = f->slope_per_second * HOUR_S;
    const struct bw_civil since = bw_civil_from_ms(f->question.since_ms);
    if (!(fabs(per_hour) > 0))
        return "";
    const char *day = f->computed_ms - f->question.since_ms < DAY_MS
                          ? ""
                          : bw_arena_printf(arena, "%04lld-%02d-%02d ", (long long)since.year,
                                            since.month, since.day);
    return bw_arena_printf(
        arena, ", %s %s an hour since %s%02d:%02d UTC", per_hour < 0 ? "falling" : "rising",
        amount_words(arena, f->metric, fabs(per_hour)), day, since.hour, since.minute);
}

static bool is_foreseen(double seconds)
{
    return seconds < FORESEEN_MAX_S; /* not +Inf, not NaN */
}

/* "in 1d 7h (20h to 2d 7h)" */
static const char *time_words(struct bw_arena *arena, const struct bw_trend_question *q)
{
    if (!is_foreseen(q->time_to_p50_s))
        return "later than can be foreseen";
    const char *middle = duration_words(arena, q->time_to_p50_s);
    const char *early = duration_words(arena, q->time_to_p10_s);
    if (!is_foreseen(q->time_to_p90_s))
        return bw_arena_printf(arena, "in %s (%s or later)", middle, early);
    const char *late = duration_words(arena, q->time_to_p90_s);
    if (strcmp(early, late) == 0)
        return bw_arena_printf(arena, "in %s", middle);
    return bw_arena_printf(arena, "in %s (%s to %s)", middle, early, late);
}

static const char *words_of(struct bw_arena *arena, const struct bw_trend_foresight *f)
{
    const struct bw_trend_question *q = &f->question;
    char within[BW_DURATION_TEXT_MAX];
    const char *threshold = amount_words(arena, f->metric, q->threshold);
    if (q->time_to_p50_s <= 0)
        return bw_arena_printf(arena, "it is at %s: %s is reached%s",
                               amount_words(arena, f->metric, f->last_value), threshold,
                               course_words(arena, f));
    bw_format_duration(within, q->within_ms * BW_MS);
    return bw_arena_printf(arena, "reaches %s %s, %.0f %% within %s%s", threshold,
                           time_words(arena, q), 100 * q->crossing_ratio, within,
                           course_words(arena, f));
}

static const char *ends_words(struct bw_arena *arena, const struct bw_trend_foresight *f)
{
    char within[BW_DURATION_TEXT_MAX];
    bw_format_duration(within, f->question.within_ms * BW_MS);
    return bw_arena_printf(arena, "%s is reached within %s with only %.0f %%",
                           amount_words(arena, f->metric, f->question.threshold), within,
                           100 * f->question.crossing_ratio);
}

static const char *outlook_cause(void *made, const struct bw_alert_round *round,
                                 const struct bw_alert_intent *intent, struct bw_arena *arena)
{
    const struct outlook *outlook = made;
    const struct bw_trend_foresight *f;
    for (size_t i = 0;
         round->foresights != NULL && (f = bw_foresights_get(round->foresights, i)) != NULL; i++) {
        if (!bw_foresight_is_for(f, outlook->rule) || isnan(f->question.crossing_ratio)
            || strcmp(bw_alert_labels_text(arena, f->labels), intent->labels) != 0)
            continue;
        return intent->to == BW_LEVEL_NONE ? ends_words(arena, f) : words_of(arena, f);
    }
    return intent->cause;
}

const struct bw_alert_kind_ops bw_alert_kind_predict = {
    .make = outlook_make,
    .free = outlook_free,
    .look = outlook_look,
    .cause = outlook_cause,
};
