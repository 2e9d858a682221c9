// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/season.h"

#include "trend/acf.h"
#include "trend/levels.h"
#include "trend/restart.h"
#include "trend/robust.h"
#include "trend/wave.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define ACF_MIN 0.15           /* a season correlates at least so much with itself */
#define ACF_LIKELY_MIN 0.05    /* and one of the calendar's */
#define ACF_PROMINENCE_MIN 0.1 /* and more than what lies between */
#define ACF_BLUR 0.03
#define GAIN_MIN 0.10 /* share of the squared error that its indices must remove */
#define GAIN_EACH_MIN 0.02
#define GAIN_AROUND_MIN 0.20 /* of a season around a known one, but for a week */
#define SAME_WORTH 0.85
#define PART_WORTH 0.3
#define STEPS_WORTH 0.5 /* steps of the level hide a season when they are more than half of all */
#define STRENGTH_MIN 0.02
#define DAY_MS INT64_C(86400000)
#define TRIAL_DECAY 0.2 /* the seasons of a trial age: their shape drifts through the year */
#define TRIAL_LEARN 0.3
#define ROUNDING 1e-9 /* no season is looked for in what rounding leaves of one */

enum { PERIOD_MIN = 4, CANDIDATES_MAX = 24, SHORTEST_KEPT = 4, CALENDAR_MAX = 10 };
enum { SEEN_MIN = 3, SEEN_OTHER_MIN = 5 }; /* cycles; of what nobody counts in */
enum { LEVELLINGS = 2 };
enum { CALENDAR_NEAR = 30, WEEK = 7, WITHIN_MAX = 3 };

/* Periods that need little proof, as people's clocks make them: where the step is known, an hour,
 * a day and a week; where it is not, as many cells as such cycles have of the usual steps. */
static const int64_t calendar_ms[] = { 3600000, DAY_MS, WEEK *DAY_MS };
static const size_t usual[CALENDAR_MAX] = { 7, 12, 24, 48, 52, 60, 96, 144, 168, 288 };

/* d[i] = x[half + i] minus the centred moving average of one period; returns how many. */
static size_t detrend(const double *x, size_t n, size_t period, double *d)
{
    const size_t half = period / 2;
    const bool even = period % 2 == 0;
    const size_t m = n - 2 * half;
    const double share = even ? 0.5 : 0, each = 1 / (double)period;
    double sum = 0;
    for (size_t i = 0; i < 2 * half; i++)
        sum += x[i];
    for (size_t i = 0; i < m; i++) {
        sum += x[i + 2 * half];
        d[i] = x[half + i] - (sum - share * (x[i] + x[i + 2 * half])) * each;
        sum -= x[i];
    }
    return m;
}

/* Weighted means per phase of d, whose first entry has the phase half % period. Returns
 * the sum over phases of sum w^2 / (sum w)^2: the noise of a mean, per unit of variance. */
static double phase_means(const double *d, size_t m, size_t period, double decay, double *out,
                          double *weight)
{
    double square = 0; /* every phase is seen nearly alike: one sum for all */
    memset(out, 0, period * sizeof *out);
    memset(weight, 0, period * sizeof *weight);
    const double fade = exp(-decay / (double)period);
    double w = 1;
    size_t phase = (m + period / 2) % period;
    for (size_t i = m; i-- > 0; w *= fade) {
        phase = phase > 0 ? phase - 1 : period - 1;
        out[phase] += w * d[i];
        weight[phase] += w;
        square += w * w;
    }
    double total = 0;
    for (size_t p = 0; p < period; p++) {
        out[p] /= fmax(weight[p], 1e-12);
        total += weight[p];
    }
    return square * (double)period / fmax(total * total, 1e-300);
}

static double variance_about(const double *d, size_t m, size_t period, const double *index)
{
    double sum = 0, squares = 0;
    for (size_t i = 0, phase = period / 2; i < m; i++, phase = phase + 1 < period ? phase + 1 : 0) {
        const double r = d[i] - index[phase];
        sum += r;
        squares += r * r;
    }
    const double mean = sum / (double)m;
    return fmax(squares / (double)m - mean * mean, 0);
}

double bw_trend_season_index(const double *x, size_t n, size_t period, double decay, double *out,
                             double *work)
{
    double *d = work, *weight = work + n;
    const size_t m = detrend(x, n, period, d);
    const double share = phase_means(d, m, period, decay, out, weight);
    const double residual = variance_about(d, m, period, out);
    const double mean = bw_trend_mean(out, period), sd = bw_trend_sd(out, period);
    const double noise = residual * share;
    const double signal = fmax(sd * sd - noise, 0);
    const double shrink = signal > 0 ? signal / (signal + noise) : 0;
    for (size_t p = 0; p < period; p++)
        out[p] = (out[p] - mean) * shrink;
    return signal > 0 ? signal / (signal + residual) : 0;
}

/* The share of squared error on the newest part that indices of the older part remove, which go on
 * learning; *removed is what they remove a cell, which can be compared between periods. */
static double rolling_gain(const double *x, size_t n, size_t period, double *work, double *removed)
{
    *removed = 0;
    size_t held = n / 4 > period ? n / 4 : period;
    if (held + 2 * period + 2 > n)
        held = n - 2 * period - 2;
    if (held < period / 2 || held > n)
        return 0;
    const size_t train = n - held;
    double *index = work, *rest = work + period;
    bw_trend_season_index(x, train, period, TRIAL_DECAY, index, rest);
    const size_t m = detrend(x, n, period, rest);
    double plain = 0, better = 0;
    const size_t half = period / 2;
    const size_t from = train > half ? train - half : 0;
    for (size_t i = from; i < m; i++) {
        double *s = &index[(i + half) % period];
        const double miss = rest[i] - *s;
        plain += rest[i] * rest[i];
        better += miss * miss;
        *s += TRIAL_LEARN * miss;
    }
    if (m > from)
        *removed = (plain - better) / (double)(m - from);
    return plain > 0 ? 1 - better / plain : 0;
}

/* A local maximum over +-P/8 that stands out of what lies before it. */
static bool is_peak(const double *acf, size_t lags, size_t period, double minimum)
{
    const size_t reach = period / 8 > 1 ? period / 8 : 1;
    if (period + reach > lags || period < reach + 1)
        return false;
    for (size_t k = period - reach; k <= period + reach; k++)
        if (acf[k] > acf[period])
            return false;
    return acf[period] > ACF_MIN && acf[period] - minimum > ACF_PROMINENCE_MIN;
}

struct search {
    struct bw_arena *arena;
    double *x;        /* what is left after the seasons found so far */
    double *reversed; /* the same, newest first */
    size_t n;
    double *acf;
    size_t lags;
    double *work; /* n + 4 period */
};

static bool correlate(struct search *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->reversed[i] = s->x[s->n - 1 - i];
    /* The slope and slow waves would drown every peak: correlate what a moving average of a
     * third of the data leaves. */
    const size_t width = s->n / 3 | 1;
    const size_t m = detrend(s->x, s->n, width, s->work);
    return m > s->lags && bw_trend_acf(s->arena, s->work, m, s->lags, s->acf);
}

/* Periods worth a trial: the shortest ones, which a long one may consist of, then those with
 * the highest autocorrelation. */
struct trials {
    size_t period[CANDIDATES_MAX];
    size_t count;
    size_t kept; /* in front, never displaced */
    size_t calendar[CALENDAR_MAX], calendars;
};

static void propose(const struct search *s, struct trials *trials, size_t period)
{
    size_t i = trials->count < CANDIDATES_MAX ? trials->count++ : CANDIDATES_MAX - 1;
    if (i == CANDIDATES_MAX - 1 && trials->period[i] > 0
        && s->acf[trials->period[i]] >= s->acf[period])
        return;
    for (; i > trials->kept && s->acf[trials->period[i - 1]] < s->acf[period]; i--)
        trials->period[i] = trials->period[i - 1];
    trials->period[i] = period;
}

/* Peaks; the top of a broad one is blurred: its neighbours get a trial too. */
static void propose_peaks(const struct search *s, struct trials *trials)
{
    double minimum = 1;
    const double noise = 2 / sqrt((double)s->n);
    for (size_t k = 1; k < s->lags; k++) {
        minimum = fmin(minimum, s->acf[k]);
        if (k < PERIOD_MIN || s->acf[k] <= noise || !is_peak(s->acf, s->lags, k, minimum))
            continue;
        for (size_t near = k - 1; near <= k + 1; near++)
            if (near == k || s->acf[near] > s->acf[k] - ACF_BLUR)
                propose(s, trials, near);
        if (trials->kept < SHORTEST_KEPT)
            trials->kept = trials->count;
    }
}

static void propose_calendar(const struct search *s, struct trials *trials, size_t period)
{
    if (period < PERIOD_MIN || period >= s->lags)
        return;
    propose(s, trials, period);
    trials->calendar[trials->calendars++] = period;
}

/* Seven of the known ones always get their trial. */
static void propose_around(const struct search *s, struct trials *trials, size_t base)
{
    if (WEEK * base < s->lags)
        propose_calendar(s, trials, WEEK * base);
    trials->kept = trials->count;
    for (size_t k = 2 * base; k < s->lags; k += base)
        if (k != WEEK * base)
            propose(s, trials, k);
}

static void candidates(const struct search *s, int64_t step_ms, size_t base, struct trials *trials)
{
    *trials = (struct trials){ .count = 0 };
    if (base > 0) {
        propose_around(s, trials, base);
        return;
    }
    for (size_t i = 0; step_ms == 0 && i < sizeof usual / sizeof *usual; i++)
        propose_calendar(s, trials, usual[i]);
    for (size_t i = 0; step_ms > 0 && i < sizeof calendar_ms / sizeof *calendar_ms; i++)
        if (calendar_ms[i] % step_ms * 20 < step_ms)
            propose_calendar(s, trials, (size_t)(calendar_ms[i] / step_ms));
    trials->kept = trials->count;
    propose_peaks(s, trials);
}

static bool is_calendar(const struct trials *trials, size_t period)
{
    for (size_t i = 0; i < trials->calendars; i++)
        if (trials->calendar[i] == period)
            return true;
    return false;
}

/* What a period removes a cell, 0 when it is not accepted. Learned on the old and tried on the
 * new, and the other way round: chance seldom passes twice. */
static double worth_of(const struct search *s, const struct trials *trials, size_t period,
                       size_t base)
{
    double removed_ahead, removed_back;
    const bool likely = is_calendar(trials, period);
    if ((likely ? SEEN_MIN : SEEN_OTHER_MIN) * period > s->n
        || (base > 0 && (period <= base || period % base != 0))
        || (!(s->acf[period] > (likely ? ACF_LIKELY_MIN : ACF_MIN)) && !(likely && base > 0)))
        return 0;
    const double ahead = rolling_gain(s->x, s->n, period, s->work, &removed_ahead);
    if (!likely && ahead < GAIN_EACH_MIN)
        return 0;
    const double back = rolling_gain(s->reversed, s->n, period, s->work, &removed_back);
    const double least = base > 0 ? GAIN_AROUND_MIN : GAIN_MIN;
    if (!likely && (back < GAIN_EACH_MIN || (ahead + back) / 2 < least))
        return 0;
    return (removed_ahead + removed_back) / 2;
}

/* A day found as 287 or 289 cells is a day, if a day does as well. */
static size_t on_calendar(const struct trials *trials, const double *worth, size_t chosen,
                          double enough)
{
    const size_t period = trials->period[chosen];
    for (size_t i = 0; i < trials->count; i++)
        for (size_t c = 0; c < trials->calendars; c++) {
            const size_t p = trials->calendar[c];
            const size_t off = p > period ? p - period : period - p;
            if (trials->period[i] == p && worth[i] > enough && off * CALENDAR_NEAR <= p)
                return p;
        }
    return period;
}

static size_t best_of(const struct search *s, const struct trials *trials, size_t base)
{
    const size_t *tried = trials->period, count = trials->count;
    double worth[CANDIDATES_MAX];
    size_t best = 0, chosen = 0;
    for (size_t i = 0; i < count; i++) {
        worth[i] = worth_of(s, trials, tried[i], base);
        if (worth[i] > worth[best])
            best = i;
    }
    if (count == 0 || worth[best] <= 0)
        return 0;
    /* Twice a season is a season as well, and half of it nearly one: the best of those that fit
     * in, as days do in a week, comes first, and of what does as well the shortest after which
     * the series is most like itself. */
    chosen = best;
    for (size_t i = 0; i < count; i++) {
        const bool part = 2 * tried[i] <= tried[best] && tried[best] % tried[i] == 0
                          && worth[i] > PART_WORTH * worth[best];
        if (part && (chosen == best || worth[i] > worth[chosen]))
            chosen = i;
    }
    const double enough = SAME_WORTH * worth[chosen];
    for (size_t i = 0; i < count; i++)
        if (worth[i] > enough && s->acf[tried[i]] > s->acf[tried[chosen]])
            chosen = i;
    const size_t likest = chosen;
    const double noise = 1 / sqrt((double)s->n); /* of an autocorrelation */
    for (size_t i = 0; i < count; i++)
        if (worth[i] > enough && s->acf[tried[i]] > s->acf[tried[likest]] - noise
            && 4 * tried[i] <= 3 * tried[chosen])
            chosen = i;
    return on_calendar(trials, worth, chosen, enough);
}

static bool take(struct search *s, size_t period, struct bw_trend_seasons *out)
{
    double *index = bw_arena_array(s->arena, period, sizeof *index);
    const double strength = bw_trend_season_index(s->x, s->n, period, 0, index, s->work);
    if (strength < STRENGTH_MIN)
        return false;
    for (size_t i = 0; i < s->n; i++)
        s->x[i] -= index[i % period];
    out->period[out->count] = period;
    out->strength[out->count] = strength;
    out->index[out->count++] = index;
    return true;
}

static void put_back(struct search *s, struct bw_trend_seasons *out)
{
    const size_t last = --out->count, period = out->period[last];
    for (size_t i = 0; i < s->n; i++)
        s->x[i] += out->index[last][i % period];
}

/* A season that holds the one before twice or three times tells all that it told: half a day in a
 * day. In its place there is room for a longer one. */
static bool take_instead(struct search *s, struct bw_trend_seasons *out)
{
    const size_t longer = out->period[1];
    if (out->count < 2 || longer > WITHIN_MAX * out->period[0])
        return false;
    put_back(s, out);
    put_back(s, out);
    return take(s, longer, out);
}

static struct search search_begin(struct bw_arena *arena, const double *x, size_t n)
{
    struct search s = { .arena = arena, .n = n, .lags = n / 3 + 1 };
    s.x = bw_arena_array(arena, n, sizeof *s.x);
    memcpy(s.x, x, n * sizeof *x);
    s.reversed = bw_arena_array(arena, n, sizeof *s.reversed);
    s.acf = bw_arena_array(arena, s.lags + 1, sizeof *s.acf);
    s.work = bw_arena_array(arena, 4 * n, sizeof *s.work);
    return s;
}

/* A day that was hardly seen to come again: without it every wave of a new series is a slope. */
static void take_day(struct search *s, int64_t step_ms, struct bw_trend_seasons *out)
{
    const size_t period = step_ms > 0 ? (size_t)(DAY_MS / step_ms) : 0;
    if (period < PERIOD_MIN || DAY_MS % step_ms * 20 >= step_ms || 4 * s->n < 5 * period
        || s->n >= 3 * period)
        return;
    double *index = bw_arena_array(s->arena, period, sizeof *index), strength;
    if (!bw_trend_wave_fit(s->arena, s->x, s->n, period, index, &strength))
        return;
    out->period[0] = period;
    out->strength[0] = strength;
    out->index[0] = index;
    out->count = 1;
}

static void search_in(struct bw_arena *arena, const double *x, size_t n, int64_t step_ms,
                      struct bw_trend_seasons *out)
{
    memset(out, 0, sizeof *out);
    struct search s = search_begin(arena, x, n);
    struct trials trials;
    for (bool more = true; more;) {
        if (!correlate(&s))
            return;
        const size_t base = out->count > 0 ? out->period[0] : 0;
        candidates(&s, step_ms, base, &trials);
        const size_t period = best_of(&s, &trials, base);
        more = period > 0 && take(&s, period, out)
               && (out->count < BW_TREND_SEASONS_MAX || take_instead(&s, out))
               && bw_trend_sd(s.x, n) > ROUNDING * bw_trend_sd(x, n);
    }
    if (out->count == 0)
        take_day(&s, step_ms, out);
}

static void without(const double *x, size_t n, const struct bw_trend_seasons *seasons, double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = x[i] - bw_trend_season_at(seasons, i);
}

/* The squares that seasons leave of x[n], slow waves and the slope apart. */
static double squares_left(const double *x, size_t n, const struct bw_trend_seasons *seasons,
                           double *work)
{
    double *rest = work + n, squares = 0;
    without(x, n, seasons, work);
    const size_t m = detrend(work, n, n / 3 | 1, rest);
    for (size_t i = 0; i < m; i++)
        squares += rest[i] * rest[i];
    return squares;
}

/* x without its steps, seasons and slopes kept; false when they are not more than all the rest, or
 * when it falls back to climb again. */
static bool level_of(struct bw_arena *arena, const double *x, size_t n,
                     const struct bw_trend_seasons *seasons, double *level, double *work)
{
    double *rest = work;
    struct bw_trend_restarts restarts;
    without(x, n, seasons, rest);
    if (!bw_trend_levels_take(rest, n, level, work + n))
        return false;
    bw_trend_restarts_find(arena, x, n, &restarts);
    if (restarts.count > 0)
        return false;
    for (size_t i = 0; i < n; i++)
        level[i] += x[i] - rest[i];
    const double before = bw_trend_sd(x, n), after = bw_trend_sd(level, n);
    return after * after < STEPS_WORTH * before * before;
}

/* What is found when the level does not step hides no longer behind its steps. */
static bool find_levelled(struct bw_arena *arena, const double *x, size_t n, int64_t step_ms,
                          struct bw_trend_seasons *out)
{
    double *level = bw_arena_array(arena, 4 * n, sizeof *level), *work = level + n;
    if (!level_of(arena, x, n, out, level, work))
        return false;
    struct bw_trend_seasons found;
    search_in(arena, level, n, step_ms, &found);
    for (size_t k = 0; k < found.count; k++)
        if (found.period[k] * SEEN_OTHER_MIN > n)
            return false;
    const double before = squares_left(level, n, out, work);
    if (found.count == 0 || squares_left(level, n, &found, work) > (1 - GAIN_MIN) * before)
        return false;
    *out = found;
    return true;
}

void bw_trend_season_find(struct bw_arena *arena, const double *x, size_t n, int64_t step_ms,
                          struct bw_trend_seasons *out)
{
    memset(out, 0, sizeof *out);
    if (n < 3 * PERIOD_MIN + 4)
        return;
    search_in(arena, x, n, step_ms, out);
    for (size_t round = 0; round < LEVELLINGS; round++)
        if (!find_levelled(arena, x, n, step_ms, out))
            return;
}

void bw_trend_season_fixed(struct bw_arena *arena, const double *x, size_t n, size_t period,
                           struct bw_trend_seasons *out)
{
    memset(out, 0, sizeof *out);
    if (period < 2 || n < 2 * period + 2)
        return;
    struct search s = search_begin(arena, x, n);
    take(&s, period, out);
}

double bw_trend_season_at(const struct bw_trend_seasons *seasons, size_t at)
{
    double sum = 0;
    for (size_t i = 0; i < seasons->count; i++)
        sum += seasons->index[i][at % seasons->period[i]];
    return sum;
}
