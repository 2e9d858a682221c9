// SPDX-License-Identifier: GPL-3.0-or-later
/* app/settings_discovery.h: the section `discovery` as structs. */
#ifndef APP_SETTINGS_DISCOVERY_H
#define APP_SETTINGS_DISCOVERY_H

#include "conf/option.h"
#include "model/relabel.h"
#include "probe/module.h"

struct bw_relabel_settings {
    struct bw_strings source_labels;
    const char *separator, *regex, *target_label, *replacement;
    int64_t modulus;
    int action; /* enum bw_relabel_action */
};

/* What every kind of source has. */
struct bw_source_settings {
    const char *service;
    struct bw_pairs labels;
    struct bw_items relabel_configs; /* struct bw_relabel_settings */
    struct bw_items checks;          /* struct bw_check_settings */
    int64_t limit;
    int64_t refresh_ns;
};

struct bw_file_source_settings {
    struct bw_source_settings common;
    struct bw_strings files;
};

struct bw_http_source_settings {
    struct bw_source_settings common;
    const char *url;
    int64_t timeout_ns;
    struct bw_http_options client; /* those of BW_HTTP_CLIENT_ROWS */
};

struct bw_dns_source_settings {
    struct bw_source_settings common;
    struct bw_strings names;
    int type; /* enum bw_discovery_record */
    int64_t port;
    int64_t timeout_ns;
    const char *servers;
};

struct bw_push_source_settings {
    struct bw_source_settings common;
    const char *name;
    int64_t ttl_ns;
};

struct bw_discovery_settings {
    struct bw_items file, http, dns, push;
};

extern const struct bw_opt_group bw_discovery_group;

/* The rule, whose texts stay those of the settings. */
struct bw_relabel_rule bw_relabel_rule_of(const struct bw_relabel_settings *settings);

#endif
