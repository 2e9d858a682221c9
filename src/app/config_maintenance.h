// SPDX-License-Identifier: GPL-3.0-or-later
/* app/config_maintenance.h: windows of maintenance: when they are, and which checks they are about.
 */
#ifndef APP_CONFIG_MAINTENANCE_H
#define APP_CONFIG_MAINTENANCE_H

#include "base/err.h"
#include "calendar/calendar.h"
#include "model/records.h"

struct bw_config;
struct bw_config_loading;
struct bw_picker;

/* Within its hours, or once. */
struct bw_config_maintenance {
    const char *name;
    const struct bw_hours *hours; /* NULL: once */
    int64_t from_ms, to_ms;       /* with NULL */
    const struct bw_zone *zone;   /* whose clock people have in mind */
    struct bw_picker *picker;     /* NULL: all checks */
};

/* Fills in the configuration's windows. After its calendars. */
void bw_config_resolve_maintenance(struct bw_config_loading *loading);

/* Gives back what does not live in the configuration's arena. */
void bw_config_free_maintenance(struct bw_config *config);

/* Which windows mean a check with these labels of the user's: bit i is window i. */
uint64_t bw_config_windows_of(const struct bw_config *config, const struct bw_subject *subject,
                              struct bw_labels labels);

bool bw_maintenance_is_on(const struct bw_config_maintenance *window, int64_t now_ms);

/* When it will begin, if it is not on, or end. False when nobody knows, or never. */
bool bw_maintenance_next_change(const struct bw_config_maintenance *window, int64_t now_ms,
                                int64_t *out_ms);

#endif
