// SPDX-License-Identifier: GPL-3.0-or-later
/* How well the system clock is kept: adjtimex(2). */
#include "host/host.h"
#include "host/parse.h"

#include <errno.h>
#include <string.h>

/* Frequencies are parts per million with 16 bits after the point. */
static const double frequency_unit = 1e6 * 65536;

void bw_timex_measure(const struct timex *clock, int state, struct bw_measures *out)
{
    const double fine = (clock->status & STA_NANO) != 0 ? 1e9 : 1e6;
    const struct {
        enum bw_family_id family;
        double value;
    } rows[] = {
        { BW_METRIC_NODE_TIMEX_OFFSET_SECONDS, (double)clock->offset / fine },
        { BW_METRIC_NODE_TIMEX_FREQUENCY_ADJUSTMENT_RATIO,
          1 + (double)clock->freq / frequency_unit },
        { BW_METRIC_NODE_TIMEX_MAXERROR_SECONDS, (double)clock->maxerror / 1e6 },
        { BW_METRIC_NODE_TIMEX_ESTIMATED_ERROR_SECONDS, (double)clock->esterror / 1e6 },
        { BW_METRIC_NODE_TIMEX_SYNC_STATUS, state != TIME_ERROR },
        { BW_METRIC_NODE_TIMEX_STATUS, clock->status },
        { BW_METRIC_NODE_TIMEX_LOOP_TIME_CONSTANT, (double)clock->constant },
        { BW_METRIC_NODE_TIMEX_TICK_SECONDS, (double)clock->tick / 1e6 },
        { BW_METRIC_NODE_TIMEX_PPS_FREQUENCY_HERTZ, (double)clock->ppsfreq / frequency_unit },
        { BW_METRIC_NODE_TIMEX_PPS_JITTER_SECONDS, (double)clock->jitter / fine },
        { BW_METRIC_NODE_TIMEX_PPS_SHIFT_SECONDS, clock->shift },
        { BW_METRIC_NODE_TIMEX_PPS_STABILITY_HERTZ, (double)clock->stabil / frequency_unit },
        { BW_METRIC_NODE_TIMEX_PPS_JITTER_TOTAL, (double)clock->jitcnt },
        { BW_METRIC_NODE_TIMEX_PPS_CALIBRATION_TOTAL, (double)clock->calcnt },
        { BW_METRIC_NODE_TIMEX_PPS_ERROR_TOTAL, (double)clock->errcnt },
        { BW_METRIC_NODE_TIMEX_PPS_STABILITY_EXCEEDED_TOTAL, (double)clock->stbcnt },
        { BW_METRIC_NODE_TIMEX_TAI_OFFSET_SECONDS, clock->tai },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        bw_measures_add(out, rows[i].family, rows[i].value, NULL);
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    (void)host;
    struct timex clock = { 0 }; /* no modes: only asked */
    const int state = adjtimex(&clock);
    if (state < 0) {
        /* Sandboxes forbid the call though nothing would be changed. */
        const bool forbidden = errno == EPERM || errno == EACCES || errno == ENOSYS;
        return bw_fail(err, forbidden ? BW_EUNSUPPORTED : BW_EIO, "adjtimex: %s", strerror(errno));
    }
    bw_timex_measure(&clock, state, out);
    return BW_OK;
}

const struct bw_sampler_ops bw_sampler_timex = {
    .name = "timex",
    .summary = "How well the system clock is kept in time.",
    .prefixes = { "node_timex_" },
    .sample = sample,
};
