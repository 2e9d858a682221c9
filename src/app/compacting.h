// SPDX-License-Identifier: GPL-3.0-or-later
/* app/compacting.h: now and then has a worker make old packs smaller (store/compact.h): one at a
 * time, with pauses, while nothing else is owed to anybody. Loop thread. */
#ifndef APP_COMPACTING_H
#define APP_COMPACTING_H

#include "app/core.h"

struct bw_compacting;

struct bw_compacting *bw_compacting_new(struct bw_core *core);

/* After the workers have ended. NULL is fine. */
void bw_compacting_free(struct bw_compacting *compacting);

/* No more is begun. */
void bw_compacting_stop(struct bw_compacting *compacting);

#endif
