// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config.h"

#include "app/alerting.h"
#include "app/config_calendars.h"
#include "app/config_internal.h"
#include "app/defaults.h"
#include "app/parameters.h"
#include "app/reach.h"
#include "base/limits.h"
#include "base/mem.h"
#include "calendar/range.h"
#include "conf/yaml.h"
#include "io/file.h"
#include "probe/table.h"

#include <stdlib.h>
#include <string.h>

enum { ZONES_MAX = 64 };

/* A zone lives outside the arena: its list hangs on the configuration. */
struct bw_config_owned {
    struct bw_config config;
    struct bw_zone *zones[ZONES_MAX];
    size_t zone_count;
};

static struct bw_config_owned *owned_of(struct bw_config *config)
{
    return (struct bw_config_owned *)config; /* its first member */
}

/* What values that name a variable or a file of secrets stand for. */
static const char *env_value(void *user, const char *name)
{
    (void)user;
    return getenv(name);
}

static enum bw_rc read_secret(void *user, const char *path, const char *config_file,
                              struct bw_buf *out, struct bw_err *err)
{
    (void)config_file;
    const struct bw_config *config = user;
    char *data;
    size_t size;
    const enum bw_rc rc =
        bw_file_read(config->folder, path, BW_CONF_SECRET_BYTES_MAX, &data, &size, err);
    if (rc != BW_OK)
        return rc;
    bw_buf_bytes(out, data, size);
    free(data);
    return BW_OK;
}

struct bw_conf_ctx bw_config_ctx(struct bw_config *config, struct bw_arena *arena,
                                 struct bw_problems *problems)
{
    return (struct bw_conf_ctx){ .arena = arena,
                                 .problems = problems,
                                 .env = env_value,
                                 .read_file = read_secret,
                                 .user = config };
}

const struct bw_node *bw_config_entry(const struct bw_node *list, size_t index)
{
    const struct bw_node *entry = list != NULL ? list->first : NULL;
    while (entry != NULL && index-- > 0)
        entry = entry->next;
    return entry != NULL ? entry : list;
}

static const char *folder_of(struct bw_arena *arena, const char *file)
{
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;
    if (slash == NULL)
        return ".";
    return slash == file ? "/" : bw_arena_strndup(arena, file, (size_t)(slash - file));
}

const struct bw_zone *bw_config_zone(struct bw_config_loading *loading, const char *name,
                                     struct bw_place at, const char *path)
{
    struct bw_config_owned *owned = owned_of(loading->config);
    struct bw_err err;
    struct bw_zone *zone = NULL;
    char *data = NULL;
    size_t size;
    if (strcmp(name, "UTC") == 0)
        return bw_zone_utc();
    for (size_t i = 0; i < owned->zone_count; i++) {
        if (strcmp(bw_zone_name(owned->zones[i]), name) == 0)
            return owned->zones[i];
    }
    const bool local = strcmp(name, "Local") == 0; /* that of this machine, as Go calls it */
    if (!bw_zone_name_is_valid(name) || owned->zone_count == ZONES_MAX
        || bw_file_read(local ? "/etc" : "/usr/share/zoneinfo", local ? "localtime" : name,
                        1u << 20, &data, &size, &err)
               != BW_OK
        || bw_zone_parse(name, data, size, &zone, &err) != BW_OK) {
        bw_problems_add(loading->problems, at, path, "there is no time zone '%s' here", name);
        free(data);
        return bw_zone_utc();
    }
    free(data);
    owned->zones[owned->zone_count++] = zone;
    return zone;
}

/* The nth entry of a list in the document, for the place of a mistake. */
static struct bw_place place_of(const struct bw_config_loading *loading, const char *section,
                                const char *list, size_t index)
{
    const struct bw_node *node = bw_node_find(bw_node_find(loading->root, section), list);
    const struct bw_node *child = node != NULL ? node->first : NULL;
    while (child != NULL && index-- > 0)
        child = child->next;
    return child != NULL ? child->at : (struct bw_place){ 0 };
}

/* ---- alerts ---------------------------------------------------------------------------- */

static bool has_rule(const struct bw_alert_rule *rules, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rules[i].name, name) == 0)
            return true;
    }
    return false;
}

static void add_rule(struct bw_config_loading *loading, const struct bw_alert_rule_opts *opts,
                     const char *path, struct bw_place at, struct bw_alert_rule *rules)
{
    size_t *count = &loading->config->rule_count;
    struct bw_err err;
    enum bw_rc rc = bw_alert_rule_make(loading->arena, opts, &rules[*count], &err);
    if (rc == BW_OK)
        rc = bw_alerting_check(&rules[*count], loading->config->has_guests, &err);
    if (rc == BW_OK && has_rule(rules, *count, opts->name))
        bw_problems_add(loading->problems, at, path, "two rules named '%s'", opts->name);
    else if (rc == BW_OK)
        *count += 1;
    else if (rc == BW_EUNSUPPORTED)
        bw_problems_add(&loading->config->warnings, at, path, "%s: not acted on by this version",
                        err.text);
    else
        bw_problems_add(loading->problems, at, path, "%s", err.text);
}

static bool brings_guests(const struct bw_config_check *checks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct bw_probe_module *options = checks[i].options;
        if (options != NULL && options->prober == BW_PROBER_EXEC
            && options->exec.format == BW_EXEC_PROMETHEUS)
            return true;
    }
    return false;
}

static void resolve_rules(struct bw_config_loading *loading)
{
    struct bw_config *config = loading->config;
    config->has_guests = config->settings.host.textfile_directory != NULL
                         || brings_guests(config->checks, config->check_count)
                         || brings_guests(config->templates, config->template_count);
    const struct bw_alert_rule_opts *opts = config->settings.alerts.rules.items;
    const size_t own = config->settings.alerts.rules.count;
    struct bw_alert_rule *rules =
        bw_arena_array(loading->arena, own + bw_default_rule_count, sizeof *rules);
    for (size_t i = 0; i < own; i++) {
        const char *path = bw_conf_path_index(loading->arena, "alerts.rules", i);
        if (bw_config_is_sound(loading, path))
            add_rule(loading, &opts[i], path, place_of(loading, "alerts", "rules", i), rules);
    }
    for (size_t i = 0; config->settings.alerts.defaults && i < bw_default_rule_count; i++) {
        if (!has_rule(rules, config->rule_count, bw_default_rules[i].name))
            add_rule(loading, &bw_default_rules[i], "alerts", (struct bw_place){ 0 }, rules);
    }
    config->rules = rules;
}

/* ---- reports --------------------------------------------------------------------------- */

static bool is_file_name(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return name[0] != '.' && strspn(name, allowed) == strlen(name);
}

static void resolve_report(struct bw_config_loading *loading, const struct bw_schedule_settings *in,
                           size_t index, struct bw_config_report *out)
{
    const struct bw_place at = place_of(loading, "reports", "schedules", index);
    const char *path = bw_conf_path_index(loading->arena, "reports.schedules", index);
    const char *zone =
        in->timezone != NULL ? in->timezone : loading->config->settings.global.timezone;
    struct bw_range range;
    struct bw_err err;
    *out = (struct bw_config_report){
        .name = in->name, .type = in->type, .format = in->format, .range = in->range
    };
    out->zone = bw_config_zone(loading, zone, at, path);
    if (!is_file_name(in->name))
        bw_problems_add(loading->problems, at, path,
                        "'%s': a report's name is made of letters, digits, '.', '_' and '-'",
                        in->name);
    if (bw_cron_parse(in->cron, &out->cron, &err) != BW_OK)
        bw_problems_add(loading->problems, at, path, "cron: %s", err.text);
    if (bw_range_parse(in->range, out->zone, INT64_C(1700000000000), &range, &err) != BW_OK)
        bw_problems_add(loading->problems, at, path, "range: %s", err.text);
    if (in->deliver.count > 0)
        bw_problems_add(&loading->config->warnings, at, path,
                        "'deliver' is not acted on by this version: the report is archived only");
}

static void resolve_reports(struct bw_config_loading *loading)
{
    struct bw_config *config = loading->config;
    const struct bw_schedule_settings *in = config->settings.reports.schedules.items;
    const size_t count = config->settings.reports.schedules.count;
    struct bw_config_report *reports = bw_arena_array(loading->arena, count, sizeof *reports);
    for (size_t i = 0; i < count; i++) {
        const char *path = bw_conf_path_index(loading->arena, "reports.schedules", i);
        if (!bw_config_is_sound(loading, path))
            continue;
        for (size_t k = 0; k < i; k++) {
            if (in[k].name != NULL && strcmp(in[k].name, in[i].name) == 0)
                bw_problems_add(loading->problems, place_of(loading, "reports", "schedules", i),
                                "reports.schedules", "two schedules named '%s'", in[i].name);
        }
        resolve_report(loading, &in[i], i, &reports[i]);
    }
    config->reports = reports;
    config->report_count = count;
}

/* ---- all of it ------------------------------------------------------------------------- */

static void warn_of_later_sections(struct bw_config_loading *loading)
{
    for (size_t i = 0; bw_later_sections[i] != NULL; i++) {
        const struct bw_node *node = loading->config->settings.later[i];
        if (node != NULL
            && !(node->kind == BW_NODE_SCALAR ? bw_node_is_null(node) : node->count == 0))
            bw_problems_add(&loading->config->warnings, node->key_at, bw_later_sections[i],
                            "is not acted on by this version");
    }
}

struct bw_conf_ctx bw_config_module_ctx(const struct bw_config_loading *loading)
{
    struct bw_conf_ctx ctx = loading->ctx;
    ctx.as_go = true;
    return ctx;
}

/* All of them, also those that no check uses: /probe may. */
static void resolve_modules(struct bw_config_loading *loading)
{
    struct bw_config *config = loading->config;
    const size_t count = loading->modules != NULL ? loading->modules->count : 0;
    struct bw_config_module *modules = bw_arena_array(loading->arena, count + 1, sizeof *modules);
    const struct bw_node *node = count > 0 ? loading->modules->first : NULL;
    struct bw_conf_ctx ctx = bw_config_module_ctx(loading);
    for (; node != NULL; node = node->next) {
        const char *path = bw_conf_path_key(loading->arena, "modules", node->key);
        struct bw_probe_module *module = bw_arena_alloc(loading->arena, sizeof *module);
        const bool good = bw_conf_decode(&ctx, node, path, &bw_probe_module_group, module);
        module->name = node->key;
        if (good)
            bw_parameters_check(module, bw_node_find(node, "parameters"),
                                bw_conf_path_key(loading->arena, path, "parameters"),
                                loading->problems);
        modules[config->probe_module_count++] =
            (struct bw_config_module){ node->key, module, node };
    }
    config->probe_modules = modules;
}

static bool read_document(struct bw_config_loading *loading, const char *file,
                          const struct bw_config_default *defaults)
{
    if (file != NULL)
        return bw_config_read(loading, file);
    const char *text = bw_default_config_text(loading->arena, defaults->self, defaults->icmp);
    return bw_config_read_text(loading, "the built-in default", text);
}

bool bw_config_is_sound(const struct bw_config_loading *loading, const char *path)
{
    const struct bw_problems *problems = loading->problems;
    const size_t len = strlen(path);
    for (size_t i = 0; i < problems->count; i++) {
        const char *where = problems->items[i].path;
        if (strncmp(where, path, len) == 0 && strchr(".[", where[len]) != NULL)
            return false; /* strchr finds the end of a text too */
    }
    return problems->total == problems->count; /* who knows where the others are? */
}

static void check_timezone(struct bw_config_loading *loading)
{
    const struct bw_node *node = bw_node_find(bw_node_find(loading->root, "global"), "timezone");
    bw_config_zone(loading, loading->config->settings.global.timezone,
                   node != NULL ? node->at : (struct bw_place){ .file = loading->config->file },
                   "global.timezone");
}

/* One run tells every mistake: what is sound is looked at although something else is not. */
static void resolve(struct bw_config_loading *loading)
{
    bw_conf_decode(&loading->ctx, loading->root, "", &bw_settings_group,
                   &loading->config->settings);
    resolve_modules(loading);
    bw_reach_resolve(loading->config->settings.web.probe_targets, loading->arena, loading->problems,
                     &loading->config->reach);
    if (bw_config_is_sound(loading, "global"))
        check_timezone(loading);
    bw_config_resolve_calendars(loading);
    bw_config_resolve_maintenance(loading);
    bw_config_resolve_canary(loading);
    bw_config_resolve_services(loading);
    bw_config_resolve_discovery(loading);
    resolve_rules(loading);
    resolve_reports(loading);
    warn_of_later_sections(loading);
}

/* An empty one of that file. */
static struct bw_config *make_config(const char *file)
{
    struct bw_config_owned *owned = bw_alloc(sizeof *owned);
    struct bw_config *config = &owned->config;
    bw_arena_init(&config->arena);
    bw_problems_init(&config->warnings);
    config->file = bw_arena_strdup(&config->arena, file);
    config->folder = folder_of(&config->arena, file);
    return config;
}

static struct bw_config_loading loading_of(struct bw_config *config, struct bw_problems *problems)
{
    return (struct bw_config_loading){ .config = config,
                                       .arena = &config->arena,
                                       .problems = problems,
                                       .ctx = bw_config_ctx(config, &config->arena, problems) };
}

static struct bw_config *finish(struct bw_config_loading *loading)
{
    loading->config->document = loading->root;
    loading->config->modules = loading->modules;
    if (loading->problems->total == 0)
        return loading->config;
    bw_config_free(loading->config);
    return NULL;
}

struct bw_config *bw_config_load(const char *file, const struct bw_config_default *defaults,
                                 struct bw_problems *problems)
{
    struct bw_config_loading loading = loading_of(make_config(file), problems);
    loading.known = defaults->known;
    if (read_document(&loading, file, defaults))
        resolve(&loading);
    return finish(&loading);
}

struct bw_config *bw_config_with_targets(const struct bw_config *config,
                                         const struct bw_known_targets *known,
                                         struct bw_problems *problems)
{
    struct bw_config_loading loading = loading_of(make_config(config->file), problems);
    loading.known = known;
    loading.root = bw_node_clone(loading.arena, config->document);
    loading.modules = bw_node_clone(loading.arena, config->modules);
    resolve(&loading);
    return finish(&loading);
}

void bw_known_targets_free(struct bw_known_targets *known)
{
    if (known == NULL)
        return;
    bw_arena_fini(&known->arena);
    free(known);
}

void bw_config_free(struct bw_config *config)
{
    if (config == NULL)
        return;
    struct bw_config_owned *owned = owned_of(config);
    bw_known_targets_free(config->known);
    bw_config_free_maintenance(config);
    for (size_t i = 0; i < owned->zone_count; i++)
        bw_zone_free(owned->zones[i]);
    bw_problems_fini(&config->warnings);
    bw_arena_fini(&config->arena);
    free(owned);
}
