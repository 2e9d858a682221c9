// SPDX-License-Identifier: GPL-3.0-or-later
/* app/reporting.h: makes the scheduled reports when their time has come, on a worker, keeps
 * them in the archive's folder and lists them in the store. Loop thread. */
#ifndef APP_REPORTING_H
#define APP_REPORTING_H

#include "app/core.h"

struct bw_reporting;

/* `archive_default` is the folder when the configuration names none. */
struct bw_reporting *bw_reporting_new(struct bw_core *core, const char *archive_default);
void bw_reporting_free(struct bw_reporting *reporting);

void bw_reporting_apply(struct bw_reporting *reporting, const struct bw_config *config);
void bw_reporting_stop(struct bw_reporting *reporting);

/* The archive's folder. */
const char *bw_reporting_folder(const struct bw_reporting *reporting);

#endif
