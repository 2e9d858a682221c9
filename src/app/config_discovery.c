// SPDX-License-Identifier: GPL-3.0-or-later
/* Sources of targets: what they ask, the targets that are known, and the checks of those. What is
 * wrong with a target leaves that target out, with a warning: nobody's configuration is at fault.
 */
#include "app/config_resolve.h"
#include "app/reach.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* One source while it is resolved. */
struct source {
    struct bw_config_loading *loading;
    const struct bw_source_settings *settings;
    const struct bw_node *node;
    const char *path; /* "discovery.file[0]" */
    struct bw_config_source *out;
    struct bw_config_check *templates; /* of its checks that can be asked */
    struct bw_config_asked *asked;
    struct bw_pairs *of_checks; /* labels of each */
    size_t template_count;
    size_t left_out;
    struct bw_err first; /* why the first of them was */
};

/* All of them. */
struct sources {
    struct bw_config_loading *loading;
    struct source *items;
    size_t count;
    struct bw_config_target *targets; /* that have checks */
    size_t target_count;
    struct bw_config_service *services;
    size_t service_count;
    struct bw_config_check *checks;
    size_t check_count;
    const struct bw_config_check **seen; /* by hash of what identifies it */
    size_t seen_mask;
};

static void problem(const struct source *s, const struct bw_node *at, const char *path,
                    const char *message)
{
    bw_problems_add(s->loading->problems, (at != NULL ? at : s->node)->at, path, "%s", message);
}

/* ---- what is asked --------------------------------------------------------------------- */

static struct bw_discovery_spec spec_of_file(const void *settings)
{
    const struct bw_file_source_settings *file = settings;
    return (struct bw_discovery_spec){ .kind = BW_DISCOVERY_FILE, .from = file->files };
}

static struct bw_discovery_spec spec_of_http(const void *settings)
{
    const struct bw_http_source_settings *http = settings;
    return (struct bw_discovery_spec){ .kind = BW_DISCOVERY_HTTP,
                                       .from = { &http->url, 1 },
                                       .timeout_ns = http->timeout_ns };
}

static struct bw_discovery_spec spec_of_dns(const void *settings)
{
    const struct bw_dns_source_settings *dns = settings;
    return (struct bw_discovery_spec){ .kind = BW_DISCOVERY_DNS,
                                       .from = dns->names,
                                       .record = (enum bw_discovery_record)dns->type,
                                       .port = (uint16_t)dns->port,
                                       .servers = dns->servers,
                                       .timeout_ns = dns->timeout_ns };
}

static struct bw_discovery_spec spec_of_push(const void *settings)
{
    const struct bw_push_source_settings *push = settings;
    return (struct bw_discovery_spec){ .kind = BW_DISCOVERY_PUSH,
                                       .from = { &push->name, 1 },
                                       .timeout_ns = push->ttl_ns };
}

/* What tells this source from others, for people to read too. */
static const char *name_of(struct bw_arena *arena, const struct bw_discovery_spec *spec)
{
    static const char *const records[] = {
        [BW_RECORD_SRV] = "SRV", [BW_RECORD_A] = "A", [BW_RECORD_AAAA] = "AAAA"
    };
    struct bw_buf name;
    bw_buf_init(&name, 64u << 10);
    bw_buf_text(&name, bw_discovery_kind_name(spec->kind));
    if (spec->kind == BW_DISCOVERY_DNS)
        bw_buf_printf(&name, " %s", records[spec->record]);
    for (size_t i = 0; i < spec->from.count; i++) {
        char shown[1024];
        bw_text_hide_userinfo(shown, sizeof shown, spec->from.items[i]);
        bw_buf_printf(&name, " %s", spec->kind == BW_DISCOVERY_HTTP ? shown : spec->from.items[i]);
    }
    if (spec->port != 0)
        bw_buf_printf(&name, " port %u", spec->port);
    if (spec->servers != NULL)
        bw_buf_printf(&name, " of %s", spec->servers);
    const char *kept = bw_arena_strndup(arena, name.data, name.len);
    bw_buf_fini(&name);
    return kept;
}

static void resolve_spec(struct source *s)
{
    struct bw_err err;
    s->out->spec.folder = s->loading->config->folder;
    s->out->spec.refresh_ns = s->settings->refresh_ns;
    s->out->name = name_of(s->loading->arena, &s->out->spec);
    for (size_t i = 0; i < s->out->spec.from.count; i++) {
        if (bw_discovery_check(s->out->spec.kind, s->out->spec.from.items[i], &err) != BW_OK)
            problem(s, NULL, s->path, err.text);
    }
    if (s->out->spec.from.count == 0)
        problem(s, NULL, s->path, "nothing to ask");
}

/* ---- checks ---------------------------------------------------------------------------- */

static void resolve_template(struct source *s, struct bw_config_resolving *r, size_t index,
                             const struct bw_node *node, const char *path)
{
    const struct bw_check_settings *all = s->settings->checks.items;
    struct bw_config_check *out = &s->templates[s->template_count];
    struct bw_config_asked *asked = &s->asked[s->template_count];
    for (size_t k = 0; k < index; k++) {
        if (all[k].name != NULL && strcmp(all[k].name, all[index].name) == 0)
            problem(s, node, path, "two checks of this name");
    }
    if (!bw_config_make_check(r, &all[index], node, path, out, asked))
        return;
    if (!bw_config_asks_each(asked))
        problem(s, asked->node, asked->path, "a check of targets that are found has '${instance}'");
    else
        s->of_checks[s->template_count++] = all[index].labels;
}

static void resolve_templates(struct source *s)
{
    struct bw_arena *arena = s->loading->arena;
    const struct bw_node *checks = bw_node_find(s->node, "checks");
    const char *list = bw_conf_path_key(arena, s->path, "checks");
    const struct bw_service_settings service = { .name = s->settings->service,
                                                 .labels = s->settings->labels };
    struct bw_config_service out = { .name = service.name };
    struct bw_config_resolving r = {
        .loading = s->loading, .service = &service, .node = s->node, .path = s->path, .out = &out
    };
    size_t i = 0;
    s->templates = bw_arena_array(arena, s->settings->checks.count, sizeof *s->templates);
    s->of_checks = bw_arena_array(arena, s->settings->checks.count, sizeof *s->of_checks);
    s->asked = bw_arena_array(arena, s->settings->checks.count, sizeof *s->asked);
    bw_config_check_label_names(s->loading, s->node, s->path, s->settings->labels);
    for (const struct bw_node *node = checks != NULL ? checks->first : NULL; node != NULL;
         node = node->next, i++) {
        const char *path = bw_conf_path_index(arena, list, i);
        if (bw_config_is_sound(s->loading, path))
            resolve_template(s, &r, i, node, path);
    }
    if (s->settings->checks.count == 0)
        bw_problems_add(&s->loading->config->warnings, s->node->at, s->path,
                        "has no 'checks': nothing is asked of its targets");
}

/* ---- targets --------------------------------------------------------------------------- */

static void leave_out(struct source *s, const char *address, const char *why)
{
    if (s->left_out++ == 0)
        bw_fail(&s->first, BW_EINVAL, "%.100s: %s", address, why);
}

/* Whether it may stand in names, labels and lines of logs. */
static bool is_clean(const char *text)
{
    const size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    }
    return bw_utf8_valid_prefix(text, len) == len;
}

static bool is_name(const char *text)
{
    return text[0] != '\0' && strlen(text) <= BW_NAME_BYTES_MAX && is_clean(text);
}

/* Whoever writes lists or registers targets does not choose files and sockets of this machine. */
static bool is_local(const char *address)
{
    return address[0] == '/' || address[0] == '@' || bw_text_starts_with(address, "file:")
           || bw_text_starts_with(address, "unix:");
}

/* What of its labels is for its checks. NULL, or why that cannot be. */
static const char *own_labels(struct source *s, struct bw_labels labels, struct bw_labels *out)
{
    struct bw_label own[BW_LABELS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < labels.count; i++) {
        const struct bw_label label = labels.items[i];
        if (bw_text_starts_with(label.name, "__") || bw_config_label_is_ours(label.name))
            continue;
        if (count == BW_LABELS_MAX)
            return "too many labels";
        if (!bw_label_name_is_valid(label.name))
            return "a label's name is not valid";
        if (strlen(label.value) > BW_LABEL_VALUE_BYTES_MAX || !is_clean(label.value))
            return "a label's value is too long, or no text";
        own[count++] = label;
    }
    *out = bw_labels_make(s->loading->arena, own, count);
    return NULL;
}

static const char *value_or(struct bw_labels labels, const char *name, const char *otherwise)
{
    const char *value = bw_labels_value(labels, name);
    return value != NULL ? value : otherwise;
}

static void take_target(struct sources *all, struct source *s, struct bw_labels labels)
{
    struct bw_arena *arena = s->loading->arena;
    const char *address = value_or(labels, "__address__", "");
    struct bw_config_target target = {
        .address = bw_arena_strdup(arena, address),
        .service = bw_arena_strdup(arena, value_or(labels, "service", s->settings->service)),
        .instance = bw_arena_strdup(arena, value_or(labels, "instance", address)),
        .source = s->out->name,
    };
    const char *why = NULL;
    if (!is_name(address) || !is_name(target.service) || !is_name(target.instance))
        why = "no name: empty, too long, or no text";
    else if (is_local(address))
        why = "a place in this machine's file system";
    else if (strcmp(target.service, "host") == 0)
        why = "'host' is the name of this machine's own service";
    else if (s->out->taken == (size_t)s->settings->limit)
        why = "beyond 'limit'";
    else
        why = own_labels(s, labels, &target.labels);
    if (why != NULL) {
        leave_out(s, address, why);
        return;
    }
    s->out->taken++;
    all->targets[all->target_count++] = target;
}

static struct bw_relabel *make_relabel(struct source *s)
{
    const struct bw_relabel_settings *settings = s->settings->relabel_configs.items;
    const size_t count = s->settings->relabel_configs.count;
    struct bw_relabel_rule *rules = bw_arena_array(s->loading->arena, count, sizeof *rules);
    struct bw_relabel *relabel = NULL;
    struct bw_err err;
    size_t at;
    for (size_t i = 0; i < count; i++)
        rules[i] = bw_relabel_rule_of(&settings[i]);
    if (bw_relabel_new(rules, count, &relabel, &at, &err) != BW_OK)
        problem(s, bw_node_find(s->node, "relabel_configs"),
                bw_conf_path_key(s->loading->arena, s->path, "relabel_configs"), err.text);
    return relabel;
}

/* The list that is known; of files, read now when none is. */
static struct bw_target_list list_of(struct source *s)
{
    static const bool never;
    struct bw_target_list list = { 0 };
    struct bw_err err;
    const struct bw_known_targets *known = s->loading->known;
    for (size_t i = 0; known != NULL && i < known->count; i++) {
        if (strcmp(known->items[i].name, s->out->name) == 0)
            return known->items[i].list;
    }
    if (s->out->spec.kind == BW_DISCOVERY_FILE
        && bw_discovery_ask(&s->out->spec, NULL, &never, s->loading->arena, &list, &err) != BW_OK)
        bw_problems_add(&s->loading->config->warnings, s->node->at, s->path, "%s", err.text);
    return list;
}

static void take_targets(struct sources *all, struct source *s, const struct bw_target_list *list)
{
    struct bw_relabel *relabel = make_relabel(s);
    for (size_t i = 0; relabel != NULL && i < list->count; i++) {
        struct bw_arena scratch = { 0 };
        struct bw_labels labels = list->items[i];
        if (bw_relabel_apply(relabel, &scratch, &labels))
            take_target(all, s, labels);
        bw_arena_fini(&scratch);
    }
    bw_relabel_free(relabel);
}

/* ---- checks of targets ----------------------------------------------------------------- */

static struct bw_config_service *service_of(struct sources *all, const struct source *s,
                                            const char *name)
{
    for (size_t i = all->service_count; i-- > 0;) {
        if (strcmp(all->services[i].name, name) == 0)
            return &all->services[i];
    }
    const struct bw_service_settings settings = { .labels = s->settings->labels };
    struct bw_config_resolving r = { .loading = all->loading, .service = &settings };
    struct bw_config_service *service = &all->services[all->service_count++];
    *service = (struct bw_config_service){ .name = name, .roll_up = { .kind = BW_ROLLUP_WORST } };
    service->labels = bw_config_labels(&r, NULL, s->node, s->path);
    return service;
}

static size_t put_pairs(struct bw_label *out, size_t count, struct bw_pairs pairs)
{
    for (size_t i = 0; i < pairs.count && i < BW_LABELS_MAX; i++)
        out[count++] = (struct bw_label){ pairs.items[i].name, pairs.items[i].value };
    return count;
}

/* Global labels, those of the source, the target's own, the check's: the later counts. */
static bool labels_of(const struct source *s, const struct bw_config_target *target,
                      struct bw_pairs of_check, struct bw_labels *out)
{
    struct bw_label labels[4 * BW_LABELS_MAX];
    size_t count = put_pairs(labels, 0, s->loading->config->settings.global.labels);
    count = put_pairs(labels, count, s->settings->labels);
    for (size_t i = 0; i < target->labels.count; i++)
        labels[count++] = target->labels.items[i];
    count = put_pairs(labels, count, of_check);
    *out = bw_labels_make(s->loading->arena, labels, count);
    return out->count <= BW_LABELS_MAX;
}

static bool is_same(const struct bw_config_check *a, const struct bw_config_check *b)
{
    return a->schedule.hash == b->schedule.hash && strcmp(a->service, b->service) == 0
           && strcmp(a->instance, b->instance) == 0 && strcmp(a->name, b->name) == 0;
}

/* False when there is one of the same service, instance and name already. */
static bool note_check(struct sources *all, const struct bw_config_check *check)
{
    size_t at = (size_t)check->schedule.hash & all->seen_mask;
    for (; all->seen[at] != NULL; at = (at + 1) & all->seen_mask) {
        if (is_same(all->seen[at], check))
            return false;
    }
    all->seen[at] = check;
    return true;
}

static bool add_check(struct sources *all, struct source *s, const struct bw_config_target *target,
                      size_t index)
{
    struct bw_config_check check = s->templates[index];
    struct bw_config_resolving r = { .loading = all->loading,
                                     .checks = all->checks,
                                     .check_count = &all->check_count };
    const char *text = NULL;
    struct bw_err err;
    check.service = target->service;
    check.guarded = s->out->spec.kind != BW_DISCOVERY_FILE && !bw_reach_is_proxied(check.options);
    if (bw_config_fill_in(all->loading, &s->asked[index], target->address, &check, &text, &err)
        != BW_OK) {
        leave_out(s, target->address, err.text);
        return false;
    }
    if (!labels_of(s, target, s->of_checks[index], &check.labels)) {
        leave_out(s, target->address, "too many labels");
        return false;
    }
    bw_config_add_check(&r, &check, target->instance, text);
    if (note_check(all, &all->checks[all->check_count - 1]))
        return true;
    all->check_count--;
    leave_out(s, target->address, "there is one of this service and instance already");
    return false;
}

static void add_checks(struct sources *all, struct source *s, struct bw_config_target *target)
{
    struct bw_config_service *service = NULL;
    for (size_t i = 0; i < s->template_count; i++) {
        if (add_check(all, s, target, i) && service == NULL)
            service = service_of(all, s, target->service);
    }
    if (service != NULL)
        service->instance_count++;
    else
        target->service = NULL;
}

/* ---- all of it ------------------------------------------------------------------------- */

static void resolve_source(struct sources *all, const struct bw_source_settings *settings,
                           const struct bw_discovery_spec *spec, const struct bw_node *node,
                           const char *path)
{
    struct source *s = &all->items[all->count];
    if (!bw_config_is_sound(all->loading, path))
        return;
    *s = (struct source){ .loading = all->loading,
                          .settings = settings,
                          .node = node,
                          .path = path,
                          .out = bw_arena_alloc(all->loading->arena, sizeof *s->out) };
    all->count++;
    s->out->spec = *spec;
    if (spec->kind == BW_DISCOVERY_HTTP)
        s->out->client = &((const struct bw_http_source_settings *)(const void *)settings)->client;
    s->out->definition = bw_node_hash(node, 0);
    s->out->at = node->at;
    s->out->path = path;
    resolve_spec(s);
    resolve_templates(s);
}

static void resolve_kind(struct sources *all, const char *kind, const struct bw_items *items,
                         size_t size, struct bw_discovery_spec (*spec_of)(const void *settings))
{
    struct bw_arena *arena = all->loading->arena;
    const struct bw_node *list = bw_node_find(bw_node_find(all->loading->root, "discovery"), kind);
    const struct bw_node *node = list != NULL ? list->first : NULL;
    const char *path = bw_conf_path_key(arena, "discovery", kind);
    for (size_t i = 0; i < items->count && node != NULL; i++, node = node->next) {
        const char *one = (const char *)items->items + i * size;
        const struct bw_discovery_spec spec = spec_of(one);
        resolve_source(all, (const void *)one, &spec, node, bw_conf_path_index(arena, path, i));
    }
}

/* Room for all, and what is configured in front. */
static void make_room(struct sources *all, size_t checks)
{
    struct bw_config *config = all->loading->config;
    struct bw_arena *arena = all->loading->arena;
    const size_t services = config->service_count + all->target_count;
    all->services = bw_arena_array(arena, services, sizeof *all->services);
    all->checks = bw_arena_array(arena, config->check_count + checks, sizeof *all->checks);
    for (size_t i = 0; i < config->service_count; i++)
        all->services[all->service_count++] = config->services[i];
    for (all->seen_mask = 63; all->seen_mask < 2 * (config->check_count + checks);)
        all->seen_mask = 2 * all->seen_mask + 1;
    all->seen = bw_alloc_array(all->seen_mask + 1, sizeof *all->seen);
    for (size_t i = 0; i < config->check_count; i++) {
        all->checks[all->check_count] = config->checks[i];
        note_check(all, &all->checks[all->check_count++]);
    }
}

static void say_what_is_left_out(const struct source *s)
{
    if (s->left_out > 0)
        bw_problems_add(&s->loading->config->warnings, s->node->at, s->path,
                        "%zu of %zu targets or their checks are left out; the first: %s",
                        s->left_out, s->out->list.count, s->first.text);
}

static void take_lists(struct sources *all)
{
    struct bw_target_list *lists = bw_alloc_array(all->count + 1, sizeof *lists);
    size_t targets = 0, checks = 0, at = 0;
    for (size_t i = 0; i < all->count; i++) {
        lists[i] = list_of(&all->items[i]);
        all->items[i].out->list = lists[i];
        targets += lists[i].count;
    }
    all->targets = bw_arena_array(all->loading->arena, targets, sizeof *all->targets);
    for (size_t i = 0; i < all->count; i++) {
        take_targets(all, &all->items[i], &lists[i]);
        checks += all->items[i].out->taken * all->items[i].template_count;
    }
    make_room(all, checks);
    for (size_t i = 0; i < all->count; i++) {
        const size_t end = at + all->items[i].out->taken;
        for (; at < end; at++)
            add_checks(all, &all->items[i], &all->targets[at]);
        say_what_is_left_out(&all->items[i]);
    }
    free(all->seen);
    free(lists);
}

/* In order of service and instance, without those that have no checks. */
static int by_name(const void *a, const void *b)
{
    const struct bw_config_target *x = a, *y = b;
    const int order = strcmp(x->service, y->service);
    return order != 0 ? order : strcmp(x->instance, y->instance);
}

static void hand_over(struct sources *all)
{
    struct bw_config *config = all->loading->config;
    struct bw_config_source *sources =
        bw_arena_array(all->loading->arena, all->count, sizeof *sources);
    struct bw_config_check *templates;
    size_t targets = 0, count = 0;
    for (size_t i = 0; i < all->count; i++) {
        sources[i] = *all->items[i].out;
        count += all->items[i].template_count;
    }
    templates = bw_arena_array(all->loading->arena, count, sizeof *templates);
    for (size_t i = 0; i < all->count; i++) {
        for (size_t k = 0; k < all->items[i].template_count; k++) {
            if (all->items[i].asked[k].target != NULL) /* commands are made ready by target */
                templates[config->template_count++] = all->items[i].templates[k];
        }
    }
    for (size_t i = 0; i < all->target_count; i++) {
        if (all->targets[i].service != NULL)
            all->targets[targets++] = all->targets[i];
    }
    if (targets > 0)
        qsort(all->targets, targets, sizeof *all->targets, by_name);
    config->templates = templates;
    config->sources = sources;
    config->source_count = all->count;
    config->targets = all->targets;
    config->target_count = targets;
    config->services = all->services;
    config->service_count = all->service_count;
    config->checks = all->checks;
    config->check_count = all->check_count;
}

void bw_config_resolve_discovery(struct bw_config_loading *loading)
{
    const struct bw_discovery_settings *in = &loading->config->settings.discovery;
    const size_t count = in->file.count + in->http.count + in->dns.count + in->push.count;
    struct sources all = { .loading = loading };
    if (count == 0)
        return;
    all.items = bw_arena_array(loading->arena, count, sizeof *all.items);
    resolve_kind(&all, "file", &in->file, sizeof(struct bw_file_source_settings), spec_of_file);
    resolve_kind(&all, "http", &in->http, sizeof(struct bw_http_source_settings), spec_of_http);
    resolve_kind(&all, "dns", &in->dns, sizeof(struct bw_dns_source_settings), spec_of_dns);
    resolve_kind(&all, "push", &in->push, sizeof(struct bw_push_source_settings), spec_of_push);
    if (loading->problems->total > 0)
        return; /* then nobody gets this configuration */
    take_lists(&all);
    hand_over(&all);
}
