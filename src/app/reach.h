// SPDX-License-Identifier: GPL-3.0-or-later
/* app/reach.h: which addresses /probe, and checks of targets that somebody else names, may connect
 * to. Whoever may ask for probes of anything sees with our eyes, behind our firewalls: so
 *
 *     an address of this link or of a cloud's metadata    only when it is listed itself
 *     any other, for a caller that is trusted             always
 *     any other, for anybody else                         when it is listed, or `any` is
 *
 * Who writes the lists of targets is trusted. Pure. */
#ifndef APP_REACH_H
#define APP_REACH_H

#include "app/config.h"

/* May it be connected to? `trusted`: on loopback, or with a token. */
bool bw_reach_allows(const struct bw_config_reach *reach, bool trusted,
                     const struct bw_address *address);

/* Whether a probe with these options connects to a proxy, whose address says nothing of where it
 * leads. */
bool bw_reach_is_proxied(const struct bw_probe_module *options);

/* Reads web.probe_targets: `any` or a list of networks. Mistakes go to the problems. */
void bw_reach_resolve(const struct bw_node *node, struct bw_arena *arena,
                      struct bw_problems *problems, struct bw_config_reach *out);

#endif
