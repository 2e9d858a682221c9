// SPDX-License-Identifier: GPL-3.0-or-later
/* mustache/template.h: Mustache templates, compiled once and rendered as a stream.
 *
 *     text --compile--> parts --render(source, escape)--> 32 KiB batches --> sink
 *                               ^ asks: kind, get, text, next, lambda, partial
 *
 * The whole of the Mustache specification (github.com/mustache/spec, 2025), with its optional
 * modules: dynamic names, inheritance, lambdas. Data is not copied into a tree first: the
 * renderer asks a source for what it needs, row by row, so a table of a million rows takes the
 * memory of one batch. A template does not change after compiling and may be rendered by
 * several threads at once. */
#ifndef MUSTACHE_TEMPLATE_H
#define MUSTACHE_TEMPLATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_template;

/* Compiles `len` bytes of UTF-8, at most BW_TEMPLATE_BYTES_MAX, which are copied. `file` is
 * only a name for messages. NULL with "file:line:col: what is wrong" in *err; columns count
 * characters, from 1. */
struct bw_template *bw_template_compile(const char *file, const char *text, size_t len,
                                        struct bw_err *err);
void bw_template_free(struct bw_template *tmpl);

/* A thing in the caller's data. Passed by value; what the two words mean is the source's own
 * business (a pointer and a row number, say). */
struct bw_template_node {
    const void *p;
    intptr_t i;
};

enum bw_template_kind {
    BW_TEMPLATE_FALSY,  /* null, false: its section is skipped */
    BW_TEMPLATE_SCALAR, /* text, number, true */
    BW_TEMPLATE_OBJECT, /* has members: names are looked up in it */
    BW_TEMPLATE_LIST,   /* its section is repeated; an empty one is falsy */
    BW_TEMPLATE_LAMBDA, /* calls lambda() */
};

enum { BW_TEMPLATE_SCRATCH_BYTES = 64 };

/* Where values come from. `ctx` is handed to every call. Text that a call returns must stay
 * until the next call into the source has returned. */
struct bw_template_source {
    void *ctx;
    enum bw_template_kind (*kind)(void *ctx, struct bw_template_node node);

    /* The member of an object by one segment of a dotted name; false: there is none. */
    bool (*get)(void *ctx, struct bw_template_node object, const char *key, size_t len,
                struct bw_template_node *out);

    /* How a value reads; `scratch` is room to format a number in. Data NULL or no bytes:
     * nothing is written. */
    struct bw_span (*text)(void *ctx, struct bw_template_node node,
                           char scratch[BW_TEMPLATE_SCRATCH_BYTES]);

    /* The item at `index` of a list, asked for in rising order from 0; *item holds the one
     * before it, so a linked list needs no search. False: the list ends. */
    bool (*next)(void *ctx, struct bw_template_node list, size_t index,
                 struct bw_template_node *item);

    /* Appends template text that stands for a lambda, at most BW_TEMPLATE_BYTES_MAX. `raw` is
     * the unrendered body of its section, NULL where it is used as a value. False: nothing.
     * May be NULL. */
    bool (*lambda)(void *ctx, struct bw_template_node node, const char *raw, size_t len,
                   struct bw_buf *out);

    /* The template of that name; NULL: nothing is rendered in its place. May be NULL. */
    const struct bw_template *(*partial)(void *ctx, const char *name, size_t len);
};

/* Appends a value in the form that the output needs; base/escape.h has them. */
typedef void bw_template_escape_fn(struct bw_buf *out, const char *text, size_t len);

/* The escape for "html", "csv", "md", "json" or "none"; NULL for another name. */
bw_template_escape_fn *bw_template_escape_named(const char *name);

/* Takes the next batch. Anything but BW_OK, with *err set, ends the rendering. */
typedef enum bw_rc bw_template_sink_fn(void *ctx, const char *bytes, size_t len,
                                       struct bw_err *err);

struct bw_template_sink {
    bw_template_sink_fn *write;
    void *ctx;
};

/* Renders `root` into the sink. BW_ELIMIT, with file, line and column, when sections and
 * partials nest beyond BW_TEMPLATE_DEPTH_MAX or one value, escaped, is longer than
 * BW_TEMPLATE_VALUE_BYTES_MAX; BW_EINVAL when what a lambda returned is no template; else
 * what the sink returned. What was written before an error stays written. */
enum bw_rc bw_template_render(const struct bw_template *tmpl,
                              const struct bw_template_source *source, struct bw_template_node root,
                              bw_template_escape_fn *escape, struct bw_template_sink sink,
                              struct bw_err *err);

#endif
