// SPDX-License-Identifier: GPL-3.0-or-later
/* alert/table.h: the alerts of an engine, by rule and labels; of each rule in the order in
 * which they appeared. */
#ifndef ALERT_TABLE_H
#define ALERT_TABLE_H

#include "model/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

/* One alert. The times are those of struct bw_alert_state. */
struct bw_alert {
    char *labels;
    char *service; /* value of the label of that name; "" without one */
    enum bw_level level;
    enum bw_level pending; /* the lowest level that held since pending_since_ms, or none */
    int64_t pending_since_ms, active_since_ms, level_since_ms, last_true_ms;
    double value;
    uint64_t fed;           /* number of the rule's feed that had it last */
    bool missing;           /* its series is not there */
    bool restored;          /* not seen since it was brought back */
    int64_t grace_until_ms; /* of a restored one; 0: not asked yet */
    UT_hash_handle hh;
};

/* The alerts of one rule. */
struct bw_alert_group {
    char *rule;
    struct bw_alert *alerts;
    uint64_t feeds;
    UT_hash_handle hh;
};

struct bw_alert_table {
    struct bw_alert_group *groups;
    size_t count; /* alerts in all groups */
};

struct bw_alert_group *bw_alert_table_group(struct bw_alert_table *table, const char *rule);
void bw_alert_table_drop_group(struct bw_alert_table *table, struct bw_alert_group *group);
void bw_alert_table_clear(struct bw_alert_table *table);

/* NULL when there is none. */
struct bw_alert *bw_alert_table_find(struct bw_alert_group *group, const char *labels);

/* A new one, all zeros but its texts; there must be none with these labels. */
struct bw_alert *bw_alert_table_add(struct bw_alert_table *table, struct bw_alert_group *group,
                                    const char *labels);
void bw_alert_table_remove(struct bw_alert_table *table, struct bw_alert_group *group,
                           struct bw_alert *alert);

/* The next in order, or NULL. */
struct bw_alert *bw_alert_table_next(struct bw_alert *alert);
struct bw_alert_group *bw_alert_table_next_group(struct bw_alert_group *group);

#endif
