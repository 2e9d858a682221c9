// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/births.h: when a process and its machine began, as exporters tell it: a command that hands
 * on what one says (`output: prometheus`) lets us see that it was restarted. Pure. */
#ifndef PROBE_BIRTHS_H
#define PROBE_BIRTHS_H

#include "metric/textformat.h"

#include <stdint.h>

/* Unix seconds; NaN: not told. */
struct bw_births {
    double process_s; /* process_start_time_seconds */
    double machine_s; /* node_boot_time_seconds */
};

/* Takes them out of the text: these names are our own, of a guest they would be left out. */
struct bw_births bw_births_take(struct bw_text_doc *doc);

/* What was told last. All zeros: nothing. */
struct bw_births_memory {
    struct bw_births last;
    int64_t seen_ms; /* when; 0: never */
    int64_t told_ms; /* when a beginning was told last */
};

/* "the process was started anew" or "its machine was booted"; NULL when neither was, or when that
 * was told less than ten minutes ago: what begins again and again is said often enough. A clock
 * that is set moves such a time, too; a beginning lies after we last saw what was there before (up
 * to a minute less: clocks differ). */
const char *bw_births_compare(struct bw_births_memory *memory, const struct bw_births *now,
                              int64_t now_ms);

#endif
