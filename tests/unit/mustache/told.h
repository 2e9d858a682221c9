// SPDX-License-Identifier: GPL-3.0-or-later
/* What the tests of this folder share: a small tree, named partials, and rendering to text.
 *
 * The tree: { name: "Ada <3", yes: true, no: false, nothing: null, none: [], two: ["a", "b"],
 *             rows: [{id: 1}, {id: 2}], deep: {er: {est: "bottom"}}, which: "leaf" } */
#ifndef TESTS_MUSTACHE_TOLD_H
#define TESTS_MUSTACHE_TOLD_H

#include "mustache/over_value.h"

struct told_partial {
    const char *name, *text;
};

/* Renders `text` over the tree. Ends the test when it does not compile. `out` holds the text
 * or, when rendering failed, the message. */
enum bw_rc told(const char *text, const struct told_partial *partials, size_t count,
                const char *escape, struct bw_buf *out);

/* Fails the test unless `text` becomes `want`. */
void assert_told(const char *story, const char *text, const struct told_partial *partials,
                 size_t count, const char *want);

#endif
