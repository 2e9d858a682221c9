// SPDX-License-Identifier: GPL-3.0-or-later
/* app/config_calendars.h: calendars of a configuration, and what is made of them. For files of
 * this folder that load a configuration. */
#ifndef APP_CONFIG_CALENDARS_H
#define APP_CONFIG_CALENDARS_H

#include "app/config_internal.h"

/* Fills in the configuration's calendars. Before services are resolved. */
void bw_config_resolve_calendars(struct bw_config_loading *loading);

/* The calendar of that name, or NULL. */
const struct bw_calendar *bw_config_calendar(const struct bw_config *config, const char *name);

/* Fills in the hours of these calendars, those that `owner`, a mapping with the keys `calendar` and
 * `except_calendar`, names. False when one of them does not exist. */
bool bw_config_find_hours(struct bw_config_loading *loading, struct bw_strings within,
                          struct bw_strings except, const struct bw_node *owner, const char *path,
                          struct bw_hours *out);

/* The hours that `owner`, a mapping with the keys `calendar` and `except_calendar`, asks for; NULL
 * when that is always, or when there was a problem. */
const struct bw_config_hours *
bw_config_resolve_hours(struct bw_config_loading *loading, struct bw_strings within,
                        struct bw_strings except, const struct bw_node *owner, const char *path);

#endif
