// SPDX-License-Identifier: GPL-3.0-or-later
/* web/endpoint.h: the handlers that the routes table names. Each fills in request->answer. */
#ifndef WEB_ENDPOINT_H
#define WEB_ENDPOINT_H

#include "web/route.h"

bw_handler_fn bw_page_status, bw_page_service, bw_page_check, bw_page_hosts, bw_page_trends,
    bw_page_trend, bw_page_alerts, bw_page_events, bw_page_reports;
bw_handler_fn bw_asset_style, bw_asset_script, bw_asset_icon;
bw_handler_fn bw_endpoint_metrics, bw_endpoint_healthy, bw_endpoint_ready, bw_endpoint_reload,
    bw_endpoint_probe;

bw_handler_fn bw_api_services, bw_api_service, bw_api_targets, bw_api_alerts, bw_api_trends,
    bw_api_trend, bw_api_groups, bw_api_days, bw_api_check, bw_api_status, bw_api_series,
    bw_api_samples, bw_api_events, bw_api_reports, bw_api_description;
bw_handler_fn bw_endpoint_targets, bw_api_put_targets, bw_api_drop_targets;
bw_handler_fn bw_api_import, bw_api_compact, bw_api_delete_series;
bw_handler_fn bw_api_markers, bw_api_set_marker, bw_api_drop_marker;
bw_handler_fn bw_api_push, bw_api_push_word, bw_api_push_gatus, bw_api_push_kuma;
bw_handler_fn bw_report_summary, bw_report_latest, bw_report_archived;

#endif
