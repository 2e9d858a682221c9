// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/spread.h: one run over several addresses of a name (resolve_mode each and any). Each is
 * asked by a run of its own, a part; what they say is one result.
 *
 *     first part --> its name is looked up --> each: all others begin at once ----> all have ended
 *                                          \-> any: the next begins when one has \-> done
 *                                              failed, or is late --------> one has passed
 *
 * Loop thread. */
#ifndef PROBE_SPREAD_H
#define PROBE_SPREAD_H

#include "probe/run.h"

struct bw_spread;

/* As bw_probe_start; resolve_mode is one of the two. Each address has a memory of its own. */
struct bw_spread *bw_spread_start(struct bw_probe_engine *engine,
                                  const struct bw_probe_request *request, bw_probe_done_fn *done,
                                  void *ctx);

/* Ends it; done() will not be called. */
void bw_spread_cancel(struct bw_spread *spread);

#endif
