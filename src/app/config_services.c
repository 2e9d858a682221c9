// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config_internal.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/units.h"
#include "health/depend.h"
#include "probe/mask.h"
#include "probe/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Options of checks that add nothing to their module, or have none: a kind's defaults. */
struct bw_config_shared {
    const struct bw_node *base; /* the module in the document, or NULL */
    const struct bw_probe_ops *ops;
    const struct bw_probe_module *options;
    size_t index;
    struct bw_config_shared *next;
};

/* One service while its checks are resolved. */
struct resolving {
    struct bw_config_loading *loading;
    const struct bw_service_settings *service;
    const struct bw_node *node; /* of the service in the document */
    const char *path;           /* "services[1]" */
    struct bw_config_service *out;
    struct bw_config_check *checks; /* room for all */
    size_t *check_count;
};

static const char *const instance_mark = BW_INSTANCE_MARK;

static void problem(struct resolving *r, const struct bw_node *at, const char *path,
                    const char *message)
{
    const struct bw_place place = at != NULL ? at->at : (struct bw_place){ 0 };
    bw_problems_add(r->loading->problems, place, path, "%s", message);
}

/* ---- options: a module with overrides laid over it ------------------------------------ */

/* A copy of `base` in which what `over` has stands instead; both may be NULL. */
static struct bw_node *overlay(struct bw_arena *arena, const struct bw_node *base,
                               const struct bw_node *over)
{
    const struct bw_node *from = over != NULL ? over : base;
    struct bw_node *copy = bw_arena_alloc(arena, sizeof *copy);
    *copy = *from;
    copy->first = copy->last = copy->next = NULL;
    copy->count = 0;
    const bool both =
        base != NULL && over != NULL && base->kind == BW_NODE_MAP && over->kind == BW_NODE_MAP;
    for (const struct bw_node *child = both ? base->first : NULL; child != NULL;
         child = child->next)
        bw_node_append(copy, overlay(arena, child, bw_node_find(over, child->key)));
    for (const struct bw_node *child = from->first; child != NULL; child = child->next) {
        if (!both || bw_node_find(base, child->key) == NULL)
            bw_node_append(copy, overlay(arena, child, NULL));
    }
    return copy;
}

static const struct bw_node *module_node(struct resolving *r, const struct bw_check_settings *check,
                                         const struct bw_node *check_node, const char *path)
{
    if (check->module == NULL)
        return NULL;
    const struct bw_node *node = bw_node_find(r->loading->modules, check->module);
    if (node == NULL)
        bw_problems_add(r->loading->problems, bw_node_find(check_node, "module")->at, path,
                        "there is no module '%s'", check->module);
    return node;
}

/* Whether the module can be used as it stands; if not, that has been told where it stands. */
static bool is_sound(struct resolving *r, const struct bw_node *base)
{
    struct bw_probe_module *scratch = bw_arena_alloc(r->loading->arena, sizeof *scratch);
    struct bw_conf_ctx ctx = r->loading->ctx;
    struct bw_problems told = { 0 };
    ctx.problems = &told;
    const bool sound = bw_conf_decode(&ctx, base, "", &bw_probe_module_group, scratch);
    bw_problems_fini(&told);
    return sound;
}

/* False, told here or before, when the check names a module that cannot be used. */
static bool can_use(struct resolving *r, const struct bw_check_settings *check,
                    const struct bw_node *check_node, const struct bw_node *base, const char *path)
{
    if (check->module == NULL)
        return true;
    const char *later = base != NULL ? bw_config_later_prober(base) : NULL;
    if (later == NULL)
        return base != NULL && is_sound(r, base);
    bw_problems_add(r->loading->problems, bw_node_find(check_node, "module")->at, path,
                    "the prober of module '%s', %s, is not supported by this version",
                    check->module, later);
    return false;
}

static struct bw_probe_module *decode_module(struct resolving *r, const struct bw_probe_ops *ops,
                                             const struct bw_check_settings *check,
                                             const struct bw_node *check_node,
                                             const struct bw_node *base, const char *path)
{
    struct bw_arena *arena = r->loading->arena;
    if (!can_use(r, check, check_node, base, path))
        return NULL;
    struct bw_place at = check_node->at;
    struct bw_node *kind = bw_node_new(arena, BW_NODE_MAP, at);
    struct bw_node *prober = bw_node_text_new(arena, ops->name, at);
    prober->key = "prober";
    bw_node_append(kind, prober);
    const struct bw_node *merged = base == NULL ? kind : base;
    if (check->overrides != NULL && !bw_node_is_null(check->overrides))
        merged = overlay(arena, merged, check->overrides);
    struct bw_probe_module *module = bw_arena_alloc(arena, sizeof *module);
    const char *where = base == NULL ? bw_conf_path_key(arena, path, "overrides")
                                     : bw_conf_path_key(arena, "modules", check->module);
    if (!bw_conf_decode(&r->loading->ctx, merged, where, &bw_probe_module_group, module))
        return NULL;
    if (bw_probe_table[module->prober] != ops) {
        at = base != NULL ? bw_node_find(check_node, "module")->at : at;
        bw_problems_add(r->loading->problems, at, path, "module '%s' is for %s, the check is %s",
                        check->module, bw_probe_table[module->prober]->name, ops->name);
        return NULL;
    }
    module->name = check->module;
    return module;
}

void bw_config_set_options(struct bw_config_loading *loading, struct bw_config_check *check,
                           const struct bw_probe_module *options)
{
    check->options = options;
    check->options_index = loading->config->options_count++;
}

static bool has_own_options(const struct bw_check_settings *check)
{
    const struct bw_node *over = check->overrides;
    const bool empty =
        over == NULL || bw_node_is_null(over) || (over->kind == BW_NODE_MAP && over->count == 0);
    return check->limits != NULL || !empty;
}

/* A thousand checks of one module have its options once, not a thousand times. */
static bool resolve_options(struct resolving *r, const struct bw_check_settings *check,
                            const struct bw_node *check_node, const char *path,
                            struct bw_config_check *out)
{
    struct bw_config_loading *loading = r->loading;
    const struct bw_node *base = module_node(r, check, check_node, path);
    const bool own = has_own_options(check);
    if (check->module != NULL && base == NULL)
        return false;
    struct bw_config_shared *shared = loading->shared;
    while (shared != NULL && (shared->base != base || shared->ops != out->ops))
        shared = shared->next;
    if (!own && shared != NULL) {
        out->options = shared->options;
        out->options_index = shared->index;
        return true;
    }
    struct bw_probe_module *module = decode_module(r, out->ops, check, check_node, base, path);
    if (module == NULL)
        return false;
    if (check->limits != NULL)
        module->exec.limits = *check->limits;
    bw_config_set_options(loading, out, module);
    if (own)
        return true;
    shared = bw_arena_alloc(loading->arena, sizeof *shared);
    *shared =
        (struct bw_config_shared){ base, out->ops, module, out->options_index, loading->shared };
    loading->shared = shared;
    return true;
}

/* ---- conditions ------------------------------------------------------------------------ */

static bool degraded_subject(const char *name, struct bw_degraded_rule *out)
{
    if (strcmp(name, "duration") == 0) {
        out->subject = BW_DEGRADED_DURATION;
        return true;
    }
    if (strcmp(name, "certificate_expires_in") == 0) {
        out->subject = BW_DEGRADED_CERTIFICATE;
        return true;
    }
    for (int phase = 0; phase < BW_PHASE_COUNT; phase++) {
        if (strcmp(name, bw_probe_phase_name((enum bw_probe_phase)phase)) == 0) {
            out->subject = BW_DEGRADED_PHASE;
            out->phase = (enum bw_probe_phase)phase;
            return true;
        }
    }
    return false;
}

static void resolve_degraded(struct resolving *r, const struct bw_check_settings *check,
                             const struct bw_node *check_node, const char *path,
                             struct bw_config_check *out)
{
    const struct bw_node *node = bw_node_find(check_node, "degraded_when");
    path = bw_conf_path_key(r->loading->arena, path, "degraded_when");
    struct bw_degraded_rule *rules =
        bw_arena_array(r->loading->arena, check->degraded_when.count, sizeof *rules);
    for (size_t i = 0; i < check->degraded_when.count; i++) {
        const struct bw_pair *pair = &check->degraded_when.items[i];
        const struct bw_node *at = bw_node_find(node, pair->name);
        const char *key = bw_conf_path_key(r->loading->arena, path, pair->name);
        struct bw_err err;
        rules[i].name = pair->name;
        if (!degraded_subject(pair->name, &rules[i]))
            problem(r, at, key,
                    "expected duration, certificate_expires_in, resolve, connect, tls, processing "
                    "or transfer");
        else if (bw_condition_parse(pair->value, BW_UNIT_SECONDS, &rules[i].condition, &err)
                 != BW_OK)
            problem(r, at, key, err.text);
    }
    out->degraded = rules;
    out->degraded_count = check->degraded_when.count;
}

/* ---- labels and names ------------------------------------------------------------------ */

static size_t add_labels(struct bw_label *out, size_t count, struct bw_pairs pairs)
{
    for (size_t i = 0; i < pairs.count && count < BW_LABELS_MAX; i++)
        out[count++] = (struct bw_label){ pairs.items[i].name, pairs.items[i].value };
    return count;
}

/* `owner` is the mapping that has the key `labels`. */
static void check_label_names(struct bw_config_loading *loading, const struct bw_node *owner,
                              const char *path, struct bw_pairs labels)
{
    static const char *const taken[] = { "service", "instance", "check", "module" };
    const struct bw_node *map = bw_node_find(owner, "labels");
    path = bw_conf_path_key(loading->arena, path, "labels");
    for (size_t i = 0; i < labels.count; i++) {
        const char *name = labels.items[i].name;
        const struct bw_place at = bw_node_find(map, name)->key_at;
        if (!bw_label_name_is_valid(name) || bw_text_starts_with(name, "__"))
            bw_problems_add(loading->problems, at, path, "'%s' is not a label name", name);
        for (size_t k = 0; k < sizeof taken / sizeof *taken; k++) {
            if (strcmp(name, taken[k]) == 0)
                bw_problems_add(loading->problems, at, path, "label '%s' is ours", name);
        }
    }
}

static struct bw_labels labels_of(struct resolving *r, const struct bw_check_settings *check,
                                  const struct bw_node *at, const char *path)
{
    const size_t wanted = r->loading->config->settings.global.labels.count
                          + r->service->labels.count + (check != NULL ? check->labels.count : 0);
    struct bw_label labels[BW_LABELS_MAX];
    if (wanted > BW_LABELS_MAX)
        bw_problems_add(r->loading->problems, at->at, path,
                        "more than %u labels, global ones included", BW_LABELS_MAX);
    size_t count = add_labels(labels, 0, r->loading->config->settings.global.labels);
    count = add_labels(labels, count, r->service->labels);
    if (check != NULL)
        count = add_labels(labels, count, check->labels);
    return bw_labels_make(r->loading->arena, labels, count);
}

/* "host:port" of a target without ${instance}: what an instance is called by default. */
static const char *instance_of_target(struct bw_arena *arena, const char *target)
{
    const char *scheme = strstr(target, "://");
    const char *start = scheme != NULL ? scheme + 3 : target;
    size_t len = strcspn(start, "/?#");
    const char *at = memrchr(start, '@', len); /* the last: a password may have one */
    if (at != NULL) {
        len -= (size_t)(at + 1 - start);
        start = at + 1;
    }
    const char *bracket = memchr(start, ']', len);
    const char *colon = memchr(bracket != NULL ? bracket : start, ':',
                               len - (bracket != NULL ? (size_t)(bracket - start) : 0));
    if (scheme == NULL || colon != NULL)
        return bw_arena_strndup(arena, start, len);
    const bool tls = bw_text_starts_with(target, "https:");
    return bw_arena_printf(arena, "%.*s:%s", (int)len, start, tls ? "443" : "80");
}

static const char *fill_in(struct bw_arena *arena, const char *target, const char *instance)
{
    struct bw_buf out;
    bw_buf_init(&out, BW_CONF_FILE_BYTES_MAX);
    for (const char *mark; (mark = strstr(target, instance_mark)) != NULL;) {
        bw_buf_bytes(&out, target, (size_t)(mark - target));
        bw_buf_text(&out, instance);
        target = mark + strlen(instance_mark);
    }
    bw_buf_text(&out, target);
    const char *filled = bw_arena_strndup(arena, out.data, out.len);
    bw_buf_fini(&out);
    return filled;
}

/* ---- checks ---------------------------------------------------------------------------- */

static bool is_of_kind(const struct bw_check_settings *check, size_t kind)
{
    return kind == BW_PROBER_EXEC ? check->exec.count > 0 : check->targets[kind] != NULL;
}

static void expect_kind(struct resolving *r, const struct bw_node *node, const char *path)
{
    struct bw_buf message;
    bw_buf_init(&message, 1024);
    bw_buf_text(&message, "expected one of the keys ");
    for (size_t i = 0; bw_probe_table[i] != NULL; i++)
        bw_buf_printf(&message, "%s%s", i == 0 ? "" : ", ", bw_probe_table[i]->name);
    problem(r, node, path, message.data);
    bw_buf_fini(&message);
}

/* The one kind whose key the check has. */
static const struct bw_probe_ops *kind_of(struct resolving *r,
                                          const struct bw_check_settings *check,
                                          const struct bw_node *node, const char *path)
{
    const struct bw_probe_ops *found = NULL;
    unsigned keys = 0;
    for (size_t i = 0; bw_probe_table[i] != NULL; i++) {
        if (is_of_kind(check, i)) {
            found = bw_probe_table[i];
            keys++;
        }
    }
    for (size_t i = 0; bw_later_kinds[i] != NULL; i++) {
        if (check->later[i] == NULL)
            continue;
        bw_problems_add(r->loading->problems, bw_node_find(node, bw_later_kinds[i])->key_at, path,
                        "'%s' is not supported by this version", bw_later_kinds[i]);
        return NULL;
    }
    if (keys > 1)
        problem(r, node, path, "a check is of one kind");
    else if (keys == 0)
        expect_kind(r, node, path);
    else if (check->limits != NULL && check->exec.count == 0)
        bw_problems_add(r->loading->problems, bw_node_find(node, "limits")->key_at, path,
                        "'limits' are those of 'exec'");
    else
        return found;
    return NULL;
}

static int64_t first_set(int64_t a, int64_t b)
{
    return a > 0 ? a : b;
}

static void add_check(struct resolving *r, const struct bw_config_check *template_check,
                      const char *instance, const char *target)
{
    struct bw_config_check *out = &r->checks[(*r->check_count)++];
    *out = *template_check;
    out->instance = instance;
    out->target = target;
    out->shown_target = bw_mask_target(r->loading->arena, target);
    out->covered = bw_config_canary_covers(r->loading->config, out);
    struct bw_buf identity;
    bw_buf_init(&identity, 4 * BW_NAME_BYTES_MAX);
    bw_buf_printf(&identity, "%s\n%s\n%s", out->service, out->instance, out->name);
    out->schedule.hash = bw_hash(identity.data, identity.len, 0);
    bw_buf_fini(&identity);
}

static bool is_known_instance(const struct bw_config_service *service, const char *name)
{
    for (size_t i = 0; i < service->instance_count; i++) {
        if (strcmp(service->instances[i], name) == 0)
            return true;
    }
    return false;
}

static void note_instance(struct resolving *r, const char *name)
{
    if (is_known_instance(r->out, name))
        return;
    const char **list = bw_arena_array(r->loading->arena, r->out->instance_count + 1, sizeof *list);
    for (size_t i = 0; i < r->out->instance_count; i++)
        list[i] = r->out->instances[i];
    list[r->out->instance_count++] = name;
    r->out->instances = list;
}

/* What a check asks, before `${instance}` is filled in. */
struct asked {
    const char *target;        /* NULL: a command is run */
    struct bw_strings command; /* with NULL */
    const struct bw_node *node;
    const char *path;
};

static bool asks_each_instance(const struct asked *asked)
{
    if (asked->target != NULL)
        return strstr(asked->target, instance_mark) != NULL;
    return bw_config_command_has_instance(asked->command);
}

/* `instance` is NULL when the target tells what it is called. */
static void ask(struct resolving *r, const struct bw_config_check *check, const struct asked *asked,
                const char *instance)
{
    struct bw_arena *arena = r->loading->arena;
    struct bw_config_check filled = *check;
    const char *target = asked->target;
    struct bw_err err;
    enum bw_rc rc;
    if (target == NULL) {
        rc = bw_config_command(r->loading, asked->command, instance, &filled, &target, &err);
        instance = instance != NULL ? instance : BW_COMMAND_INSTANCE;
    } else {
        target = instance != NULL ? fill_in(arena, target, instance) : target;
        rc = check->ops->check_target(target, &err);
        instance = instance != NULL ? instance : instance_of_target(arena, target);
    }
    if (rc != BW_OK)
        problem(r, asked->node, asked->path, err.text);
    note_instance(r, instance);
    add_check(r, &filled, instance, target);
}

/* One check for each instance, or one for the target itself. */
static void expand(struct resolving *r, const struct bw_config_check *check,
                   const struct asked *asked)
{
    if (!asks_each_instance(asked)) {
        ask(r, check, asked, NULL);
        return;
    }
    if (r->service->instances.count == 0)
        problem(r, asked->node, asked->path, "'${instance}' needs 'instances' in the service");
    for (size_t i = 0; i < r->service->instances.count; i++)
        ask(r, check, asked, r->service->instances.items[i]);
}

static void resolve_check(struct resolving *r, const struct bw_check_settings *check,
                          const struct bw_node *node, const char *path)
{
    const struct bw_global_settings *global = &r->loading->config->settings.global;
    struct bw_config_check out = {
        .service = r->out->name, .name = check->name, .at = node->at, .path = path
    };
    out.ops = kind_of(r, check, node, path);
    if (out.ops == NULL)
        return;
    check_label_names(r->loading, node, path, check->labels);
    resolve_degraded(r, check, node, path, &out);
    if (!resolve_options(r, check, node, path, &out))
        return;
    out.definition = bw_node_hash(node, 0);
    if (check->module != NULL)
        out.definition =
            bw_node_hash(bw_node_find(r->loading->modules, check->module), out.definition);
    out.module = check->module != NULL ? check->module : "";
    out.timeout_ns =
        first_set(check->timeout_ns, first_set(out.options->timeout_ns, global->timeout_ns));
    out.retries = (unsigned)(check->retries >= 0 ? check->retries : global->retries);
    out.expect_failure = check->expect != 0;
    out.canary = (enum bw_canary_choice)check->canary;
    out.weight = check->health.weight;
    out.health = bw_health_rule_make(&check->health, &global->health);
    out.labels = labels_of(r, check, node, path);
    out.schedule = (struct bw_schedule_rule){
        .interval_ns = first_set(check->interval_ns, global->interval_ns),
        .fast_interval_ns = check->fast_interval_ns,
        .down_interval_ns = check->down_interval_ns,
        .priority = (enum bw_schedule_priority)check->priority,
    };
    if (out.schedule.interval_ns < global->slot_ns)
        problem(r, node, path, "'interval' is shorter than 'global.slot'");
    const struct asked asked = { .target = check->targets[out.options->prober],
                                 .command = check->exec,
                                 .node = bw_node_find(node, out.ops->name),
                                 .path = bw_conf_path_key(r->loading->arena, path, out.ops->name) };
    expand(r, &out, &asked);
}

/* ---- services -------------------------------------------------------------------------- */

static void resolve_roll_up(struct resolving *r)
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
            problem(r, how, path, "expected a quorum above 0 and up to 1");
    } else if (how != NULL && how->kind == BW_NODE_SCALAR && strcmp(how->text, "weighted") == 0) {
        r->out->roll_up.kind = BW_ROLLUP_WEIGHTED;
    } else if (how == NULL || how->kind != BW_NODE_SCALAR || strcmp(how->text, "worst") != 0) {
        problem(r, how != NULL ? how : status, path,
                "expected {roll_up: worst}, {roll_up: {quorum: RATIO}} or {roll_up: weighted}");
    }
}

static void resolve_service(struct resolving *r)
{
    const struct bw_node *checks = bw_node_find(r->node, "checks");
    const struct bw_check_settings *settings = r->service->checks.items;
    r->out->name = r->service->name;
    r->out->labels = labels_of(r, NULL, r->node, r->path);
    r->out->depends_on = r->service->depends_on.items;
    r->out->depends_on_count = r->service->depends_on.count;
    check_label_names(r->loading, r->node, r->path, r->service->labels);
    resolve_roll_up(r);
    if (r->service->checks.count == 0)
        problem(r, r->node, r->path, "a service without checks");
    const char *list = bw_conf_path_key(r->loading->arena, r->path, "checks");
    size_t i = 0;
    for (const struct bw_node *node = checks->first; node != NULL; node = node->next, i++) {
        const char *path = bw_conf_path_index(r->loading->arena, list, i);
        if (!bw_config_is_sound(r->loading, path))
            continue;
        for (size_t k = 0; k < i; k++) {
            if (settings[k].name != NULL && strcmp(settings[k].name, settings[i].name) == 0)
                problem(r, node, path, "two checks of this name");
        }
        resolve_check(r, &settings[i], node, path);
    }
}

/* Whether all but its checks has been decoded. */
static bool is_usable(const struct resolving *r)
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
    check_label_names(loading, bw_node_find(loading->root, "global"), "global",
                      config->settings.global.labels);
    for (size_t i = 0; i < count; i++, node = node->next) {
        nodes[i] = node;
        struct resolving r = { .loading = loading,
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
