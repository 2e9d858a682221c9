// SPDX-License-Identifier: GPL-3.0-or-later
/* expr/program.h: what the parser hands to the evaluator: steps in the order in which a
 * stack machine takes them. Only for this folder. */
#ifndef EXPR_PROGRAM_H
#define EXPR_PROGRAM_H

#include "expr/expression.h"

#include <stddef.h>

/* What a step takes from the stack, and puts back in its place. */
enum bw_expr_op {
    BW_EXPR_NUMBER,   /* nothing -> step.number */
    BW_EXPR_SELECTOR, /* nothing -> the vector of step.selector */
    BW_EXPR_NEGATE,   /* x -> -x */
    BW_EXPR_ABS,
    BW_EXPR_LEAST_OF, /* x -> the least value of all entries */
    BW_EXPR_GREATEST_OF,
    BW_EXPR_ADD, /* x y -> x + y; so are all below */
    BW_EXPR_SUBTRACT,
    BW_EXPR_MULTIPLY,
    BW_EXPR_DIVIDE,
    BW_EXPR_MIN,
    BW_EXPR_MAX,
};

struct bw_expr_step {
    enum bw_expr_op op;
    double number;
    size_t selector;
};

struct bw_expr {
    char *text;
    struct bw_expr_step *steps;
    size_t step_count, step_cap;
    char **selectors;
    size_t selector_count, selector_cap;
};

#endif
