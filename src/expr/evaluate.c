// SPDX-License-Identifier: GPL-3.0-or-later
/* Runs a program on a stack of numbers and vectors. */
#include "base/limits.h"
#include "base/mem.h"
#include "expr/expression.h"
#include "expr/program.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct operand {
    bool is_vector;
    double number;
    struct bw_expr_vector vector; /* empty for a number */
};

struct machine {
    struct operand *stack;
    size_t count, cap;
    struct bw_err *err;
};

void bw_expr_vector_add(struct bw_expr_vector *vector, const char *labels, double value)
{
    vector->entries =
        bw_grow(vector->entries, &vector->cap, vector->count + 1, sizeof *vector->entries);
    vector->entries[vector->count++] = (struct bw_expr_entry){ labels, value };
}

void bw_expr_vector_fini(struct bw_expr_vector *vector)
{
    free(vector->entries);
    *vector = (struct bw_expr_vector){ 0 };
}

/* fmin() and fmax() would let a number hide that the other one is unknown. */
static double lesser(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : fmin(a, b);
}

static double greater(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

static double apply(enum bw_expr_op op, double a, double b)
{
    switch (op) {
    case BW_EXPR_ADD:
        return a + b;
    case BW_EXPR_SUBTRACT:
        return a - b;
    case BW_EXPR_MULTIPLY:
        return a * b;
    case BW_EXPR_DIVIDE:
        return a / b;
    case BW_EXPR_MIN:
        return lesser(a, b);
    case BW_EXPR_MAX:
        return greater(a, b);
    case BW_EXPR_NEGATE:
        return -a;
    case BW_EXPR_ABS:
        return fabs(a);
    default:
        return NAN;
    }
}

static void push(struct machine *m, struct operand operand)
{
    m->stack = bw_grow(m->stack, &m->cap, m->count + 1, sizeof *m->stack);
    m->stack[m->count++] = operand;
}

/* What a step with one operand works on: the parser has made sure that it is there. */
static struct operand *top(struct machine *m)
{
    assert(m->stack != NULL && m->count >= 1);
    return &m->stack[m->count - 1];
}

static void apply_to_one(struct operand *x, enum bw_expr_op op)
{
    x->number = apply(op, x->number, 0);
    for (size_t i = 0; i < x->vector.count; i++)
        x->vector.entries[i].value = apply(op, x->vector.entries[i].value, 0);
}

/* Over all entries. NaN only when there is nothing else. */
static void reduce(struct operand *x, enum bw_expr_op op)
{
    if (!x->is_vector || x->vector.count == 0)
        return;
    double result = NAN;
    for (size_t i = 0; i < x->vector.count; i++) {
        const double value = x->vector.entries[i].value;
        result = op == BW_EXPR_LEAST_OF ? fmin(result, value) : fmax(result, value);
    }
    x->vector.count = 0;
    bw_expr_vector_add(&x->vector, "", result);
}

static int by_labels(const void *a, const void *b)
{
    const struct bw_expr_entry *x = a, *y = b;
    return strcmp(x->labels, y->labels);
}

static enum bw_rc sort_for_join(struct bw_expr_vector *v, struct bw_err *err)
{
    if (v->count == 0)
        return BW_OK;
    qsort(v->entries, v->count, sizeof *v->entries, by_labels);
    for (size_t i = 1; i < v->count; i++) {
        if (by_labels(&v->entries[i - 1], &v->entries[i]) == 0)
            return bw_fail(err, BW_EINVAL,
                           "two series of one operand have the same labels {%.150s}: narrow the "
                           "selector",
                           v->entries[i].labels);
    }
    return BW_OK;
}

/* Leaves in `a` the entries whose labels are in both. */
static enum bw_rc join(struct bw_expr_vector *a, struct bw_expr_vector *b, enum bw_expr_op op,
                       struct bw_err *err)
{
    enum bw_rc rc = sort_for_join(a, err);
    if (rc == BW_OK)
        rc = sort_for_join(b, err);
    if (rc != BW_OK)
        return rc;
    size_t kept = 0;
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        const int order = by_labels(&a->entries[i], &b->entries[j]);
        if (order == 0) {
            const struct bw_expr_entry left = a->entries[i++];
            const double value = apply(op, left.value, b->entries[j++].value);
            a->entries[kept++] = (struct bw_expr_entry){ left.labels, value };
        } else if (order < 0) {
            i++;
        } else {
            j++;
        }
    }
    a->count = kept;
    return BW_OK;
}

/* Takes b off the stack and leaves the result in the place of a. */
static enum bw_rc apply_to_two(struct machine *m, enum bw_expr_op op)
{
    assert(m->stack != NULL && m->count >= 2);
    struct operand *b = &m->stack[--m->count];
    struct operand *a = &m->stack[m->count - 1];
    enum bw_rc rc = BW_OK;
    if (a->is_vector && b->is_vector) {
        rc = join(&a->vector, &b->vector, op, m->err);
    } else if (a->is_vector) {
        for (size_t i = 0; i < a->vector.count; i++)
            a->vector.entries[i].value = apply(op, a->vector.entries[i].value, b->number);
    } else if (b->is_vector) {
        const double left = a->number;
        *a = *b;
        b->vector = (struct bw_expr_vector){ 0 }; /* it is a's now */
        for (size_t i = 0; i < a->vector.count; i++)
            a->vector.entries[i].value = apply(op, left, a->vector.entries[i].value);
    } else {
        a->number = apply(op, a->number, b->number);
    }
    bw_expr_vector_fini(&b->vector);
    return rc;
}

static enum bw_rc push_selector(struct machine *m, const struct bw_expr *expr, size_t selector,
                                bw_expr_resolve_fn *resolve, void *ctx)
{
    struct operand operand = { .is_vector = true };
    resolve(ctx, selector, &operand.vector);
    push(m, operand);
    if (operand.vector.count > BW_EXPR_VECTOR_MAX)
        return bw_fail(m->err, BW_ELIMIT, "%.100s selects %zu series, more than %u",
                       expr->selectors[selector], operand.vector.count, BW_EXPR_VECTOR_MAX);
    return BW_OK;
}

static enum bw_rc run(struct machine *m, const struct bw_expr *expr, bw_expr_resolve_fn *resolve,
                      void *ctx)
{
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < expr->step_count && rc == BW_OK; i++) {
        const struct bw_expr_step *step = &expr->steps[i];
        if (step->op == BW_EXPR_NUMBER)
            push(m, (struct operand){ .number = step->number });
        else if (step->op == BW_EXPR_SELECTOR)
            rc = push_selector(m, expr, step->selector, resolve, ctx);
        else if (step->op >= BW_EXPR_ADD)
            rc = apply_to_two(m, step->op);
        else if (step->op == BW_EXPR_LEAST_OF || step->op == BW_EXPR_GREATEST_OF)
            reduce(top(m), step->op);
        else
            apply_to_one(top(m), step->op);
    }
    return rc;
}

enum bw_rc bw_expr_eval(const struct bw_expr *expr, bw_expr_resolve_fn *resolve, void *ctx,
                        struct bw_expr_vector *out, struct bw_err *err)
{
    struct machine m = { .err = err };
    bw_expr_vector_fini(out);
    const enum bw_rc rc = run(&m, expr, resolve, ctx);
    if (rc == BW_OK) {
        assert(m.stack != NULL && m.count == 1); /* as the parser has made sure */
        struct operand *result = &m.stack[0];
        if (!result->is_vector)
            bw_expr_vector_add(&result->vector, "", result->number);
        *out = result->vector;
        result->vector = (struct bw_expr_vector){ 0 };
    }
    for (size_t i = 0; i < m.count; i++)
        bw_expr_vector_fini(&m.stack[i].vector);
    free(m.stack);
    return rc;
}
