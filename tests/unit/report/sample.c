// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>

static struct bw_report_check check_named(const char *text)
{
    struct bw_report_check check = {
        .service = text,
        .instance = text,
        .check = text,
        .status = BW_UNHEALTHY,
        .time = { .healthy_ratio = 0.5,
                  .degraded_ratio = 0.25,
                  .unhealthy_ratio = 0.125,
                  .unknown_ratio = 0.125 },
        .available_ratio = 0.75 / 0.875,
        .runs = 1000,
        .failures = 125,
        .duration_p50_s = 0.0125,
        .duration_p95_s = 0.25,
        .duration_max_s = NAN,
        .incidents = 2,
        .downtime_ms = 75600000,
        .longest_ms = 75000500,
    };
    for (size_t i = 0; i < BW_REPORT_STRIP_PARTS; i++)
        check.strip[i] = (uint8_t)(i / 15);
    return check;
}

static struct bw_trend_record trend_named(struct bw_arena *arena, uint32_t series, const char *text)
{
    const struct bw_label label = { "device", text };
    struct bw_trend_record trend = {
        .series = series,
        .metric = "node_filesystem_avail_bytes",
        .labels = bw_labels_make(arena, &label, 1),
        .computed_ms = SAMPLE_FROM_MS,
        .direction = BW_FALLING,
        .confidence_ratio = 0.97,
        .last_value = 1.5e9,
        .slope_per_second = -1200.5,
        .slope_low = -1300,
        .slope_high = NAN,
        .season_seconds = NAN,
        .horizons = { { 3600000, 1, 2, 3, 0.25 }, { 86400000, 1, 2, 3, 0.75 } },
        .horizon_count = 2,
        .threshold = 0,
        .side = -1,
        .time_to_p10_s = 100000,
        .time_to_p50_s = 200000 + series,
        .time_to_p90_s = INFINITY,
        .note = text,
        .findings = { { .kind = BW_FINDING_LEVEL_SHIFT,
                        .at_ms = SAMPLE_FROM_MS + 60000 * (int64_t)series,
                        .before = 3e9,
                        .after = 1.5e9,
                        .size = -1.5e9 },
                      { .kind = BW_FINDING_SPIKES, .side = 1, .times = 2 } },
        .finding_count = 2,
    };
    bw_text_copy(trend.findings[0].driver, sizeof trend.findings[0].driver, text);
    return trend;
}

struct bw_report *sample_report(const char *const *texts, size_t count)
{
    struct bw_report *report = bw_alloc(sizeof *report);
    struct bw_arena *arena = &report->arena;
    struct bw_report_check *checks = bw_arena_array(arena, count + 1, sizeof *checks);
    struct bw_report_incident *incidents = bw_arena_array(arena, count + 1, sizeof *incidents);
    struct bw_event *alerts = bw_arena_array(arena, count + 1, sizeof *alerts);
    struct bw_event *markers = bw_arena_array(arena, count + 1, sizeof *markers);
    struct bw_trend_record *trends = bw_arena_array(arena, count + 1, sizeof *trends);
    for (size_t i = 0; i < count; i++) {
        const char *text = texts[i];
        checks[i] = check_named(text);
        incidents[i] =
            (struct bw_report_incident){ text, text, text, SAMPLE_FROM_MS, 0, 90500, text };
        alerts[i] = (struct bw_event){
            (int64_t)i + 1, SAMPLE_FROM_MS + 1500, BW_EVENT_ALERT,    { text, text, text },
            text,           BW_LEVEL_NONE,         BW_LEVEL_CRITICAL, text
        };
        markers[i] = (struct bw_event){ .id = (int64_t)i + 1,
                                        .ts_ms = SAMPLE_FROM_MS + 1500,
                                        .kind = BW_EVENT_MARKER,
                                        .subject = { text, text, text },
                                        .name = text,
                                        .cause = text };
        trends[i] = trend_named(arena, (uint32_t)i + 1, text);
    }
    report->request = (struct bw_report_request){ .store = "data.db",
                                                  .title = count > 0 ? texts[0] : "Bellwether",
                                                  .node = count > 0 ? texts[0] : "here",
                                                  .from_ms = SAMPLE_FROM_MS,
                                                  .to_ms = SAMPLE_FROM_MS + 604800000,
                                                  .now_ms = SAMPLE_FROM_MS + 604800000 };
    report->checks = checks;
    report->incidents = incidents;
    report->alerts = alerts;
    report->markers = markers;
    report->trends = trends;
    report->check_count = report->incident_count = report->alert_count = report->marker_count =
        report->trend_count = count;
    bw_report_total(report);
    return report;
}

void sample_render(const struct bw_report *report, enum bw_report_format format, struct bw_buf *out)
{
    struct bw_err err = { .text = "" };
    bw_buf_init(out, 64u << 20);
    if (bw_report_render(report, format, NULL, out, &err) != BW_OK)
        fail_msg("%s: %s", bw_report_extension(format), err.text);
}
