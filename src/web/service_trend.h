// SPDX-License-Identifier: GPL-3.0-or-later
/* web/service_trend.h: where services are heading, for pages and answers. */
#ifndef WEB_SERVICE_TREND_H
#define WEB_SERVICE_TREND_H

#include "model/value.h"
#include "web/request.h"

struct bw_service_trend;

/* "heads for its limit in 3d (2d to 6d), driven by ..." */
const char *bw_words_service_trend(struct bw_arena *arena, const struct bw_service_trend *trend);

/* Under "heading": {class, text, url}; url, that of the driver's page, only when there is one.
 * Absent when nothing of the service is analysed. */
void bw_parts_service_trend(struct bw_request *request, struct bw_value *in, const char *service);

/* Under "trend": the object of the API, null when nothing of the service is analysed. */
void bw_api_service_trend(struct bw_request *request, struct bw_value *in, const char *service);

/* GET /api/v1/trends?by=service. */
void bw_api_service_trends(struct bw_request *request);

#endif
