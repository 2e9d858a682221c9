// SPDX-License-Identifier: GPL-3.0-or-later
#define HASH_NONFATAL_OOM 0
#include "alert/table.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* uthash's macros shift and narrow without casts. */
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wcast-qual"

/* The value of the label `service` in {a="b",service="c"}, unescaped; "" without one. */
static char *service_of(const char *labels)
{
    static const char key[] = "service=\"";
    const char *at = labels;
    bool quoted = false;
    for (; *at != '\0'; at++) {
        if (!quoted && (*at == '{' || *at == ',') && strncmp(at + 1, key, sizeof key - 1) == 0)
            break;
        if (quoted && *at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '"')
            quoted = !quoted;
    }
    if (*at == '\0')
        return bw_strdup("");
    char *value = bw_strdup(at + sizeof key);
    char *to = value;
    for (const char *from = value; *from != '\0' && *from != '"'; from++) {
        const bool escaped = *from == '\\' && from[1] != '\0';
        from += escaped;
        *to++ = escaped && *from == 'n' ? '\n' : *from;
    }
    *to = '\0';
    return value;
}

struct bw_alert_group *bw_alert_table_group(struct bw_alert_table *table, const char *rule)
{
    struct bw_alert_group *group;
    HASH_FIND_STR(table->groups, rule, group);
    if (group == NULL) {
        group = bw_alloc(sizeof *group);
        group->rule = bw_strdup(rule);
        HASH_ADD_KEYPTR(hh, table->groups, group->rule, strlen(group->rule), group);
    }
    return group;
}

void bw_alert_table_drop_group(struct bw_alert_table *table, struct bw_alert_group *group)
{
    while (group->alerts != NULL)
        bw_alert_table_remove(table, group, group->alerts); // NOLINT: it unlinks
    HASH_DEL(table->groups, group);
    free(group->rule);
    free(group);
}

void bw_alert_table_clear(struct bw_alert_table *table)
{
    while (table->groups != NULL)
        bw_alert_table_drop_group(table, table->groups); // NOLINT: it unlinks
}

struct bw_alert *bw_alert_table_find(struct bw_alert_group *group, const char *labels)
{
    struct bw_alert *alert;
    HASH_FIND_STR(group->alerts, labels, alert);
    return alert;
}

struct bw_alert *bw_alert_table_add(struct bw_alert_table *table, struct bw_alert_group *group,
                                    const char *labels)
{
    struct bw_alert *alert = bw_alloc(sizeof *alert);
    alert->labels = bw_strdup(labels);
    alert->service = service_of(labels);
    HASH_ADD_KEYPTR(hh, group->alerts, alert->labels, strlen(alert->labels), alert);
    table->count++;
    return alert;
}

void bw_alert_table_remove(struct bw_alert_table *table, struct bw_alert_group *group,
                           struct bw_alert *alert)
{
    HASH_DEL(group->alerts, alert);
    table->count--;
    free(alert->labels);
    free(alert->service);
    free(alert);
}

struct bw_alert *bw_alert_table_next(struct bw_alert *alert)
{
    return alert->hh.next;
}

struct bw_alert_group *bw_alert_table_next_group(struct bw_alert_group *group)
{
    return group->hh.next;
}
