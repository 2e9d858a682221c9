// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/default.h: the default of one row. Used inside conf/. */
#ifndef CONF_DEFAULT_H
#define CONF_DEFAULT_H

#include "conf/option.h"
#include "conf/problems.h"

#include <stdbool.h>

/* Whether the row's number is NaN where it is absent: the way to tell "not given" from any
 * value that can be given. */
bool bw_default_is_nan(const struct bw_opt *row);

/* Sets the row's member of *out, which is all zeros there; what is wrong with the default
 * itself is noted in `problems`. */
void bw_default_set(struct bw_arena *arena, const struct bw_opt *row, void *out,
                    struct bw_problems *problems);

#endif
