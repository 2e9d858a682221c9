// SPDX-License-Identifier: GPL-3.0-or-later
/* Compiles any bytes as a template and renders it over a small tree; every partial and parent
 * is the template itself. `f` is a lambda that gives back what is in its section. */
#include "mustache/over_value.h"

#include <stdlib.h>
#include <string.h>

/* Nested sections over lists multiply: 100 deep over two items would outlive us. */
enum { ITEMS_MAX = 500, OUTPUT_BYTES_MAX = 1 << 20 };

struct world {
    const struct bw_template *self;
    const struct bw_value *lambda;
    unsigned items;
    size_t bytes;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bw_template_source plain;

static enum bw_template_kind kind_of(void *ctx, struct bw_template_node node)
{
    const struct world *world = ctx;
    return node.p == world->lambda ? BW_TEMPLATE_LAMBDA : plain.kind(NULL, node);
}

static bool next_item(void *ctx, struct bw_template_node list, size_t index,
                      struct bw_template_node *item)
{
    struct world *world = ctx;
    return world->items++ < ITEMS_MAX && plain.next(NULL, list, index, item);
}

static bool call_lambda(void *ctx, struct bw_template_node node, const char *raw, size_t len,
                        struct bw_buf *out)
{
    (void)ctx;
    (void)node;
    if (raw == NULL)
        bw_buf_text(out, "{{name}}\n{{#two}}{{.}}{{/two}}");
    else
        bw_buf_bytes(out, raw, len);
    return true;
}

static const struct bw_template *find_self(void *ctx, const char *name, size_t len)
{
    const struct world *world = ctx;
    (void)name;
    return len == 1 ? NULL : world->self;
}

static enum bw_rc take(void *ctx, const char *bytes, size_t len, struct bw_err *err)
{
    struct world *world = ctx;
    if (len == 0 || memchr(bytes, bytes[0], len) == NULL)
        abort();
    world->bytes += len;
    return world->bytes < OUTPUT_BYTES_MAX ? BW_OK : bw_fail(err, BW_EFULL, "enough");
}

static struct bw_value *make_tree(struct bw_arena *a, const struct bw_value **lambda)
{
    struct bw_value *root = bw_value_object(a);
    bw_value_add_text(a, root, "name", "<a & \"b\">\n=1");
    bw_value_add_number(a, root, "x", 1.21);
    bw_value_add_bool(a, root, "no", false);
    struct bw_value *two = bw_value_add_list(a, root, "two");
    bw_value_add_int(a, two, NULL, -1);
    bw_value_add_text(a, bw_value_add_object(a, two, NULL), "a", "self");
    bw_value_add_text(a, bw_value_add_object(a, root, "o"), "p", "q");
    *lambda = bw_value_add_object(a, root, "f");
    return root;
}

static void render(const struct bw_template *tmpl, const char *escape)
{
    struct bw_arena arena = { 0 };
    struct world world = { .self = tmpl };
    const struct bw_value *root = make_tree(&arena, &world.lambda);
    plain = bw_template_source_over_value(NULL);
    struct bw_template_source source = plain;
    source.ctx = &world;
    source.kind = kind_of;
    source.next = next_item;
    source.lambda = call_lambda;
    source.partial = find_self;
    struct bw_err err = { .text = "" };
    const enum bw_rc rc = bw_template_render(tmpl, &source, bw_template_node_of(root),
                                             bw_template_escape_named(escape),
                                             (struct bw_template_sink){ take, &world }, &err);
    if ((rc == BW_OK) != (err.text[0] == '\0'))
        abort();
    bw_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const escapes[] = { "html", "csv", "md", "json", "none" };
    struct bw_err err = { .text = "" };
    struct bw_template *tmpl = bw_template_compile("fuzz", (const char *)data, size, &err);
    if ((tmpl == NULL) != (err.text[0] != '\0'))
        abort();
    if (tmpl != NULL)
        render(tmpl, escapes[size % (sizeof escapes / sizeof *escapes)]);
    bw_template_free(tmpl);
    return 0;
}
