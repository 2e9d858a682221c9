// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/facts.h"

#include "report/parts.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

struct writer {
    struct bw_arena *arena;
    struct bw_report_facts *facts;
    struct bw_buf buf;
};

static void put(struct writer *writer, const char *name, const char *text)
{
    struct bw_report_facts *facts = writer->facts;
    assert(facts->count < BW_REPORT_FACTS_MAX);
    facts->items[facts->count++] =
        (struct bw_report_fact){ name, bw_arena_strdup(writer->arena, text != NULL ? text : "") };
}

/* What stands in the buffer. */
static void put_said(struct writer *writer, const char *name)
{
    put(writer, name, writer->buf.data);
    bw_buf_clear(&writer->buf);
}

/* "12 345": digits in threes, kept together by narrow spaces. */
static void put_count(struct writer *writer, const char *name, uint64_t count)
{
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0 && n > 4)
            bw_buf_text(&writer->buf, "\xe2\x80\xaf");
        bw_buf_char(&writer->buf, digits[i]);
    }
    put_said(writer, name);
}

static void put_ratio(struct writer *writer, const char *name, double ratio)
{
    bw_report_say_ratio(&writer->buf, ratio);
    put_said(writer, name);
}

static void put_span(struct writer *writer, const char *name, int64_t ms)
{
    bw_report_say_seconds(&writer->buf, (double)ms / 1000);
    put_said(writer, name);
}

static void put_time(struct writer *writer, const char *name, int64_t unix_ms)
{
    bw_report_say_time(&writer->buf, unix_ms);
    put_said(writer, name);
}

/* The status that the report as a whole has, for its colour, and one sentence on it. */
static void put_headline(struct writer *writer, const struct bw_report *report)
{
    static const struct {
        enum bw_status status;
        const char *class, *said;
    } verdicts[] = {
        { BW_UNHEALTHY, "unhealthy", "unhealthy" },
        { BW_DEGRADED, "degraded", "degraded" },
        { BW_UNKNOWN, "unknown", "in an unknown state" },
        { BW_HEALTHY, "healthy", "healthy" },
    };
    const size_t *counts = report->totals.statuses;
    size_t i = 0;
    while (i + 1 < sizeof verdicts / sizeof *verdicts && counts[verdicts[i].status] == 0)
        i++;
    const size_t n = counts[verdicts[i].status];
    if (report->check_count == 0)
        bw_buf_text(&writer->buf, "Nothing was watched in this time");
    else if (n == report->check_count && n > 1)
        bw_buf_printf(&writer->buf, "All %zu checks are %s", n, verdicts[i].said);
    else if (n == report->check_count)
        bw_buf_printf(&writer->buf, "The one check is %s", verdicts[i].said);
    else
        bw_buf_printf(&writer->buf, "%zu of %zu checks %s %s", n, report->check_count,
                      n == 1 ? "is" : "are", verdicts[i].said);
    put_said(writer, "headline");
    put(writer, "state", report->check_count == 0 ? "unknown" : verdicts[i].class);
}

/* Rectangles of an SVG 1000 wide: how the time of all checks was spent. */
static void put_bar(struct writer *writer, const struct bw_report_time *time)
{
    const struct {
        const char *class;
        double ratio;
    } parts[] = {
        { "healthy", time->healthy_ratio },         { "degraded", time->degraded_ratio },
        { "unhealthy", time->unhealthy_ratio },     { "unknown", time->unknown_ratio },
        { "maintenance", time->maintenance_ratio },
    };
    double x = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        /* What happened is seen, however short it was. */
        const double width = parts[i].ratio > 0 ? fmax(parts[i].ratio * 1000, 3) : 0;
        if (width > 0)
            bw_buf_printf(&writer->buf,
                          "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"1\"/>",
                          parts[i].class, x, fmin(width, 1000 - x));
        x += width;
    }
    put_said(writer, "bar");
}

static void put_counts(struct writer *writer, const struct bw_report *report)
{
    const struct bw_report_totals *totals = &report->totals;
    const size_t shown =
        report->limit_count < BW_REPORT_LIMITS_SHOWN ? report->limit_count : BW_REPORT_LIMITS_SHOWN;
    put_count(writer, "check_count", report->check_count);
    put_count(writer, "healthy_count", totals->statuses[BW_HEALTHY]);
    put_count(writer, "degraded_count", totals->statuses[BW_DEGRADED]);
    put_count(writer, "unhealthy_count", totals->statuses[BW_UNHEALTHY]);
    put_count(writer, "unknown_count", totals->statuses[BW_UNKNOWN]);
    put_count(writer, "incident_count", report->incident_count);
    put_count(writer, "alert_count", report->alert_count);
    put_count(writer, "marker_count", report->marker_count);
    put_count(writer, "trend_count", report->trend_count);
    put_count(writer, "runs", totals->runs);
    put_count(writer, "failures", totals->failures);
    put(writer, "has_checks", report->check_count > 0 ? "yes" : "");
    put(writer, "has_incidents", report->incident_count > 0 ? "yes" : "");
    put(writer, "has_alerts", report->alert_count > 0 ? "yes" : "");
    put(writer, "has_markers", report->marker_count > 0 ? "yes" : "");
    put(writer, "has_limits", report->limit_count > 0 ? "yes" : "");
    put(writer, "has_changes", report->change_count > 0 ? "yes" : "");
    if (report->limit_count > shown)
        put_count(writer, "limits_more", report->limit_count - shown);
    else
        put(writer, "limits_more", "");
}

enum { SHARES = 5 };

/* Which of the shares lost most by cutting and has not been given back to, 0 (healthy) when
 * none of the others did. */
static size_t neediest(const double lost[SHARES])
{
    size_t found = 0;
    for (size_t i = 1; i < SHARES; i++) {
        if (lost[i] > 1e-6 && (found == 0 || lost[i] > lost[found]))
            found = i;
    }
    return found;
}

/* The five shares in thousandths of a percent, by largest remainder so that they add up to
 * 100; healthy comes last, so that trouble is never rounded away. */
static void put_shares(struct writer *writer, const struct bw_report_time *time)
{
    static const char *const names[SHARES] = { "healthy", "degraded", "unhealthy", "unknown",
                                               "maintenance" };
    const double ratios[SHARES] = { time->healthy_ratio, time->degraded_ratio,
                                    time->unhealthy_ratio, time->unknown_ratio,
                                    time->maintenance_ratio };
    double units[SHARES], lost[SHARES], rest = 1e5;
    for (size_t i = 0; i < SHARES; i++) {
        units[i] = floor(ratios[i] * 1e5 + 1e-6);
        lost[i] = ratios[i] * 1e5 - units[i];
        rest -= units[i];
    }
    while (rest > 0.5) { /* not at all when the shares are unknown */
        const size_t i = neediest(lost);
        units[i]++;
        lost[i] = 0;
        rest--;
    }
    for (size_t i = 0; i < SHARES; i++)
        put_ratio(writer, names[i], units[i] / 1e5);
}

static void put_times(struct writer *writer, const struct bw_report *report)
{
    const struct bw_report_totals *totals = &report->totals;
    put_time(writer, "from", report->request.from_ms);
    put_time(writer, "to", report->request.to_ms);
    put_time(writer, "generated", report->request.now_ms);
    put_span(writer, "range", report->request.to_ms - report->request.from_ms);
    put_span(writer, "downtime", totals->downtime_ms);
    put_span(writer, "longest", totals->longest_ms);
    put_ratio(writer, "available", totals->available_ratio);
    put_shares(writer, &totals->time);
}

/* "3m12s" and "2"; both empty when we saw all the time, the number when it was once. */
static void put_blindness(struct writer *writer, const struct bw_report *report)
{
    if (report->blind_count > 0)
        put_span(writer, "blind", report->blind_ms);
    else
        put(writer, "blind", "");
    if (report->blind_count > 1)
        put_count(writer, "blind_times", report->blind_count);
    else
        put(writer, "blind_times", "");
}

void bw_report_state_facts(const struct bw_report *report, struct bw_arena *arena,
                           struct bw_report_facts *out)
{
    struct writer writer = { .arena = arena, .facts = out };
    out->count = 0;
    bw_buf_init(&writer.buf, 4096);
    put(&writer, "title", report->request.title);
    put(&writer, "node", report->request.node);
    put(&writer, "damaged", report->damaged ? "yes" : "");
    put(&writer, "cut", report->cut ? "yes" : "");
    put_blindness(&writer, report);
    put_headline(&writer, report);
    put_bar(&writer, &report->totals.time);
    put_counts(&writer, report);
    put_times(&writer, report);
    bw_buf_fini(&writer.buf);
}
