// SPDX-License-Identifier: GPL-3.0-or-later
/* What the scheduler itself costs: 10,000 checks of 15 s in virtual time for ten minutes,
 * every run over before the next slot. Prints nanoseconds a start and a slot. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/units.h"
#include "schedule/schedule.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHECKS = 10000, SLOTS = 6000 };

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * BW_SECOND + now.tv_nsec;
}

static struct bw_schedule *fill(void)
{
    struct bw_schedule *schedule = bw_schedule_new(100 * BW_MS, CHECKS);
    for (uint32_t id = 0; id < CHECKS; id++) {
        const struct bw_schedule_rule rule = { .interval_ns = 15 * BW_SECOND,
                                               .hash = bw_hash(&id, sizeof id, 0) };
        if (bw_schedule_add(schedule, id, &rule, 0, 0, NULL) != BW_OK)
            abort();
    }
    return schedule;
}

int main(void)
{
    struct bw_schedule *schedule = fill();
    struct bw_schedule_run *runs = bw_alloc_array(CHECKS, sizeof *runs);
    uint64_t starts = 0;
    const int64_t begin_ns = cpu_ns();
    for (int64_t slot = 1; slot <= SLOTS; slot++) {
        const int64_t now_ns = slot * 100 * BW_MS;
        const size_t count = bw_schedule_due(schedule, now_ns, now_ns / BW_MS, runs, CHECKS);
        for (size_t i = 0; i < count; i++)
            bw_schedule_finished(schedule, runs[i].id);
        starts += count;
    }
    const int64_t spent_ns = cpu_ns() - begin_ns;
    printf("schedule: %d checks, %" PRIu64 " starts in %d slots: %.0f ns a start, %.0f ns a slot\n",
           CHECKS, starts, SLOTS, (double)spent_ns / (double)starts, (double)spent_ns / SLOTS);
    free(runs);
    bw_schedule_free(schedule);
    return 0;
}
