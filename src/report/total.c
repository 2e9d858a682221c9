// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/parts.h"
#include "report/report.h"

#include <math.h>

static void add_check(struct bw_report_totals *totals, const struct bw_report_check *check)
{
    totals->statuses[check->status]++;
    totals->time.healthy_ratio += check->time.healthy_ratio;
    totals->time.degraded_ratio += check->time.degraded_ratio;
    totals->time.unhealthy_ratio += check->time.unhealthy_ratio;
    totals->time.unknown_ratio += check->time.unknown_ratio;
    totals->time.maintenance_ratio += check->time.maintenance_ratio;
    totals->runs += check->runs;
    totals->failures += check->failures;
    totals->downtime_ms += check->downtime_ms;
    if (check->longest_ms > totals->longest_ms)
        totals->longest_ms = check->longest_ms;
}

static size_t count_limits(const struct bw_report *report)
{
    size_t n = 0;
    while (n < report->trend_count && isfinite(report->trends[n].time_to_p50_s))
        n++;
    return n;
}

void bw_report_total(struct bw_report *report)
{
    struct bw_report_totals *totals = &report->totals;
    struct bw_report_time *time = &totals->time;
    *totals = (struct bw_report_totals){ .runs = 0 };
    for (size_t i = 0; i < report->check_count; i++)
        add_check(totals, &report->checks[i]);
    const double up = time->healthy_ratio + time->degraded_ratio;
    const double known = up + time->unhealthy_ratio;
    totals->available_ratio = known > 0 ? up / known : NAN;
    const double count = (double)report->check_count; /* 0: the means become NaN */
    time->healthy_ratio /= count;
    time->degraded_ratio /= count;
    time->unhealthy_ratio /= count;
    time->unknown_ratio /= count;
    time->maintenance_ratio /= count;
    report->limit_count = count_limits(report);
    bw_report_pick_changes(report);
}
