// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether an option table is sound; see bw_conf_lint(). */
#include "base/mem.h"
#include "conf/decode.h"
#include "conf/default.h"
#include "conf/scalar.h"

#include <stdlib.h>
#include <string.h>

/* Groups may name each other in a circle: each is looked at once. */
struct seen {
    const struct bw_opt_group **groups;
    size_t count;
    size_t cap;
};

static bool is_new(struct seen *seen, const struct bw_opt_group *group)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (seen->groups[i] == group)
            return false;
    }
    seen->groups = bw_grow(seen->groups, &seen->cap, seen->count + 1, sizeof(void *));
    seen->groups[seen->count++] = group;
    return true;
}

static bool takes_group(enum bw_opt_type type)
{
    return type == BW_OPT_GROUP || type == BW_OPT_GROUPS || type == BW_OPT_NAMED
           || type == BW_OPT_GROUP_PTR;
}

static const char *flaw_of_shape(const struct bw_opt_group *group, const struct bw_opt *row)
{
    if (row->type < BW_OPT_BOOL || row->type > BW_OPT_GROUP_PTR)
        return "no such type";
    if (row->offset >= group->size)
        return "lies outside of the struct";
    if (row->help == NULL && (row->flags & BW_OPT_HIDDEN) == 0)
        return "has no help";
    if ((row->flags & (BW_OPT_FILE | BW_OPT_FOLDER)) != 0 && row->type != BW_OPT_STRING)
        return "names a file but is no text";
    if (row->type == BW_OPT_ENUM && (row->names == NULL || row->names->name == NULL))
        return "has no words";
    if (takes_group(row->type) && row->group == NULL)
        return "has no group";
    if (row->type == BW_OPT_NAMED && row->group->key == NULL)
        return "names a group without a key";
    if (!bw_range_is_sound(bw_scalar_item_type(row->type), row))
        return "has a range that cannot be read";
    for (const struct bw_opt *other = group->opts; other != row; other++) {
        if (strcmp(other->name, row->name) == 0)
            return "stands twice";
    }
    return NULL;
}

static enum bw_rc lint_default(const struct bw_opt_group *group, const struct bw_opt *row,
                               struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    struct bw_arena arena = { 0 };
    struct bw_problems problems = { 0 };
    void *out = bw_alloc(group->size);
    bw_default_set(&arena, row, out, &problems);
    if (problems.total > 0)
        rc = bw_fail(err, BW_EINVAL, "%s: default of '%s': %s", group->name, row->name,
                     problems.items[0].message);
    free(out);
    bw_problems_fini(&problems);
    bw_arena_fini(&arena);
    return rc;
}

static enum bw_rc lint(struct seen *seen, const struct bw_opt_group *group, struct bw_err *err)
{
    bool has_key = group->key == NULL;
    if (!is_new(seen, group))
        return BW_OK;
    for (const struct bw_opt *row = group->opts; row->name != NULL; row++) {
        const char *flaw = flaw_of_shape(group, row);
        if (flaw != NULL)
            return bw_fail(err, BW_EINVAL, "%s: '%s' %s", group->name, row->name, flaw);
        if (takes_group(row->type) && lint(seen, row->group, err) != BW_OK)
            return BW_EINVAL;
        if (lint_default(group, row, err) != BW_OK)
            return BW_EINVAL;
        if (!has_key && strcmp(row->name, group->key) == 0)
            has_key = row->type == BW_OPT_STRING;
    }
    if (!has_key)
        return bw_fail(err, BW_EINVAL, "%s: no text row '%s' for its key", group->name, group->key);
    return BW_OK;
}

enum bw_rc bw_conf_lint(const struct bw_opt_group *group, struct bw_err *err)
{
    struct seen seen = { 0 };
    const enum bw_rc rc = lint(&seen, group, err);
    free(seen.groups);
    return rc;
}
