// SPDX-License-Identifier: GPL-3.0-or-later
#include "mustache/over_value.h"

#include "base/num.h"

_Static_assert(BW_TEMPLATE_SCRATCH_BYTES >= BW_DOUBLE_TEXT_MAX
                   && BW_TEMPLATE_SCRATCH_BYTES > BW_UINT_TEXT_MAX,
               "scratch holds any number");

static const struct bw_value *value_of(struct bw_template_node node)
{
    return node.p;
}

struct bw_template_node bw_template_node_of(const struct bw_value *value)
{
    return (struct bw_template_node){ value, 0 };
}

static enum bw_template_kind kind_of(void *ctx, struct bw_template_node node)
{
    static const enum bw_template_kind kinds[] = {
        [BW_VALUE_NULL] = BW_TEMPLATE_FALSY,    [BW_VALUE_BOOL] = BW_TEMPLATE_SCALAR,
        [BW_VALUE_INT] = BW_TEMPLATE_SCALAR,    [BW_VALUE_NUMBER] = BW_TEMPLATE_SCALAR,
        [BW_VALUE_TEXT] = BW_TEMPLATE_SCALAR,   [BW_VALUE_LIST] = BW_TEMPLATE_LIST,
        [BW_VALUE_OBJECT] = BW_TEMPLATE_OBJECT,
    };
    (void)ctx;
    const struct bw_value *value = value_of(node);
    if (value->kind == BW_VALUE_BOOL && !value->boolean)
        return BW_TEMPLATE_FALSY;
    return kinds[value->kind];
}

static bool get_member(void *ctx, struct bw_template_node object, const char *key, size_t len,
                       struct bw_template_node *out)
{
    (void)ctx;
    const struct bw_value *value = bw_value_member(value_of(object), key, len);
    if (value == NULL)
        return false;
    *out = bw_template_node_of(value);
    return true;
}

static struct bw_span int_text(char *scratch, int64_t value)
{
    size_t len = 0;
    if (value < 0)
        scratch[len++] = '-';
    len += bw_format_uint(scratch + len, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    return (struct bw_span){ scratch, len };
}

static struct bw_span value_text(void *ctx, struct bw_template_node node,
                                 char scratch[BW_TEMPLATE_SCRATCH_BYTES])
{
    (void)ctx;
    const struct bw_value *value = value_of(node);
    switch (value->kind) {
    case BW_VALUE_BOOL:
        return bw_span_of(value->boolean ? "true" : "false");
    case BW_VALUE_INT:
        return int_text(scratch, value->integer);
    case BW_VALUE_NUMBER:
        return (struct bw_span){ scratch, bw_format_double(scratch, value->number) };
    case BW_VALUE_TEXT:
        return (struct bw_span){ value->text, value->len };
    case BW_VALUE_NULL:
    case BW_VALUE_LIST:
    case BW_VALUE_OBJECT:
        break;
    }
    return (struct bw_span){ NULL, 0 };
}

static bool next_item(void *ctx, struct bw_template_node list, size_t index,
                      struct bw_template_node *item)
{
    (void)ctx;
    const struct bw_value *next = index == 0 ? value_of(list)->first : value_of(*item)->next;
    *item = bw_template_node_of(next);
    return next != NULL;
}

static const struct bw_template *find_partial(void *ctx, const char *name, size_t len)
{
    const struct bw_template_partials *partials = ctx;
    return partials->find(partials->ctx, name, len);
}

struct bw_template_source bw_template_source_over_value(struct bw_template_partials *partials)
{
    return (struct bw_template_source){
        .ctx = partials,
        .kind = kind_of,
        .get = get_member,
        .text = value_text,
        .next = next_item,
        .partial = partials != NULL ? find_partial : NULL,
    };
}

static enum bw_rc append(void *ctx, const char *bytes, size_t len, struct bw_err *err)
{
    struct bw_buf *out = ctx;
    bw_buf_bytes(out, bytes, len);
    if (!bw_buf_failed(out))
        return BW_OK;
    return bw_fail(err, BW_ELIMIT, "the rendered text is longer than %zu bytes", out->max);
}

enum bw_rc bw_template_render_value(const struct bw_template *tmpl, const struct bw_value *root,
                                    struct bw_template_partials *partials,
                                    bw_template_escape_fn *escape, struct bw_buf *out,
                                    struct bw_err *err)
{
    const struct bw_template_source source = bw_template_source_over_value(partials);
    return bw_template_render(tmpl, &source, bw_template_node_of(root), escape,
                              (struct bw_template_sink){ append, out }, err);
}
