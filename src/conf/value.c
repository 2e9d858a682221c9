// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/value.h"

#include "base/limits.h"
#include "base/text.h"
#include "conf/guess.h"
#include "conf/scalar.h"

#include <string.h>

/* Texts in messages are cut to this. */
enum { SHOWN_BYTES = 60, MESSAGE_BYTES = 4096 };

bool bw_conf_value_wrong_kind(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                              const char *expected)
{
    bw_problems_add(ctx->problems, node->at, path, "expected %s, found %s", expected,
                    bw_node_kind_text(node));
    return false;
}

static bool wrong_kind(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                       const struct bw_opt *row, enum bw_opt_type type)
{
    struct bw_buf expected;
    bw_buf_init(&expected, MESSAGE_BYTES);
    bw_scalar_expected(type, row, &expected);
    bw_conf_value_wrong_kind(ctx, node, path, expected.data);
    bw_buf_fini(&expected);
    return false;
}

/* What was written, not what variables made of it: they may hold secrets. */
static void put_shown(struct bw_buf *out, const char *text)
{
    char shown[SHOWN_BYTES];
    bw_text_copy(shown, sizeof shown, text);
    bw_buf_printf(out, ", not '%s%s'", shown, strlen(text) < sizeof shown ? "" : "...");
}

static void put_guess(struct bw_buf *out, const struct bw_opt *row, const char *text)
{
    struct bw_guess guess = bw_guess_of(text);
    for (const struct bw_opt_name *word = row->names; word->name != NULL; word++)
        bw_guess_try(&guess, word->name);
    if (guess.best != NULL)
        bw_buf_printf(out, " (did you mean '%s'?)", guess.best);
}

static bool bad_value(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                      const struct bw_opt *row, enum bw_opt_type type, bool parsed)
{
    struct bw_buf message;
    bw_buf_init(&message, MESSAGE_BYTES);
    if (parsed) {
        bw_range_text(type, row, &message);
    } else {
        bw_buf_text(&message, "expected ");
        bw_scalar_expected(type, row, &message);
    }
    if ((row->flags & BW_OPT_SECRET) == 0) {
        put_shown(&message, node->text);
        if (type == BW_OPT_ENUM)
            put_guess(&message, row, node->text);
    }
    bw_problems_add(ctx->problems, node->at, path, "%s", message.data);
    bw_buf_fini(&message);
    return false;
}

static bool decode_item(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                        const struct bw_opt *row, enum bw_opt_type type, void *member)
{
    if (node->kind != BW_NODE_SCALAR || bw_node_is_null(node))
        return wrong_kind(ctx, node, path, row, type);
    const char *text = bw_conf_text(ctx, node, path);
    if (text == NULL)
        return false;
    union bw_scalar value;
    const bool parsed = bw_scalar_parse(type, row, text, &value);
    if (!parsed || !bw_scalar_in_range(type, row, value))
        return bad_value(ctx, node, path, row, type, parsed);
    memcpy(member, &value, bw_scalar_size(type));
    return true;
}

bool bw_conf_value_scalar(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                          const struct bw_opt *row, void *member)
{
    return decode_item(ctx, node, path, row, row->type, member);
}

/* struct bw_strings and struct bw_ints have one shape; each is filled as itself. */
static void set_list(enum bw_opt_type item, void *member, void *items, size_t count)
{
    if (item == BW_OPT_STRING)
        *(struct bw_strings *)member = (struct bw_strings){ items, count };
    else
        *(struct bw_ints *)member = (struct bw_ints){ items, count };
}

bool bw_conf_value_list(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                        const struct bw_opt *row, void *member)
{
    const enum bw_opt_type item = bw_scalar_item_type(row->type);
    const size_t size = bw_scalar_size(item);
    if (node->kind == BW_NODE_MAP)
        return bw_conf_value_wrong_kind(ctx, node, path, "a list");
    if (bw_node_is_null(node)) {
        set_list(item, member, NULL, 0);
        return true;
    }
    if (node->kind == BW_NODE_SCALAR) {
        char *one = bw_arena_alloc(ctx->arena, size);
        set_list(item, member, one, 1);
        return decode_item(ctx, node, path, row, item, one);
    }
    char *items = bw_arena_array(ctx->arena, node->count, size);
    bool good = true;
    size_t i = 0;
    for (const struct bw_node *child = node->first; child != NULL; child = child->next, i++)
        good &= decode_item(ctx, child, bw_conf_path_index(ctx->arena, path, i), row, item,
                            items + i * size);
    set_list(item, member, items, node->count);
    return good;
}

static bool is_list_of_values(const struct bw_node *node, const struct bw_opt *row)
{
    return row->type == BW_OPT_MULTIMAP && node->kind == BW_NODE_LIST;
}

static size_t count_pairs(const struct bw_node *map, const struct bw_opt *row)
{
    size_t count = 0;
    for (const struct bw_node *child = map->first; child != NULL; child = child->next)
        count += is_list_of_values(child, row) ? child->count : 1;
    return count;
}

/* A name with its value, or with each of its values. */
static bool take_pairs(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                       const struct bw_opt *row, struct bw_pair *items, size_t *count)
{
    const bool many = is_list_of_values(node, row);
    bool good = true;
    size_t i = 0;
    for (const struct bw_node *value = many ? node->first : node; value != NULL;
         value = many ? value->next : NULL, i++) {
        struct bw_pair *pair = &items[(*count)++];
        pair->name = node->key;
        pair->value = "";
        if (ctx->as_go && bw_node_is_null(value))
            continue;
        good &= decode_item(ctx, value, many ? bw_conf_path_index(ctx->arena, path, i) : path, row,
                            BW_OPT_STRING, &pair->value);
    }
    return good;
}

bool bw_conf_value_map(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                       const struct bw_opt *row, void *member)
{
    struct bw_pairs *out = member;
    *out = (struct bw_pairs){ 0 };
    if (bw_node_is_null(node))
        return true;
    if (node->kind != BW_NODE_MAP)
        return bw_conf_value_wrong_kind(ctx, node, path, "a mapping");
    const size_t most = count_pairs(node, row);
    struct bw_pair *items = bw_arena_array(ctx->arena, most, sizeof *items);
    bool good = true;
    for (const struct bw_node *child = node->first; child != NULL; child = child->next)
        good &= take_pairs(ctx, child, bw_conf_path_key(ctx->arena, path, child->key), row, items,
                           &out->count);
    out->items = items;
    return good;
}

static bool bad_file(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                     const char *why)
{
    bw_problems_add(ctx->problems, node->at, path, "%s", why);
    return false;
}

/* One line end goes: editors and `echo` add it. */
static bool take_secret(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                        const struct bw_opt *row, struct bw_buf *content, const char **out)
{
    size_t len = content->len;
    if (memchr(content->data, '\0', len) != NULL)
        return bad_file(ctx, node, path, "the file holds a NUL byte");
    if (len > 0 && content->data[len - 1] == '\n')
        len--;
    if (len > 0 && len < content->len && content->data[len - 1] == '\r')
        len--;
    if (len == 0)
        return bad_file(ctx, node, path, "the file is empty");
    const union bw_scalar value = { .string = bw_arena_strndup(ctx->arena, content->data, len) };
    if (!bw_scalar_in_range(BW_OPT_STRING, row, value))
        return bad_value(ctx, node, path, row, BW_OPT_STRING, true);
    *out = value.string;
    return true;
}

bool bw_conf_value_secret_file(struct bw_conf_ctx *ctx, const struct bw_node *node,
                               const char *path, const struct bw_opt *row, void *member)
{
    struct bw_err err;
    if (node->kind != BW_NODE_SCALAR || bw_node_is_null(node))
        return bw_conf_value_wrong_kind(ctx, node, path, "the name of a file");
    const char *name = bw_conf_text(ctx, node, path);
    if (name == NULL)
        return false;
    if (ctx->read_file == NULL)
        return bad_file(ctx, node, path, "files cannot be read here");
    struct bw_buf content;
    bw_buf_init(&content, BW_CONF_SECRET_BYTES_MAX);
    bool good;
    if (ctx->read_file(ctx->user, name, node->at.file, &content, &err) != BW_OK)
        good = bad_file(ctx, node, path, err.text);
    else if (bw_buf_failed(&content))
        good = bad_file(ctx, node, path, "the file is too large for a secret");
    else
        good = take_secret(ctx, node, path, row, &content, member);
    /* Not to stay behind in freed memory. */
    if (content.cap > 0)
        explicit_bzero(content.data, content.cap);
    bw_buf_fini(&content);
    return good;
}
