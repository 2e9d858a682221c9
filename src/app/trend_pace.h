// SPDX-License-Identifier: GPL-3.0-or-later
/* app/trend_pace.h: how long to wait between two pieces of analysis, so that a round is spread over
 * its time and never takes more of the machine than it may. */
#ifndef APP_TREND_PACE_H
#define APP_TREND_PACE_H

#include <stddef.h>
#include <stdint.h>

/* As the last piece has shown it; what is not known yet is 0. */
struct bw_trend_pace {
    int64_t age_ns;   /* since the daemon started */
    int64_t every_ns; /* a round is to take */
    size_t series;    /* of a round */
    size_t jobs;      /* pieces of a round, 0 counts as 1 */
    int64_t cpu_ns;   /* that the last piece took */
    double cpu_share; /* of one core that analysis may take, 0..1, above 0 */
};

/* The pause after a piece. A daemon that has just begun learns fast: its first rounds come sooner,
 * so that a newcomer need not wait for `every_ns` to see more than one point. Who has hundreds of
 * series waits a little longer: they are not to cost more than what is measured. Where a round
 * would need more of the processor than its share, it takes longer. */
int64_t bw_trend_pause_ns(const struct bw_trend_pace *pace);

#endif
