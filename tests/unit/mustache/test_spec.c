// SPDX-License-Identifier: GPL-3.0-or-later
/* Runs the JSON files of the Mustache specification through the engine. The folder is a build
 * option, MUSTACHE_SPEC_DIR, and the environment variable of that name overrides it. */
#include "base/limits.h"
#include "mustache/over_value.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_SKIPPED = 77, PARTIALS_MAX = 16, SPEC_TESTS = 194 };

/* One test of the specification, ready to run. */
struct spec_case {
    const char *name;
    struct bw_arena arena;
    const struct bw_value *data;
    struct bw_template *tmpl;
    struct {
        const char *name;
        struct bw_template *tmpl;
    } partials[PARTIALS_MAX];
    size_t partial_count;
    unsigned calls; /* of its lambda */
};

/* The lambdas of the specification are given in a dozen languages; this is C. `%r` is the raw
 * text of the section, `%n` the number of the call. */
static const struct {
    const char *test, *returns;
} lambdas[] = {
    { "Interpolation", "world" },
    { "Interpolation - Expansion", "{{planet}}" },
    { "Interpolation - Alternate Delimiters", "|planet| => {{planet}}" },
    { "Interpolation - Multiple Calls", "%n" },
    { "Escaping", ">" },
    { "Section - Expansion", "%r{{planet}}%r" },
    { "Section - Alternate Delimiters", "%r{{planet}} => |planet|%r" },
    { "Section - Multiple Calls", "__%r__" },
    { "Inverted Section", "" },
};

static void expand(struct bw_buf *out, const char *format, const char *raw, size_t len,
                   unsigned call)
{
    for (const char *p = format; *p != '\0'; p++) {
        if (bw_text_starts_with(p, "%r")) {
            bw_buf_bytes(out, raw, len);
            p++;
        } else if (bw_text_starts_with(p, "%n")) {
            bw_buf_uint(out, call);
            p++;
        } else {
            bw_buf_char(out, *p);
        }
    }
}

static bool call_lambda(void *ctx, struct bw_template_node node, const char *raw, size_t len,
                        struct bw_buf *out)
{
    struct spec_case *c = ctx;
    (void)node;
    c->calls++;
    if (strcmp(c->name, "Section") == 0) {
        bw_buf_text(out, bw_span_is((struct bw_span){ raw, len }, "{{x}}") ? "yes" : "no");
        return true;
    }
    for (size_t i = 0; i < sizeof lambdas / sizeof *lambdas; i++) {
        if (strcmp(c->name, lambdas[i].test) == 0) {
            expand(out, lambdas[i].returns, raw, len, c->calls);
            return true;
        }
    }
    return false;
}

/* A lambda stands in the data as an object with a member "__tag__". */
static enum bw_template_kind kind_with_lambdas(void *ctx, struct bw_template_node node)
{
    (void)ctx;
    if (bw_value_member(node.p, "__tag__", strlen("__tag__")) != NULL)
        return BW_TEMPLATE_LAMBDA;
    const struct bw_template_source plain = bw_template_source_over_value(NULL);
    return plain.kind(plain.ctx, node);
}

static const struct bw_template *find_partial(void *ctx, const char *name, size_t len)
{
    const struct spec_case *c = ctx;
    for (size_t i = 0; i < c->partial_count; i++) {
        if (bw_span_is((struct bw_span){ name, len }, c->partials[i].name))
            return c->partials[i].tmpl;
    }
    return NULL;
}

static enum bw_rc append(void *ctx, const char *bytes, size_t len, struct bw_err *err)
{
    (void)err;
    bw_buf_bytes(ctx, bytes, len);
    return BW_OK;
}

static void add_json(struct bw_arena *arena, struct bw_value *in, const char *key, json_t *json);

static void add_children(struct bw_arena *arena, struct bw_value *in, json_t *json)
{
    const char *key;
    json_t *child;
    size_t i;
    if (json_is_object(json)) {
        json_object_foreach(json, key, child) add_json(arena, in, key, child);
    } else {
        json_array_foreach(json, i, child) add_json(arena, in, NULL, child);
    }
}

static void add_json(struct bw_arena *arena, struct bw_value *in, const char *key, json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        add_children(arena, bw_value_add_object(arena, in, key), json);
        break;
    case JSON_ARRAY:
        add_children(arena, bw_value_add_list(arena, in, key), json);
        break;
    case JSON_STRING:
        bw_value_add_text(arena, in, key, json_string_value(json));
        break;
    case JSON_INTEGER:
        bw_value_add_int(arena, in, key, json_integer_value(json));
        break;
    case JSON_REAL:
        bw_value_add_number(arena, in, key, json_real_value(json));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        bw_value_add_bool(arena, in, key, json_is_true(json));
        break;
    case JSON_NULL:
        bw_value_add_null(arena, in, key);
        break;
    }
}

static struct bw_template *compile(const char *name, json_t *text)
{
    struct bw_err err;
    const char *bytes = json_string_value(text);
    struct bw_template *tmpl = bw_template_compile(name, bytes, strlen(bytes), &err);
    if (tmpl == NULL)
        printf("  %s\n", err.text);
    return tmpl;
}

static bool prepare(struct spec_case *c, json_t *test)
{
    const char *name;
    json_t *text;
    *c = (struct spec_case){ .name = json_string_value(json_object_get(test, "name")) };
    struct bw_value *list = bw_value_list(&c->arena);
    add_json(&c->arena, list, NULL, json_object_get(test, "data"));
    c->data = list->first;
    json_object_foreach(json_object_get(test, "partials"), name, text)
    {
        c->partials[c->partial_count].name = name;
        c->partials[c->partial_count].tmpl = compile(name, text);
        if (c->partials[c->partial_count++].tmpl == NULL)
            return false;
    }
    c->tmpl = compile("template", json_object_get(test, "template"));
    return c->tmpl != NULL;
}

static void release(struct spec_case *c)
{
    for (size_t i = 0; i < c->partial_count; i++)
        bw_template_free(c->partials[i].tmpl);
    bw_template_free(c->tmpl);
    bw_arena_fini(&c->arena);
}

static bool renders_as(struct spec_case *c, const char *want)
{
    struct bw_template_source source = bw_template_source_over_value(NULL);
    source.ctx = c;
    source.kind = kind_with_lambdas;
    source.lambda = call_lambda;
    source.partial = find_partial;
    struct bw_buf out;
    struct bw_err err = { .text = "" };
    bw_buf_init(&out, 1 << 20);
    const enum bw_rc rc = bw_template_render(c->tmpl, &source, bw_template_node_of(c->data),
                                             bw_template_escape_named("html"),
                                             (struct bw_template_sink){ append, &out }, &err);
    const bool same = rc == BW_OK && strcmp(out.data, want) == 0;
    if (!same)
        printf("  %s\n    want %s\n    got  %s %s\n", c->name, want, out.data, err.text);
    bw_buf_fini(&out);
    return same;
}

static bool run_test(json_t *test)
{
    struct spec_case c;
    const char *want = json_string_value(json_object_get(test, "expected"));
    const bool passed = prepare(&c, test) && renders_as(&c, want);
    release(&c);
    return passed;
}

/* Adds to *passed and *run; false when the file cannot be read. */
static bool run_file(const char *path, const char *name, unsigned *passed, unsigned *run)
{
    json_error_t problem;
    json_t *json = json_load_file(path, 0, &problem), *test;
    unsigned ok = 0, all = 0;
    size_t i;
    if (json == NULL) {
        printf("%s: %s\n", path, problem.text);
        return false;
    }
    json_array_foreach(json_object_get(json, "tests"), i, test)
    {
        ok += run_test(test);
        all++;
    }
    printf("%-22s %u/%u\n", name, ok, all);
    *passed += ok;
    *run += all;
    json_decref(json);
    return true;
}

int main(void)
{
    const char *set = getenv("MUSTACHE_SPEC_DIR");
    const char *folder = set != NULL ? set : MUSTACHE_SPEC_DIR;
    DIR *dir = opendir(folder);
    unsigned passed = 0, run = 0;
    bool readable = true;
    if (dir == NULL) {
        printf("skipped: no Mustache specification in %s (set MUSTACHE_SPEC_DIR)\n", folder);
        return EXIT_SKIPPED;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        if (!bw_text_ends_with(entry->d_name, ".json"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        readable = run_file(path, entry->d_name, &passed, &run) && readable;
    }
    closedir(dir);
    printf("%u/%u\n", passed, run);
    return readable && run >= SPEC_TESTS && passed == run ? EXIT_SUCCESS : EXIT_FAILURE;
}
