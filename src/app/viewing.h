// SPDX-License-Identifier: GPL-3.0-or-later
/* app/viewing.h: builds the view that pages, API and reports see, when something has changed
 * and at most every 250 ms; each second while nobody looks. Loop thread. */
#ifndef APP_VIEWING_H
#define APP_VIEWING_H

#include "app/alerting.h"
#include "app/canary.h"
#include "app/roster.h"
#include "app/trending.h"
#include "app/vigil.h"

/* What a view is made of; borrowed. `roster` changes with a reload. */
struct bw_viewing_parts {
    const struct bw_alerting *alerting;
    const struct bw_canary *canary;
    const struct bw_trending *trending;
    const struct bw_vigil *vigil;
    const char *external_url;
    bool config_ok;
    const char *config_message;
    const char *store_message;
};

/* Publishes a new view now. */
void bw_viewing_publish(struct bw_core *core, struct bw_roster *roster,
                        const struct bw_viewing_parts *parts);

#endif
