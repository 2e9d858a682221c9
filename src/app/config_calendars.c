// SPDX-License-Identifier: GPL-3.0-or-later
/* Calendars, and the hours of checks that are made of them. */
#include "app/config_calendars.h"

#include "app/config_internal.h"
#include "app/settings_calendars.h"

#include <string.h>

/* ---- one interval ----------------------------------------------------------------------- */

typedef enum bw_rc add_fn(struct bw_interval *interval, const char *text, struct bw_err *err);

/* One interval on its way. */
struct resolving {
    struct bw_config_loading *loading;
    const struct bw_node *node;
    const char *path;
    struct bw_interval *out;
};

/* A key whose list is empty would hold never, there where a key that is missing holds always. */
static void refuse_empty(const struct resolving *r, const char *key)
{
    const struct bw_node *list = bw_node_find(r->node, key);
    if (list != NULL && list->kind != BW_NODE_SCALAR && list->count == 0)
        bw_problems_add(r->loading->problems, list->at, r->path,
                        "'%s' is empty: leave it out for any", key);
}

static void add_texts(const struct resolving *r, const char *key, struct bw_strings texts,
                      add_fn *add)
{
    struct bw_err err;
    refuse_empty(r, key);
    for (size_t i = 0; i < texts.count; i++) {
        if (add(r->out, texts.items[i], &err) != BW_OK)
            bw_problems_add(r->loading->problems,
                            bw_config_entry(bw_node_find(r->node, key), i)->at, r->path, "%s",
                            err.text);
    }
}

static void add_times(const struct resolving *r, struct bw_items list)
{
    const struct bw_times_settings *times = list.items;
    struct bw_err err;
    refuse_empty(r, "times");
    for (size_t i = 0; i < list.count; i++) {
        if (bw_interval_add_time(r->out, times[i].start_time, times[i].end_time, &err) != BW_OK)
            bw_problems_add(r->loading->problems,
                            bw_config_entry(bw_node_find(r->node, "times"), i)->at, r->path, "%s",
                            err.text);
    }
}

static void resolve_interval(struct bw_config_loading *loading, const struct bw_node *node,
                             const char *path, struct bw_interval *out)
{
    struct bw_interval_settings in;
    const struct resolving r = { loading, node, path, out };
    if (!bw_conf_decode(&loading->ctx, node, path, &bw_interval_group, &in))
        return;
    add_times(&r, in.times);
    add_texts(&r, "weekdays", in.weekdays, bw_interval_add_weekdays);
    add_texts(&r, "days_of_month", in.days_of_month, bw_interval_add_days_of_month);
    add_texts(&r, "months", in.months, bw_interval_add_months);
    add_texts(&r, "years", in.years, bw_interval_add_years);
    if (in.location != NULL)
        out->zone = bw_config_zone(loading, in.location, bw_node_find(node, "location")->at, path);
}

/* ---- calendars -------------------------------------------------------------------------- */

static bool is_list(struct bw_config_loading *loading, const struct bw_node *node, const char *path)
{
    if (node->kind == BW_NODE_LIST)
        return true;
    bw_problems_add(loading->problems, node->at, path, "expected a list of time intervals, not %s",
                    bw_node_kind_text(node));
    return false;
}

static void add_calendar(struct bw_config_loading *loading, const char *name,
                         const struct bw_node *list, const char *path)
{
    struct bw_config *config = loading->config;
    if (bw_config_calendar(config, name) != NULL)
        bw_problems_add(loading->problems, list->at, path, "two calendars named '%s'", name);
    if (!is_list(loading, list, path))
        return;
    struct bw_interval *intervals = bw_arena_array(loading->arena, list->count, sizeof *intervals);
    const struct bw_node *node = list->first;
    for (size_t i = 0; node != NULL; node = node->next, i++)
        resolve_interval(loading, node, bw_conf_path_index(loading->arena, path, i), &intervals[i]);
    struct bw_calendar *calendars = config->calendars;
    calendars[config->calendar_count++] = (struct bw_calendar){ name, intervals, list->count };
}

/* Alertmanager's own list: {name, time_intervals}. */
static void add_named(struct bw_config_loading *loading, const struct bw_node *node,
                      const char *path)
{
    const char *name = bw_node_find_text(node, "name");
    const struct bw_node *list = bw_node_find(node, "time_intervals");
    if (name == NULL || name[0] == '\0' || list == NULL || node->count != 2)
        bw_problems_add(loading->problems, node->at, path,
                        "expected the keys 'name' and 'time_intervals', and no others");
    else
        add_calendar(loading, name, list, bw_conf_path_key(loading->arena, path, "time_intervals"));
}

void bw_config_resolve_calendars(struct bw_config_loading *loading)
{
    const struct bw_node *section = loading->config->settings.calendars;
    if (section == NULL || bw_node_is_null(section))
        return;
    if (section->kind == BW_NODE_SCALAR) {
        bw_problems_add(loading->problems, section->at, "calendars",
                        "expected a mapping of names to lists of time intervals, not text");
        return;
    }
    loading->config->calendars =
        bw_arena_array(loading->arena, section->count, sizeof *loading->config->calendars);
    size_t i = 0;
    for (const struct bw_node *node = section->first; node != NULL; node = node->next, i++) {
        if (section->kind == BW_NODE_MAP)
            add_calendar(loading, node->key, node,
                         bw_conf_path_key(loading->arena, "calendars", node->key));
        else
            add_named(loading, node, bw_conf_path_index(loading->arena, "calendars", i));
    }
}

const struct bw_calendar *bw_config_calendar(const struct bw_config *config, const char *name)
{
    for (size_t i = 0; i < config->calendar_count; i++) {
        if (strcmp(config->calendars[i].name, name) == 0)
            return &config->calendars[i];
    }
    return NULL;
}

/* ---- hours ------------------------------------------------------------------------------ */

/* The calendars of these names; those that do not exist are told. */
static const struct bw_calendar *const *find_all(struct bw_config_loading *loading,
                                                 struct bw_strings names,
                                                 const struct bw_node *list, const char *path)
{
    const struct bw_calendar **out = bw_arena_array(loading->arena, names.count + 1, sizeof *out);
    for (size_t i = 0; i < names.count; i++) {
        out[i] = bw_config_calendar(loading->config, names.items[i]);
        if (out[i] == NULL)
            bw_problems_add(loading->problems, bw_config_entry(list, i)->at, path,
                            "there is no calendar '%s'", names.items[i]);
    }
    return out;
}

static bool are_same_list(const struct bw_calendar *const *a, size_t a_count,
                          const struct bw_calendar *const *b, size_t b_count)
{
    bool same = a_count == b_count;
    for (size_t i = 0; same && i < a_count; i++)
        same = a[i] == b[i];
    return same;
}

static bool are_same(const struct bw_hours *a, const struct bw_hours *b)
{
    return are_same_list(a->within, a->within_count, b->within, b->within_count)
           && are_same_list(a->except, a->except_count, b->except, b->except_count);
}

/* Those that many checks have are there once. */
static const struct bw_config_hours *share(struct bw_config_loading *loading,
                                           const struct bw_hours *hours)
{
    struct bw_config *config = loading->config;
    const struct bw_config_hours *found = config->hours;
    while (found != NULL && !are_same(&found->hours, hours))
        found = found->next;
    if (found != NULL)
        return found;
    struct bw_config_hours *made = bw_arena_alloc(loading->arena, sizeof *made);
    *made = (struct bw_config_hours){ *hours, config->hours_count++, config->hours };
    config->hours = made;
    return made;
}

bool bw_config_find_hours(struct bw_config_loading *loading, struct bw_strings within,
                          struct bw_strings except, const struct bw_node *owner, const char *path,
                          struct bw_hours *out)
{
    const size_t before = loading->problems->total;
    *out = (struct bw_hours){
        .within = find_all(loading, within, bw_node_find(owner, "calendar"), path),
        .within_count = within.count,
        .except = find_all(loading, except, bw_node_find(owner, "except_calendar"), path),
        .except_count = except.count,
    };
    return loading->problems->total == before;
}

const struct bw_config_hours *bw_config_resolve_hours(struct bw_config_loading *loading,
                                                      struct bw_strings within,
                                                      struct bw_strings except,
                                                      const struct bw_node *owner, const char *path)
{
    struct bw_hours hours;
    if (within.count == 0 && except.count == 0)
        return NULL;
    return bw_config_find_hours(loading, within, except, owner, path, &hours)
               ? share(loading, &hours)
               : NULL;
}
