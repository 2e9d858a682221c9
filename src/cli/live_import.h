// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/live_import.h: samples for a store that a daemon has open, handed to it in parts as
 * OpenMetrics text. Called as store/import.h is. */
#ifndef CLI_LIVE_IMPORT_H
#define CLI_LIVE_IMPORT_H

#include "base/err.h"
#include "cli/live.h"
#include "model/labels.h"
#include "store/import.h"

#include <stdint.h>

struct bw_live_import;

/* Borrows `live`. */
enum bw_rc bw_live_import_begin(struct bw_live *live, struct bw_live_import **out,
                                struct bw_err *err);
uint32_t bw_live_import_series(struct bw_live_import *import, const char *metric,
                               struct bw_labels labels, struct bw_err *err);

/* May send, and wait for the daemon; a failure of that is kept and told by the verdict. */
void bw_live_import_add(struct bw_live_import *import, uint32_t series, int64_t ts_ms,
                        double value);
enum bw_rc bw_live_import_verdict(const struct bw_live_import *import, struct bw_err *err);

/* Sends what waits; on BW_OK all of it is on the disk, but for `refused` samples. */
enum bw_rc bw_live_import_finish(struct bw_live_import *import, struct bw_err *err);

/* What the daemon said last. */
void bw_live_import_stats(const struct bw_live_import *import, struct bw_import_stats *out);

/* Samples that the daemon did not take, and the first reason; "" without any. */
uint64_t bw_live_import_refused(const struct bw_live_import *import, const char **out_why);

/* NULL is fine. */
void bw_live_import_free(struct bw_live_import *import);

#endif
