// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/settings_discovery.h"

#include "app/settings.h"
#include "discover/discover.h"
#include "model/relabel.h"
#include "probe/http_get.h"

#define AT(type, member) offsetof(struct type, member)

static enum bw_rc relabel_check(const void *opts, struct bw_err *err)
{
    const struct bw_relabel_rule rule = bw_relabel_rule_of(opts);
    struct bw_relabel *relabel;
    size_t at;
    const enum bw_rc rc = bw_relabel_new(&rule, 1, &relabel, &at, err);
    if (rc == BW_OK)
        bw_relabel_free(relabel);
    return rc;
}

// clang-format off
static const struct bw_opt_name actions[] = {
    { "replace", BW_RELABEL_REPLACE }, { "keep", BW_RELABEL_KEEP }, { "drop", BW_RELABEL_DROP },
    { "keepequal", BW_RELABEL_KEEPEQUAL }, { "dropequal", BW_RELABEL_DROPEQUAL },
    { "hashmod", BW_RELABEL_HASHMOD }, { "labelmap", BW_RELABEL_LABELMAP },
    { "labeldrop", BW_RELABEL_LABELDROP }, { "labelkeep", BW_RELABEL_LABELKEEP },
    { "lowercase", BW_RELABEL_LOWERCASE }, { "uppercase", BW_RELABEL_UPPERCASE }, { 0 },
};

static const struct bw_opt relabel_options[] = {
    { "source_labels", BW_OPT_STRINGS, AT(bw_relabel_settings, source_labels),
      .help = "Labels whose values, joined by `separator`, are looked at." },
    { "separator", BW_OPT_STRING, AT(bw_relabel_settings, separator),
      .help = "Stands between those values; default: `;`." },
    { "regex", BW_OPT_STRING, AT(bw_relabel_settings, regex),
      .help = "Must match all of it; default: `(.*)`." },
    { "target_label", BW_OPT_STRING, AT(bw_relabel_settings, target_label),
      .help = "Label that is set." },
    { "replacement", BW_OPT_STRING, AT(bw_relabel_settings, replacement),
      .help = "What it is set to, with `$1` or `${1}` for groups of `regex`; default: `$1`." },
    { "modulus", BW_OPT_INT, AT(bw_relabel_settings, modulus), .def = "0", .range = "0..",
      .help = "Of `hashmod`: how many parts there are." },
    { "action", BW_OPT_ENUM, AT(bw_relabel_settings, action), .def = "replace", .names = actions,
      .help = "What is done." },
    { 0 },
};
static const struct bw_opt_group relabel_group = {
    .name = "relabelling rule", .size = sizeof(struct bw_relabel_settings), .opts = relabel_options,
    .check = relabel_check,
    .help = "Rules are applied to each target in turn, as Prometheus does. A target begins with `__address__`, the labels "
            "of its group, and what is known of where it was found (`__meta_…`); what begins with `__` goes at the end.",
};

#define SOURCE_ROWS(type, every)                                                                                             \
    { "refresh_interval", BW_OPT_DURATION, AT(type, common.refresh_ns), .def = every, .range = "1s..24h",                    \
      .help = "How often it is asked." },                                                                                    \
    { "service", BW_OPT_STRING, AT(type, common.service), .def = "discovered", .range = "1..256",                            \
      .help = "Service of its targets, unless they have a label `service`. It may be one of `services`." },                  \
    { "labels", BW_OPT_MAP, AT(type, common.labels),                                                                         \
      .help = "Labels of all its checks; those of a target count more." },                                                   \
    { "relabel_configs", BW_OPT_GROUPS, AT(type, common.relabel_configs), .group = &relabel_group,                           \
      .help = "Rewrites labels of targets, or leaves targets out." },                                                        \
    { "checks", BW_OPT_GROUPS, AT(type, common.checks), .group = &bw_check_group,                                            \
      .help = "What is asked of each target: `${instance}` stands for its `__address__`." },                                 \
    { "limit", BW_OPT_INT, AT(type, common.limit), .def = "1000", .range = "1..100000",                                      \
      .help = "Targets that are taken at most; the others are left out, which is said." }

static const struct bw_opt file_options[] = {
    { "files", BW_OPT_STRINGS, AT(bw_file_source_settings, files), .flags = BW_OPT_REQUIRED,
      .help = "Lists in JSON or YAML, by their end (`.json`, `.yml`, `.yaml`), with one `*` in the last part of the path. "
              "What is changed is read at once." },
    SOURCE_ROWS(bw_file_source_settings, "5m"),
    { 0 },
};
static const struct bw_opt_group file_group = {
    .name = "file source", .size = sizeof(struct bw_file_source_settings), .opts = file_options,
};

static const struct bw_opt http_options[] = {
    { "url", BW_OPT_STRING, AT(bw_http_source_settings, url), .flags = BW_OPT_REQUIRED,
      .help = "Answers with a list in JSON." },
    SOURCE_ROWS(bw_http_source_settings, "60s"),
    { "timeout", BW_OPT_DURATION, AT(bw_http_source_settings, timeout_ns), .def = "10s", .range = "100ms..1m",
      .help = "How long the answer may take." },
    BW_HTTP_CLIENT_ROWS(AT(bw_http_source_settings, client)),
    { 0 },
};
static enum bw_rc http_check(const void *opts, struct bw_err *err)
{
    const struct bw_http_source_settings *http = opts;
    return bw_http_get_check(&http->client, err);
}
static const struct bw_opt_group http_group = {
    .name = "HTTP source", .size = sizeof(struct bw_http_source_settings), .opts = http_options, .check = http_check,
};

static const struct bw_opt_name records[] = {
    { "SRV", BW_RECORD_SRV }, { "A", BW_RECORD_A }, { "AAAA", BW_RECORD_AAAA }, { 0 },
};
static enum bw_rc dns_check(const void *opts, struct bw_err *err)
{
    const struct bw_dns_source_settings *dns = opts;
    if (dns->type != BW_RECORD_SRV && dns->port == 0)
        return bw_fail(err, BW_EINVAL, "A and AAAA records have no port: 'port' is needed");
    return BW_OK;
}
static const struct bw_opt dns_options[] = {
    { "names", BW_OPT_STRINGS, AT(bw_dns_source_settings, names), .flags = BW_OPT_REQUIRED,
      .help = "Names whose records are targets." },
    { "type", BW_OPT_ENUM, AT(bw_dns_source_settings, type), .def = "SRV", .names = records,
      .help = "Which records." },
    { "port", BW_OPT_INT, AT(bw_dns_source_settings, port), .def = "0", .range = "0..65535",
      .help = "Port of targets from A and AAAA records." },
    SOURCE_ROWS(bw_dns_source_settings, "30s"),
    { "timeout", BW_OPT_DURATION, AT(bw_dns_source_settings, timeout_ns), .def = "5s", .range = "100ms..1m",
      .help = "How long the answer about a name may take." },
    { "servers", BW_OPT_STRING, AT(bw_dns_source_settings, servers),
      .help = "Name servers to ask, as `10.0.0.1:53,10.0.0.2:53`; default: those of this machine." },
    { 0 },
};
static const struct bw_opt_group dns_group = {
    .name = "DNS source", .size = sizeof(struct bw_dns_source_settings), .opts = dns_options, .check = dns_check,
};

static const struct bw_opt push_options[] = {
    { "name", BW_OPT_STRING, AT(bw_push_source_settings, name), .range = "1..64", .flags = BW_OPT_REQUIRED,
      .help = "What `PUT /api/v1/targets?source=` calls it: letters, digits, `_` and `-`." },
    { "ttl", BW_OPT_DURATION, AT(bw_push_source_settings, ttl_ns), .def = "10m", .range = "1s..30d",
      .help = "How long a target stays that is not registered again, unless it says so itself." },
    SOURCE_ROWS(bw_push_source_settings, "5s"),
    { 0 },
};
static const struct bw_opt_group push_group = {
    .name = "push source", .size = sizeof(struct bw_push_source_settings), .opts = push_options,
};

static const struct bw_opt discovery_options[] = {
    { "file", BW_OPT_GROUPS, AT(bw_discovery_settings, file), .group = &file_group,
      .help = "Lists of targets in files, as Prometheus's `file_sd_configs`." },
    { "http", BW_OPT_GROUPS, AT(bw_discovery_settings, http), .group = &http_group,
      .help = "Lists of targets over HTTP, as Prometheus's `http_sd_configs`." },
    { "dns", BW_OPT_GROUPS, AT(bw_discovery_settings, dns), .group = &dns_group,
      .help = "Targets from name servers, as Prometheus's `dns_sd_configs`." },
    { "push", BW_OPT_GROUPS, AT(bw_discovery_settings, push), .group = &push_group,
      .help = "Targets that register themselves, with `PUT /api/v1/targets`." },
    { 0 },
};
// clang-format on

const struct bw_opt_group bw_discovery_group = {
    .name = "discovery",
    .size = sizeof(struct bw_discovery_settings),
    .opts = discovery_options,
    .help = "Targets that are found, not listed here. When a list changes, checks are added and "
            "taken away "
            "without touching others; a target that has gone is told by an event, and its checks "
            "end with "
            "it. What cannot be had or read leaves the last good list in force, which is said "
            "once. Of a "
            "target, `__address__` is what `${instance}` stands for; the label `instance` is what "
            "it is "
            "called (default: `__address__`), `service` whose it is; all other labels become "
            "labels of its "
            "checks.",
};

struct bw_relabel_rule bw_relabel_rule_of(const struct bw_relabel_settings *settings)
{
    return (struct bw_relabel_rule){ .source_labels = settings->source_labels.items,
                                     .source_count = settings->source_labels.count,
                                     .separator = settings->separator,
                                     .regex = settings->regex,
                                     .target_label = settings->target_label,
                                     .replacement = settings->replacement,
                                     .modulus = (uint64_t)settings->modulus,
                                     .action = (enum bw_relabel_action)settings->action };
}
