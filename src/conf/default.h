// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/default.h: the default of one row. Used inside conf/. */
#ifndef CONF_DEFAULT_H
#define CONF_DEFAULT_H

#include "conf/option.h"
#include "conf/problems.h"

/* Sets the row's member of *out, which is all zeros there; what is wrong with the default
 * itself is noted in `problems`. */
void bw_default_set(struct bw_arena *arena, const struct bw_opt *row, void *out,
                    struct bw_problems *problems);

#endif
