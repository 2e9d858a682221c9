// SPDX-License-Identifier: GPL-3.0-or-later
/* app/probing.h: probes that somebody asks for, at /probe, beside those that are scheduled: with
 * the modules of the configuration, in blackbox_exporter's way.
 *
 *     order (any thread) --> loop: module, target, who may --> run --> metrics, transcript
 *                                 \--> refused                     \-> refused on the way
 *                                  \-> cached: the last scheduled run
 *
 * How many run at one time and begin in a second is limited, so that scheduled checks hold. */
#ifndef APP_PROBING_H
#define APP_PROBING_H

#include "app/watch.h"
#include "web/web.h"

struct bw_probing;

/* The watch's engine runs them. `timeout_offset_ns`: so much sooner than its scrape a probe ends.
 */
struct bw_probing *bw_probing_new(struct bw_core *core, struct bw_watch *watch,
                                  int64_t timeout_offset_ns);

/* The modules and the rules of `config`, which must live until the next call, hold from now on. */
void bw_probing_apply(struct bw_probing *probing, const struct bw_config *config);

/* struct bw_web_hooks.probe; any thread. */
void bw_probing_ask(struct bw_probing *probing, const struct bw_probe_order *order,
                    bw_probe_reply_fn *done, void *reply);

/* Adds bellwether_probe_requests_* and their durations. */
void bw_probing_measure(const struct bw_probing *probing, struct bw_measures *out);

/* Whoever waits, or comes from now on, is told that we stop. */
void bw_probing_stop(struct bw_probing *probing);

/* After the loop, which may still hold orders. NULL is fine. */
void bw_probing_free(struct bw_probing *probing);

#endif
