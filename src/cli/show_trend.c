// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/show_trend.h"

#include "base/civil.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/units.h"

#include <math.h>
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

/* ---- for people -------------------------------------------------------------------------- */

static void put_data(struct bw_buf *out, const struct bw_trend_record *record)
{
    char from[BW_RFC3339_MAX], to[BW_RFC3339_MAX];
    bw_format_rfc3339(from, record->first_ms);
    bw_format_rfc3339(to, record->last_ms);
    bw_buf_printf(out, "  data       %zu points, %s to %s\n", record->points, from, to);
    if (isfinite(record->last_value))
        bw_buf_printf(out, "  now        %.6g\n", record->last_value);
}

static enum bw_tone tone_of(const struct bw_trend_record *record)
{
    if (record->direction == BW_UNDETERMINED)
        return BW_TONE_DIM;
    const bool nearer = (record->direction == BW_RISING && record->side > 0)
                        || (record->direction == BW_FALLING && record->side < 0);
    return nearer ? BW_TONE_WARNING : BW_TONE_BOLD;
}

static void put_direction(struct bw_buf *out, const struct bw_terminal *terminal,
                          const struct bw_trend_record *record)
{
    bw_buf_text(out, "  direction  ");
    bw_terminal_tone(out, terminal, tone_of(record), bw_direction_name(record->direction));
    if (record->direction != BW_UNDETERMINED && isfinite(record->confidence_ratio)) {
        bw_buf_text(out, ", ");
        put_likely(out, record->confidence_ratio);
        bw_buf_text(out, " sure");
    }
    bw_buf_char(out, '\n');
    if (isfinite(record->slope_per_second))
        bw_buf_printf(out, "  slope      %+.4g per hour (95%%: %+.4g to %+.4g)\n",
                      record->slope_per_second * 3600, record->slope_low * 3600,
                      record->slope_high * 3600);
    if (isfinite(record->season_seconds)) {
        bw_buf_text(out, "  season     repeats every ");
        put_seconds(out, record->season_seconds);
        bw_buf_char(out, '\n');
    }
}

static void put_horizon(struct bw_buf *out, const struct bw_trend_horizon *horizon)
{
    bw_buf_text(out, "  in ");
    const size_t before = out->len;
    put_ms(out, horizon->horizon_ms);
    const size_t wide = out->len - before;
    bw_buf_fill(out, ' ', wide < 8 ? 8 - wide : 1);
    if (!isfinite(horizon->p50))
        bw_buf_text(out, "cannot be known from this much data");
    else
        bw_buf_printf(out, "%.6g (80%%: %.6g to %.6g)", horizon->p50, horizon->p10, horizon->p90);
    if (isfinite(horizon->crossing_ratio)) {
        bw_buf_text(out, ", ");
        put_likely(out, horizon->crossing_ratio);
        bw_buf_text(out, " likely to have reached the threshold");
    }
    bw_buf_char(out, '\n');
}

static void put_threshold(struct bw_buf *out, const struct bw_terminal *terminal,
                          const struct bw_trend_record *record)
{
    bw_buf_printf(out, "  threshold  %.6g, %s: ", record->threshold,
                  record->side > 0 ? "from below" : "from above");
    if (isnan(record->time_to_p50_s)) {
        bw_buf_text(out, "when it is reached cannot be known");
    } else if (record->time_to_p50_s <= 0) {
        bw_terminal_tone(out, terminal, BW_TONE_BAD, "reached already");
    } else if (!isfinite(record->time_to_p50_s)) {
        bw_buf_text(out, "not likely within what can be foreseen");
        if (isfinite(record->time_to_p10_s)) {
            bw_buf_text(out, " (10%: within ");
            put_seconds(out, record->time_to_p10_s);
            bw_buf_char(out, ')');
        }
    } else {
        bw_buf_text(out, "reached in ");
        put_seconds(out, record->time_to_p50_s);
        bw_buf_text(out, " (10%: ");
        put_seconds(out, record->time_to_p10_s);
        bw_buf_text(out, ", 90%: ");
        put_seconds(out, record->time_to_p90_s);
        bw_buf_char(out, ')');
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

void bw_show_trend_text(struct bw_buf *out, const struct bw_terminal *terminal, const char *name,
                        bool counter, const struct bw_trend_record *record)
{
    bw_terminal_text(out, terminal->utf8, name, strlen(name));
    bw_buf_text(out, counter ? " (a counter: its rate per second)\n" : "\n");
    put_data(out, record);
    put_direction(out, terminal, record);
    for (size_t i = 0; i < record->horizon_count; i++)
        put_horizon(out, &record->horizons[i]);
    if (record->side != 0)
        put_threshold(out, terminal, record);
    put_found(out, record);
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

void bw_show_trend_json(struct bw_buf *out, const char *name, bool counter,
                        const struct bw_trend_record *record)
{
    struct bw_json json = bw_json_to(out);
    bw_json_open(&json, '{');
    bw_json_member_text(&json, "series", name);
    bw_json_member_bool(&json, "counter", counter);
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
    json_horizons(&json, record);
    json_threshold(&json, record);
    json_findings(&json, record);
    bw_json_member_text(&json, "note", record->note != NULL ? record->note : "");
    bw_json_close(&json, '}');
    bw_buf_char(out, '\n');
}
