// SPDX-License-Identifier: GPL-3.0-or-later
/* app/config_change.h: what a reload cannot do. Pure. */
#ifndef APP_CONFIG_CHANGE_H
#define APP_CONFIG_CHANGE_H

#include "app/config.h"

/* The section in which something changed that only a start reads; NULL when there is none. */
const char *bw_config_waits_for_restart(const struct bw_config *old, const struct bw_config *now);

#endif
