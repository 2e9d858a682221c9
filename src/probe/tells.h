// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/tells.h: which metric families and reasons the kinds of checks can tell, for documents. The
 * kinds themselves do not read it; tests hold it against what they say. */
#ifndef PROBE_TELLS_H
#define PROBE_TELLS_H

#include "metric/family.h"
#include "model/reason.h"
#include "probe/module.h"

#include <stdbool.h>
#include <stddef.h>

/* Kinds are indexes of bw_probe_table; jobs that report by themselves are the one behind them. */
enum { BW_KIND_PUSH = BW_PROBER_COUNT };

/* May a run of this kind have series of the family? */
bool bw_kind_tells_family(size_t kind, enum bw_family_id family);

/* May a run of this kind end with the reason? NONE is no reason. */
bool bw_kind_tells_reason(size_t kind, enum bw_reason reason);

#endif
