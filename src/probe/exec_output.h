// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/exec_output.h: what a command wrote, as measures. The bytes are hostile; pure, but for the
 * metrics that it may make known (metric/guest.h). */
#ifndef PROBE_EXEC_OUTPUT_H
#define PROBE_EXEC_OUTPUT_H

#include "base/err.h"
#include "base/text.h"
#include "metric/measure.h"
#include "probe/births.h"

/* A plugin's performance data, at most BW_EXEC_PERFDATA_MAX, each label once: values, and the
 * bounds that the plugin judges them by. */
void bw_exec_measure_perfdata(struct bw_span output, struct bw_measures *out);

/* The text format of Prometheus. A text with a mistake, or above the ceilings, adds nothing:
 * BW_EINVAL, BW_ELIMIT. Of a text whose names others have already these metrics are left out:
 * BW_EEXISTS, BW_EFULL.
 * What it says of beginnings is not measured, but told in *births. */
enum bw_rc bw_exec_measure_text(struct bw_span output, struct bw_measures *out,
                                struct bw_births *births, struct bw_err *err);

#endif
