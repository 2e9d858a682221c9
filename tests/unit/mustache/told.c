// SPDX-License-Identifier: GPL-3.0-or-later
#include "told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PARTIALS_MAX = 16 };

struct compiled {
    const struct told_partial *partials;
    struct bw_template *tmpls[PARTIALS_MAX];
    size_t count;
};

static struct bw_template *compile(const char *name, const char *text)
{
    struct bw_err err;
    struct bw_template *tmpl = bw_template_compile(name, text, strlen(text), &err);
    if (tmpl == NULL)
        fail_msg("%s", err.text);
    return tmpl;
}

static const struct bw_template *find(void *ctx, const char *name, size_t len)
{
    const struct compiled *c = ctx;
    for (size_t i = 0; i < c->count; i++) {
        if (bw_span_is((struct bw_span){ name, len }, c->partials[i].name))
            return c->tmpls[i];
    }
    return NULL;
}

static const struct bw_value *make_tree(struct bw_arena *a)
{
    struct bw_value *root = bw_value_object(a);
    bw_value_add_text(a, root, "name", "Ada <3");
    bw_value_add_bool(a, root, "yes", true);
    bw_value_add_bool(a, root, "no", false);
    bw_value_add_null(a, root, "nothing");
    bw_value_add_list(a, root, "none");
    struct bw_value *two = bw_value_add_list(a, root, "two");
    bw_value_add_text(a, two, NULL, "a");
    bw_value_add_text(a, two, NULL, "b");
    struct bw_value *rows = bw_value_add_list(a, root, "rows");
    for (int i = 1; i <= 2; i++)
        bw_value_add_int(a, bw_value_add_object(a, rows, NULL), "id", i);
    struct bw_value *deep = bw_value_add_object(a, root, "deep");
    bw_value_add_text(a, bw_value_add_object(a, deep, "er"), "est", "bottom");
    bw_value_add_text(a, root, "which", "leaf");
    return root;
}

enum bw_rc told(const char *text, const struct told_partial *partials, size_t count,
                const char *escape, struct bw_buf *out)
{
    struct bw_arena arena = { 0 };
    struct bw_err err;
    struct compiled c = { .partials = partials };
    for (; c.count < count; c.count++)
        c.tmpls[c.count] = compile(partials[c.count].name, partials[c.count].text);
    struct bw_template *tmpl = compile("page", text);
    struct bw_template_partials source = { find, &c };
    const enum bw_rc rc = bw_template_render_value(tmpl, make_tree(&arena), &source,
                                                   bw_template_escape_named(escape), out, &err);
    if (rc != BW_OK) {
        bw_buf_clear(out);
        bw_buf_text(out, err.text);
    }
    for (size_t i = 0; i < c.count; i++)
        bw_template_free(c.tmpls[i]);
    bw_template_free(tmpl);
    bw_arena_fini(&arena);
    return rc;
}

void assert_told(const char *story, const char *text, const struct told_partial *partials,
                 size_t count, const char *want)
{
    struct bw_buf out;
    bw_buf_init(&out, 1 << 20);
    told(text, partials, count, "html", &out);
    const bool same = strcmp(out.data, want) == 0;
    if (!same)
        print_error("%s: got [%s], want [%s]\n", story, out.data, want);
    bw_buf_fini(&out);
    assert_true(same);
}
