// SPDX-License-Identifier: GPL-3.0-or-later
/* web/endpoint.h: the handlers that the routes table names. Each fills in request->answer. */
#ifndef WEB_ENDPOINT_H
#define WEB_ENDPOINT_H

#include "web/route.h"

bw_handler_fn bw_page_status;
bw_handler_fn bw_asset_style, bw_asset_script, bw_asset_icon;
bw_handler_fn bw_endpoint_metrics, bw_endpoint_healthy, bw_endpoint_ready, bw_endpoint_reload;

#endif
