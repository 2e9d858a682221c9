// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/alert_kind.h"

#include "base/text.h"
#include "model/picker.h"

const struct bw_alert_kind_ops *bw_alert_kind_ops(enum bw_alert_kind kind)
{
    static const struct bw_alert_kind_ops *const kinds[BW_ALERT_KIND_COUNT] = {
        [BW_ALERT_KIND_EXPR] = &bw_alert_kind_expr,
        [BW_ALERT_KIND_PREDICT] = &bw_alert_kind_predict,
        [BW_ALERT_KIND_ANOMALY] = &bw_alert_kind_anomaly,
    };
    return kinds[kind];
}

/* A name that nobody knows yet may come from outside, unless only we could give it. */
static bool may_come(const char *metric)
{
    return !bw_text_starts_with(metric, "bellwether_") && !bw_text_starts_with(metric, "probe_");
}

enum bw_rc bw_alert_kind_picker(const char *text, bool guests, struct bw_picker **out,
                                struct bw_err *err)
{
    enum bw_family_id family;
    const enum bw_rc rc = bw_picker_parse(text, out, err);
    if (rc != BW_OK)
        return rc;
    const char *metric = bw_picker_metric(*out);
    if (metric == NULL)
        return bw_fail(err, BW_EINVAL, "'%s' does not name a metric", text);
    if (!bw_family_by_name(metric, &family) && !(guests && may_come(metric)))
        return bw_fail(err, BW_EINVAL, "there is no metric '%s'", metric);
    return BW_OK;
}
