// SPDX-License-Identifier: GPL-3.0-or-later
/* The view that tests and the preview show. */
#include "fake.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

enum { MINUTE_MS = 60000, RECENT = 60 };

struct maker {
    struct bw_arena *arena;
    int64_t now_ms;
    const char *hostile; /* stands for every text when set */
};

static const char *text(const struct maker *m, const char *plain)
{
    return m->hostile == NULL ? plain : m->hostile;
}

/* Results every 15 s; from `bad_from` on (counted from the newest) they failed. */
static void set_recent(struct maker *m, struct bw_view_check *check, size_t bad, double base_s)
{
    struct bw_view_past *recent = bw_arena_array(m->arena, RECENT, sizeof *recent);
    for (size_t i = 0; i < RECENT; i++) {
        double wave = 1 + 0.3 * sin((double)i / 5) + 0.15 * sin((double)i * 2.7);
        recent[i] = bw_view_past_make((struct bw_view_result){
            .ts_ms = m->now_ms - (int64_t)(RECENT - i) * 15000,
            .duration_s = base_s * wave,
            .status = i + bad >= RECENT ? check->status : BW_HEALTHY,
        });
    }
    check->recent = recent;
    check->recent_count = RECENT;
}

static const struct bw_view_phase http_phases[] = {
    { "resolve", 0.0021 },    { "connect", 0.0112 },  { "tls", 0.0243 },
    { "processing", 0.0391 }, { "transfer", 0.0078 },
};

static struct bw_view_check make_check(struct maker *m, const char *name, const char *kind,
                                       const char *target, enum bw_status status)
{
    struct bw_view_check check = {
        .name = text(m, name),
        .kind = text(m, kind),
        .target = text(m, target),
        .module = text(m, "http_2xx"),
        .status = status,
        .since_ms = m->now_ms - (status == BW_HEALTHY ? 3000 : 37) * MINUTE_MS,
        .cause = status == BW_HEALTHY ? "" : text(m, "connection refused, 3 failures in a row"),
        .last_ms = m->now_ms - 4000,
        .interval_ms = 15000,
        .duration_s = 0.0845,
        .reason = status == BW_UNHEALTHY ? BW_REASON_CONNECT_REFUSED : BW_REASON_NONE,
        .detail = text(m, status == BW_UNHEALTHY ? "connect to 10.0.0.2:8080: Connection refused"
                                                 : "HTTP/1.1 200 OK"),
        .attempts = 1,
        .certificate_expires_ms = NAN,
    };
    if (strcmp(kind, "http") == 0) {
        memcpy(check.phases, http_phases, sizeof http_phases);
        check.phase_count = sizeof http_phases / sizeof *http_phases;
        check.certificate_expires_ms = (double)(m->now_ms + INT64_C(86400000) * 47);
    }
    if (status == BW_UNKNOWN) {
        check.last_ms = 0;
        check.cause = text(m, "no result yet");
        check.detail = "";
        check.duration_s = NAN;
        check.phase_count = 0;
        return check;
    }
    set_recent(m, &check, status == BW_HEALTHY ? 0 : status == BW_DEGRADED ? 18 : 9, 0.08);
    return check;
}

static struct bw_view_instance make_instance(struct maker *m, const char *name,
                                             const struct bw_view_check *checks, size_t count,
                                             enum bw_status status)
{
    struct bw_view_check *copy = bw_arena_array(m->arena, count, sizeof *copy);
    memcpy(copy, checks, count * sizeof *copy);
    return (struct bw_view_instance){
        .name = text(m, name),
        .status = status,
        .score = status == BW_HEALTHY    ? 1
                 : status == BW_DEGRADED ? 0.6
                                         : 0,
        .since_ms = m->now_ms - 37 * MINUTE_MS,
        .cause = status == BW_HEALTHY ? "" : text(m, "health: connection refused"),
        .checks = copy,
        .check_count = count,
    };
}

static void fill_service(struct maker *m, struct bw_view_service *out, const char *name,
                         enum bw_status status, const struct bw_view_instance *instances,
                         size_t count)
{
    struct bw_view_instance *copy = bw_arena_array(m->arena, count, sizeof *copy);
    memcpy(copy, instances, count * sizeof *copy);
    *out = (struct bw_view_service){
        .name = text(m, name),
        .status = status,
        .score = status == BW_HEALTHY    ? 1
                 : status == BW_DEGRADED ? 0.6
                                         : 0.33,
        .since_ms = m->now_ms - (status == BW_HEALTHY ? 3000 : 37) * MINUTE_MS,
        .cause = status == BW_HEALTHY ? "" : text(m, "10.0.0.2:8080 health: connection refused"),
        .parent_down = "",
        .instances = copy,
        .instance_count = count,
    };
}

static struct bw_labels labels(struct maker *m, const char *name, const char *value)
{
    return bw_labels_make(m->arena, (const struct bw_label[]){ { name, text(m, value) } }, 1);
}

static void fill_checkout(struct maker *m, struct bw_view_service *out)
{
    struct bw_view_check first[] = {
        make_check(m, "health", "http", "http://10.0.0.1:8080/health", BW_HEALTHY),
        make_check(m, "port", "tcp", "10.0.0.1:8080", BW_HEALTHY),
    };
    struct bw_view_check second[] = {
        make_check(m, "health", "http", "http://10.0.0.2:8080/health", BW_UNHEALTHY),
        make_check(m, "port", "tcp", "10.0.0.2:8080", BW_UNHEALTHY),
    };
    struct bw_view_instance instances[] = {
        make_instance(m, "10.0.0.1:8080", first, 2, BW_HEALTHY),
        make_instance(m, "10.0.0.2:8080", second, 2, BW_UNHEALTHY),
    };
    fill_service(m, out, "checkout", BW_UNHEALTHY, instances, 2);
    static const char *const parents[] = { "database" };
    out->depends_on = parents;
    out->depends_on_count = 1;
    out->labels = labels(m, "team", "payments");
}

static void fill_host(struct maker *m, struct bw_view_service *out)
{
    static const struct bw_view_resource resources[] = {
        { "cpu_pressure_ratio", "", 0.031, 0.4, 0.7, BW_HEALTHY },
        { "disk_used_ratio", "/", 0.642, 0.8, 0.9, BW_HEALTHY },
        { "disk_used_ratio", "/var/lib", 0.873, 0.8, 0.9, BW_DEGRADED },
        { "inodes_used_ratio", "/", 0.11, 0.8, 0.9, BW_HEALTHY },
        { "load_per_cpu", "", 0.42, 2, 4, BW_HEALTHY },
        { "memory_used_ratio", "", 0.553, 0.85, 0.95, BW_HEALTHY },
    };
    struct bw_view_check checks[] = {
        make_check(m, "disk /var/lib", "host", "/var/lib", BW_DEGRADED),
        make_check(m, "memory", "host", "", BW_HEALTHY),
    };
    struct bw_view_instance instance = make_instance(m, "vie1-mon", checks, 2, BW_DEGRADED);
    fill_service(m, out, "host", BW_DEGRADED, &instance, 1);
    out->cause = text(m, "/var/lib: disk used 87.3 %, warning at 80 %");
    struct bw_view_resource *copy = bw_arena_array(m->arena, 6, sizeof *copy);
    memcpy(copy, resources, sizeof resources);
    for (size_t i = 0; m->hostile != NULL && i < 6; i++)
        copy[i].subject = m->hostile;
    out->resources = copy;
    out->resource_count = 6;
}

static void fill_services(struct maker *m, struct bw_view *view)
{
    struct bw_view_service *services = bw_arena_array(m->arena, 4, sizeof *services);
    fill_checkout(m, &services[0]);
    struct bw_view_check port[] = { make_check(m, "port", "tcp", "10.0.0.9:5432", BW_HEALTHY) };
    struct bw_view_instance database = make_instance(m, "10.0.0.9:5432", port, 1, BW_HEALTHY);
    fill_service(m, &services[1], "database", BW_HEALTHY, &database, 1);
    fill_host(m, &services[2]);
    struct bw_view_check page[] = { make_check(m, "page", "http", "https://search.example.com/",
                                               BW_UNKNOWN) };
    struct bw_view_instance search = make_instance(m, "search.example.com", page, 1, BW_UNKNOWN);
    fill_service(m, &services[3], "search", BW_UNKNOWN, &search, 1);
    services[3].cause = text(m, "no result yet");
    view->services = services;
    view->service_count = 4;
}

static void fill_alerts(struct maker *m, struct bw_view *view)
{
    struct bw_view_alert *alerts = bw_arena_array(m->arena, 3, sizeof *alerts);
    alerts[0] = (struct bw_view_alert){
        .rule = text(m, "service-unhealthy"),
        .labels = text(m, "{service=\"checkout\"}"),
        .level = BW_LEVEL_CRITICAL,
        .active_since_ms = m->now_ms - 36 * MINUTE_MS,
        .level_since_ms = m->now_ms - 36 * MINUTE_MS,
        .value = 3,
        .expr = text(m, "bellwether_health_status"),
        .cause = text(m, "10.0.0.2:8080 health: connection refused"),
    };
    alerts[1] = (struct bw_view_alert){
        .rule = text(m, "disk-filling"),
        .labels = text(m, "{mountpoint=\"/var/lib\"}"),
        .level = BW_LEVEL_WARNING,
        .active_since_ms = m->now_ms - 190 * MINUTE_MS,
        .level_since_ms = m->now_ms - 190 * MINUTE_MS,
        .value = 0.127,
        .expr = text(m, "node_filesystem_avail_bytes / node_filesystem_size_bytes"),
        .cause = text(m, "0.127 is below 0.15"),
    };
    alerts[2] = (struct bw_view_alert){
        .rule = text(m, "slow-page"),
        .labels = text(m, "{check=\"page\"}"),
        .pending = BW_LEVEL_WARNING,
        .active_since_ms = 0,
        .level_since_ms = m->now_ms - 2 * MINUTE_MS,
        .value = 0.91,
        .expr = text(m, "probe_duration_seconds"),
        .cause = text(m, "0.91 is above 0.8"),
    };
    view->alerts = alerts;
    view->alert_count = 3;
}

/* A disk that fills, with all that may be known of it. */
static struct bw_trend_record disk_trend(struct maker *m)
{
    const double hour_s = 3600;
    struct bw_trend_record trend = {
        .series = 7,
        .metric = text(m, "node_filesystem_avail_bytes"),
        .labels = labels(m, "mountpoint", "/var/lib"),
        .computed_ms = m->now_ms - 2 * MINUTE_MS,
        .first_ms = m->now_ms - 2880 * MINUTE_MS,
        .last_ms = m->now_ms - MINUTE_MS,
        .points = 2880,
        .direction = BW_FALLING,
        .confidence_ratio = 0.97,
        .last_value = 13.6e9,
        .slope_per_second = -1.1e5,
        .slope_low = -1.3e5,
        .slope_high = -0.9e5,
        .season_seconds = 86400,
        .threshold = 0,
        .side = -1,
        .time_to_p10_s = 26 * hour_s,
        .time_to_p50_s = 34 * hour_s,
        .time_to_p90_s = 49 * hour_s,
        .horizon_count = 2,
        .note = "",
    };
    trend.findings[trend.finding_count++] =
        (struct bw_finding){ .kind = BW_FINDING_STANDSTILL,
                             .side = 1,
                             .at_ms = m->now_ms - 90 * MINUTE_MS,
                             .after = 13.6e9 };
    trend.horizons[0] = (struct bw_trend_horizon){ 3600000, 13.0e9, 13.2e9, 13.4e9, 0.0 };
    trend.horizons[1] = (struct bw_trend_horizon){ 86400000, 1.9e9, 4.1e9, 6.0e9, 0.08 };
    trend.told = 12.25;
    trend.inside80_ratio = 0.83;
    trend.inside95_ratio = 0.96;
    trend.skill_ratio = 0.41;
    return trend;
}

static struct bw_trend_record memory_trend(struct maker *m)
{
    struct bw_trend_record trend = {
        .series = 8,
        .metric = text(m, "node_memory_MemAvailable_bytes"),
        .computed_ms = m->now_ms - 2 * MINUTE_MS,
        .first_ms = m->now_ms - 2880 * MINUTE_MS,
        .last_ms = m->now_ms - MINUTE_MS,
        .points = 2880,
        .direction = BW_FLAT,
        .confidence_ratio = 0.88,
        .last_value = 7.4e9,
        .slope_per_second = 12,
        .slope_low = -900,
        .slope_high = 950,
        .season_seconds = NAN,
        .threshold = NAN,
        .time_to_p10_s = NAN,
        .time_to_p50_s = NAN,
        .time_to_p90_s = NAN,
        .horizon_count = 1,
        .note = "",
    };
    trend.horizons[0] = (struct bw_trend_horizon){ 86400000, 6.8e9, 7.4e9, 7.9e9, NAN };
    trend.muted = true;
    return trend;
}

/* Too short to tell. */
static struct bw_trend_record page_trend(struct maker *m)
{
    struct bw_trend_record trend = {
        .series = 9,
        .metric = text(m, "probe_duration_seconds"),
        .labels = labels(m, "service", "search"),
        .computed_ms = m->now_ms - 2 * MINUTE_MS,
        .first_ms = m->now_ms - 3 * MINUTE_MS,
        .last_ms = m->now_ms - MINUTE_MS,
        .points = 9,
        .direction = BW_UNDETERMINED,
        .confidence_ratio = NAN,
        .last_value = 0.084,
        .slope_per_second = NAN,
        .slope_low = NAN,
        .slope_high = NAN,
        .season_seconds = NAN,
        .threshold = NAN,
        .time_to_p10_s = NAN,
        .time_to_p50_s = NAN,
        .time_to_p90_s = NAN,
        .note = text(m, "9 points over 2 minutes are too few"),
    };
    return trend;
}

static void fill_trends(struct maker *m, struct bw_view *view)
{
    struct bw_trend_record *trends = bw_arena_array(m->arena, 3, sizeof *trends);
    trends[0] = disk_trend(m);
    trends[1] = memory_trend(m);
    trends[2] = page_trend(m);
    view->trends = trends;
    view->trend_count = 3;
    struct bw_statement_told *told = &view->statements.told[BW_STATEMENT_TREND];
    *told = (struct bw_statement_told){ .count = 60, .true_count = 55 };
    told->bins[9].count = 50;
    told->bins[9].true_count = 47;
}

static void fill_oddities(struct maker *m, struct bw_view *view)
{
    struct bw_view_oddity *oddities = bw_arena_array(m->arena, 1, sizeof *oddities);
    oddities[0] = (struct bw_view_oddity){ .series = 8,
                                           .ts_ms = m->now_ms - MINUTE_MS,
                                           .value = 1e9,
                                           .score = 1.5,
                                           .low = 2e9,
                                           .high = 4e9,
                                           .since_ms = m->now_ms - 2 * MINUTE_MS };
    view->oddities = oddities;
    view->oddity_count = 1;
}

static void fill_events(struct maker *m, struct bw_view *view)
{
    struct bw_event *events = bw_arena_array(m->arena, 4, sizeof *events);
    events[0] = (struct bw_event){ .id = 4,
                                   .ts_ms = m->now_ms - 36 * MINUTE_MS,
                                   .kind = BW_EVENT_ALERT,
                                   .subject = { text(m, "checkout"), "", "" },
                                   .name = text(m, "service-unhealthy"),
                                   .from = BW_LEVEL_NONE,
                                   .to = BW_LEVEL_CRITICAL,
                                   .cause = text(m, "connection refused") };
    events[1] = (struct bw_event){ .id = 3,
                                   .ts_ms = m->now_ms - 37 * MINUTE_MS,
                                   .kind = BW_EVENT_STATUS,
                                   .subject = { text(m, "checkout"), "", "" },
                                   .name = "",
                                   .from = BW_HEALTHY,
                                   .to = BW_UNHEALTHY,
                                   .cause = text(m, "10.0.0.2:8080 health: connection refused") };
    events[2] = (struct bw_event){ .id = 2,
                                   .ts_ms = m->now_ms - 38 * MINUTE_MS,
                                   .kind = BW_EVENT_STATUS,
                                   .subject = { text(m, "checkout"), text(m, "10.0.0.2:8080"),
                                                text(m, "health") },
                                   .name = "",
                                   .from = BW_HEALTHY,
                                   .to = BW_UNHEALTHY,
                                   .cause = text(m, "connection refused, 3 failures in a row") };
    events[3] = (struct bw_event){ .id = 1,
                                   .ts_ms = m->now_ms - 2000 * MINUTE_MS,
                                   .kind = BW_EVENT_SYSTEM,
                                   .subject = { "", "", "" },
                                   .name = text(m, "started"),
                                   .cause = text(m, "version 0.1.0") };
    view->events = events;
    view->event_count = 4;
}

struct bw_view *fake_view_empty(int64_t now_ms)
{
    struct bw_view *view = bw_alloc(sizeof *view);
    bw_arena_init(&view->arena);
    view->now_ms = now_ms;
    view->started_ms = now_ms - 2000 * MINUTE_MS;
    view->node = "vie1-mon";
    view->title = "Bellwether";
    view->external_url = "";
    view->config_ok = true;
    view->config_message = "";
    view->store_ok = true;
    view->store_message = "";
    return view;
}

struct bw_view *fake_view_rich(int64_t now_ms, const char *hostile)
{
    struct bw_view *view = fake_view_empty(now_ms);
    struct maker maker = { &view->arena, now_ms, hostile };
    fill_services(&maker, view);
    fill_alerts(&maker, view);
    fill_trends(&maker, view);
    fill_oddities(&maker, view);
    fill_events(&maker, view);
    if (hostile != NULL) {
        view->node = hostile;
        view->title = hostile;
        view->config_ok = view->store_ok = false;
        view->config_message = view->store_message = hostile;
    }
    return view;
}

void fake_picture(const struct bw_trend_record *record, struct bw_trend_picture *out)
{
    enum { STEPS = 192, AHEAD = 48 };
    const int64_t step_ms = 15 * MINUTE_MS, first_ms = record->last_ms - (STEPS - 1) * step_ms;
    *out = (struct bw_trend_picture){ .seen_count = STEPS,
                                      .seen_step_ms = step_ms,
                                      .step_ms = step_ms,
                                      .cells = STEPS,
                                      .present = STEPS - 20,
                                      .ahead_count = AHEAD,
                                      .origins = 4,
                                      .skill = 0.62,
                                      .change_ms = { first_ms + 80 * step_ms },
                                      .change_count = 1,
                                      .regime_ms = first_ms + 80 * step_ms,
                                      .line_begin = record->last_value * 1.5,
                                      .line_end = record->last_value,
                                      .period_s = { 86400 },
                                      .strength = { 0.9 },
                                      .period_count = 1,
                                      .falling = 0.97,
                                      .flat = 0.02,
                                      .rising = 0.01,
                                      .values = 112,
                                      .independent = 40.5,
                                      .needed = 8,
                                      .correlation = 0.47,
                                      .z = -7.1,
                                      .sen_per_second = -1.1e5,
                                      .sen_at_end = record->last_value };
    out->test = (struct bw_trend_mk){ .n = 112, .s = -5200, .z = -13.1, .hr_z = -8.2 };
    for (int i = 0; i < STEPS; i++)
        out->seen[i] = (struct bw_point){
            first_ms + i * step_ms,
            i > 100 && i <= 120 ? NAN : record->last_value * (1 + (STEPS - 1 - i) / 200.0)
        };
    for (int i = 0; i < AHEAD; i++) {
        const double middle = record->last_value * (1 - i / 60.0), doubt = middle * i / 100;
        out->ahead[i] = (struct bw_trend_ahead){ record->last_ms + (i + 1) * INT64_C(3600000),
                                                 middle - 1.5 * doubt,
                                                 middle - doubt,
                                                 middle,
                                                 middle + doubt,
                                                 middle + 1.5 * doubt };
    }
}
