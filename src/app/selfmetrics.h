// SPDX-License-Identifier: GPL-3.0-or-later
/* app/selfmetrics.h: what the daemon has to say of itself: bellwether_* about its parts
 * (host/process.h has the rest: process_* about the program). Loop thread. */
#ifndef APP_SELFMETRICS_H
#define APP_SELFMETRICS_H

#include "app/core.h"

/* State that no other part has. */
struct bw_self {
    bool reload_ok;
    int64_t reload_ok_ms;
    uint64_t reloads_ok, reloads_failed;
    uint64_t clock_steps;
};

void bw_self_measure_build(struct bw_measures *out);
void bw_self_measure_config(const struct bw_self *self, struct bw_measures *out);
void bw_self_measure_store(struct bw_core *core, struct bw_measures *out);
void bw_self_measure_events(const struct bw_core *core, struct bw_measures *out);

#endif
