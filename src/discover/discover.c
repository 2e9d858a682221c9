// SPDX-License-Identifier: GPL-3.0-or-later
#include "discover/discover.h"

#include "discover/kinds.h"

static const struct bw_discovery_ops *const kinds[BW_DISCOVERY_KINDS] = {
    [BW_DISCOVERY_FILE] = &bw_discovery_file,
    [BW_DISCOVERY_HTTP] = &bw_discovery_http,
    [BW_DISCOVERY_DNS] = &bw_discovery_dns,
    [BW_DISCOVERY_PUSH] = &bw_discovery_push,
};

const char *bw_discovery_kind_name(enum bw_discovery_kind kind)
{
    return kinds[kind]->name;
}

struct bw_discovery_spec bw_discovery_spec_copy(struct bw_arena *arena,
                                                const struct bw_discovery_spec *spec)
{
    struct bw_discovery_spec copy = *spec;
    const char **from = bw_arena_array(arena, spec->from.count, sizeof *from);
    for (size_t i = 0; i < spec->from.count; i++)
        from[i] = bw_arena_strdup(arena, spec->from.items[i]);
    copy.from.items = from;
    copy.folder = bw_arena_strdup(arena, spec->folder);
    copy.servers = bw_arena_strdup(arena, spec->servers);
    copy.answer = NULL;
    return copy;
}

enum bw_rc bw_discovery_check(enum bw_discovery_kind kind, const char *from, struct bw_err *err)
{
    return kinds[kind]->check(from, err);
}

void bw_discovery_keep(struct bw_discovery_ask *ask, struct bw_label label,
                       const struct bw_err *err)
{
    if (ask->rc == BW_OK) {
        ask->rc = err->rc;
        if (ask->err != NULL)
            *ask->err = *err;
    }
    if (ask->old != NULL)
        bw_target_list_keep(ask->arena, ask->out, ask->old, label, NULL);
}

enum bw_rc bw_discovery_ask(const struct bw_discovery_spec *spec, const struct bw_target_list *old,
                            const bool *stop, struct bw_arena *arena, struct bw_target_list *out,
                            struct bw_err *err)
{
    struct bw_discovery_ask ask = {
        .spec = spec, .old = old, .stop = stop, .arena = arena, .out = out, .err = err
    };
    *out = (struct bw_target_list){ 0 };
    kinds[spec->kind]->ask(&ask);
    return ask.rc;
}
