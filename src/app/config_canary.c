// SPDX-License-Identifier: GPL-3.0-or-later
/* The section self_canary: what is asked to find out whether we can see, and which checks
 * depend on the answer. */
#include "app/config_internal.h"
#include "base/text.h"
#include "probe/table.h"

#include <arpa/inet.h>
#include <string.h>

/* What is asked must not change anything, and be known to answer: a command is neither. */
static const enum bw_prober kinds[] = { BW_PROBER_HTTP, BW_PROBER_TCP, BW_PROBER_ICMP };

static const struct bw_probe_ops *kind_of(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct bw_probe_ops *ops = bw_probe_table[kinds[i]];
        if (strlen(ops->name) == len && memcmp(ops->name, word, len) == 0)
            return ops;
    }
    return NULL;
}

static bool is_url(const char *text)
{
    return bw_text_starts_with(text, "http://") || bw_text_starts_with(text, "https://");
}

/* "tcp 10.0.0.254:22" taken apart; a URL needs no kind before it. */
static enum bw_rc split(struct bw_arena *arena, const char *text,
                        struct bw_config_canary_target *out, struct bw_err *err)
{
    const size_t word = strcspn(text, " \t");
    const char *rest = text + word + strspn(text + word, " \t");
    if (is_url(text)) {
        out->ops = bw_probe_table[BW_PROBER_HTTP];
        rest = text;
    } else {
        out->ops = kind_of(text, word);
    }
    if (out->ops == NULL || *rest == '\0')
        return bw_fail(err, BW_EINVAL, "expected tcp HOST:PORT, icmp HOST or http URL");
    out->target = bw_arena_strdup(arena, rest);
    return out->ops->check_target(out->target, err);
}

static const char *shown_text(struct bw_arena *arena, const struct bw_config_canary_target *target)
{
    const size_t size = strlen(target->target) + sizeof "***";
    char *shown = bw_arena_array(arena, size, 1);
    bw_text_hide_userinfo(shown, size, target->target);
    return bw_arena_printf(arena, "%s %s", target->ops->name, shown);
}

/* The options of a kind that nobody set any of. */
static const struct bw_probe_module *
plain_module(struct bw_config_loading *loading, const struct bw_probe_ops *ops, struct bw_place at)
{
    struct bw_node *node = bw_node_new(loading->arena, BW_NODE_MAP, at);
    struct bw_node *prober = bw_node_text_new(loading->arena, ops->name, at);
    struct bw_probe_module *module = bw_arena_alloc(loading->arena, sizeof *module);
    prober->key = "prober";
    bw_node_append(node, prober);
    bw_conf_decode(&loading->ctx, node, "self_canary", &bw_probe_module_group, module);
    return module;
}

static void resolve_target(struct bw_config_loading *loading, const char *text, struct bw_place at,
                           const char *path, struct bw_config_canary_target *out)
{
    struct bw_err err;
    if (split(loading->arena, text, out, &err) != BW_OK) {
        bw_problems_add(loading->problems, at, path, "%s", err.text);
        return;
    }
    out->text = shown_text(loading->arena, out);
    out->module = plain_module(loading, out->ops, at);
}

static void check_need(struct bw_config_loading *loading, const struct bw_node *section,
                       const struct bw_canary_settings *settings)
{
    const struct bw_node *need = bw_node_find(section, "need");
    if (settings->targets.count == 0)
        bw_problems_add(loading->problems, section->key_at, "self_canary",
                        "expected 'targets': what is asked to find out whether we can see");
    else if (settings->targets.count > BW_CANARY_TARGETS_MAX)
        bw_problems_add(loading->problems, bw_node_find(section, "targets")->at,
                        "self_canary.targets", "more than %u targets", BW_CANARY_TARGETS_MAX);
    else if (settings->need > (int64_t)settings->targets.count)
        bw_problems_add(loading->problems, need != NULL ? need->at : section->at,
                        "self_canary.need", "more than there are targets: we could never see");
}

void bw_config_resolve_canary(struct bw_config_loading *loading)
{
    const struct bw_canary_settings *settings = &loading->config->settings.self_canary;
    const struct bw_node *section = bw_node_find(loading->root, "self_canary");
    struct bw_config_canary *canary = &loading->config->canary;
    if (section == NULL || bw_node_is_null(section) || !bw_config_is_sound(loading, "self_canary"))
        return;
    check_need(loading, section, settings);
    struct bw_config_canary_target *targets =
        bw_arena_array(loading->arena, settings->targets.count, sizeof *targets);
    const struct bw_node *list = bw_node_find(section, "targets");
    canary->on_loopback = settings->targets.count > 0;
    for (size_t i = 0; i < settings->targets.count; i++) {
        resolve_target(loading, settings->targets.items[i], bw_config_entry(list, i)->at,
                       bw_conf_path_index(loading->arena, "self_canary.targets", i), &targets[i]);
        if (targets[i].module != NULL && !bw_config_is_loopback(targets[i].target))
            canary->on_loopback = false;
    }
    canary->targets = targets;
    canary->count = settings->targets.count;
    canary->need = (size_t)settings->need;
    canary->interval_ns = settings->interval_ns;
    canary->timeout_ns = settings->timeout_ns;
}

/* ---- which checks depend on it ---------------------------------------------------------- */

/* The host of "https://user@host:1/path", "host:1", "[::1]:1" or "::1". */
static size_t host_of(const char *target, const char **out)
{
    const char *scheme = strstr(target, "://");
    const char *host = scheme != NULL ? scheme + 3 : target;
    size_t len = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', len);
    if (at != NULL) {
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    if (len > 0 && host[0] == '[') {
        *out = host + 1;
        return strcspn(host + 1, "]");
    }
    const char *colon = memchr(host, ':', len);
    *out = host;
    return colon != NULL && memrchr(host, ':', len) == colon ? (size_t)(colon - host) : len;
}

bool bw_config_is_loopback(const char *target)
{
    const char *start;
    char host[64];
    struct in_addr four;
    struct in6_addr six;
    const size_t len = host_of(target, &start);
    if (len >= sizeof host)
        return false;
    memcpy(host, start, len);
    host[len] = '\0';
    if (strcmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool bw_config_is_local(const struct bw_probe_ops *ops, const char *target)
{
    return ops == bw_probe_table[BW_PROBER_EXEC] || ops == bw_probe_table[BW_PROBER_UNIX]
           || (ops == bw_probe_table[BW_PROBER_TLS] && bw_text_starts_with(target, "file:"));
}

bool bw_config_canary_covers(const struct bw_config *config, const struct bw_config_check *check)
{
    if (config->canary.count == 0 || check->canary == BW_CANARY_FALSE)
        return false;
    if (check->canary == BW_CANARY_TRUE)
        return true;
    if (check->push != NULL)
        return true;
    if (bw_config_is_local(check->ops, check->target))
        return false;
    return config->canary.on_loopback || !bw_config_is_loopback(check->target);
}
