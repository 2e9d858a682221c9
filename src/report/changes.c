// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/parts.h"

#include <stdlib.h>

/* When the series took another course: its first finding of those that say so; 0: it did not. */
static int64_t changed_ms(const struct bw_trend_record *trend)
{
    static const bool says_so[BW_FINDING_KIND_COUNT] = {
        [BW_FINDING_STANDSTILL] = true,     [BW_FINDING_LEVEL_SHIFT] = true,
        [BW_FINDING_RECOVERY] = true,       [BW_FINDING_SLOPE_CHANGE] = true,
        [BW_FINDING_SCATTER_CHANGE] = true,
    };
    for (size_t i = 0; i < trend->finding_count; i++)
        if (says_so[trend->findings[i].kind])
            return trend->findings[i].at_ms;
    return 0;
}

static int newest_first(const void *a, const void *b)
{
    const struct bw_trend_record *x = a, *y = b;
    const int64_t tx = changed_ms(x), ty = changed_ms(y);
    return tx != ty ? (tx < ty) - (tx > ty) : (x->series > y->series) - (x->series < y->series);
}

void bw_report_pick_changes(struct bw_report *report)
{
    struct bw_trend_record *changes =
        bw_arena_array(&report->arena, report->trend_count + 1, sizeof *changes);
    size_t count = 0;
    for (size_t i = 0; i < report->trend_count; i++)
        if (changed_ms(&report->trends[i]) > 0)
            changes[count++] = report->trends[i];
    qsort(changes, count, sizeof *changes, newest_first);
    report->changes = changes;
    report->change_count = count < BW_REPORT_CHANGES_SHOWN ? count : BW_REPORT_CHANGES_SHOWN;
}
