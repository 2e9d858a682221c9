// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/table.h: the kinds of probe there are. */
#ifndef PROBE_TABLE_H
#define PROBE_TABLE_H

#include "probe/probe.h"

/* In the order of enum bw_prober; ends with NULL. */
extern const struct bw_probe_ops *const bw_probe_table[];

/* NULL when there is no such kind. */
const struct bw_probe_ops *bw_probe_find(const char *name);

#endif
