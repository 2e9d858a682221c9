// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/settings.h"

#include "alert/rule.h"
#include "probe/module.h"
#include "report/report.h"
#include "schedule/schedule.h"

#include <string.h>

#define AT(type, member) offsetof(struct type, member)

static enum bw_rc global_check(const void *opts, struct bw_err *err)
{
    const struct bw_global_settings *global = opts;
    if (global->slot_ns > global->interval_ns)
        return bw_fail(err, BW_EINVAL, "'slot' is longer than 'interval'");
    return BW_OK;
}

// clang-format off
static const struct bw_opt global_options[] = {
    { "interval", BW_OPT_DURATION, AT(bw_global_settings, interval_ns), .def = "15s", .range = "100ms..24h",
      .help = "How often a check runs that does not say so itself." },
    { "timeout", BW_OPT_DURATION, AT(bw_global_settings, timeout_ns), .def = "5s", .range = "10ms..10m",
      .help = "What a run may take in all: name lookup, connection, TLS, answer and retries." },
    { "fall", BW_OPT_INT, AT(bw_global_settings, health.fall), .def = "3", .range = "1..1000",
      .help = "Failures in a row before a check is UNHEALTHY." },
    { "rise", BW_OPT_INT, AT(bw_global_settings, health.rise), .def = "2", .range = "1..1000",
      .help = "Passes in a row before a check is HEALTHY again." },
    { "retries", BW_OPT_INT, AT(bw_global_settings, retries), .def = "0", .range = "0..10",
      .help = "Further tries within one run after a failed one; they are counted, not hidden." },
    { "slot", BW_OPT_DURATION, AT(bw_global_settings, slot_ns), .def = "100ms", .range = "1ms..10s",
      .help = "Checks that are due start together once in a slot: waking for each one costs several times the CPU. Where more than 64 would come together, slots are as much shorter." },
    { "concurrency", BW_OPT_INT, AT(bw_global_settings, concurrency), .def = "512", .range = "1..10000",
      .help = "Runs that may be under way at one time." },
    { "timezone", BW_OPT_STRING, AT(bw_global_settings, timezone), .def = "UTC",
      .help = "IANA zone in which report schedules and ranges are meant." },
    { "labels", BW_OPT_MAP, AT(bw_global_settings, labels),
      .help = "Labels that every check has." },
    { 0 },
};
static const struct bw_opt_group global_group = {
    .name = "global", .size = sizeof(struct bw_global_settings), .opts = global_options, .check = global_check,
};

static const struct bw_opt_name priorities[] = {
    { "normal", BW_PRIORITY_NORMAL }, { "high", BW_PRIORITY_HIGH }, { "low", BW_PRIORITY_LOW }, { 0 },
};
static const struct bw_opt_name canary_choices[] = {
    { "auto", BW_CANARY_AUTO }, { "true", BW_CANARY_TRUE }, { "false", BW_CANARY_FALSE }, { 0 },
};
static const struct bw_opt_name resolve_modes[] = {
    { "first", BW_RESOLVE_FIRST }, { "each", BW_RESOLVE_EACH }, { "any", BW_RESOLVE_ANY }, { 0 },
};
static const struct bw_opt_name expectations[] = { { "success", 0 }, { "failure", 1 }, { 0 } };

static const struct bw_opt push_options[] = {
    { "every", BW_OPT_DURATION, AT(bw_push_settings, every_ns), .range = "1s..400d", .flags = BW_OPT_REQUIRED,
      .help = "How often the job reports." },
    { "grace", BW_OPT_DURATION, AT(bw_push_settings, grace_ns), .def = "0s", .range = "0s..400d",
      .help = "How late a report may come before it is missed." },
    { "token", BW_OPT_STRING, AT(bw_push_settings, token), .range = "16..256", .flags = BW_OPT_SECRET,
      .help = "What the job shows with its reports." },
    { 0 },
};
const struct bw_opt_group bw_push_settings_group = {
    .name = "push", .size = sizeof(struct bw_push_settings), .opts = push_options,
};

static const struct bw_opt check_options[] = {
    { "name", BW_OPT_STRING, AT(bw_check_settings, name), .range = "1..256", .flags = BW_OPT_REQUIRED,
      .help = "Names the check within its service; with service and instance it identifies what is stored." },
    { "http", BW_OPT_STRING, AT(bw_check_settings, targets[BW_PROBER_HTTP]),
      .help = "URL to fetch. `${instance}` stands for each instance of the service." },
    { "tcp", BW_OPT_STRING, AT(bw_check_settings, targets[BW_PROBER_TCP]),
      .help = "HOST:PORT to connect to. `${instance}` stands for each instance of the service." },
    { "icmp", BW_OPT_STRING, AT(bw_check_settings, targets[BW_PROBER_ICMP]),
      .help = "Host to ping; a port behind it is not looked at. `${instance}` stands for each instance of the service." },
    { "exec", BW_OPT_STRINGS, AT(bw_check_settings, exec),
      .help = "Command to run: its absolute path and its arguments, without a shell. An argument that is `${instance}` stands for each instance of the service." },
    { "limits", BW_OPT_GROUP_PTR, AT(bw_check_settings, limits), .group = &bw_probe_exec_limits_group,
      .help = "What the command of `exec` may use; default: the module's." },
    { "dns", BW_OPT_STRING, AT(bw_check_settings, targets[BW_PROBER_DNS]),
      .help = "Name server to ask: HOST, HOST:PORT or [IPv6]:PORT; what it is asked stands in the module or in `overrides`. `${instance}` stands for each instance of the service." },
    { "grpc", BW_OPT_STRING, AT(bw_check_settings, targets[BW_PROBER_GRPC]),
      .help = "HOST:PORT of a gRPC server to ask for the health of a service, which the module or `overrides` name. `${instance}` stands for each instance of the service." },
    { "websocket", BW_OPT_STRING, AT(bw_check_settings, targets[BW_PROBER_WEBSOCKET]),
      .help = "URL with ws or wss to connect to. `${instance}` stands for each instance of the service." },
    { "tls", BW_OPT_STRING, AT(bw_check_settings, targets[BW_PROBER_TLS]),
      .help = "HOST:PORT whose certificates to look at, or `file:/PATH` of certificates on disk. `${instance}` stands for each instance of the service." },
    { "unix", BW_OPT_STRING, AT(bw_check_settings, targets[BW_PROBER_UNIX]),
      .help = "Path of a Unix socket to connect to, or @NAME of one without a file." },
    { "push", BW_OPT_GROUP_PTR, AT(bw_check_settings, push), .group = &bw_push_settings_group,
      .help = "A job that reports by itself, and how often; see docs/push.md." },
    { "module", BW_OPT_STRING, AT(bw_check_settings, module),
      .help = "Entry of `modules` with this check's options, or one that is built in"
              " (docs/recipes.md); without one the kind's defaults hold." },
    { "interval", BW_OPT_DURATION, AT(bw_check_settings, interval_ns), .range = "0..24h",
      .help = "How often it runs; default: `global.interval`." },
    { "fast_interval", BW_OPT_DURATION, AT(bw_check_settings, fast_interval_ns), .range = "0..24h",
      .help = "How often while its status is changing; default: as `interval`." },
    { "down_interval", BW_OPT_DURATION, AT(bw_check_settings, down_interval_ns), .range = "0..24h",
      .help = "How often while it is UNHEALTHY; default: as `interval`." },
    { "timeout", BW_OPT_DURATION, AT(bw_check_settings, timeout_ns), .range = "0..10m",
      .help = "What a run may take in all; default: the module's, else `global.timeout`." },
    { "retries", BW_OPT_INT, AT(bw_check_settings, retries), .def = "-1", .range = "-1..10",
      .help = "Further tries within one run; -1: as `global.retries`." },
    BW_HEALTH_OPT_ROWS(struct bw_check_settings, health),
    { "priority", BW_OPT_ENUM, AT(bw_check_settings, priority), .def = "normal", .names = priorities,
      .help = "Who starts first when the concurrency cap is reached." },
    { "expect", BW_OPT_ENUM, AT(bw_check_settings, expect), .def = "success", .names = expectations,
      .help = "`failure` for what must not answer." },
    { "resolve_mode", BW_OPT_ENUM, AT(bw_check_settings, resolve_mode), .def = "first", .names = resolve_modes,
      .help = "Which addresses of the target's name are asked: the first, `each` of them (the run passes when all do), or by turns until `any` passes; see docs/verdicts.md." },
    { "canary", BW_OPT_ENUM, AT(bw_check_settings, canary), .def = "auto", .names = canary_choices,
      .help = "Whether it is UNKNOWN while `self_canary` says that we cannot see. `auto`: when it goes over the network; "
              "commands do not, nor do targets on loopback unless all targets of `self_canary` are there too." },
    { "calendar", BW_OPT_STRINGS, AT(bw_check_settings, calendar),
      .help = "Calendars, one or more: it is watched only within one of them. At other times it does not run and is UNKNOWN, its alerts stand still, and the time counts as nothing; see docs/calendars.md." },
    { "except_calendar", BW_OPT_STRINGS, AT(bw_check_settings, except_calendar),
      .help = "Calendars within which it is not watched, also those within `calendar`." },
    { "degraded_when", BW_OPT_MAP, AT(bw_check_settings, degraded_when),
      .help = "Conditions that make a passing run DEGRADED: `duration`, `attempts`, a phase such as `connect`, `certificate_expires_in`, or what the kind measures, such as `loss` or `probe_dns_answer_rrs`, each with a comparison such as `> 800ms`; see docs/verdicts.md." },
    { "labels", BW_OPT_MAP, AT(bw_check_settings, labels),
      .help = "Labels of this check: on its metrics and those of its alerts, in the API and on its page. Of one name the nearest counts: check, service, `global`." },
    { "overrides", BW_OPT_NODE, AT(bw_check_settings, overrides),
      .help = "Options laid over the module's, in the same grammar: `{http: {method: HEAD}}`." },
    { 0 },
};
const struct bw_opt_group bw_check_group = {
    .name = "check", .size = sizeof(struct bw_check_settings), .opts = check_options,
    .help = "One thing to ask of a service. Exactly one key names the kind of probe and its target.",
};

static const struct bw_opt service_options[] = {
    { "name", BW_OPT_STRING, AT(bw_service_settings, name), .range = "1..256", .flags = BW_OPT_REQUIRED,
      .help = "Identifies the service; any UTF-8." },
    { "former_names", BW_OPT_STRINGS, AT(bw_service_settings, former_names),
      .help = "Names it had: their history is its own." },
    { "labels", BW_OPT_MAP, AT(bw_service_settings, labels),
      .help = "Labels of all its checks." },
    { "depends_on", BW_OPT_STRINGS, AT(bw_service_settings, depends_on),
      .help = "Services without which it cannot work: no alert begins while one of them is UNHEALTHY." },
    { "status", BW_OPT_NODE, AT(bw_service_settings, status),
      .help = "How instances make up the service: `{roll_up: worst}`, `{roll_up: {quorum: 0.5}}` or `{roll_up: weighted}`." },
    { "instances", BW_OPT_STRINGS, AT(bw_service_settings, instances),
      .help = "What `${instance}` stands for in targets, HOST:PORT as a rule." },
    { "checks", BW_OPT_GROUPS, AT(bw_service_settings, checks), .group = &bw_check_group, .flags = BW_OPT_REQUIRED,
      .help = "What is asked of it." },
    { 0 },
};
static const struct bw_opt_group service_group = {
    .name = "service", .size = sizeof(struct bw_service_settings), .opts = service_options,
};

static const struct bw_opt archive_options[] = {
    { "path", BW_OPT_STRING, AT(bw_archive_settings, path),
      .help = "Folder of the archive; default: `reports` beside the store." },
    { "retention", BW_OPT_DURATION, AT(bw_archive_settings, retention_ns), .def = "400d", .range = "1h..",
      .help = "How long a report is kept." },
    { "max_bytes", BW_OPT_BYTES, AT(bw_archive_settings, max_bytes), .def = "1GiB",
      .help = "What the archive may take; the oldest reports go first." },
    { 0 },
};
static const struct bw_opt_group archive_group = {
    .name = "archive", .size = sizeof(struct bw_archive_settings), .opts = archive_options,
};

static const struct bw_opt schedule_options[] = {
    { "name", BW_OPT_STRING, AT(bw_schedule_settings, name), .range = "1..64", .flags = BW_OPT_REQUIRED,
      .help = "Names the file: letters, digits, `.`, `_` and `-`." },
    { "type", BW_OPT_ENUM, AT(bw_schedule_settings, type), .def = "summary", .names = bw_report_types,
      .help = "What is reported." },
    { "format", BW_OPT_ENUM, AT(bw_schedule_settings, format), .def = "xlsx", .names = bw_report_formats,
      .help = "In which form." },
    { "cron", BW_OPT_STRING, AT(bw_schedule_settings, cron), .flags = BW_OPT_REQUIRED,
      .help = "When: minute, hour, day of month, month, weekday." },
    { "timezone", BW_OPT_STRING, AT(bw_schedule_settings, timezone),
      .help = "IANA zone of `cron` and `range`; default: `global.timezone`." },
    { "range", BW_OPT_STRING, AT(bw_schedule_settings, range), .def = "7d",
      .help = "What time it is about: a duration, `yesterday`, `last week`, `last month`." },
    { "deliver", BW_OPT_STRINGS, AT(bw_schedule_settings, deliver),
      .help = "Receivers; reserved: this version archives only." },
    { 0 },
};
static const struct bw_opt_group schedule_group = {
    .name = "report schedule", .size = sizeof(struct bw_schedule_settings), .opts = schedule_options,
};

static const struct bw_opt reports_options[] = {
    { "archive", BW_OPT_GROUP, AT(bw_reports_settings, archive), .group = &archive_group,
      .help = "Where finished reports are kept." },
    { "schedules", BW_OPT_GROUPS, AT(bw_reports_settings, schedules), .group = &schedule_group,
      .help = "Reports that are made by themselves." },
    { 0 },
};
static const struct bw_opt_group reports_group = {
    .name = "reports", .size = sizeof(struct bw_reports_settings), .opts = reports_options,
};

static const struct bw_opt alerts_options[] = {
    { "defaults", BW_OPT_BOOL, AT(bw_alerts_settings, defaults), .def = "true",
      .help = "Whether the shipped rules hold too; a rule of the same name replaces a shipped one." },
    { "every", BW_OPT_DURATION, AT(bw_alerts_settings, every_ns), .def = "5s", .range = "100ms..1h",
      .help = "How often rules are evaluated." },
    { "rules", BW_OPT_GROUPS, AT(bw_alerts_settings, rules), .group = &bw_alert_rule_group,
      .help = "What to alert on." },
    { 0 },
};
static const struct bw_opt_group alerts_group = {
    .name = "alerts", .size = sizeof(struct bw_alerts_settings), .opts = alerts_options,
};

static const struct bw_opt canary_options[] = {
    { "targets", BW_OPT_STRINGS, AT(bw_canary_settings, targets),
      .help = "What is known to be well: `tcp HOST:PORT`, `icmp HOST`, `http URL`. Any answer to a request over HTTP will do, whatever its status." },
    { "need", BW_OPT_INT, AT(bw_canary_settings, need), .def = "1", .range = "1..16",
      .help = "How many of them must answer; while fewer do, we cannot see." },
    { "interval", BW_OPT_DURATION, AT(bw_canary_settings, interval_ns), .def = "5s", .range = "100ms..1h",
      .help = "How often they are asked. They are also asked at once before a failure changes the status of a check." },
    { "timeout", BW_OPT_DURATION, AT(bw_canary_settings, timeout_ns), .def = "1s", .range = "10ms..1m",
      .help = "How long an answer may take. A change of status waits for the canary for twice that at most, and a moment between." },
    { 0 },
};
static const struct bw_opt_group canary_group = {
    .name = "self_canary", .size = sizeof(struct bw_canary_settings), .opts = canary_options,
    .help = "What tells that it is we who cannot see, and not everything that is down. While fewer than `need` of the "
            "targets answer, twice in a row, checks that go over the network are UNKNOWN: it is said once, no alert about "
            "them begins or ends, and the time counts neither as up nor as down.",
};

static const struct bw_opt web_options[] = {
    { "title", BW_OPT_STRING, AT(bw_web_settings, title), .def = "Bellwether", .range = "1..100",
      .help = "Stands on every page." },
    { "page_size", BW_OPT_INT, AT(bw_web_settings, page_size), .def = "50", .range = "1..1000",
      .help = "Services on a page." },
    { "probe_targets", BW_OPT_NODE, AT(bw_web_settings, probe_targets),
      .help = "Whom `/probe` may connect to for callers that are neither on this machine nor have a token: `any`, or networks such as "
              "`[10.0.0.0/8, fd00::/8]`; targets of checks always. Addresses of this link and of a cloud's metadata (`169.254.0.0/16`, "
              "`fe80::/10` and others) must be listed for every caller, by a network within them." },
    { 0 },
};
static const struct bw_opt_group web_group = {
    .name = "web", .size = sizeof(struct bw_web_settings), .opts = web_options,
};

#define LATER_SECTION(i, key) { key, BW_OPT_NODE, AT(bw_settings, later[i]), .help = "Reserved.", .flags = BW_OPT_HIDDEN }

static const struct bw_opt settings_options[] = {
    { "include", BW_OPT_STRINGS, AT(bw_settings, include),
      .help = "Further files, with `*` in the last part of a path. Mappings merge, lists append; a value set twice is a mistake." },
    { "global", BW_OPT_GROUP, AT(bw_settings, global), .group = &global_group,
      .help = "What holds for every check that does not say otherwise." },
    { "modules", BW_OPT_NODE, AT(bw_settings, modules),
      .help = "Named probe options in blackbox_exporter's grammar; see docs/probes.md." },
    { "module_files", BW_OPT_STRINGS, AT(bw_settings, module_files),
      .help = "Files that hold `modules`, such as a blackbox.yml." },
    { "host", BW_OPT_GROUP, AT(bw_settings, host), .group = &bw_host_group,
      .help = "This machine, as the service `host`." },
    { "services", BW_OPT_GROUPS, AT(bw_settings, services), .group = &service_group,
      .help = "What is watched." },
    { "discovery", BW_OPT_GROUP, AT(bw_settings, discovery), .group = &bw_discovery_group,
      .help = "Targets that are found: what else is watched." },
    { "calendars", BW_OPT_NODE, AT(bw_settings, calendars), .group = &bw_interval_group,
      .help = "Times by name, for `calendar` of checks and of `maintenance`: a mapping of names to lists of time intervals, of which one is enough. Alertmanager's own list, `[{name: …, time_intervals: […]}]`, will do as well." },
    { "maintenance", BW_OPT_GROUPS, AT(bw_settings, maintenance), .group = &bw_maintenance_group,
      .help = "When what goes wrong is nobody's fault." },
    { "storage", BW_OPT_GROUP, AT(bw_settings, storage), .group = &bw_storage_group,
      .help = "What is remembered, and for how long." },
    { "trends", BW_OPT_GROUP, AT(bw_settings, trends), .group = &bw_trend_group,
      .help = "Which series are analysed." },
    { "alerts", BW_OPT_GROUP, AT(bw_settings, alerts), .group = &alerts_group,
      .help = "What to alert on." },
    { "reports", BW_OPT_GROUP, AT(bw_settings, reports), .group = &reports_group,
      .help = "Reports on a schedule." },
    { "web", BW_OPT_GROUP, AT(bw_settings, web), .group = &web_group,
      .help = "How pages look. Who may read them stands in `--web.config.file`." },
    LATER_SECTION(0, "slos"), LATER_SECTION(1, "silences"), LATER_SECTION(2, "receivers"),
    { "self_canary", BW_OPT_GROUP, AT(bw_settings, self_canary), .group = &canary_group,
      .help = "How we know whether we can see; without it every failure is the target's." },
    LATER_SECTION(3, "route"), LATER_SECTION(4, "heartbeat"), LATER_SECTION(5, "remote_write"),
    LATER_SECTION(6, "sources"),
    { 0 },
};
// clang-format on

const struct bw_opt_group bw_settings_group = {
    .name = "configuration",
    .size = sizeof(struct bw_settings),
    .opts = settings_options,
    .help = "The configuration file. Durations: `500ms`, `15s`, `1m30s`, `7d`, `4w`. Unknown keys, "
            "keys set twice and wrong types are errors with their place. `${env:NAME}` stands for "
            "an environment variable; every secret has a twin with `_file`.",
};

const char *const bw_later_sections[] = { "slos",      "silences",     "receivers", "route",
                                          "heartbeat", "remote_write", "sources",   NULL };
