// SPDX-License-Identifier: GPL-3.0-or-later
/* app/defaults.h: what runs when nobody has said anything. */
#ifndef APP_DEFAULTS_H
#define APP_DEFAULTS_H

#include "alert/rule.h"
#include "base/arena.h"
#include "trend/options.h"

/* The configuration that is used without a file: this host, and, when `self` (HOST:PORT) is
 * given, this daemon over HTTP and TCP and, where the system lets us, ICMP. */
const char *bw_default_config_text(struct bw_arena *arena, const char *self, bool icmp);

/* Where the store is when nobody says: in $STATE_DIRECTORY, else in ./data. */
const char *bw_default_store(struct bw_arena *arena);

/* What `bellwether init` writes: a commented configuration to begin with. */
extern const char bw_starter_config[];

/* Rules that hold unless `alerts.defaults` is false. */
extern const struct bw_alert_rule_opts bw_default_rules[];
extern const size_t bw_default_rule_count;

/* Which series are analysed when `trends.select` is empty. */
extern const struct bw_trend_select bw_default_trends[];
extern const size_t bw_default_trend_count;

#endif
