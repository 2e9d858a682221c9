// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/show_backtest.h"

#include "base/escape.h"
#include "base/units.h"
#include "cli/output.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- one skill as figures ---------------------------------------------------------------- */

/* Everything that is shown of a horizon, in the order of a CSV's columns. NaN is unknown. */
enum figure {
    HORIZON,
    ORIGINS,
    FORECASTS,
    MASE,
    NAIVE,
    SEASONAL,
    COVER80,
    COVER80_LOW,
    COVER80_HIGH,
    COVER95,
    COVER95_LOW,
    COVER95_HIGH,
    LOSS,
    UNDETERMINED,
    FAINT,
    SAID,
    RIGHT,
    DIRECTION_BRIER,
    DIRECTION_OFF,
    CROSSINGS,
    CROSSED,
    CROSSING_BRIER,
    CROSSING_SKILL,
    CROSSING_OFF,
    FIGURES
};

static const char *const figure_names[FIGURES] = {
    [HORIZON] = "horizon_seconds",
    [ORIGINS] = "origins",
    [FORECASTS] = "forecasts",
    [MASE] = "mase",
    [NAIVE] = "skill_naive",
    [SEASONAL] = "skill_seasonal",
    [COVER80] = "coverage_80",
    [COVER80_LOW] = "coverage_80_low",
    [COVER80_HIGH] = "coverage_80_high",
    [COVER95] = "coverage_95",
    [COVER95_LOW] = "coverage_95_low",
    [COVER95_HIGH] = "coverage_95_high",
    [LOSS] = "quantile_loss",
    [UNDETERMINED] = "undetermined_ratio",
    [FAINT] = "directions_faint",
    [SAID] = "directions",
    [RIGHT] = "directions_right",
    [DIRECTION_BRIER] = "direction_brier",
    [DIRECTION_OFF] = "direction_miscalibration",
    [CROSSINGS] = "crossings",
    [CROSSED] = "crossings_true",
    [CROSSING_BRIER] = "crossing_brier",
    [CROSSING_SKILL] = "crossing_skill",
    [CROSSING_OFF] = "crossing_miscalibration",
};

static bool is_count(int figure)
{
    return figure == ORIGINS || figure == FORECASTS || figure == FAINT || figure == SAID
           || figure == RIGHT || figure == CROSSINGS || figure == CROSSED;
}

static double off(const struct bw_trend_beliefs *beliefs)
{
    return bw_trend_beliefs_count(beliefs) >= BW_BACKTEST_CALIBRATED_MIN
               ? bw_trend_beliefs_miscalibration(beliefs)
               : NAN;
}

static void figures_of(const struct bw_trend_skill *s, double v[FIGURES])
{
    const double said = (double)bw_trend_beliefs_count(&s->direction);
    const double scored = (double)(s->foreseen - s->still);
    v[HORIZON] = (double)s->horizon_ms / 1000;
    v[ORIGINS] = (double)s->origins;
    v[FORECASTS] = (double)s->foreseen;
    v[MASE] = bw_trend_skill_ratio(s, BW_SKILL_MASE);
    v[NAIVE] = 1 - bw_trend_skill_ratio(s, BW_SKILL_NAIVE);
    v[SEASONAL] = 1 - bw_trend_skill_ratio(s, BW_SKILL_SEASONAL);
    v[COVER80] = bw_trend_cover_ratio(&s->cover80, &v[COVER80_LOW], &v[COVER80_HIGH]);
    v[COVER95] = bw_trend_cover_ratio(&s->cover95, &v[COVER95_LOW], &v[COVER95_HIGH]);
    v[LOSS] = scored > 0 ? s->pinball / scored : NAN;
    v[FAINT] = (double)s->faint;
    v[UNDETERMINED] = s->origins > 0 ? (double)s->undetermined / (double)s->origins : NAN;
    v[SAID] = said;
    v[RIGHT] = (double)bw_trend_beliefs_true(&s->direction);
    v[DIRECTION_BRIER] = bw_trend_beliefs_brier(&s->direction);
    v[DIRECTION_OFF] = off(&s->direction);
    v[CROSSINGS] = (double)bw_trend_beliefs_count(&s->crossing);
    v[CROSSED] = (double)bw_trend_beliefs_true(&s->crossing);
    v[CROSSING_BRIER] = bw_trend_beliefs_brier(&s->crossing);
    v[CROSSING_SKILL] = bw_trend_beliefs_skill(&s->crossing);
    v[CROSSING_OFF] = off(&s->crossing);
}

/* ---- a table ----------------------------------------------------------------------------- */

enum { AHEAD_COLUMNS = 10, COUNT_COLUMNS = 6, CELL_COLUMNS = 8, RIGHT_COLUMNS = 13 };

void bw_backtest_head(struct bw_buf *out, const struct bw_terminal *terminal)
{
    struct bw_buf line;
    bw_buf_init(&line, 400);
    bw_buf_printf(&line, "  %-*s%*s%*s%*s%*s%*s%*s%*s%*s", AHEAD_COLUMNS, "ahead", COUNT_COLUMNS,
                  "n", CELL_COLUMNS, "MASE", CELL_COLUMNS, "naive", CELL_COLUMNS, "season",
                  CELL_COLUMNS, "80%", CELL_COLUMNS, "95%", RIGHT_COLUMNS, "right/said",
                  CELL_COLUMNS, "unsure");
    bw_terminal_tone(out, terminal, BW_TONE_DIM, line.data);
    bw_buf_char(out, '\n');
    bw_buf_fini(&line);
}

/* A column with "-" for what is not known. */
static void put_cell(struct bw_buf *out, double value, const char *text)
{
    bw_buf_printf(out, "%*s", CELL_COLUMNS, isfinite(value) ? text : "-");
}

static void put_share(struct bw_buf *out, double ratio, bool has_sign)
{
    char text[32];
    snprintf(text, sizeof text, has_sign ? "%+.0f%%" : "%.0f%%", ratio * 100);
    put_cell(out, ratio, text);
}

static void put_horizon(struct bw_buf *out, double seconds)
{
    char text[BW_DURATION_TEXT_MAX];
    bw_format_duration_short(text, (int64_t)(seconds * 1e9));
    bw_buf_text(out, text);
}

static void put_row(struct bw_buf *out, const struct bw_trend_skill *skill)
{
    double v[FIGURES];
    char right[48], mase[32];
    figures_of(skill, v);
    bw_buf_text(out, "  ");
    const size_t before = out->len;
    put_horizon(out, v[HORIZON]);
    const size_t wide = out->len - before;
    bw_buf_fill(out, ' ', wide < AHEAD_COLUMNS ? AHEAD_COLUMNS - wide : 1);
    bw_buf_printf(out, "%*.0f", COUNT_COLUMNS, v[ORIGINS]);
    snprintf(mase, sizeof mase, "%.3g", v[MASE]);
    put_cell(out, v[MASE], mase);
    put_share(out, v[NAIVE], true);
    put_share(out, v[SEASONAL], true);
    put_share(out, v[COVER80], false);
    put_share(out, v[COVER95], false);
    snprintf(right, sizeof right, "%.0f/%.0f", v[RIGHT], v[SAID]);
    bw_buf_printf(out, "%*s", RIGHT_COLUMNS, v[SAID] > 0 ? right : "-");
    put_share(out, v[UNDETERMINED], false);
    bw_buf_char(out, '\n');
}

static void put_name(struct bw_buf *out, const struct bw_terminal *terminal,
                     const struct bw_backtest_part *part)
{
    if (part->name != NULL)
        bw_terminal_text(out, terminal->utf8, part->name, strlen(part->name));
    else
        bw_buf_text(out, "all");
    if (part->series > 1)
        bw_buf_printf(out, ", %" PRIu64 " series", part->series);
    if (part->too_short > 0 && part->series > 1)
        bw_buf_printf(out, ", %" PRIu64 " of them too short", part->too_short);
    bw_buf_char(out, '\n');
}

bool bw_backtest_is_scored(const struct bw_backtest_part *part)
{
    for (size_t i = 0; i < part->horizon_count; i++)
        if (part->skill[i].origins > 0)
            return true;
    return false;
}

static void put_unscored(struct bw_buf *out, const struct bw_backtest_part *part)
{
    if (!bw_backtest_is_scored(part) && part->too_short < part->series)
        bw_buf_text(out, "  not scored: too few values came\n");
}

void bw_backtest_rows(struct bw_buf *out, const struct bw_terminal *terminal,
                      const struct bw_backtest_part *part)
{
    put_name(out, terminal, part);
    for (size_t i = 0; i < part->horizon_count; i++) {
        if (part->skill[i].origins > 0)
            put_row(out, &part->skill[i]);
    }
    put_unscored(out, part);
}

/* ---- sentences --------------------------------------------------------------------------- */

static void put_skill(struct bw_buf *out, double skill, const char *than)
{
    if (!isfinite(skill))
        return;
    bw_buf_printf(out, ", %.0f%% %s than %s", fabs(skill) * 100, skill >= 0 ? "less" : "more",
                  than);
}

static void put_cover(struct bw_buf *out, int level, const double *v)
{
    if (!isfinite(v[0]))
        return;
    bw_buf_printf(out, "    %d%% band   held %.1f%% of what came (95%%: %.1f to %.1f%%)\n", level,
                  v[0] * 100, v[1] * 100, v[2] * 100);
}

static void put_beliefs(struct bw_buf *out, double brier, double miscalibration)
{
    bw_buf_printf(out, "; Brier %.3f", brier);
    if (isfinite(miscalibration))
        bw_buf_printf(out, ", calibration error %.3f", miscalibration);
}

static void put_directions(struct bw_buf *out, const double *v)
{
    double low, high;
    if (v[SAID] > 0) {
        bw_trend_score_share(v[RIGHT], v[SAID], 1.96, &low, &high);
        bw_buf_printf(out, "    direction  right %.0f of %.0f times (%.0f%%; 95%%: %.0f to %.0f%%)",
                      v[RIGHT], v[SAID], v[RIGHT] / v[SAID] * 100, low * 100, high * 100);
        put_beliefs(out, v[DIRECTION_BRIER], v[DIRECTION_OFF]);
        bw_buf_char(out, '\n');
    }
    bw_buf_printf(out, "    %-11sundetermined %.0f%%", v[SAID] > 0 ? "" : "direction",
                  v[UNDETERMINED] * 100);
    if (v[FAINT] > 0)
        bw_buf_printf(out, "; %.0f that this horizon cannot prove", v[FAINT]);
    bw_buf_char(out, '\n');
}

static void put_crossings(struct bw_buf *out, const double *v)
{
    if (!(v[CROSSINGS] > 0))
        return;
    bw_buf_printf(out, "    threshold  crossed after %.0f of %.0f forecasts", v[CROSSED],
                  v[CROSSINGS]);
    put_beliefs(out, v[CROSSING_BRIER], v[CROSSING_OFF]);
    if (isfinite(v[CROSSING_SKILL]))
        bw_buf_printf(out, ", skill %.2f", v[CROSSING_SKILL]);
    bw_buf_char(out, '\n');
}

static void put_words(struct bw_buf *out, const struct bw_trend_skill *skill)
{
    double v[FIGURES];
    figures_of(skill, v);
    bw_buf_text(out, "  ");
    put_horizon(out, v[HORIZON]);
    bw_buf_printf(out, " ahead, asked %.0f time%s\n    error      ", v[ORIGINS],
                  skill->origins == 1 ? "" : "s");
    if (isfinite(v[MASE])) {
        bw_buf_printf(out, "MASE %.3g", v[MASE]);
        put_skill(out, v[NAIVE], "by the last value");
        put_skill(out, v[SEASONAL], "by the last season");
    } else {
        bw_buf_text(out, skill->foreseen > 0 ? "none to compare: nothing moved" : "no forecast");
    }
    bw_buf_char(out, '\n');
    put_cover(out, 80, &v[COVER80]);
    put_cover(out, 95, &v[COVER95]);
    put_directions(out, v);
    put_crossings(out, v);
}

/* What the same would cost a daemon. */
static void put_cost(struct bw_buf *out, const struct bw_backtest_part *part)
{
    enum { EVERY_MS = 5 * 60 * 1000 };
    const double each_ms = part->cpu_ms / (double)part->analyses;
    bw_buf_printf(out, "  cost       %.2f ms of CPU an analysis: ", each_ms);
    if (part->series > 1)
        bw_buf_printf(out, "these %" PRIu64 " series", part->series);
    else
        bw_buf_text(out, "this series");
    bw_buf_printf(out, " every 5m would be %.2g%% of a core\n",
                  each_ms * (double)part->series / EVERY_MS * 100);
}

void bw_backtest_words(struct bw_buf *out, const struct bw_terminal *terminal,
                       const struct bw_backtest_part *part)
{
    put_name(out, terminal, part);
    for (size_t i = 0; i < part->horizon_count; i++) {
        if (part->skill[i].origins > 0)
            put_words(out, &part->skill[i]);
    }
    put_unscored(out, part);
    if (part->analyses > 0)
        put_cost(out, part);
}

/* ---- for programs ------------------------------------------------------------------------ */

static void json_skill(struct bw_json *json, const struct bw_trend_skill *skill)
{
    double v[FIGURES];
    figures_of(skill, v);
    bw_json_open(json, '{');
    for (int i = 0; i < FIGURES; i++) {
        if (is_count(i))
            bw_json_member_int(json, figure_names[i], (int64_t)v[i]);
        else
            bw_json_member_double(json, figure_names[i], v[i]);
    }
    bw_json_close(json, '}');
}

void bw_backtest_json(struct bw_json *json, const struct bw_backtest_part *part)
{
    bw_json_open(json, '{');
    if (part->name != NULL)
        bw_json_member_text(json, "name", part->name);
    bw_json_member_int(json, "series", (int64_t)part->series);
    bw_json_member_int(json, "too_short", (int64_t)part->too_short);
    bw_json_member_int(json, "analyses", (int64_t)part->analyses);
    bw_json_member_double(json, "cpu_ms", part->cpu_ms);
    bw_json_key(json, "horizons");
    bw_json_open(json, '[');
    for (size_t i = 0; i < part->horizon_count; i++)
        json_skill(json, &part->skill[i]);
    bw_json_close(json, ']');
    bw_json_close(json, '}');
}

void bw_backtest_csv_head(struct bw_buf *out)
{
    bw_buf_text(out, "scope,name,series,too_short,analyses,cpu_ms");
    for (int i = 0; i < FIGURES; i++)
        bw_buf_printf(out, ",%s", figure_names[i]);
    bw_buf_char(out, '\n');
}

void bw_backtest_csv(struct bw_buf *out, const char *scope, const struct bw_backtest_part *part)
{
    for (size_t h = 0; h < part->horizon_count; h++) {
        double v[FIGURES];
        figures_of(&part->skill[h], v);
        bw_buf_printf(out, "%s,", scope);
        if (part->name != NULL)
            bw_escape_csv(out, part->name, strlen(part->name));
        bw_buf_printf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.3f", part->series,
                      part->too_short, part->analyses, part->cpu_ms);
        for (int i = 0; i < FIGURES; i++) {
            bw_buf_char(out, ',');
            if (isfinite(v[i]))
                bw_buf_printf(out, "%.6g", v[i]);
        }
        bw_buf_char(out, '\n');
    }
}
