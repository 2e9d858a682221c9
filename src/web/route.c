// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/route.h"

#include "base/limits.h"
#include "base/text.h"
#include "web/endpoint.h"

#include <stdio.h>
#include <string.h>

// clang-format off
const struct bw_route bw_routes[] = {
    { "GET", "/", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_page_status,
      "How everything is, for people (?by=LABEL groups, ?page=N).", 0 },
    { "GET", "/services/{name}", BW_SCOPE_READ, BW_RUN_WORKER, bw_page_service,
      "One service: instances, checks, charts, events (?range=15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y).",
      0 },
    { "GET", "/services/{name}/{instance}/{check}", BW_SCOPE_READ, BW_RUN_WORKER, bw_page_check,
      "One check: phases, durations, last failures, changes of its status (?range=).", 0 },
    { "GET", "/hosts", BW_SCOPE_READ, BW_RUN_WORKER, bw_page_hosts,
      "This machine: resources, limits, charts (?range=).", 0 },
    { "GET", "/trends", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_page_trends,
      "Where every series is heading, what runs out first on top (?service=, metric, direction, limited, "
      "sort, page).",
      0 },
    { "GET", "/trends/{series}", BW_SCOPE_READ, BW_RUN_WORKER, bw_page_trend,
      "One trend: its fan chart, when it reaches its limit, and why (series: an id, or "
      "metric{label=\"value\"}).",
      0 },
    { "GET", "/alerts", BW_SCOPE_READ, BW_RUN_WORKER, bw_page_alerts,
      "Active, pending and recent alerts.", 0 },
    { "GET", "/events", BW_SCOPE_READ, BW_RUN_WORKER, bw_page_events,
      "What happened, newest first (?kind=status, alert, system or marker; service, before).", 0 },
    { "GET", "/reports", BW_SCOPE_READ, BW_RUN_WORKER, bw_page_reports,
      "The archive of reports, and links to make one now.", 0 },
    { "GET", "/reports/latest/{name}", BW_SCOPE_READ, BW_RUN_WORKER, bw_report_latest,
      "The newest report of a schedule, by name and format: weekly.xlsx.", 0 },
    { "GET", "/reports/archive/{id}", BW_SCOPE_READ, BW_RUN_WORKER, bw_report_archived,
      "One report of the archive.", 0 },
    { "GET", "/style.css", BW_SCOPE_NONE, BW_RUN_AT_ONCE, bw_asset_style,
      "The style of the pages.", 0 },
    { "GET", "/script.js", BW_SCOPE_NONE, BW_RUN_AT_ONCE, bw_asset_script,
      "Keeps an open page up to date.", 0 },
    { "GET", "/favicon.ico", BW_SCOPE_NONE, BW_RUN_AT_ONCE, bw_asset_icon,
      "The sign of the pages, as SVG.", 0 },
    { "GET", "/metrics", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_endpoint_metrics,
      "Everything for Prometheus: text 0.0.4 or OpenMetrics 1.0.", 0 },
    { "GET", "/probe", BW_SCOPE_READ, BW_RUN_LATER, bw_endpoint_probe,
      "Probes a target now, as blackbox_exporter does (target, module, hostname, debug, cached, extra, "
      "options that the module lists).",
      0 },
    { "GET", "/-/healthy", BW_SCOPE_NONE, BW_RUN_AT_ONCE, bw_endpoint_healthy,
      "200 while the process answers.", 0 },
    { "GET", "/-/ready", BW_SCOPE_NONE, BW_RUN_AT_ONCE, bw_endpoint_ready,
      "200 once there is something to show, else 503 with the reason.", 0 },
    { "POST", "/-/reload", BW_SCOPE_ADMIN, BW_RUN_LATER, bw_endpoint_reload,
      "Reads the configuration again; 200 when it is in force, 422 when it was refused.", 0 },
    { "GET", "/api/v1/services", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_api_services,
      "Every service with its instances, checks and last results (limit, cursor).", 0 },
    { "GET", "/api/v1/services/{name}", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_api_service,
      "One service.", 0 },
    { "GET", "/api/v1/services/{name}/days", BW_SCOPE_READ, BW_RUN_WORKER, bw_api_days,
      "How available a service was on each of the last 90 days, UTC.", 0 },
    { "GET", "/api/v1/services/{name}/{instance}/{check}", BW_SCOPE_READ, BW_RUN_WORKER,
      bw_api_check, "One check with its last failures and changes of status (from).", 0 },
    { "GET", "/api/v1/groups", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_api_groups,
      "Services by the values of a label, the worst group first (by, limit, cursor).", 0 },
    { "GET", "/api/v1/targets", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_api_targets,
      "Every check on every instance, flat (limit, cursor).", 0 },
    { "PUT", "/api/v1/targets", BW_SCOPE_WRITE, BW_RUN_WORKER, bw_api_put_targets,
      "Registers targets for a time: a list as Prometheus's http_sd has it (source, ttl).",
      BW_WEB_IMPORT_BYTES_MAX },
    { "DELETE", "/api/v1/targets", BW_SCOPE_WRITE, BW_RUN_WORKER, bw_api_drop_targets,
      "Takes one registered target away, or all of a source (source, target).", 0 },
    { "GET", "/sd/http", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_endpoint_targets,
      "Our instances by service, for Prometheus's http_sd (service).", 0 },
    { "GET", "/api/v1/alerts", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_api_alerts,
      "Active and pending alerts, worst first (limit, cursor).", 0 },
    { "GET", "/api/v1/trends", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_api_trends,
      "The last trend and forecast of each series, soonest to its limit first (service, metric, "
      "direction, limited, sort, limit, cursor); by=service: where each service is "
      "heading.",
      0 },
    { "GET", "/api/v1/trends/{series}", BW_SCOPE_READ, BW_RUN_WORKER, bw_api_trend,
      "One trend with its course, its forecast step by step, and what decided (series: an id, or "
      "metric{label=\"value\"}).",
      0 },
    { "GET", "/api/v1/status", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_api_status,
      "All in one word: 503 when a service is UNHEALTHY, else 200.", 0 },
    { "GET", "/api/v1/series", BW_SCOPE_READ, BW_RUN_WORKER, bw_api_series,
      "Stored series (match, limit, cursor).", 0 },
    { "GET", "/api/v1/samples", BW_SCOPE_READ, BW_RUN_WORKER, bw_api_samples,
      "Committed points (series: id or selector; from, to, step: mean of each step).", 0 },
    { "GET", "/api/v1/events", BW_SCOPE_READ, BW_RUN_WORKER, bw_api_events,
      "What happened, newest first (service, kind, from, to, limit, cursor).", 0 },
    { "GET", "/api/v1/markers", BW_SCOPE_READ, BW_RUN_WORKER, bw_api_markers,
      "Markers, newest first: what somebody changed, and what was found changed (service, from, to, "
      "limit, cursor).",
      0 },
    { "POST", "/api/v1/markers", BW_SCOPE_WRITE, BW_RUN_WORKER, bw_api_set_marker,
      "Says that something was changed, such as a deployment: JSON with text, and tags, service, "
      "instance, check, ts.",
      BW_WEB_MARKER_BYTES_MAX },
    { "DELETE", "/api/v1/markers/{id}", BW_SCOPE_WRITE, BW_RUN_WORKER, bw_api_drop_marker,
      "Takes back a marker that somebody has set.", 0 },
    { "GET", "/api/v1/reports", BW_SCOPE_READ, BW_RUN_WORKER, bw_api_reports,
      "The archive of reports, newest first (name, limit, cursor).", 0 },
    { "GET", "/api/v1/reports/summary", BW_SCOPE_READ, BW_RUN_WORKER, bw_report_summary,
      "A summary made now (format: json, html, csv, md, xlsx; range: 7d, last week, …).", 0 },
    { "POST", "/api/v1/admin/import", BW_SCOPE_ADMIN, BW_RUN_WORKER, bw_api_import,
      "Takes samples into the store: OpenMetrics text with times, in parts (id, last).",
      BW_WEB_IMPORT_BYTES_MAX },
    { "POST", "/api/v1/admin/compact", BW_SCOPE_ADMIN, BW_RUN_WORKER, bw_api_compact,
      "Merges packs and gives room back, for a moment a call (id, last).", 0 },
    { "POST", "/api/v1/admin/delete-series", BW_SCOPE_ADMIN, BW_RUN_WORKER, bw_api_delete_series,
      "Deletes series for good (match, all).", 0 },
    { "POST", "/api/v1/push/{service}/{check}", BW_SCOPE_NONE, BW_RUN_LATER, bw_api_push,
      "A job reports that it passed (token, msg or the body, duration).", BW_WEB_PUSH_BYTES_MAX },
    { "GET", "/api/v1/push/{service}/{check}", BW_SCOPE_NONE, BW_RUN_LATER, bw_api_push,
      "The same for who can only GET (token, msg, duration).", BW_WEB_PUSH_BYTES_MAX },
    { "POST", "/api/v1/push/{service}/{check}/{word}", BW_SCOPE_NONE, BW_RUN_LATER, bw_api_push_word,
      "A job says start, finish or fail (token, msg or the body, duration).", BW_WEB_PUSH_BYTES_MAX },
    { "GET", "/api/v1/push/{service}/{check}/{word}", BW_SCOPE_NONE, BW_RUN_LATER, bw_api_push_word,
      "The same for who can only GET (token, msg, duration).", BW_WEB_PUSH_BYTES_MAX },
    { "POST", "/api/v1/endpoints/{key}/external", BW_SCOPE_NONE, BW_RUN_LATER, bw_api_push_gatus,
      "The same in the words of Gatus (success, error, duration).", BW_WEB_PUSH_BYTES_MAX },
    { "POST", "/api/push/{token}", BW_SCOPE_NONE, BW_RUN_LATER, bw_api_push_kuma,
      "The same in the words of Uptime Kuma (status, msg, ping).", BW_WEB_PUSH_BYTES_MAX },
    { "GET", "/api/push/{token}", BW_SCOPE_NONE, BW_RUN_LATER, bw_api_push_kuma,
      "The same in the words of Uptime Kuma (status, msg, ping).", BW_WEB_PUSH_BYTES_MAX },
    { "GET", "/api/v1/openapi.yaml", BW_SCOPE_READ, BW_RUN_AT_ONCE, bw_api_description,
      "All of this, described for machines: OpenAPI 3.1.", 0 },
    { NULL, NULL, BW_SCOPE_NONE, BW_RUN_AT_ONCE, NULL, NULL, 0 },
};
// clang-format on

/* Whether the path is the pattern's; fills in captures even where it is not. */
static bool matches(const char *pattern, const struct bw_url *url,
                    const char *captures[BW_CAPTURES_MAX])
{
    struct bw_span rest = bw_span_of(pattern + 1);
    struct bw_span part;
    size_t segment = 0;
    size_t capture = 0;
    while (rest.len > 0 && bw_span_split(&rest, '/', &part)) {
        if (segment == url->segment_count)
            return false;
        const char *text = url->segments[segment++];
        if (part.len > 0 && part.data[0] == '{')
            captures[capture++] = text;
        else if (!bw_span_is(part, text))
            return false;
    }
    return segment == url->segment_count;
}

static void add_allowed(char allow[BW_ALLOW_BYTES], const char *method)
{
    size_t used = strlen(allow);
    snprintf(allow + used, BW_ALLOW_BYTES - used, "%s%s", used > 0 ? ", " : "",
             strcmp(method, "GET") == 0 ? "GET, HEAD" : method);
}

const struct bw_route *bw_route_find(const char *method, const struct bw_url *url,
                                     const char *captures[BW_CAPTURES_MAX],
                                     char allow[BW_ALLOW_BYTES])
{
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    allow[0] = '\0';
    for (const struct bw_route *route = bw_routes; route->method != NULL; route++) {
        if (!matches(route->pattern, url, captures))
            continue;
        if (strcmp(route->method, method) == 0)
            return route;
        add_allowed(allow, route->method);
    }
    return NULL;
}

size_t bw_route_index(const struct bw_route *route)
{
    return (size_t)(route - bw_routes);
}

size_t bw_route_count(void)
{
    return sizeof bw_routes / sizeof *bw_routes - 1;
}
