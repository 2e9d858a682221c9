// SPDX-License-Identifier: GPL-3.0-or-later
/* mustache/over_value.h: renders templates over the document tree of model/value.h.
 *
 * Null, false and the empty list are falsy; true and false read as words, integers and
 * numbers as the shortest decimal; an object or list in a value's place reads as nothing. */
#ifndef MUSTACHE_OVER_VALUE_H
#define MUSTACHE_OVER_VALUE_H

#include "model/value.h"
#include "mustache/template.h"

/* Where partials and parents come from, by name; `find` returns NULL for an unknown one. */
struct bw_template_partials {
    const struct bw_template *(*find)(void *ctx, const char *name, size_t len);
    void *ctx;
};

/* A source whose nodes are made by bw_template_node_of(). Partials NULL: there are none;
 * else it must outlive the source. */
struct bw_template_source bw_template_source_over_value(struct bw_template_partials *partials);
struct bw_template_node bw_template_node_of(const struct bw_value *value);

/* Appends the rendered text to `out`. BW_ELIMIT when that reaches its ceiling, and what
 * bw_template_render returns. */
enum bw_rc bw_template_render_value(const struct bw_template *tmpl, const struct bw_value *root,
                                    struct bw_template_partials *partials,
                                    bw_template_escape_fn *escape, struct bw_buf *out,
                                    struct bw_err *err);

#endif
