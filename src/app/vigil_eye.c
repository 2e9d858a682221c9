// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/vigil_eye.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define HAZARD 0.001 /* a new level each thousand values, as a prior */
#define SURE 0.9

/* Of values: a new level is told when it has held for the first and not for the second; and an
 * episode that began with it began at most so many values from it. */
enum { SHIFT_LEAST = 8, SHIFT_MOST = 64, SHIFT_APART = 16 };

/* So many usual gaps without a value are a gap. */
enum { GAPS = 3 };

struct bw_vigil_eye *bw_vigil_eye_new(bool counter, const struct bw_trend_shape *shape)
{
    struct bw_vigil_eye *eye = bw_alloc(sizeof *eye + bw_trend_watch_bytes());
    *eye = (struct bw_vigil_eye){ .counter = counter,
                                  .last_raw = NAN,
                                  .value = NAN,
                                  .score = NAN,
                                  .low = NAN,
                                  .high = NAN,
                                  .non_negative = true };
    eye->watch = bw_trend_watch_make(eye + 1);
    eye->shape = shape != NULL ? bw_trend_shape_clone(shape) : NULL;
    bw_bocpd_init(&eye->levels, HAZARD);
    return eye;
}

void bw_vigil_eye_free(struct bw_vigil_eye *eye)
{
    if (eye != NULL)
        free(eye->shape);
    free(eye);
}

/* Its rate, NaN at first and after a reset; of a gauge the value. */
static double watched_value(const struct bw_vigil_eye *eye, int64_t ts_ms, double raw)
{
    if (!eye->counter)
        return raw;
    const double grown = raw - eye->last_raw; /* NaN at first */
    return grown >= 0 ? grown / ((double)(ts_ms - eye->last_ms) / 1000) : NAN;
}

static void move_on(struct bw_vigil_eye *eye, int64_t ts_ms, double raw)
{
    if (eye->first_ms == 0)
        eye->first_ms = ts_ms;
    else
        eye->gap_ms = ts_ms - eye->last_ms;
    eye->last_ms = ts_ms;
    eye->last_raw = raw;
}

static void begin_episode(struct bw_vigil_eye *eye)
{
    eye->begun_ms = eye->last_ms;
    eye->begun_value = eye->value;
    eye->begun_low = eye->low;
    eye->begun_high = eye->high;
    eye->told = false;
}

static void end_episode(struct bw_vigil_eye *eye)
{
    eye->peaks[eye->next_peak++ % BW_VIGIL_PEAKS] =
        (struct bw_vigil_peak){ eye->episode.peak, eye->last_ms };
}

/* The change is sure, and it is the one that the episode is about. */
static bool has_shifted(struct bw_vigil_eye *eye)
{
    if (!eye->episode.inside || eye->told
        || bw_bocpd_changed(&eye->levels, SHIFT_LEAST, SHIFT_MOST) < SURE)
        return false;
    const unsigned length = bw_bocpd_mode(&eye->levels).length, since = eye->episode.values + 1;
    eye->told = length < since + SHIFT_APART && since < length + SHIFT_APART;
    return eye->told;
}

/* What scatters not at all has a band as wide as the smallest numbers: beside 0 that is 0. */
static double unless_tiny(double value)
{
    return fabs(value) < 1e-290 ? 0 : value;
}

/* Where no value was ever below 0 none is expected there. */
static void set_band(struct bw_vigil_eye *eye, const struct bw_trend_stance *stance)
{
    const double low = unless_tiny(stance->low + eye->season);
    eye->low = eye->non_negative ? fmax(low, 0) : low;
    eye->high = unless_tiny(stance->high + eye->season);
    if (isnan(stance->low)) /* fmax() would make a number of it */
        eye->low = NAN;
}

static unsigned watch(struct bw_vigil_eye *eye, double value)
{
    eye->season = bw_trend_shape_at(eye->shape, eye->last_ms);
    const struct bw_trend_oddity oddity = bw_trend_watch_put(eye->watch, value - eye->season);
    const struct bw_trend_stance stance = bw_trend_episode_put(&eye->episode, &oddity);
    bw_bocpd_put(&eye->levels, value - eye->season);
    eye->value = value;
    eye->non_negative = eye->non_negative && value >= 0;
    if (bw_trend_watch_is_warm(eye->watch)) {
        eye->score = stance.score;
        set_band(eye, &stance);
    }
    if (stance.turn == BW_TREND_BEGINS)
        begin_episode(eye);
    else if (stance.turn == BW_TREND_ENDS)
        end_episode(eye);
    return (stance.turn == BW_TREND_BEGINS ? BW_VIGIL_BEGINS : 0u)
           | (stance.turn == BW_TREND_ENDS ? BW_VIGIL_ENDS : 0u)
           | (has_shifted(eye) ? BW_VIGIL_SHIFT : 0u);
}

unsigned bw_vigil_eye_put(struct bw_vigil_eye *eye, int64_t ts_ms, double raw)
{
    if (ts_ms <= eye->last_ms || !isfinite(raw))
        return 0;
    const bool gap = eye->gap_ms > 0 && ts_ms - eye->last_ms > GAPS * eye->gap_ms;
    const double value = watched_value(eye, ts_ms, raw);
    move_on(eye, ts_ms, raw);
    if (gap)
        bw_bocpd_put(&eye->levels, NAN);
    return isfinite(value) ? watch(eye, value) : 0;
}

void bw_vigil_eye_skip(struct bw_vigil_eye *eye, int64_t ts_ms, double raw)
{
    if (ts_ms <= eye->last_ms || !isfinite(raw))
        return;
    move_on(eye, ts_ms, raw);
    bw_bocpd_put(&eye->levels, NAN);
}

void bw_vigil_eye_set_back(struct bw_vigil_eye *eye, int64_t by_ms)
{
    eye->first_ms -= by_ms;
    eye->last_ms -= by_ms;
    eye->begun_ms -= by_ms;
    for (size_t i = 0; i < BW_VIGIL_PEAKS; i++)
        eye->peaks[i].ended_ms -= by_ms;
    eye->last_raw = NAN;
    bw_bocpd_put(&eye->levels, NAN);
}

double bw_vigil_eye_worth(const struct bw_vigil_eye *eye)
{
    return eye->episode.inside ? eye->episode.peak : eye->score;
}

int64_t bw_vigil_eye_unmatched_since_ms(const struct bw_vigil_eye *eye)
{
    int64_t since_ms = eye->first_ms;
    for (size_t i = 0; i < BW_VIGIL_PEAKS; i++) {
        const struct bw_vigil_peak *peak = &eye->peaks[i];
        if (peak->score >= eye->episode.peak && peak->ended_ms > since_ms)
            since_ms = peak->ended_ms;
    }
    return since_ms;
}
