// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/flags.h"

#include "base/text.h"
#include "conf/decode.h"
#include "conf/guess.h"

#include <string.h>

static const struct bw_place command_line = { .file = "command line" };

struct parser {
    struct bw_arena *arena;
    const struct bw_opt_group *group;
    char *const *argv;
    int argc;
    int at;                /* index of the argument being read */
    struct bw_node *given; /* what bw_conf_decode() will read */
    const char **rest;
    size_t rest_count;
    struct bw_err *err;
};

/* An argument that begins with --, taken apart. */
struct flag {
    const struct bw_opt *row; /* NULL: unknown */
    const char *name;
    const char *value; /* behind "=", or NULL */
    bool negated;      /* --no-… */
};

static const struct bw_opt *find_row(const struct bw_opt_group *group, const char *name)
{
    const struct bw_opt *row = group->opts;
    while (row->name != NULL && strcmp(row->name, name) != 0)
        row++;
    return row->name != NULL ? row : NULL;
}

static struct flag take_apart(struct parser *p, const char *arg)
{
    const char *equals = strchr(arg, '=');
    const size_t len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
    struct flag flag = { .name = bw_arena_strndup(p->arena, arg, len),
                         .value = equals != NULL ? equals + 1 : NULL };
    flag.row = find_row(p->group, flag.name);
    if (flag.row == NULL && bw_text_starts_with(flag.name, "no-")) {
        const struct bw_opt *row = find_row(p->group, flag.name + strlen("no-"));
        if (row != NULL && row->type == BW_OPT_BOOL) {
            flag.row = row;
            flag.negated = true;
        }
    }
    return flag;
}

static enum bw_flags_result unknown_flag(struct parser *p, const char *name)
{
    struct bw_guess guess = bw_guess_of(name);
    bw_guess_try(&guess, "help");
    for (const struct bw_opt *row = p->group->opts; row->name != NULL; row++) {
        bw_guess_try(&guess, row->name);
        if (row->type == BW_OPT_BOOL)
            bw_guess_try(&guess, bw_arena_printf(p->arena, "no-%s", row->name));
    }
    if (guess.best != NULL)
        bw_fail(p->err, BW_EINVAL, "unknown flag --%s (did you mean --%s?)", name, guess.best);
    else
        bw_fail(p->err, BW_EINVAL, "unknown flag --%s", name);
    return BW_FLAGS_BAD;
}

static bool is_repeatable(enum bw_opt_type type)
{
    return type >= BW_OPT_STRINGS && type <= BW_OPT_MULTIMAP;
}

/* The node that holds what was given for the row; NULL when it may not be given again. */
static struct bw_node *node_for(struct parser *p, const struct bw_opt *row)
{
    struct bw_node *node = bw_node_find(p->given, row->name);
    if (node != NULL)
        return is_repeatable(row->type) ? node : NULL;
    const enum bw_node_kind kind = row->type >= BW_OPT_MAP && is_repeatable(row->type) ? BW_NODE_MAP
                                   : is_repeatable(row->type) ? BW_NODE_LIST
                                                              : BW_NODE_SCALAR;
    node = bw_node_new(p->arena, kind, command_line);
    node->key = row->name;
    node->quoted = true;
    bw_node_append(p->given, node);
    return node;
}

/* NAME=VALUE of a map. */
static bool add_pair(struct parser *p, struct bw_node *map, const char *value, bool once)
{
    const char *equals = strchr(value, '=');
    if (equals == NULL || equals == value)
        return false;
    struct bw_node *child = bw_node_text_new(p->arena, equals + 1, command_line);
    child->key = bw_arena_strndup(p->arena, value, (size_t)(equals - value));
    if (once && bw_node_find(map, child->key) != NULL)
        return false;
    bw_node_append(map, child);
    return true;
}

static enum bw_flags_result add_value(struct parser *p, const struct flag *flag, const char *value)
{
    struct bw_node *node = node_for(p, flag->row);
    if (node == NULL) {
        bw_fail(p->err, BW_EINVAL, "--%s is given twice", flag->row->name);
        return BW_FLAGS_BAD;
    }
    if (node->kind == BW_NODE_SCALAR) {
        node->text = bw_arena_strdup(p->arena, value);
    } else if (node->kind == BW_NODE_LIST) {
        bw_node_append(node, bw_node_text_new(p->arena, value, command_line));
    } else if (!add_pair(p, node, value, flag->row->type == BW_OPT_MAP)) {
        bw_fail(p->err, BW_EINVAL, "--%s: expected NAME=VALUE%s", flag->row->name,
                flag->row->type == BW_OPT_MAP ? ", each NAME once" : "");
        return BW_FLAGS_BAD;
    }
    return BW_FLAGS_OK;
}

static enum bw_flags_result read_bool(struct parser *p, const struct flag *flag)
{
    if (flag->negated && flag->value != NULL) {
        bw_fail(p->err, BW_EINVAL, "--%s takes no value", flag->name);
        return BW_FLAGS_BAD;
    }
    const char *plain = flag->negated ? "false" : "true";
    return add_value(p, flag, flag->value != NULL ? flag->value : plain);
}

static enum bw_flags_result read_flag(struct parser *p, const char *arg)
{
    const struct flag flag = take_apart(p, arg);
    if (flag.row == NULL)
        return strcmp(flag.name, "help") == 0 && flag.value == NULL ? BW_FLAGS_HELP
                                                                    : unknown_flag(p, flag.name);
    if (flag.row->type == BW_OPT_BOOL)
        return read_bool(p, &flag);
    if (flag.value != NULL)
        return add_value(p, &flag, flag.value);
    if (p->at + 1 == p->argc) {
        bw_fail(p->err, BW_EINVAL, "--%s needs a value", flag.name);
        return BW_FLAGS_BAD;
    }
    return add_value(p, &flag, p->argv[++p->at]);
}

static enum bw_flags_result read_arguments(struct parser *p)
{
    bool flags_ended = false;
    for (p->at = 0; p->at < p->argc; p->at++) {
        const char *arg = p->argv[p->at];
        if (flags_ended || arg[0] != '-' || arg[1] == '\0') {
            p->rest[p->rest_count++] = arg;
            continue;
        }
        if (strcmp(arg, "--") == 0) {
            flags_ended = true;
            continue;
        }
        if (strcmp(arg, "-h") == 0)
            return BW_FLAGS_HELP;
        if (arg[1] != '-') {
            bw_fail(p->err, BW_EINVAL, "unknown flag %s (flags begin with --)", arg);
            return BW_FLAGS_BAD;
        }
        const enum bw_flags_result result = read_flag(p, arg + 2);
        if (result != BW_FLAGS_OK)
            return result;
    }
    return BW_FLAGS_OK;
}

static enum bw_flags_result require_flags(struct parser *p)
{
    for (const struct bw_opt *row = p->group->opts; row->name != NULL; row++) {
        if ((row->flags & BW_OPT_REQUIRED) == 0 || bw_node_find(p->given, row->name) != NULL)
            continue;
        bw_fail(p->err, BW_EINVAL, "--%s is required", row->name);
        return BW_FLAGS_BAD;
    }
    return BW_FLAGS_OK;
}

static enum bw_flags_result decode(struct parser *p, void *out)
{
    struct bw_problems problems = { 0 };
    struct bw_conf_ctx ctx = { .arena = p->arena, .problems = &problems };
    enum bw_flags_result result = BW_FLAGS_OK;
    if (!bw_conf_decode(&ctx, p->given, "", p->group, out)) {
        const struct bw_problem *first = &problems.items[0];
        if (first->path[0] != '\0')
            bw_fail(p->err, BW_EINVAL, "--%s: %s", first->path, first->message);
        else
            bw_fail(p->err, BW_EINVAL, "%s", first->message);
        result = BW_FLAGS_BAD;
    }
    bw_problems_fini(&problems);
    return result;
}

enum bw_flags_result bw_flags_parse(struct bw_arena *arena, const struct bw_opt_group *group,
                                    int argc, char *const *argv, void *out,
                                    struct bw_flags *out_flags, struct bw_err *err)
{
    struct parser p = { .arena = arena, .group = group, .argc = argc, .argv = argv, .err = err };
    p.given = bw_node_new(arena, BW_NODE_MAP, command_line);
    p.rest = bw_arena_array(arena, (size_t)argc + 1, sizeof *p.rest);
    enum bw_flags_result result = read_arguments(&p);
    if (result == BW_FLAGS_OK)
        result = require_flags(&p);
    if (result == BW_FLAGS_OK)
        result = decode(&p, out);
    if (result == BW_FLAGS_OK)
        *out_flags = (struct bw_flags){ .rest = { p.rest, p.rest_count }, .given = p.given };
    return result;
}

bool bw_flags_was_given(const struct bw_flags *flags, const char *name)
{
    return bw_node_find(flags->given, name) != NULL;
}
