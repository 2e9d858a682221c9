// SPDX-License-Identifier: GPL-3.0-or-later
/* app/trend_parts.h: a level shift of what has stored parts (the phases of a probe, what memory is
 * used for) is told with the part that drives it. On a worker, with its reader. */
#ifndef APP_TREND_PARTS_H
#define APP_TREND_PARTS_H

#include "base/arena.h"
#include "model/records.h"
#include "store/reader.h"

#include <stddef.h>

/* So many records of one call are looked at, the newest shifts: each costs some milliseconds. */
enum { BW_TREND_PARTS_EXPLAINED_MAX = 8 };

/* Completes level shifts among the records' findings, and notes that said them. What cannot be read
 * or is not significant stays as it is. Texts go to the arena. */
void bw_trend_parts_explain(struct bw_reader *reader, struct bw_arena *arena,
                            struct bw_trend_record *records, size_t count);

#endif
