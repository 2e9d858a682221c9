// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/show_trend.h"

#include "base/civil.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/units.h"
#include "model/say.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_MAX 6e9 /* 190 years: more is no duration that says anything */

static void put_seconds(struct bw_buf *out, double seconds)
{
    char text[BW_DURATION_TEXT_MAX];
    if (!(seconds <= SECONDS_MAX)) {
        bw_buf_text(out, "not within what can be foreseen");
        return;
    }
    bw_format_duration_short(text, (int64_t)(seconds * 1e9));
    bw_buf_text(out, text);
}

static void put_ms(struct bw_buf *out, int64_t ms)
{
    put_seconds(out, (double)ms / 1000);
}

/* A probability is never said to be certain. */
static void put_likely(struct bw_buf *out, double ratio)
{
    if (ratio < 0.01)
        bw_buf_text(out, "less than 1%");
    else if (ratio > 0.99)
        bw_buf_text(out, "more than 99%");
    else
        bw_buf_printf(out, "%.0f%%", ratio * 100);
}

/* "2026-11-21 22:38" */
static void put_minute(struct bw_buf *out, int64_t ms)
{
    const struct bw_civil c = bw_civil_from_ms(ms);
    bw_buf_printf(out, "%04lld-%02d-%02d %02d:%02d", (long long)c.year, c.month, c.day, c.hour,
                  c.minute);
}

enum { VALUE_DIGITS = 6, SLOPE_DIGITS = 4 };

static bool has_unit(const char *metric)
{
    static const char *const ends[] = { "_bytes", "_seconds", "_ratio", "_bytes_total",
                                        "_seconds_total" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (bw_text_ends_with(metric, ends[i]))
            return true;
    return false;
}

/* In the unit that the metric's name ends with; else so many digits. */
static const char *say_value(char out[BW_SAY_MAX], const struct bw_trend_record *record, int digits,
                             double value)
{
    if (record->metric != NULL && has_unit(record->metric))
        return bw_say_metric(out, record->metric, value);
    snprintf(out, BW_SAY_MAX, "%.*g", digits, value);
    return out;
}

/* ---- for people -------------------------------------------------------------------------- */

static void put_data(struct bw_buf *out, const struct bw_trend_record *record,
                     const struct bw_trend_picture *picture)
{
    char text[BW_SAY_MAX];
    bw_buf_printf(out, "  data       %zu point%s", record->points, record->points == 1 ? "" : "s");
    if (picture->cells > 1) {
        bw_buf_text(out, record->points > picture->cells ? " as means of " : " every ");
        put_ms(out, picture->step_ms);
    }
    if (record->points > 0) {
        bw_buf_text(out, ", ");
        put_minute(out, record->first_ms);
        bw_buf_text(out, " to ");
        put_minute(out, record->last_ms);
        bw_buf_text(out, " UTC");
    }
    const double missing = 1 - (double)picture->present / fmax(1, (double)picture->cells);
    if (missing > 0.005 && picture->cells > 0)
        bw_buf_printf(out, ", %.0f%% missing", missing * 100);
    bw_buf_char(out, '\n');
    if (isfinite(record->last_value))
        bw_buf_printf(out, "  now        %s\n",
                      say_value(text, record, VALUE_DIGITS, record->last_value));
}

static enum bw_tone tone_of(const struct bw_trend_record *record)
{
    if (record->direction == BW_UNDETERMINED)
        return BW_TONE_DIM;
    const bool nearer = (record->direction == BW_RISING && record->side > 0)
                        || (record->direction == BW_FALLING && record->side < 0);
    return nearer ? BW_TONE_WARNING : BW_TONE_BOLD;
}

/* Per minute, hour or day, by how long was looked. */
/* The span of time that a slope over so much data is best told by. */
struct per {
    int seconds;
    const char *name;
};

static struct per slope_unit(const struct bw_trend_record *record)
{
    enum { MINUTE = 60, HOUR = 3600, DAY = 86400, LOOKS = 3 };
    const double span_s = (double)(record->last_ms - record->first_ms) / 1000;
    if (span_s >= LOOKS * DAY)
        return (struct per){ DAY, "day" };
    return span_s >= LOOKS * HOUR ? (struct per){ HOUR, "hour" } : (struct per){ MINUTE, "minute" };
}

static void say_slope(char text[1 + BW_SAY_MAX], const struct bw_trend_record *record, double slope)
{
    text[0] = '+';
    say_value(text + (slope >= 0 ? 1 : 0), record, SLOPE_DIGITS, slope);
}

static void put_slope(struct bw_buf *out, const struct bw_trend_record *record)
{
    const struct per per = slope_unit(record);
    const double slopes[] = { record->slope_per_second * per.seconds,
                              record->slope_low * per.seconds, record->slope_high * per.seconds };
    char text[3][1 + BW_SAY_MAX];
    if (!isfinite(slopes[0]) || !isfinite(slopes[1]) || !isfinite(slopes[2]))
        return;
    for (size_t i = 0; i < 3; i++)
        say_slope(text[i], record, slopes[i]);
    bw_buf_printf(out, "  slope      %s per %s (95%%: %s to %s)\n", text[0], per.name, text[1],
                  text[2]);
}

static bool is_tested(const struct bw_trend_picture *picture)
{
    return picture->test.n >= 3 && isfinite(picture->sen_per_second);
}

/* What others would say of the same course; it decides nothing here. */
static void put_compared(struct bw_buf *out, const struct bw_trend_record *record,
                         const struct bw_trend_picture *picture)
{
    const struct per per = slope_unit(record);
    char sen[1 + BW_SAY_MAX];
    if (!is_tested(picture) || !isfinite(picture->sen_per_second * per.seconds))
        return;
    say_slope(sen, record, picture->sen_per_second * per.seconds);
    bw_buf_printf(out, "  compare    Mann-Kendall S %.0f, z %.2f (Hamed-Rao %.2f), Sen %s per %s\n",
                  picture->test.s, picture->test.z, picture->test.hr_z, sen, per.name);
}

static void put_seasons(struct bw_buf *out, const struct bw_trend_picture *picture)
{
    for (size_t i = 0; i < picture->period_count; i++) {
        bw_buf_text(out, i == 0 ? "  season     every " : ", every ");
        put_seconds(out, picture->period_s[i]);
        bw_buf_printf(out, " (%.0f%% of what it and noise do)", picture->strength[i] * 100);
    }
    if (picture->period_count > 0)
        bw_buf_char(out, '\n');
}

/* Since when it goes as it does now, and the last changes before that. */
static void put_course(struct bw_buf *out, const struct bw_trend_record *record,
                       const struct bw_trend_picture *picture)
{
    enum { SHOWN_MAX = 2 };
    const size_t count = picture->change_count;
    if (count == 0)
        return;
    bw_buf_text(out, "  course     as it is now since ");
    put_minute(out, picture->change_ms[count - 1]);
    bw_buf_text(out, " UTC (");
    put_ms(out, record->last_ms - picture->change_ms[count - 1]);
    bw_buf_char(out, ')');
    for (size_t i = 1; i < count && i <= SHOWN_MAX; i++) {
        bw_buf_text(out, i == 1 ? "\n             changed before at " : ", ");
        put_minute(out, picture->change_ms[count - 1 - i]);
    }
    if (count > SHOWN_MAX + 1)
        bw_buf_printf(out, " and %zu more", count - SHOWN_MAX - 1);
    bw_buf_char(out, '\n');
}

static void put_direction(struct bw_buf *out, const struct bw_terminal *terminal,
                          const struct bw_trend_record *record,
                          const struct bw_trend_picture *picture)
{
    const bool known = record->direction != BW_UNDETERMINED;
    bw_buf_text(out, "  direction  ");
    bw_terminal_tone(out, terminal, tone_of(record), bw_direction_name(record->direction));
    if (known && isfinite(record->confidence_ratio)) {
        bw_buf_text(out, ", ");
        put_likely(out, record->confidence_ratio);
        bw_buf_text(out, " sure");
    } else if (!known && isfinite(picture->flat)) {
        bw_buf_printf(out, " (rising %.0f%%, flat %.0f%%, falling %.0f%%)", picture->rising * 100,
                      picture->flat * 100, picture->falling * 100);
    }
    bw_buf_char(out, '\n');
    if (!known && picture->wait_ms > 0) {
        bw_buf_text(out, "             about ");
        put_ms(out, picture->wait_ms);
        bw_buf_text(out, " more of the same may settle it\n");
    }
    put_slope(out, record);
    put_compared(out, record, picture);
}

/* ---- the forecast ------------------------------------------------------------------------ */

enum { AHEAD_COLUMNS = 11, VALUE_COLUMNS = 12 };

/* Half of what was seen has to lie before the horizon, to be checked once. */
static void put_unforeseen(struct bw_buf *out, const struct bw_trend_record *record,
                           const struct bw_trend_horizon *horizon)
{
    const int64_t seen_ms = record->last_ms - record->first_ms;
    bw_buf_text(out, "  cannot be known");
    if (seen_ms >= 2 * horizon->horizon_ms) {
        bw_buf_text(out, " from this much data");
    } else {
        bw_buf_text(out, ": ");
        put_ms(out, seen_ms);
        bw_buf_text(out, " seen, ");
        put_ms(out, 2 * horizon->horizon_ms);
        bw_buf_text(out, " needed");
    }
}

static void put_horizon(struct bw_buf *out, const struct bw_trend_record *record,
                        const struct bw_trend_horizon *horizon)
{
    const double values[] = { horizon->p10, horizon->p50, horizon->p90 };
    char text[BW_SAY_MAX];
    bw_buf_text(out, "    in ");
    const size_t before = out->len;
    put_ms(out, horizon->horizon_ms);
    const size_t wide = out->len - before;
    bw_buf_fill(out, ' ', wide < AHEAD_COLUMNS - 7 ? AHEAD_COLUMNS - 7 - wide : 0);
    for (size_t i = 0; i < 3 && isfinite(horizon->p50); i++)
        bw_buf_printf(out, "%*s", VALUE_COLUMNS, say_value(text, record, VALUE_DIGITS, values[i]));
    if (!isfinite(horizon->p50))
        put_unforeseen(out, record, horizon);
    if (isfinite(horizon->crossing_ratio)) {
        bw_buf_text(out, isfinite(horizon->p50) ? "   " : "; reached by then: ");
        put_likely(out, horizon->crossing_ratio);
    }
    bw_buf_char(out, '\n');
}

static void put_forecast(struct bw_buf *out, const struct bw_trend_record *record,
                         const struct bw_trend_picture *picture)
{
    bool asked = false;
    for (size_t i = 0; i < record->horizon_count; i++)
        asked = asked || isfinite(record->horizons[i].crossing_ratio);
    bw_buf_printf(out, "  forecast %*s%*s%*s%s\n", VALUE_COLUMNS, "P10", VALUE_COLUMNS, "P50",
                  VALUE_COLUMNS, "P90", asked ? "   reached by then" : "");
    for (size_t i = 0; i < record->horizon_count; i++)
        put_horizon(out, record, &record->horizons[i]);
    if (picture->origins > 0 && isfinite(picture->skill))
        bw_buf_printf(out,
                      "  checked    at %zu time%s in the past: error %.0f%% %s than by the "
                      "last value\n",
                      picture->origins, picture->origins == 1 ? "" : "s",
                      fabs(picture->skill) * 100, picture->skill >= 0 ? "less" : "more");
}

static void put_reached(struct bw_buf *out, const struct bw_trend_record *record)
{
    bw_buf_text(out, "reached in ");
    put_seconds(out, record->time_to_p50_s);
    bw_buf_text(out, " (10%: ");
    put_seconds(out, record->time_to_p10_s);
    bw_buf_text(out, ", 90%: ");
    put_seconds(out, record->time_to_p90_s);
    bw_buf_text(out, ")\n             about ");
    put_minute(out, record->last_ms + (int64_t)(record->time_to_p50_s * 1000));
    bw_buf_text(out, " UTC");
}

static void put_threshold(struct bw_buf *out, const struct bw_terminal *terminal,
                          const struct bw_trend_record *record)
{
    char text[BW_SAY_MAX];
    bw_buf_printf(out,
                  "  threshold  %s, %s: ", say_value(text, record, VALUE_DIGITS, record->threshold),
                  record->side > 0 ? "from below" : "from above");
    if (isnan(record->time_to_p50_s)) {
        bw_buf_text(out, "when it is reached cannot be known");
    } else if (record->time_to_p50_s <= 0) {
        bw_terminal_tone(out, terminal, BW_TONE_BAD, "reached already");
    } else if (record->time_to_p50_s <= SECONDS_MAX) {
        put_reached(out, record);
    } else {
        bw_buf_text(out, "not likely within what can be foreseen");
        if (isfinite(record->time_to_p10_s)) {
            bw_buf_text(out, " (10%: within ");
            put_seconds(out, record->time_to_p10_s);
            bw_buf_char(out, ')');
        }
    }
    bw_buf_char(out, '\n');
}

/* The note says the first finding, or why so little is known: then it stands beside them. */
static void put_found(struct bw_buf *out, const struct bw_trend_record *record)
{
    const char *note = record->note != NULL ? record->note : "";
    bool said = note[0] == '\0';
    for (size_t i = 0; i < record->finding_count; i++) {
        bw_buf_text(out, "  found      ");
        const size_t before = out->len;
        bw_trend_say_finding(out, record, i);
        said = said || strcmp(out->data + before, note) == 0;
        bw_buf_char(out, '\n');
    }
    if (!said)
        bw_buf_printf(out, "  note       %s\n", note);
}

void bw_show_trend_text(struct bw_buf *out, const struct bw_terminal *terminal,
                        const struct bw_trend_shown *shown)
{
    const struct bw_trend_record *record = shown->record;
    bw_terminal_text(out, terminal->utf8, shown->name, strlen(shown->name));
    bw_buf_text(out, shown->counter ? " (a counter: its rate per second)\n" : "\n");
    put_data(out, record, shown->picture);
    put_direction(out, terminal, record, shown->picture);
    put_seasons(out, shown->picture);
    put_course(out, record, shown->picture);
    put_found(out, record);
    put_forecast(out, record, shown->picture);
    if (record->side != 0)
        put_threshold(out, terminal, record);
}

/* ---- for programs ------------------------------------------------------------------------ */

static void json_horizons(struct bw_json *json, const struct bw_trend_record *record)
{
    bw_json_key(json, "horizons");
    bw_json_open(json, '[');
    for (size_t i = 0; i < record->horizon_count; i++) {
        const struct bw_trend_horizon *horizon = &record->horizons[i];
        bw_json_open(json, '{');
        bw_json_member_double(json, "horizon_seconds", (double)horizon->horizon_ms / 1000);
        bw_json_member_double(json, "p10", horizon->p10);
        bw_json_member_double(json, "p50", horizon->p50);
        bw_json_member_double(json, "p90", horizon->p90);
        bw_json_member_double(json, "crossing_ratio", horizon->crossing_ratio);
        bw_json_close(json, '}');
    }
    bw_json_close(json, ']');
}

static void json_finding(struct bw_json *json, const struct bw_trend_record *record, size_t index)
{
    const struct bw_finding *finding = &record->findings[index];
    struct bw_buf text;
    bw_buf_init(&text, BW_FINDINGS_BYTES_MAX);
    bw_trend_say_finding(&text, record, index);
    bw_json_open(json, '{');
    bw_json_member_text(json, "kind", bw_finding_kind_name(finding->kind));
    bw_json_member_text(json, "text", text.data);
    bw_json_member_int(json, "at_ms", finding->at_ms);
    bw_json_member_int(json, "until_ms", finding->until_ms);
    bw_json_member_double(json, "before", finding->before);
    bw_json_member_double(json, "after", finding->after);
    bw_json_member_double(json, "size", finding->size);
    bw_json_member_double(json, "size_sd", finding->size_sd);
    bw_json_member_double(json, "share_ratio", finding->share);
    bw_json_member_double(json, "period_seconds", finding->period_s);
    bw_json_member_double(json, "score", finding->score);
    bw_json_member_int(json, "times", finding->times);
    bw_json_close(json, '}');
    bw_buf_fini(&text);
}

static void json_findings(struct bw_json *json, const struct bw_trend_record *record)
{
    bw_json_key(json, "findings");
    bw_json_open(json, '[');
    for (size_t i = 0; i < record->finding_count; i++)
        json_finding(json, record, i);
    bw_json_close(json, ']');
}

static void json_threshold(struct bw_json *json, const struct bw_trend_record *record)
{
    bw_json_key(json, "threshold");
    if (record->side == 0) {
        bw_json_null(json);
        return;
    }
    bw_json_open(json, '{');
    bw_json_member_double(json, "value", record->threshold);
    bw_json_member_text(json, "side", record->side > 0 ? "above" : "below");
    bw_json_member_double(json, "seconds_p10", record->time_to_p10_s);
    bw_json_member_double(json, "seconds_p50", record->time_to_p50_s);
    bw_json_member_double(json, "seconds_p90", record->time_to_p90_s);
    bw_json_close(json, '}');
}

static void json_seasons(struct bw_json *json, const struct bw_trend_picture *picture)
{
    bw_json_key(json, "seasons");
    bw_json_open(json, '[');
    for (size_t i = 0; i < picture->period_count; i++) {
        bw_json_open(json, '{');
        bw_json_member_double(json, "period_seconds", picture->period_s[i]);
        bw_json_member_double(json, "strength_ratio", picture->strength[i]);
        bw_json_close(json, '}');
    }
    bw_json_close(json, ']');
}

static void json_picture(struct bw_json *json, const struct bw_trend_picture *picture)
{
    bw_json_member_double(json, "step_seconds", (double)picture->step_ms / 1000);
    bw_json_member_double(json, "rising_ratio", picture->rising);
    bw_json_member_double(json, "flat_ratio", picture->flat);
    bw_json_member_double(json, "falling_ratio", picture->falling);
    json_seasons(json, picture);
    bw_json_key(json, "changes_ms");
    bw_json_open(json, '[');
    for (size_t i = 0; i < picture->change_count; i++)
        bw_json_int(json, picture->change_ms[i]);
    bw_json_close(json, ']');
    const bool tested = is_tested(picture);
    bw_json_member_double(json, "mann_kendall_s", tested ? picture->test.s : NAN);
    bw_json_member_double(json, "mann_kendall_z", tested ? picture->test.z : NAN);
    bw_json_member_double(json, "hamed_rao_z", tested ? picture->test.hr_z : NAN);
    bw_json_member_double(json, "sen_slope_per_second", tested ? picture->sen_per_second : NAN);
    bw_json_member_int(json, "checked", (int64_t)picture->origins);
    bw_json_member_double(json, "skill", picture->skill);
}

void bw_show_trend_json(struct bw_buf *out, const struct bw_trend_shown *shown)
{
    const struct bw_trend_record *record = shown->record;
    struct bw_json json = bw_json_to(out);
    bw_json_open(&json, '{');
    bw_json_member_text(&json, "series", shown->name);
    bw_json_member_bool(&json, "counter", shown->counter);
    bw_json_member_int(&json, "points", (int64_t)record->points);
    bw_json_key(&json, "from_ms");
    bw_json_int(&json, record->first_ms);
    bw_json_key(&json, "to_ms");
    bw_json_int(&json, record->last_ms);
    bw_json_member_double(&json, "last_value", record->last_value);
    bw_json_member_text(&json, "direction", bw_direction_name(record->direction));
    bw_json_member_double(&json, "confidence_ratio", record->confidence_ratio);
    bw_json_member_double(&json, "slope_per_second", record->slope_per_second);
    bw_json_member_double(&json, "slope_low", record->slope_low);
    bw_json_member_double(&json, "slope_high", record->slope_high);
    bw_json_member_double(&json, "season_seconds", record->season_seconds);
    json_picture(&json, shown->picture);
    json_horizons(&json, record);
    json_threshold(&json, record);
    json_findings(&json, record);
    bw_json_member_text(&json, "note", record->note != NULL ? record->note : "");
    bw_json_close(&json, '}');
    bw_buf_char(out, '\n');
}
