// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/finding.h"

#include "base/civil.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/text.h"
#include "base/units.h"
#include "model/say.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_S 60.0
#define HOUR_S 3600.0
#define DAY_S 86400.0
#define WEEK_S (7 * DAY_S)

/* A finding on its way into words. */
struct telling {
    struct bw_buf *out;
    const struct bw_finding *it;
    const char *metric;
    int64_t now_ms;
};

static void say_value(const struct telling *t, double value)
{
    char text[BW_SAY_MAX];
    bw_buf_text(t->out, bw_say_metric(text, t->metric, value));
}

static void say_change(const struct telling *t, double value)
{
    if (value > 0)
        bw_buf_char(t->out, '+');
    say_value(t, value);
}

static void say_clock(const struct telling *t, int64_t ms)
{
    char text[BW_SAY_MAX];
    bw_buf_text(t->out, bw_say_clock(text, ms, t->now_ms));
}

static void say_percent(const struct telling *t, double ratio)
{
    bw_buf_printf(t->out, "%.0f %%", ratio * 100);
}

static bool is_about(double seconds, double wanted)
{
    return fabs(seconds - wanted) <= 0.03 * wanted;
}

/* ---- one teller for each kind ------------------------------------------------------------ */

static void tell_standstill(const struct telling *t)
{
    static const char *const where[] = { "stands at its floor of ", "has not moved from ",
                                         "stands at its ceiling of " };
    bw_buf_text(t->out, where[t->it->side + 1]);
    say_value(t, t->it->after);
    bw_buf_text(t->out, " since ");
    say_clock(t, t->it->at_ms);
    bw_buf_text(t->out, " UTC");
}

/* Nobody calls a part that has all of it a share. */
static void tell_driver(const struct telling *t)
{
    const bool phases = t->it->measure[0] != '\0';
    if (t->it->driver[0] == '\0') {
        bw_buf_text(t->out, phases ? ", spread over its phases" : "");
        return;
    }
    bw_buf_text(t->out, ", ");
    if (t->it->share > 0.995)
        bw_buf_text(t->out, "all");
    else
        say_percent(t, t->it->share);
    bw_buf_printf(t->out, phases ? " of it in the %s phase" : " of it in %s", t->it->driver);
}

static void tell_level_shift(const struct telling *t)
{
    if (t->it->measure[0] != '\0') {
        bw_buf_printf(t->out, "%s ", t->it->measure);
        say_change(t, t->it->size);
        tell_driver(t);
        bw_buf_text(t->out, " since ");
        say_clock(t, t->it->at_ms);
        bw_buf_text(t->out, " UTC");
        return;
    }
    bw_buf_text(t->out, "level shift at ");
    say_clock(t, t->it->at_ms);
    bw_buf_text(t->out, " UTC: ");
    say_value(t, t->it->after);
    bw_buf_text(t->out, " since, ");
    say_value(t, t->it->before);
    bw_buf_text(t->out, " before (");
    say_change(t, t->it->size);
    tell_driver(t);
    bw_buf_char(t->out, ')');
}

static void tell_recovery(const struct telling *t)
{
    bw_buf_text(t->out, "stood at ");
    say_value(t, t->it->after);
    bw_buf_text(t->out, " from ");
    say_clock(t, t->it->at_ms);
    bw_buf_text(t->out, " to ");
    say_clock(t, t->it->until_ms);
    bw_buf_text(t->out, " UTC, back at ");
    say_value(t, t->it->before);
    bw_buf_text(t->out, " since");
}

/* A slope per what suits the time for which it is known. */
static void say_slope(const struct telling *t, double per_second)
{
    const double age_s = (double)(t->now_ms - t->it->at_ms) / 1000;
    const double unit_s = age_s > 3 * DAY_S ? DAY_S : age_s > HOUR_S ? HOUR_S : MINUTE_S;
    say_change(t, per_second * unit_s);
    bw_buf_text(t->out, unit_s > HOUR_S ? " a day" : unit_s > MINUTE_S ? " an hour" : " a minute");
}

static void tell_slope_change(const struct telling *t)
{
    bw_buf_text(t->out, "bend at ");
    say_clock(t, t->it->at_ms);
    bw_buf_text(t->out, " UTC: ");
    say_slope(t, t->it->after);
    bw_buf_text(t->out, " since, ");
    say_slope(t, t->it->before);
    bw_buf_text(t->out, " before");
}

static void say_period(const struct telling *t)
{
    char text[BW_SAY_MAX];
    bw_buf_text(t->out, bw_say_seconds(text, t->it->period_s));
}

static void say_times(const struct telling *t, const char *once)
{
    if (t->it->times == 1)
        bw_buf_text(t->out, once);
    else
        bw_buf_printf(t->out, "%u times", t->it->times);
}

static void tell_sawtooth(const struct telling *t)
{
    const bool climbs = t->it->side < 0;
    if (t->it->period_s > 0) {
        bw_buf_text(t->out, climbs ? "falls back every " : "jumps up every ");
        say_period(t);
    } else {
        bw_buf_text(t->out, climbs ? "fell back " : "jumped up ");
        say_times(t, "once");
    }
    bw_buf_text(t->out, ", last at ");
    say_clock(t, t->it->at_ms);
    bw_buf_text(t->out, " UTC, by ");
    say_value(t, fabs(t->it->size));
}

static void tell_resets(const struct telling *t)
{
    bw_buf_text(t->out, "the counter was reset ");
    say_times(t, "once");
}

static void tell_scatter_change(const struct telling *t)
{
    bw_buf_text(t->out, t->it->size > 0 ? "scatters more since " : "scatters less since ");
    say_clock(t, t->it->at_ms);
    bw_buf_text(t->out, " UTC: \u00b1");
    say_value(t, t->it->after);
    bw_buf_text(t->out, ", \u00b1");
    say_value(t, t->it->before);
    bw_buf_text(t->out, " before");
}

/* When in its season: "14:00", "Mon 14:00", minute 5 of the hour, else the date. */
static void say_phase(const struct telling *t, int64_t ms)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    const struct bw_civil at = bw_civil_from_ms(ms);
    const double period_s = t->it->period_s;
    if (is_about(period_s, HOUR_S))
        bw_buf_printf(t->out, "at minute %d", at.minute);
    else if (is_about(period_s, DAY_S))
        bw_buf_printf(t->out, "%02d:%02d UTC", at.hour, at.minute);
    else if (is_about(period_s, WEEK_S))
        bw_buf_printf(t->out, "%s %02d:%02d UTC",
                      days[bw_weekday(bw_days_from_civil(at.year, at.month, at.day))], at.hour,
                      at.minute);
    else {
        say_clock(t, ms);
        bw_buf_text(t->out, " UTC");
    }
}

static void tell_season(const struct telling *t)
{
    const double period_s = t->it->period_s;
    const bool named =
        is_about(period_s, HOUR_S) || is_about(period_s, DAY_S) || is_about(period_s, WEEK_S);
    if (named) {
        bw_buf_text(t->out, is_about(period_s, HOUR_S)  ? "hourly season, peaks "
                            : is_about(period_s, DAY_S) ? "daily season, peaks "
                                                        : "weekly season, peaks ");
    } else {
        bw_buf_text(t->out, "season of ");
        say_period(t);
        bw_buf_text(t->out, ", last peak ");
    }
    say_phase(t, t->it->at_ms);
    bw_buf_text(t->out, ", lowest ");
    say_phase(t, t->it->until_ms);
    bw_buf_text(t->out, ", swings ");
    say_value(t, t->it->size);
    bw_buf_text(t->out, " (");
    say_percent(t, t->it->share);
    bw_buf_text(t->out, " of the variance)");
}

static void tell_spikes(const struct telling *t)
{
    const char *word = t->it->side > 0 ? "spike" : "dip";
    const char *extreme = t->it->side > 0 ? "highest" : "lowest";
    if (t->it->times == 1) {
        bw_buf_printf(t->out, "a %s to ", word);
    } else if (t->it->period_s > 0) {
        bw_buf_printf(t->out, "%ss every ", word);
        say_period(t);
        bw_buf_printf(t->out, ", the %s ", extreme);
    } else {
        bw_buf_printf(t->out, "%u %ss, the %s ", t->it->times, word, extreme);
    }
    say_value(t, t->it->after);
    bw_buf_text(t->out, " at ");
    say_clock(t, t->it->at_ms);
    bw_buf_text(t->out, " UTC, usually ");
    say_value(t, t->it->before);
}

static void tell_gap(const struct telling *t)
{
    bw_buf_text(t->out, "no values from ");
    say_clock(t, t->it->at_ms);
    bw_buf_text(t->out, " to ");
    say_clock(t, t->it->until_ms);
    bw_buf_text(t->out, " UTC");
}

static const struct {
    const char *name;
    void (*tell)(const struct telling *t);
} kinds[BW_FINDING_KIND_COUNT] = {
    [BW_FINDING_STANDSTILL] = { "standstill", tell_standstill },
    [BW_FINDING_LEVEL_SHIFT] = { "level_shift", tell_level_shift },
    [BW_FINDING_RECOVERY] = { "recovery", tell_recovery },
    [BW_FINDING_SLOPE_CHANGE] = { "slope_change", tell_slope_change },
    [BW_FINDING_SAWTOOTH] = { "sawtooth", tell_sawtooth },
    [BW_FINDING_RESETS] = { "resets", tell_resets },
    [BW_FINDING_SCATTER_CHANGE] = { "scatter_change", tell_scatter_change },
    [BW_FINDING_SEASON] = { "season", tell_season },
    [BW_FINDING_SPIKES] = { "spikes", tell_spikes },
    [BW_FINDING_GAP] = { "gap", tell_gap },
};

const char *bw_finding_kind_name(enum bw_finding_kind kind)
{
    return kinds[kind].name;
}

void bw_finding_say(struct bw_buf *out, const struct bw_finding *finding, const char *metric,
                    int64_t now_ms)
{
    const struct telling t = { out, finding, metric, now_ms };
    kinds[finding->kind].tell(&t);
}

/* ---- stored text ------------------------------------------------------------------------- */

/* Numbers of a finding. */
static const struct {
    const char *name;
    enum { INTEGER, COUNT, TIME, REAL } type;
    size_t offset;
} members[] = {
    { "side", INTEGER, offsetof(struct bw_finding, side) },
    { "times", COUNT, offsetof(struct bw_finding, times) },
    { "at", TIME, offsetof(struct bw_finding, at_ms) },
    { "until", TIME, offsetof(struct bw_finding, until_ms) },
    { "before", REAL, offsetof(struct bw_finding, before) },
    { "after", REAL, offsetof(struct bw_finding, after) },
    { "size", REAL, offsetof(struct bw_finding, size) },
    { "size_sd", REAL, offsetof(struct bw_finding, size_sd) },
    { "share", REAL, offsetof(struct bw_finding, share) },
    { "period", REAL, offsetof(struct bw_finding, period_s) },
    { "score", REAL, offsetof(struct bw_finding, score) },
};

enum { MEMBERS = sizeof members / sizeof *members };

static double value_of(const struct bw_finding *finding, size_t member)
{
    const void *at = (const char *)finding + members[member].offset;
    switch (members[member].type) {
    case INTEGER:
        return *(const int *)at;
    case COUNT:
        return *(const unsigned *)at;
    case TIME:
        return (double)*(const int64_t *)at;
    case REAL:
        break;
    }
    return *(const double *)at;
}

/* Times are milliseconds of some million years at most. */
#define TIME_MS_MAX 9e15

static void take_value(struct bw_finding *finding, size_t member, double value)
{
    void *at = (char *)finding + members[member].offset;
    if (members[member].type == INTEGER)
        *(int *)at = (value > 0) - (value < 0);
    else if (members[member].type == COUNT)
        *(unsigned *)at = value > 0 && value < 1e9 ? (unsigned)value : 0;
    else if (members[member].type == TIME)
        *(int64_t *)at = fabs(value) < TIME_MS_MAX ? (int64_t)value : 0;
    else
        *(double *)at = value == 0 ? 0 : value; /* no -0 */
}

static void write_word(struct bw_buf *out, const char *name, const char *word)
{
    if (word[0] == '\0')
        return;
    bw_buf_printf(out, " %s=", name);
    bw_escape_url(out, word, strlen(word));
}

void bw_findings_write(struct bw_buf *out, const struct bw_finding *findings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct bw_finding *finding = &findings[i];
        bw_buf_text(out, i > 0 ? "; " : "");
        bw_buf_text(out, kinds[finding->kind].name);
        for (size_t m = 0; m < MEMBERS; m++) {
            const double value = value_of(finding, m);
            if (value == 0 || !isfinite(value))
                continue;
            bw_buf_printf(out, " %s=", members[m].name);
            bw_buf_double(out, value);
        }
        write_word(out, "driver", finding->driver);
        write_word(out, "measure", finding->measure);
    }
}

/* One that cannot have been written is left out. */
static void read_word(char *out, size_t size, struct bw_span word)
{
    struct bw_buf text;
    bw_buf_init(&text, 3 * BW_FINDING_DRIVER_MAX);
    memset(out, 0, size);
    if (bw_unescape_url(&text, word.data, word.len) && !bw_buf_failed(&text))
        bw_text_copy(out, size, text.data);
    bw_buf_fini(&text);
}

static void read_member(struct bw_finding *out, struct bw_span part)
{
    struct bw_span name;
    double value;
    if (!bw_span_split(&part, '=', &name) || part.data == NULL)
        return;
    if (bw_span_is(name, "driver"))
        read_word(out->driver, sizeof out->driver, part);
    if (bw_span_is(name, "measure"))
        read_word(out->measure, sizeof out->measure, part);
    for (size_t m = 0; m < MEMBERS; m++) {
        if (bw_span_is(name, members[m].name) && bw_parse_double(part.data, part.len, &value)
            && isfinite(value))
            take_value(out, m, value);
    }
}

static bool read_kind(struct bw_span word, enum bw_finding_kind *out)
{
    for (int kind = 0; kind < BW_FINDING_KIND_COUNT; kind++) {
        if (bw_span_is(word, kinds[kind].name)) {
            *out = (enum bw_finding_kind)kind;
            return true;
        }
    }
    return false;
}

size_t bw_findings_read(const char *text, struct bw_finding *out)
{
    struct bw_span rest = bw_span_of(text), line, word;
    size_t count = 0;
    while (count < BW_FINDINGS_MAX && bw_span_split(&rest, ';', &line)) {
        struct bw_finding finding = { .side = 0 };
        line = bw_span_trim(line);
        if (!bw_span_split(&line, ' ', &word) || !read_kind(word, &finding.kind))
            continue;
        while (bw_span_split(&line, ' ', &word))
            read_member(&finding, word);
        out[count++] = finding;
    }
    return count;
}
