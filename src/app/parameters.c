// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/parameters.h"

#include "base/limits.h"
#include "conf/decode.h"
#include "probe/mask.h"
#include "probe/table.h"

#include <string.h>
#include <strings.h>

/* What a list may name: what is asked and what is expected, option by option, so that a new one is
 * not there until somebody has thought about it. Whoever may ask may set these; so none of them
 * reads a file, shows or changes who we are (credentials, certificates, the address to ask from),
 * leads elsewhere (proxies), judges a peer's certificate less, lifts a limit, or makes of one
 * request many (count). "x." is all that is within x. */
static const char *const askable[] = {
    "http.method",
    "http.headers.",
    "http.body",
    "http.valid_status_codes",
    "http.valid_http_versions",
    "http.preferred_ip_protocol",
    "http.ip_protocol_fallback",
    "http.follow_redirects",
    "http.enable_http2",
    "http.fail_if_ssl",
    "http.fail_if_not_ssl",
    "http.fail_if_body_matches_regexp",
    "http.fail_if_body_not_matches_regexp",
    "http.warn_if_body_matches_regexp",
    "http.warn_if_body_not_matches_regexp",
    "http.compression",
    "tcp.preferred_ip_protocol",
    "tcp.ip_protocol_fallback",
    "icmp.preferred_ip_protocol",
    "icmp.ip_protocol_fallback",
    "icmp.payload_size",
    "icmp.dont_fragment",
    "icmp.ttl",
    "dns.query_name",
    "dns.query_type",
    "dns.query_class",
    "dns.recursion_desired",
    "dns.transport_protocol",
    "dns.preferred_ip_protocol",
    "dns.ip_protocol_fallback",
    "dns.valid_rcodes",
    "dns.validate_answer_rrs.",
    "dns.validate_authority_rrs.",
    "dns.validate_additional_rrs.",
    "grpc.service",
    "grpc.metadata.",
    "grpc.preferred_ip_protocol",
    "grpc.ip_protocol_fallback",
    "websocket.headers.",
    "websocket.subprotocols",
    "websocket.preferred_ip_protocol",
    "websocket.ip_protocol_fallback",
    "tls.starttls",
    "tls.preferred_ip_protocol",
    "tls.ip_protocol_fallback",
};

static bool is_askable(const char *path)
{
    for (size_t i = 0; i < sizeof askable / sizeof *askable; i++) {
        const size_t len = strlen(askable[i]);
        if (askable[i][len - 1] == '.' ? strncmp(path, askable[i], len) == 0
                                       : strcmp(path, askable[i]) == 0)
            return true;
    }
    return false;
}

/* Headers that say who we are, whom we ask for (`hostname` does), or where a message ends. */
static bool is_kept_header(const char *name)
{
    static const char *const kept[] = { "Host",   "Connection",        "Upgrade",
                                        "TE",     "Trailer",           "Content-Length",
                                        "Expect", "Transfer-Encoding", "HTTP2-Settings" };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (strcasecmp(name, kept[i]) == 0)
            return true;
    }
    return strncasecmp(name, "Proxy-", 6) == 0 || bw_mask_is_secret_name(name, strlen(name));
}

/* ---- places ---------------------------------------------------------------------------- */

enum { GROUPS_MAX = 2 }; /* dns.validate_answer_rrs.… is the deepest */

/* Where an option is in struct bw_probe_module. */
struct place {
    const struct bw_opt *row;
    const char *name; /* of an entry of a mapping; NULL */
    struct {
        const struct bw_opt_group *group;
        size_t offset;
    } groups[GROUPS_MAX]; /* that it is in, within the module's; the kind's first */
    size_t depth;
    size_t offset; /* of the struct that has the row */
};

static bool is_map(const struct bw_opt *row)
{
    return row->type == BW_OPT_MAP || row->type == BW_OPT_MULTIMAP;
}

static bool find_place(const char *path, struct place *out)
{
    const struct bw_opt_group *group = &bw_probe_module_group;
    char name[64];
    *out = (struct place){ 0 };
    for (;;) {
        const size_t len = strcspn(path, ".");
        if (len >= sizeof name)
            return false;
        memcpy(name, path, len);
        name[len] = '\0';
        out->row = bw_conf_find_row(group, name);
        path += len;
        if (out->row == NULL || out->row->type != BW_OPT_GROUP || path[0] == '\0'
            || out->depth == GROUPS_MAX)
            break;
        path++;
        group = out->row->group;
        out->offset += out->row->offset;
        out->groups[out->depth].group = group;
        out->groups[out->depth++].offset = out->offset;
    }
    if (out->row == NULL || out->row->type == BW_OPT_GROUP)
        return false;
    out->name = is_map(out->row) && path[0] == '.' && path[1] != '\0' ? path + 1 : NULL;
    return is_map(out->row) ? out->name != NULL : path[0] == '\0';
}

/* ---- values ---------------------------------------------------------------------------- */

/* `more` over `base`: a name that both have is that of `more`, in whatever case. */
static struct bw_pairs lay_over(struct bw_arena *arena, struct bw_pairs base, struct bw_pairs more)
{
    struct bw_pair *items = bw_arena_array(arena, base.count + more.count, sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < base.count; i++) {
        if (more.count == 0 || strcasecmp(base.items[i].name, more.items[0].name) != 0)
            items[count++] = base.items[i];
    }
    for (size_t i = 0; i < more.count; i++)
        items[count++] = more.items[i];
    return (struct bw_pairs){ items, count };
}

/* Decodes the value as the configuration's would be, but that no variable is read. */
static bool set(struct bw_conf_ctx *ctx, const struct place *place, struct bw_node *value,
                const char *path, struct bw_probe_module *module)
{
    char *base = (char *)module + place->offset;
    if (place->name == NULL)
        return bw_conf_decode_row(ctx, value, path, place->row, base);
    struct bw_pairs *pairs = (void *)(base + place->row->offset);
    const struct bw_pairs before = *pairs;
    struct bw_node *map = bw_node_new(ctx->arena, BW_NODE_MAP, value->at);
    value->key = place->name;
    bw_node_append(map, value);
    if (!bw_conf_decode_row(ctx, map, path, place->row, base))
        return false;
    *pairs = lay_over(ctx->arena, before, *pairs);
    return true;
}

/* The rules that span options, from the inside out. */
static enum bw_rc hold_rules(const struct place *place, const struct bw_probe_module *module,
                             struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    for (size_t i = place->depth; i-- > 0 && rc == BW_OK;) {
        const struct bw_opt_group *group = place->groups[i].group;
        if (group->check != NULL)
            rc = group->check((const char *)module + place->groups[i].offset, err);
    }
    return rc == BW_OK ? bw_probe_module_group.check(module, err) : rc;
}

static struct bw_node *text_node(struct bw_arena *arena, const char *text)
{
    struct bw_node *node = bw_node_text_new(arena, text, (struct bw_place){ 0 });
    node->quoted = true; /* "null" is a word like any other */
    return node;
}

/* ---- the list -------------------------------------------------------------------------- */

/* Whether the parameter is that of the option: an underscore may stand for what no label of
 * Prometheus can have. */
static bool is_named(const char *parameter, const char *path)
{
    for (; *path != '\0' && *parameter != '\0'; path++, parameter++) {
        if (*path != *parameter && !(*parameter == '_' && (*path == '.' || *path == '-')))
            return false;
    }
    return *path == *parameter;
}

/* Whether a header of this name can be sent at all. */
static enum bw_rc try_name(struct bw_arena *arena, const struct bw_probe_module *module,
                           const struct place *place, struct bw_err *err)
{
    struct bw_probe_module *copy = bw_arena_alloc(arena, sizeof *copy);
    struct bw_problems problems = { 0 };
    struct bw_conf_ctx ctx = { .arena = arena, .problems = &problems };
    *copy = *module;
    set(&ctx, place, text_node(arena, "x"), "", copy);
    bw_problems_fini(&problems);
    return hold_rules(place, copy, err);
}

/* Why the option cannot be in the list; false: it can. */
static bool is_wrong(struct bw_arena *arena, const struct bw_probe_module *module,
                     const char *option, struct bw_err *err)
{
    const char *kind = bw_probe_table[module->prober]->name;
    const size_t len = strlen(kind);
    struct place place;
    if (!find_place(option, &place))
        bw_fail(err, BW_EINVAL, "there is no option '%.120s'", option);
    else if (!is_askable(option) || (place.name != NULL && is_kept_header(place.name)))
        bw_fail(err, BW_EDENIED, "'%.120s' is not for whoever asks", option);
    else if (strncmp(option, kind, len) != 0 || option[len] != '.')
        bw_fail(err, BW_EINVAL, "'%.120s' is no option of prober %s", option, kind);
    else
        return place.name != NULL && try_name(arena, module, &place, err) != BW_OK;
    return true;
}

void bw_parameters_check(const struct bw_probe_module *module, const struct bw_node *node,
                         const char *path, struct bw_problems *problems)
{
    const struct bw_strings *list = &module->parameters;
    const struct bw_node *item = node != NULL && node->kind == BW_NODE_LIST ? node->first : node;
    struct bw_arena arena;
    struct bw_err err;
    if (node == NULL || list->count == 0)
        return;
    if (list->count > BW_ASKED_PARAMETERS_MAX) {
        bw_problems_add(problems, node->at, path, "more than %u parameters",
                        BW_ASKED_PARAMETERS_MAX);
        return;
    }
    bw_arena_init(&arena);
    for (size_t i = 0; i < list->count; i++, item = item->next) {
        bool is_twice = false;
        for (size_t k = 0; k < i; k++)
            is_twice = is_twice || is_named(list->items[i], list->items[k])
                       || is_named(list->items[k], list->items[i]);
        if (is_twice)
            bw_problems_add(problems, item->at, path, "'%.120s' stands there twice",
                            list->items[i]);
        else if (is_wrong(&arena, module, list->items[i], &err))
            bw_problems_add(problems, item->at, path, "%s", err.text);
    }
    bw_arena_fini(&arena);
}

/* ---- requests -------------------------------------------------------------------------- */

static bool is_of_form(const char *name, const char *separators)
{
    for (size_t i = 0; bw_probe_table[i] != NULL; i++) {
        const size_t len = strlen(bw_probe_table[i]->name);
        if (strncmp(name, bw_probe_table[i]->name, len) == 0 && name[len] != '\0'
            && strchr(separators, name[len]) != NULL)
            return true;
    }
    return false;
}

bool bw_parameters_is_option(const char *name)
{
    return is_of_form(name, "._");
}

static const char *find_listed(const struct bw_probe_module *module, const char *name)
{
    for (size_t i = 0; i < module->parameters.count; i++) {
        if (is_named(name, module->parameters.items[i]))
            return module->parameters.items[i];
    }
    return NULL;
}

/* Counts those that set something; BW_EINVAL for one that must not. With underscores it may be
 * anybody's word, where the module says nothing. */
static enum bw_rc count_options(const struct bw_probe_module *module,
                                const struct bw_url_param *params, size_t count, size_t *out,
                                struct bw_err *err)
{
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_of_form(params[i].name, module->parameters.count > 0 ? "._" : "."))
            continue;
        if (strlen(params[i].name) > BW_ASKED_PARAMETER_BYTES_MAX)
            return bw_fail(err, BW_ELIMIT, "a parameter with a name of more than %u bytes",
                           BW_ASKED_PARAMETER_BYTES_MAX);
        if (find_listed(module, params[i].name) == NULL)
            return bw_fail(err, BW_EINVAL,
                           "parameter '%.120s' is not among `parameters` of module '%.60s'",
                           params[i].name, module->name);
        if (strlen(params[i].value) > BW_ASKED_PARAMETER_BYTES_MAX)
            return bw_fail(err, BW_ELIMIT, "parameter '%.120s' has more than %u bytes",
                           params[i].name, BW_ASKED_PARAMETER_BYTES_MAX);
        if (++*out > BW_ASKED_PARAMETERS_MAX)
            return bw_fail(err, BW_ELIMIT, "more than %u parameters that set options",
                           BW_ASKED_PARAMETERS_MAX);
    }
    return BW_OK;
}

/* The value of the option, a list where the parameter is repeated; NULL when it is not given. */
static struct bw_node *value_of(struct bw_arena *arena, const struct bw_probe_module *module,
                                const char *option, const struct bw_url_param *params, size_t count)
{
    struct bw_node *list = bw_node_new(arena, BW_NODE_LIST, (struct bw_place){ 0 });
    for (size_t i = 0; i < count; i++) {
        if (find_listed(module, params[i].name) == option)
            bw_node_append(list, text_node(arena, params[i].value));
    }
    return list->count > 1 ? list : list->first;
}

static enum bw_rc set_all(struct bw_conf_ctx *ctx, const struct bw_url_param *params, size_t count,
                          struct bw_probe_module *module, struct bw_err *err)
{
    struct place places[BW_ASKED_PARAMETERS_MAX];
    size_t set_count = 0;
    for (size_t i = 0; i < module->parameters.count; i++) {
        const char *option = module->parameters.items[i];
        struct bw_node *value = value_of(ctx->arena, module, option, params, count);
        if (value == NULL || !find_place(option, &places[set_count]))
            continue;
        if (!set(ctx, &places[set_count++], value, option, module))
            return bw_fail(err, BW_EINVAL, "parameter '%.120s': %s", option,
                           ctx->problems->items[0].message);
    }
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < set_count && rc == BW_OK; i++) {
        rc = hold_rules(&places[i], module, err);
        if (rc != BW_OK)
            rc = bw_wrap(err, rc, "parameters");
    }
    return rc;
}

enum bw_rc bw_parameters_apply(struct bw_arena *arena, const struct bw_probe_module *module,
                               const struct bw_url_param *params, size_t count,
                               const struct bw_probe_module **out, struct bw_err *err)
{
    size_t option_count;
    *out = module;
    enum bw_rc rc = count_options(module, params, count, &option_count, err);
    if (rc != BW_OK || option_count == 0)
        return rc;
    struct bw_problems problems = { 0 };
    struct bw_conf_ctx ctx = { .arena = arena, .problems = &problems };
    struct bw_probe_module *copy = bw_arena_alloc(arena, sizeof *copy);
    *copy = *module;
    rc = set_all(&ctx, params, count, copy, err);
    *out = copy;
    bw_problems_fini(&problems);
    return rc;
}
