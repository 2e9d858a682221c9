// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/way.h: from the name in a target to the address that a try talks to.
 *
 *     begin --> lookup --> done(result) --> take: an address --> go: may it be used? */
#ifndef PROBE_WAY_H
#define PROBE_WAY_H

#include "probe/engine.h"
#include "probe/trail.h"

/* Says that these are the addresses of the name, of which the run takes the first. */
typedef void bw_way_found_fn(void *ctx, const char *name, const struct bw_address *addresses,
                             size_t count);

/* To which address a run goes that is one of several for the same target. */
struct bw_way {
    char name[256];            /* of the target; "": not looked up yet. No host name is longer */
    struct bw_address address; /* what it means to this run, with a name */
    int64_t start_ns;          /* when the run began that this one is a part of */
    bw_way_found_fn *found;    /* called when the name has been looked up */
    void *ctx;
};

/* Begins to look a name up, for as long as the run has. Phase RESOLVE is the caller's to enter. A
 * name whose address is settled (out->way) is not asked for. */
struct bw_lookup *bw_way_begin(struct bw_probe_engine *engine, struct bw_probe_outcome *out,
                               const struct bw_lookup_query *query, bw_lookup_done_fn *done,
                               void *ctx);

/* The address to use of those that were found. False with the outcome set when there is none. The
 * name of the target is the first that is taken; that of a proxy never is. */
bool bw_way_take(struct bw_probe_outcome *out, const struct bw_lookup_result *result,
                 const char *name, struct bw_address *out_address);
bool bw_way_take_proxy(struct bw_probe_outcome *out, const struct bw_lookup_result *result,
                       const char *name, struct bw_address *out_address);

/* The try is about to talk to this peer: the trail is told, and whoever asks for the probe may
 * refuse the address. False with the outcome set then. For every connection. */
bool bw_way_go(struct bw_probe_outcome *out, const struct bw_probe_target *target,
               const struct bw_trail_peer *peer);

#endif
