// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/progress.h: a bar on standard error, where somebody looks. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct bw_progress {
    bool shown;
    int percent;      /* that is shown */
    const char *unit; /* what is counted, as "analyses"; NULL: bytes */
};

/* Is there a terminal? Begins with nothing shown. */
struct bw_progress bw_progress_begin(void);

/* total 0: not known; then `done` is shown as it is. */
void bw_progress_show(struct bw_progress *progress, uint64_t done, uint64_t total);

/* Takes the bar away, so that a line can be written; the next show brings it back. */
void bw_progress_hide(struct bw_progress *progress);

#endif
