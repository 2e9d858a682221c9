// SPDX-License-Identifier: GPL-3.0-or-later
/* app/rolling.h: has a worker make roll-ups (store/rollups.h): a window of a group at a time, with
 * pauses nine times as long as the work, while nothing else is owed to anybody. Loop thread. */
#ifndef APP_ROLLING_H
#define APP_ROLLING_H

#include "app/core.h"

struct bw_rolling;

struct bw_rolling *bw_rolling_new(struct bw_core *core);

/* After the workers have ended. NULL is fine. */
void bw_rolling_free(struct bw_rolling *rolling);

/* No more is begun. */
void bw_rolling_stop(struct bw_rolling *rolling);

#endif
