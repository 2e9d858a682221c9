// SPDX-License-Identifier: GPL-3.0-or-later
/* The system clock. */
#include "host/host.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* The system clock as it is, not the slewed one: that is what the metric is for. */
static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    (void)host;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return bw_fail(err, BW_EIO, "clock_gettime: %s", strerror(errno));
    const int64_t now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    bw_measures_add(out, BW_METRIC_NODE_TIME_SECONDS, (double)now_us / 1e6, NULL);
    return BW_OK;
}

const struct bw_sampler_ops bw_sampler_time = {
    .name = "time",
    .summary = "The system clock.",
    .prefixes = { "node_time_" },
    .sample = sample,
};
