// SPDX-License-Identifier: GPL-3.0-or-later
/* Checks as they stand in the document to checks that run: one for each instance. */
#include "app/config_calendars.h"
#include "app/config_resolve.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "probe/mask.h"
#include "probe/table.h"
#include "probe/tells.h"

#include <string.h>

static const char *const instance_mark = BW_INSTANCE_MARK;

/* ---- kinds ----------------------------------------------------------------------------- */

static bool is_of_kind(const struct bw_check_settings *check, size_t kind)
{
    return kind == BW_PROBER_EXEC ? check->exec.count > 0 : check->targets[kind] != NULL;
}

static void expect_kind(struct bw_config_resolving *r, const struct bw_node *node, const char *path)
{
    struct bw_buf message;
    bw_buf_init(&message, 1024);
    bw_buf_text(&message, "expected one of the keys ");
    for (size_t i = 0; bw_probe_table[i] != NULL; i++)
        bw_buf_printf(&message, "%s%s", i == 0 ? "" : ", ", bw_probe_table[i]->name);
    bw_buf_text(&message, ", push");
    bw_config_problem(r, node, path, message.data);
    bw_buf_fini(&message);
}

/* Finds the one kind whose key the check has. */
static bool find_kind(struct bw_config_resolving *r, const struct bw_check_settings *check,
                      const struct bw_node *node, const char *path, struct bw_config_check *out)
{
    const struct bw_probe_ops *found = NULL;
    unsigned keys = 0;
    for (size_t i = 0; bw_probe_table[i] != NULL; i++) {
        if (is_of_kind(check, i)) {
            found = bw_probe_table[i];
            keys++;
        }
    }
    keys += check->push != NULL ? 1 : 0;
    if (keys > 1)
        bw_config_problem(r, node, path, "a check is of one kind");
    else if (keys == 0)
        expect_kind(r, node, path);
    else if (check->limits != NULL && check->exec.count == 0)
        bw_problems_add(r->loading->problems, bw_node_find(node, "limits")->key_at, path,
                        "'limits' are those of 'exec'");
    else {
        out->ops = found;
        out->kind = found != NULL ? found->name : "push";
        return true;
    }
    return false;
}

/* ---- instances ------------------------------------------------------------------------- */

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

static bool is_known_instance(const struct bw_config_service *service, const char *name)
{
    for (size_t i = 0; i < service->instance_count; i++) {
        if (strcmp(service->instances[i], name) == 0)
            return true;
    }
    return false;
}

static void note_instance(struct bw_config_resolving *r, const char *name)
{
    if (is_known_instance(r->out, name))
        return;
    const char **list = bw_arena_array(r->loading->arena, r->out->instance_count + 1, sizeof *list);
    for (size_t i = 0; i < r->out->instance_count; i++)
        list[i] = r->out->instances[i];
    list[r->out->instance_count++] = name;
    r->out->instances = list;
}

void bw_config_add_check(struct bw_config_resolving *r,
                         const struct bw_config_check *template_check, const char *instance,
                         const char *target)
{
    struct bw_config_check *out = &r->checks[(*r->check_count)++];
    *out = *template_check;
    out->instance = instance;
    out->target = target;
    out->target_hash = bw_hash(target, strlen(target), 0);
    out->shown_target = bw_mask_target(r->loading->arena, target);
    out->covered = bw_config_canary_covers(r->loading->config, out);
    struct bw_buf identity;
    bw_buf_init(&identity, 4 * BW_NAME_BYTES_MAX);
    bw_buf_printf(&identity, "%s\n%s\n%s", out->service, out->instance, out->name);
    out->schedule.hash = bw_hash(identity.data, identity.len, 0);
    bw_buf_fini(&identity);
}

bool bw_config_asks_each(const struct bw_config_asked *asked)
{
    if (asked->target != NULL)
        return strstr(asked->target, instance_mark) != NULL;
    return bw_config_command_has_instance(asked->command);
}

enum bw_rc bw_config_fill_in(struct bw_config_loading *loading, const struct bw_config_asked *asked,
                             const char *instance, struct bw_config_check *check,
                             const char **out_target, struct bw_err *err)
{
    if (asked->target == NULL)
        return bw_config_command(loading, asked->command, instance, check, out_target, err);
    *out_target =
        instance != NULL ? fill_in(loading->arena, asked->target, instance) : asked->target;
    return check->ops->check_target(*out_target, err);
}

/* `instance` is NULL when the target tells what it is called. */
static void ask(struct bw_config_resolving *r, const struct bw_config_check *check,
                const struct bw_config_asked *asked, const char *instance)
{
    struct bw_config_check filled = *check;
    const char *target = NULL;
    struct bw_err err;
    if (bw_config_fill_in(r->loading, asked, instance, &filled, &target, &err) != BW_OK)
        bw_config_problem(r, asked->node, asked->path, err.text);
    if (instance == NULL)
        instance = asked->target == NULL || bw_config_is_local(check->ops, target)
                       ? BW_COMMAND_INSTANCE
                       : instance_of_target(r->loading->arena, target);
    note_instance(r, instance);
    bw_config_add_check(r, &filled, instance, target);
}

/* One check for each instance, or one for the target itself. */
static void expand(struct bw_config_resolving *r, const struct bw_config_check *check,
                   const struct bw_config_asked *asked)
{
    if (!bw_config_asks_each(asked)) {
        ask(r, check, asked, NULL);
        return;
    }
    if (r->service->instances.count == 0)
        bw_config_problem(r, asked->node, asked->path,
                          "'${instance}' needs 'instances' in the service");
    for (size_t i = 0; i < r->service->instances.count; i++)
        ask(r, check, asked, r->service->instances.items[i]);
}

/* ---- one check ------------------------------------------------------------------------- */

static int64_t first_set(int64_t a, int64_t b)
{
    return a > 0 ? a : b;
}

/* What the check says of itself, whatever its kind. */
static void resolve_common(struct bw_config_resolving *r, const struct bw_check_settings *check,
                           const struct bw_node *node, const char *path,
                           struct bw_config_check *out)
{
    const struct bw_global_settings *global = &r->loading->config->settings.global;
    bw_config_check_label_names(r->loading, node, path, check->labels);
    out->hours =
        bw_config_resolve_hours(r->loading, check->calendar, check->except_calendar, node, path);
    out->definition = bw_node_hash(node, 0);
    out->module = check->module != NULL ? check->module : "";
    out->canary = (enum bw_canary_choice)check->canary;
    out->weight = check->health.weight;
    out->health = bw_health_rule_make(&check->health, &global->health);
    out->labels = bw_config_labels(r, check, node, path);
    out->schedule = (struct bw_schedule_rule){
        .interval_ns = first_set(check->interval_ns, global->interval_ns),
        .fast_interval_ns = check->fast_interval_ns,
        .down_interval_ns = check->down_interval_ns,
        .priority = (enum bw_schedule_priority)check->priority,
    };
}

static struct bw_config_check begin_check(const struct bw_config_resolving *r,
                                          const struct bw_check_settings *check,
                                          const struct bw_node *node, const char *path)
{
    return (struct bw_config_check){
        .service = r->out->name, .name = check->name, .at = node->at, .path = path
    };
}

static void resolve_mode(struct bw_config_resolving *r, const struct bw_check_settings *check,
                         const struct bw_node *node, const char *path, struct bw_config_check *out)
{
    out->resolve_mode = (enum bw_resolve_mode)check->resolve_mode;
    if (out->resolve_mode == BW_RESOLVE_FIRST
        || bw_kind_tells_family(bw_kind_of(out->ops), BW_METRIC_PROBE_ADDRESSES))
        return;
    const char *message = bw_arena_printf(
        r->loading->arena, "%s looks no name up, so there is one address at most", out->kind);
    bw_config_problem(r, bw_node_find(node, "resolve_mode"),
                      bw_conf_path_key(r->loading->arena, path, "resolve_mode"), message);
}

bool bw_config_make_check(struct bw_config_resolving *r, const struct bw_check_settings *check,
                          const struct bw_node *node, const char *path, struct bw_config_check *out,
                          struct bw_config_asked *asked)
{
    const struct bw_global_settings *global = &r->loading->config->settings.global;
    *out = begin_check(r, check, node, path);
    if (!find_kind(r, check, node, path, out))
        return false;
    if (out->ops == NULL) {
        bw_config_problem(r, node, path, "'push' is for jobs that are configured one by one");
        return false;
    }
    resolve_common(r, check, node, path, out);
    const bool asks = bw_config_resolve_options(r, check, node, path, out);
    bw_config_resolve_degraded(r, check, node, path, out);
    if (!asks)
        return false;
    if (check->module != NULL)
        out->definition =
            bw_node_hash(bw_node_find(r->loading->modules, check->module), out->definition);
    out->timeout_ns =
        first_set(check->timeout_ns, first_set(out->options->timeout_ns, global->timeout_ns));
    out->retries = (unsigned)(check->retries >= 0 ? check->retries : global->retries);
    out->expect_failure = check->expect != 0;
    resolve_mode(r, check, node, path, out);
    if (out->schedule.interval_ns < global->slot_ns)
        bw_config_problem(r, node, path, "'interval' is shorter than 'global.slot'");
    *asked = (struct bw_config_asked){ .target = check->targets[out->options->prober],
                                       .command = check->exec,
                                       .node = bw_node_find(node, out->ops->name),
                                       .path = bw_conf_path_key(r->loading->arena, path,
                                                                out->ops->name) };
    return true;
}

/* A job that reports by itself. */
static void resolve_job(struct bw_config_resolving *r, const struct bw_check_settings *check,
                        const struct bw_node *node, const char *path)
{
    struct bw_config_check out = begin_check(r, check, node, path);
    if (!find_kind(r, check, node, path, &out))
        return;
    resolve_common(r, check, node, path, &out);
    bw_config_resolve_degraded(r, check, node, path, &out);
    note_instance(r, BW_PUSH_INSTANCE);
    bw_config_resolve_push(r, check, node, path, &out);
}

void bw_config_resolve_check(struct bw_config_resolving *r, const struct bw_check_settings *check,
                             const struct bw_node *node, const char *path)
{
    struct bw_config_check made;
    struct bw_config_asked asked;
    if (check->push != NULL)
        resolve_job(r, check, node, path);
    else if (bw_config_make_check(r, check, node, path, &made, &asked))
        expand(r, &made, &asked);
}
