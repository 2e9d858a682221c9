// SPDX-License-Identifier: GPL-3.0-or-later
/* web/parts.h: pieces that several pages show, as document trees. */
#ifndef WEB_PARTS_H
#define WEB_PARTS_H

#include "model/value.h"
#include "web/chart.h"
#include "web/request.h"

/* Each adds the list or object under `key`, in the words of the templates. */
void bw_parts_check(struct bw_request *request, struct bw_value *list,
                    const struct bw_view_check *check);
void bw_parts_resources(struct bw_request *request, struct bw_value *in, const char *key,
                        const struct bw_view_service *host);
void bw_parts_alerts(struct bw_request *request, struct bw_value *in, const char *key, bool pending,
                     size_t max);
void bw_parts_trends(struct bw_request *request, struct bw_value *in, const char *key,
                     bool limits_only, size_t max);

/* One event as an item; events of another kind or service are the caller's to leave out. */
void bw_parts_event(struct bw_request *request, struct bw_value *list,
                    const struct bw_event *event);

/* Links to the ranges that a page offers, the one in force marked. */
void bw_parts_ranges(struct bw_request *request, struct bw_value *root, const char *current);

/* The chart as raw SVG under `key`. */
void bw_parts_chart(struct bw_request *request, struct bw_value *in, const char *key,
                    const struct bw_chart *chart);

/* "/mon/services/a%20b" */
const char *bw_parts_service_url(struct bw_request *request, const char *service);

#endif
