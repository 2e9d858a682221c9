// SPDX-License-Identifier: GPL-3.0-or-later
/* transfer/sample_text.h: one sample as one line of text, in the forms that are about:
 *
 *     up{job="x"} 1 1700000000.123                   OpenMetrics; an exemplar may follow
 *     up{job="x"} 1 1700000000123                    Prometheus
 *     {__name__="up", job="x"} 1 1700000000123       `promtool tsdb dump`
 *
 * A time is RFC 3339, or Unix seconds or milliseconds: from 1e11 on milliseconds are meant (as
 * seconds that would be the year 5138). Pure. */
#ifndef TRANSFER_SAMPLE_TEXT_H
#define TRANSFER_SAMPLE_TEXT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "model/labels.h"

#include <stdbool.h>
#include <stdint.h>

/* All inside the line. */
struct bw_sample_text {
    struct bw_span name; /* with its labels */
    struct bw_span value;
    struct bw_span time; /* len 0: there is none */
};

/* Cuts a line without its end; the parts are not read yet. BW_EINVAL when braces do not close or
 * something other than an exemplar stands behind the time. */
enum bw_rc bw_sample_text_split(struct bw_span line, struct bw_sample_text *out,
                                struct bw_err *err);

/* Takes a name apart; metric and labels are copied into the arena. BW_EINVAL for what is no
 * metric or label name, a label that is there twice, or text that is not UTF-8; BW_ELIMIT beyond
 * BW_LABELS_MAX - 1 labels. */
enum bw_rc bw_sample_text_name(struct bw_arena *arena, struct bw_span name, const char **out_metric,
                               struct bw_labels *out_labels, struct bw_err *err);

/* Unix ms, halves rounded away from 0; false when it is none. */
bool bw_sample_text_time(struct bw_span text, int64_t *out_ms);

/* "what, found '…'" */
enum bw_rc bw_sample_text_fail(struct bw_err *err, const char *what, struct bw_span found);

#endif
