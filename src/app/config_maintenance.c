// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config_maintenance.h"

#include "app/config_calendars.h"
#include "base/limits.h"
#include "base/units.h"
#include "model/picker.h"

#include <string.h>

/* ---- when ------------------------------------------------------------------------------- */

/* "2026-11-23 22:00", with seconds or without, as the clock of the zone shows it. */
static bool parse_local(const char *text, const struct bw_zone *zone, int64_t *out_ms)
{
    char utc[BW_RFC3339_MAX];
    int64_t ms;
    const size_t len = strlen(text);
    if ((len != 16 && len != 19) || (text[10] != ' ' && text[10] != 'T'))
        return false;
    memcpy(utc, text, len);
    utc[10] = 'T';
    memcpy(utc + len, len == 16 ? ":00Z" : "Z", len == 16 ? 5 : 2);
    if (!bw_parse_rfc3339(utc, strlen(utc), &ms))
        return false;
    const struct bw_civil local = bw_civil_from_ms(ms);
    bw_zone_to_ms(zone, &local, out_ms);
    return true;
}

static int64_t moment(struct bw_config_loading *loading, const struct bw_node *node,
                      const char *key, const char *text, const struct bw_zone *zone,
                      const char *path)
{
    int64_t ms = 0;
    if (!bw_parse_rfc3339(text, strlen(text), &ms) && !parse_local(text, zone, &ms))
        bw_problems_add(loading->problems, bw_node_find(node, key)->at,
                        bw_conf_path_key(loading->arena, path, key),
                        "expected a time such as 2026-11-23 22:00 or 2026-11-23T22:00:00+01:00, "
                        "not '%s'",
                        text);
    return ms;
}

static void resolve_once(struct bw_config_loading *loading,
                         const struct bw_maintenance_settings *in, const struct bw_node *node,
                         const char *path, struct bw_config_maintenance *out)
{
    const struct bw_node *zone_node = bw_node_find(node, "timezone");
    const char *name =
        in->timezone != NULL ? in->timezone : loading->config->settings.global.timezone;
    const struct bw_zone *zone =
        bw_config_zone(loading, name, zone_node != NULL ? zone_node->at : node->at, path);
    out->zone = zone;
    out->from_ms = moment(loading, node, "start", in->start, zone, path);
    out->to_ms = in->end != NULL ? moment(loading, node, "end", in->end, zone, path)
                                 : out->from_ms + in->duration_ns / BW_MS;
    if (out->to_ms <= out->from_ms)
        bw_problems_add(loading->problems, node->at, path, "it ends before it starts");
}

bool bw_maintenance_is_on(const struct bw_config_maintenance *window, int64_t now_ms)
{
    if (window->hours != NULL)
        return bw_hours_contain(window->hours, now_ms);
    return now_ms >= window->from_ms && now_ms < window->to_ms;
}

bool bw_maintenance_next_change(const struct bw_config_maintenance *window, int64_t now_ms,
                                int64_t *out_ms)
{
    if (window->hours != NULL)
        return bw_hours_next_change(window->hours, now_ms, out_ms);
    if (now_ms >= window->to_ms)
        return false;
    *out_ms = now_ms < window->from_ms ? window->from_ms : window->to_ms;
    return true;
}

/* ---- which checks ------------------------------------------------------------------------ */

static struct bw_picker *make_picker(struct bw_config_loading *loading, struct bw_pairs match,
                                     const struct bw_node *node, const char *path)
{
    struct bw_matcher *matchers = bw_arena_array(loading->arena, match.count, sizeof *matchers);
    const struct bw_selector selector = { matchers, match.count };
    struct bw_picker *picker = NULL;
    struct bw_err err;
    for (size_t i = 0; i < match.count; i++)
        matchers[i] =
            (struct bw_matcher){ match.items[i].name, BW_MATCH_REGEX, match.items[i].value };
    if (match.count > 0 && bw_picker_make(&selector, &picker, &err) != BW_OK)
        bw_problems_add(loading->problems, bw_node_find(node, "match")->at,
                        bw_conf_path_key(loading->arena, path, "match"), "%s", err.text);
    return picker;
}

uint64_t bw_config_windows_of(const struct bw_config *config, const struct bw_subject *subject,
                              struct bw_labels labels)
{
    struct bw_label all[BW_LABELS_MAX + 3] = { { "check", subject->check },
                                               { "instance", subject->instance },
                                               { "service", subject->service } };
    uint64_t windows = 0;
    if (config->maintenance_count == 0)
        return 0;
    const size_t count = bw_labels_merge(all, 3, labels.items, labels.count);
    for (size_t i = 0; i < config->maintenance_count; i++) {
        struct bw_picker *picker = config->maintenance[i].picker;
        if (picker == NULL || bw_picker_matches(picker, "", (struct bw_labels){ all, count }))
            windows |= UINT64_C(1) << i;
    }
    return windows;
}

/* ---- all of it --------------------------------------------------------------------------- */

static void resolve_window(struct bw_config_loading *loading,
                           const struct bw_maintenance_settings *in, const struct bw_node *node,
                           const char *path, struct bw_config_maintenance *out)
{
    struct bw_hours *hours = bw_arena_alloc(loading->arena, sizeof *hours);
    *out = (struct bw_config_maintenance){ .name = in->name };
    if (in->start != NULL)
        resolve_once(loading, in, node, path, out);
    else if (bw_config_find_hours(loading, in->calendar, in->except_calendar, node, path, hours))
        out->hours = hours;
    out->zone = out->hours != NULL ? bw_hours_zone(hours) : out->zone;
    out->picker = make_picker(loading, in->match, node, path);
}

void bw_config_resolve_maintenance(struct bw_config_loading *loading)
{
    struct bw_config *config = loading->config;
    const struct bw_items list = config->settings.maintenance;
    const struct bw_maintenance_settings *in = list.items;
    const struct bw_node *section = bw_node_find(loading->root, "maintenance");
    const struct bw_node *node = section != NULL ? section->first : NULL;
    if (list.count > BW_MAINTENANCE_MAX) {
        bw_problems_add(loading->problems, section->at, "maintenance", "more than %u windows",
                        BW_MAINTENANCE_MAX);
        return;
    }
    config->maintenance = bw_arena_array(loading->arena, list.count, sizeof *config->maintenance);
    for (size_t i = 0; node != NULL && i < list.count; node = node->next, i++) {
        const char *path = bw_conf_path_index(loading->arena, "maintenance", i);
        if (!bw_config_is_sound(loading, path))
            continue;
        for (size_t k = 0; k < i; k++) {
            if (in[k].name != NULL && strcmp(in[k].name, in[i].name) == 0)
                bw_problems_add(loading->problems, node->at, path, "two windows named '%s'",
                                in[i].name);
        }
        resolve_window(loading, &in[i], node, path, &config->maintenance[i]);
    }
    config->maintenance_count = list.count;
}

void bw_config_free_maintenance(struct bw_config *config)
{
    for (size_t i = 0; i < config->maintenance_count; i++)
        bw_picker_free(config->maintenance[i].picker);
}
