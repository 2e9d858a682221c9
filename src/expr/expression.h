// SPDX-License-Identifier: GPL-3.0-or-later
/* expr/expression.h: arithmetic over series for alert rules.
 *
 *      sum     = product { ("+" | "-") product }
 *      product = unary { ("*" | "/") unary }
 *      unary   = ("-" | "+") unary | primary
 *      primary = number | "(" sum ")" | function "(" sum { "," sum } ")" | selector
 *      selector = name [ "{" ... "}" ] | "{" ... "}"
 *
 * abs(x): every value without its sign. min(x), max(x): the least or greatest of all
 * values, one entry without labels; of several arguments: entry by entry, as an operator.
 *
 * A selector stays text (quotes and braces are balanced, what is inside is the caller's
 * business) and the caller yields its vector: entries with a label text and a value.
 * An operator between two vectors joins entries of equal label text, one to one, and drops
 * the rest; with a number it applies to each entry. x / 0 is an infinity or NaN (IEEE
 * 754); entries that are NaN are kept. */
#ifndef EXPR_EXPRESSION_H
#define EXPR_EXPRESSION_H

#include "base/err.h"

#include <stddef.h>

struct bw_expr;

struct bw_expr_entry {
    const char *labels; /* borrowed from whoever yielded it; "" for none. No metric name */
    double value;
};

/* All zeros is an empty vector. */
struct bw_expr_vector {
    struct bw_expr_entry *entries;
    size_t count, cap;
};

/* Appends the entries of selector number `selector` to *out with bw_expr_vector_add();
 * the label texts must live until the result of bw_expr_eval() is no longer used. */
typedef void bw_expr_resolve_fn(void *ctx, size_t selector, struct bw_expr_vector *out);

/* BW_EINVAL with "position N" (from 1, in bytes), BW_ELIMIT beyond the ceilings on length
 * and depth. The caller frees with bw_expr_free(). */
enum bw_rc bw_expr_parse(const char *text, struct bw_expr **out, struct bw_err *err);

/* NULL is fine. */
void bw_expr_free(struct bw_expr *expr);

/* As it was written. */
const char *bw_expr_text(const struct bw_expr *expr);

/* Selectors as written (trimmed), numbered from 0; equal texts share one number. */
size_t bw_expr_selector_count(const struct bw_expr *expr);
const char *bw_expr_selector(const struct bw_expr *expr, size_t selector);

/* Replaces what is in *out (initialised by the caller) with the result, in the order of
 * the label texts where a join took place. An expression without selectors gives one entry
 * without labels. BW_EINVAL when a join meets two entries of the same labels on one side,
 * BW_ELIMIT when a selector yields more than BW_EXPR_VECTOR_MAX; *out is empty then. */
enum bw_rc bw_expr_eval(const struct bw_expr *expr, bw_expr_resolve_fn *resolve, void *ctx,
                        struct bw_expr_vector *out, struct bw_err *err);

void bw_expr_vector_add(struct bw_expr_vector *vector, const char *labels, double value);
void bw_expr_vector_fini(struct bw_expr_vector *vector);

#endif
