// SPDX-License-Identifier: GPL-3.0-or-later
/* web/parts.h: pieces that several pages show, as document trees. */
#ifndef WEB_PARTS_H
#define WEB_PARTS_H

#include "model/value.h"
#include "web/chart.h"
#include "web/request.h"

/* Each adds the list or object under `key`, in the words of the templates. */
void bw_parts_check(struct bw_request *request, struct bw_value *list, const char *service,
                    const char *instance, const struct bw_view_check *check);
/* Where the time of one run went, under "phases": {bar, list}; absent without any. */
void bw_parts_phases(struct bw_request *request, struct bw_value *in,
                     const struct bw_view_phase *phases, size_t count);
void bw_parts_resources(struct bw_request *request, struct bw_value *in, const char *key,
                        const struct bw_view_service *host);
/* Of one service, or of all (NULL). */
void bw_parts_alerts(struct bw_request *request, struct bw_value *in, const char *key,
                     const char *service, bool pending, size_t max);
/* One trend as an item: what it says in words, a small fan, when it reaches its limit. */
void bw_parts_trend(struct bw_request *request, struct bw_value *list,
                    const struct bw_trend_record *trend);
/* Of these, those that reach their limit as far as is foreseen; at most `max`. */
void bw_parts_limits(struct bw_request *request, struct bw_value *in, const char *key,
                     const struct bw_trend_record *const *trends, size_t count, size_t max);
/* What of a service (or of one check of it: instance and check not NULL) is heading somewhere:
 * {list, count, many, url}; absent where no trend is known. */
void bw_parts_trends_of(struct bw_request *request, struct bw_value *in, const char *key,
                        const struct bw_subject *subject, size_t max);

/* One event as an item; events of another kind or service are the caller's to leave out. */
void bw_parts_event(struct bw_request *request, struct bw_value *list,
                    const struct bw_event *event);

/* Links to the ranges that a page offers, the one in force marked. */
void bw_parts_ranges(struct bw_request *request, struct bw_value *root, const char *current);

/* The last days of a service under `key`: {bars, available, known, first, list}; each item of
 * the list is a day that was not all healthy, newest first. Absent while no day is known. */
void bw_parts_days(struct bw_request *request, struct bw_value *in, const char *key,
                   const char *service);

/* A drawing as raw SVG under `key`; takes the buffer. */
void bw_parts_drawing(struct bw_request *request, struct bw_value *in, const char *key,
                      struct bw_buf *svg);

/* The chart as raw SVG under `key`. */
void bw_parts_chart(struct bw_request *request, struct bw_value *in, const char *key,
                    const struct bw_chart *chart);

/* "/mon/services/a%20b" */
const char *bw_parts_service_url(struct bw_request *request, const char *service);
/* "/mon/services/a%20b/10.0.0.1%3A80/health" */
const char *bw_parts_check_url(struct bw_request *request, const char *service,
                               const char *instance, const char *check);

/* "/mon/trends/7" */
const char *bw_parts_trend_url(struct bw_request *request, const struct bw_trend_record *trend);

/* The check of that name on that instance, or NULL; `out_instance` may be NULL. */
const struct bw_view_check *bw_parts_find_check(const struct bw_view_service *service,
                                                const char *instance, const char *check,
                                                const struct bw_view_instance **out_instance);

#endif
