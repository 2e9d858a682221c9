// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/default.h"

#include "base/text.h"
#include "conf/decode.h"
#include "conf/yaml.h"

#include <assert.h>
#include <math.h>
#include <string.h>

bool bw_default_is_nan(const struct bw_opt *row)
{
    return (row->type == BW_OPT_NUMBER || row->type == BW_OPT_RATIO) && row->def != NULL
           && strcmp(row->def, "NaN") == 0;
}

static const struct bw_place nowhere = { .file = "default" };

/* A default that is no scalar, as a node. Lists may be written "[1h, 24h]" or "1h, 24h". */
static struct bw_node *default_list(struct bw_arena *arena, const struct bw_opt *row,
                                    struct bw_problems *problems)
{
    if (row->def[0] == '[' || row->def[0] == '{' || row->type > BW_OPT_DURATIONS)
        return bw_yaml_read("default", row->def, strlen(row->def), arena, problems);
    struct bw_node *list = bw_node_new(arena, BW_NODE_LIST, nowhere);
    struct bw_span rest = bw_span_of(row->def), part;
    while (bw_span_split(&rest, ',', &part)) {
        part = bw_span_trim(part);
        const char *text = bw_arena_strndup(arena, part.data, part.len);
        bw_node_append(list, bw_node_text_new(arena, text, nowhere));
    }
    return list;
}

void bw_default_set(struct bw_arena *arena, const struct bw_opt *row, void *out,
                    struct bw_problems *problems)
{
    if (row->def == NULL) {
        if (row->type == BW_OPT_GROUP)
            bw_conf_defaults(arena, row->group, (char *)out + row->offset);
        return;
    }
    if (bw_default_is_nan(row)) {
        const double none = NAN;
        memcpy((char *)out + row->offset, &none, sizeof none);
        return;
    }
    struct bw_conf_ctx ctx = { .arena = arena, .problems = problems };
    /* Most are scalars: a node for the moment, not for the life of the configuration. */
    const struct bw_node scalar = {
        .kind = BW_NODE_SCALAR, .quoted = true, .text = row->def, .at = nowhere, .key_at = nowhere
    };
    const struct bw_node *node =
        row->type < BW_OPT_STRINGS ? &scalar : default_list(arena, row, problems);
    if (node != NULL)
        bw_conf_decode_row(&ctx, node, row->name, row, out);
}

void bw_conf_defaults(struct bw_arena *arena, const struct bw_opt_group *group, void *out)
{
    struct bw_problems problems = { 0 };
    memset(out, 0, group->size);
    for (const struct bw_opt *row = group->opts; row->name != NULL; row++)
        bw_default_set(arena, row, out, &problems);
    assert(problems.total == 0);
    bw_problems_fini(&problems);
}
