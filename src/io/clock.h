// SPDX-License-Identifier: GPL-3.0-or-later
/* io/clock.h: the wall clock that samples are stamped with. It rises whatever the system
 * clock does, short of a real step.
 *
 *     |system - ours| <= 60 s : slewed; ours runs at 90 % .. 110 % until both agree
 *     |system - ours| >  60 s : followed at once and counted; above, that is an event
 *
 * A monitor that is suspended sees the second case when it wakes up. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define BW_WALL_STEP_MIN_MS 60000

/* All zeros is a clock that has not been read yet. */
struct bw_wall {
    int64_t now_ns;       /* Unix time as shown */
    int64_t mono_ns;      /* monotonic time of the last advance */
    int64_t last_step_ms; /* size of the last followed step, signed; 0: none yet */
    int64_t stepped_ms;   /* wall time after that step; 0: none yet */
    uint64_t steps;       /* followed steps since the start */
    int64_t lag_ms;       /* system minus ours, what is left to slew */
    bool started;
};

/* Moves the clock on to a moment at which the two system clocks read mono_ns and system_ns
 * (Unix). Returns our time in Unix ms. Pure. */
int64_t bw_wall_advance(struct bw_wall *wall, int64_t mono_ns, int64_t system_ns);

/* The same with the clocks of this machine, read now. */
int64_t bw_wall_now_ms(struct bw_wall *wall);

/* CLOCK_REALTIME as it is, Unix ms: for log lines. Any thread. */
int64_t bw_wall_system_ms(void);

/* Processor time that the calling thread has used. */
int64_t bw_thread_cpu_ns(void);

#endif
