// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/clock.h"

#include "base/units.h"
#include "io/loop.h"

#include <time.h>

/* How much of the elapsed time may go into a correction: 1/10 makes our second between 0.9
 * and 1.1 real ones, so a minute is caught up in ten and time never stands still. */
enum { SLEW_DIVISOR = 10 };

static void step(struct bw_wall *wall, int64_t error_ns, int64_t system_ns)
{
    /* More than a minute is no correction but somebody setting the clock, or a suspended
     * machine that woke up: samples stamped in between would be wrong for minutes. */
    wall->now_ns = system_ns;
    wall->last_step_ms = error_ns / BW_MS;
    wall->stepped_ms = system_ns / BW_MS;
    wall->steps++;
}

int64_t bw_wall_advance(struct bw_wall *wall, int64_t mono_ns, int64_t system_ns)
{
    if (!wall->started) {
        wall->started = true;
        wall->now_ns = system_ns;
        wall->mono_ns = mono_ns;
        return wall->now_ns / BW_MS;
    }
    int64_t elapsed_ns = mono_ns - wall->mono_ns;
    wall->mono_ns = mono_ns;
    wall->now_ns += elapsed_ns;
    int64_t error_ns = system_ns - wall->now_ns;
    if (error_ns > BW_WALL_STEP_MIN_MS * BW_MS || error_ns < -BW_WALL_STEP_MIN_MS * BW_MS) {
        step(wall, error_ns, system_ns);
        error_ns = 0;
    } else {
        int64_t most_ns = elapsed_ns / SLEW_DIVISOR;
        int64_t slew_ns = error_ns > most_ns ? most_ns : error_ns < -most_ns ? -most_ns : error_ns;
        wall->now_ns += slew_ns;
        error_ns -= slew_ns;
    }
    wall->lag_ms = error_ns / BW_MS;
    return wall->now_ns / BW_MS;
}

static int64_t system_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * BW_SECOND + now.tv_nsec;
}

int64_t bw_wall_now_ms(struct bw_wall *wall)
{
    return bw_wall_advance(wall, bw_loop_mono_ns(), system_ns());
}

int64_t bw_wall_system_ms(void)
{
    return system_ns() / BW_MS;
}

int64_t bw_thread_cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return used.tv_sec * BW_SECOND + used.tv_nsec;
}
