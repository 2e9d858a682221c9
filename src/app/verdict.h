// SPDX-License-Identifier: GPL-3.0-or-later
/* app/verdict.h: what the result of one run means for its check: a pass, a warning (a condition of
 * degraded_when holds, or an assertion of that severity does not), a failure, or a run that was
 * lost through our own fault. Pure. */
#ifndef APP_VERDICT_H
#define APP_VERDICT_H

#include "app/config.h"
#include "app/roster.h"
#include "probe/probe.h"

enum { BW_VERDICT_TEXT_MAX = BW_PROBE_DETAIL_BYTES_MAX + 128 };

/* `text` gets the words of a condition that holds, or of a pass that took more than one try; the
 * outcome and *out_shown, which is the result
 * for people, borrow it and the result. */
struct bw_outcome bw_verdict_of(const struct bw_config_check *config,
                                const struct bw_probe_result *result, int64_t nominal_ms,
                                char text[BW_VERDICT_TEXT_MAX], struct bw_roster_result *out_shown);

#endif
