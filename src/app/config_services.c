// SPDX-License-Identifier: GPL-3.0-or-later
/* Services: their roll-ups, their checks, and what they must not be to each other. */
#include "app/config_resolve.h"
#include "base/text.h"
#include "base/units.h"
#include "health/depend.h"

#include <string.h>

void bw_config_problem(struct bw_config_resolving *r, const struct bw_node *at, const char *path,
                       const char *message)
{
    const struct bw_place place = at != NULL ? at->at : (struct bw_place){ 0 };
    bw_problems_add(r->loading->problems, place, path, "%s", message);
}

static void resolve_roll_up(struct bw_config_resolving *r)
{
    const struct bw_node *status = r->service->status;
    const struct bw_node *how = status != NULL ? bw_node_find(status, "roll_up") : NULL;
    const char *path = bw_conf_path_key(r->loading->arena, r->path, "status.roll_up");
    struct bw_err err;
    r->out->roll_up = (struct bw_rollup_rule){ .kind = BW_ROLLUP_WORST };
    if (status == NULL || bw_node_is_null(status))
        return;
    const char *quorum = how == NULL ? NULL : bw_node_find_text(how, "quorum");
    if (how != NULL && how->kind == BW_NODE_SCALAR && strncmp(how->text, "quorum:", 7) == 0)
        quorum = how->text + 7 + strspn(how->text + 7, " ");
    if (quorum != NULL) {
        r->out->roll_up.kind = BW_ROLLUP_QUORUM;
        if (bw_parse_ratio(quorum, &r->out->roll_up.quorum_ratio, &err) != BW_OK
            || !(r->out->roll_up.quorum_ratio > 0 && r->out->roll_up.quorum_ratio <= 1))
            bw_config_problem(r, how, path, "expected a quorum above 0 and up to 1");
    } else if (how != NULL && how->kind == BW_NODE_SCALAR && strcmp(how->text, "weighted") == 0) {
        r->out->roll_up.kind = BW_ROLLUP_WEIGHTED;
    } else if (how == NULL || how->kind != BW_NODE_SCALAR || strcmp(how->text, "worst") != 0) {
        bw_config_problem(
            r, how != NULL ? how : status, path,
            "expected {roll_up: worst}, {roll_up: {quorum: RATIO}} or {roll_up: weighted}");
    }
}

static void resolve_service(struct bw_config_resolving *r)
{
    const struct bw_node *checks = bw_node_find(r->node, "checks");
    const struct bw_check_settings *settings = r->service->checks.items;
    r->out->name = r->service->name;
    r->out->labels = bw_config_labels(r, NULL, r->node, r->path);
    r->out->depends_on = r->service->depends_on.items;
    r->out->depends_on_count = r->service->depends_on.count;
    bw_config_check_label_names(r->loading, r->node, r->path, r->service->labels);
    resolve_roll_up(r);
    if (r->service->checks.count == 0)
        bw_config_problem(r, r->node, r->path, "a service without checks");
    const char *list = bw_conf_path_key(r->loading->arena, r->path, "checks");
    size_t i = 0;
    for (const struct bw_node *node = checks->first; node != NULL; node = node->next, i++) {
        const char *path = bw_conf_path_index(r->loading->arena, list, i);
        if (!bw_config_is_sound(r->loading, path))
            continue;
        for (size_t k = 0; k < i; k++) {
            if (settings[k].name != NULL && strcmp(settings[k].name, settings[i].name) == 0)
                bw_config_problem(r, node, path, "two checks of this name");
        }
        bw_config_resolve_check(r, &settings[i], node, path);
    }
}

/* Whether all but its checks has been decoded. */
static bool is_usable(const struct bw_config_resolving *r)
{
    const struct bw_problems *problems = r->loading->problems;
    const size_t len = strlen(r->path);
    for (size_t i = 0; i < problems->count; i++) {
        const char *where = problems->items[i].path;
        if (strncmp(where, r->path, len) == 0 && where[len] == '.'
            && !bw_text_starts_with(where + len, ".checks["))
            return false;
    }
    return r->service->name != NULL && r->service->checks.count > 0;
}

static size_t checks_at_most(const struct bw_settings *settings)
{
    const struct bw_service_settings *services = settings->services.items;
    size_t count = 0;
    for (size_t i = 0; i < settings->services.count; i++) {
        const size_t instances = services[i].instances.count;
        count += services[i].checks.count * (instances > 0 ? instances : 1);
    }
    return count;
}

static void add_depend_problem(struct bw_config_loading *loading, const struct bw_node *service,
                               size_t index, const char *message)
{
    const char *path = bw_conf_path_index(loading->arena, "services", index);
    bw_problems_add(loading->problems, bw_node_find(service, "depends_on")->at,
                    bw_conf_path_key(loading->arena, path, "depends_on"), "%s", message);
}

/* Two services of one name, names that the host has, dependencies that close a circle. */
static void check_services_together(struct bw_config_loading *loading,
                                    const struct bw_node *const *nodes)
{
    struct bw_config *config = loading->config;
    const char **names = bw_arena_array(loading->arena, config->service_count, sizeof *names);
    for (size_t i = 0; i < config->service_count; i++) {
        names[i] = config->services[i].name;
        if (strcmp(names[i], "host") == 0)
            bw_problems_add(loading->problems, nodes[i]->at, "services",
                            "'host' is the name of this machine's own service");
        for (size_t k = 0; k < i; k++) {
            if (names[i][0] != '\0' && strcmp(names[k], names[i]) == 0)
                bw_problems_add(loading->problems, nodes[i]->at, "services",
                                "two services named '%s'", names[i]);
        }
    }
    struct bw_depend *depend = bw_depend_new(names, config->service_count);
    for (size_t i = 0; i < config->service_count; i++) {
        for (size_t k = 0; k < config->services[i].depends_on_count; k++) {
            struct bw_err err;
            if (bw_depend_add_named(depend, i, config->services[i].depends_on[k], &err) != BW_OK)
                add_depend_problem(loading, nodes[i], i, err.text);
        }
    }
    bw_depend_free(depend);
}

void bw_config_resolve_services(struct bw_config_loading *loading)
{
    struct bw_config *config = loading->config;
    const struct bw_service_settings *settings = config->settings.services.items;
    const size_t count = config->settings.services.count;
    const struct bw_node *list = bw_node_find(loading->root, "services");
    struct bw_config_service *services = bw_arena_array(loading->arena, count, sizeof *services);
    struct bw_config_check *checks =
        bw_arena_array(loading->arena, checks_at_most(&config->settings), sizeof *checks);
    const struct bw_node **nodes = bw_arena_array(loading->arena, count, sizeof *nodes);
    const struct bw_node *node = list != NULL ? list->first : NULL;
    bw_config_check_label_names(loading, bw_node_find(loading->root, "global"), "global",
                                config->settings.global.labels);
    for (size_t i = 0; node != NULL && i < count; i++, node = node->next) {
        nodes[i] = node;
        struct bw_config_resolving r = { .loading = loading,
                                         .service = &settings[i],
                                         .node = node,
                                         .path = bw_conf_path_index(loading->arena, "services", i),
                                         .out = &services[i],
                                         .checks = checks,
                                         .check_count = &config->check_count };
        services[i].name = settings[i].name != NULL ? settings[i].name : "";
        if (is_usable(&r) || bw_config_is_sound(loading, r.path))
            resolve_service(&r);
    }
    config->services = services;
    config->service_count = count;
    config->checks = checks;
    check_services_together(loading, nodes);
}
