// SPDX-License-Identifier: GPL-3.0-or-later
/* Texts to programs, by recursive descent along the grammar in expression.h. */
#include "expr/expression.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "expr/program.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct bw_expr *expr;
    const char *at;
    unsigned depth;
    struct bw_err *err;
};

static enum bw_rc parse_sum(struct parser *p);

static enum bw_rc fail_at(const struct parser *p, const char *at, const char *what)
{
    const size_t position = (size_t)(at - p->expr->text) + 1;
    if (*at == '\0')
        return bw_fail(p->err, BW_EINVAL, "position %zu: %s, but the expression ends", position,
                       what);
    return bw_fail(p->err, BW_EINVAL, "position %zu: %s, not '%.20s'", position, what, at);
}

static void skip_blanks(struct parser *p)
{
    p->at += strspn(p->at, " \t\r\n");
}

/* Takes the byte, if it is next, with the blanks after it. */
static bool take(struct parser *p, char wanted)
{
    if (*p->at != wanted)
        return false;
    p->at++;
    skip_blanks(p);
    return true;
}

static void emit(struct parser *p, struct bw_expr_step step)
{
    struct bw_expr *e = p->expr;
    e->steps = bw_grow(e->steps, &e->step_cap, e->step_count + 1, sizeof *e->steps);
    e->steps[e->step_count++] = step;
}

static void emit_op(struct parser *p, enum bw_expr_op op)
{
    emit(p, (struct bw_expr_step){ .op = op });
}

static bool is_name_byte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'
           || (!first && c >= '0' && c <= '9');
}

static size_t name_length(const char *text)
{
    size_t len = 0;
    while (is_name_byte(text[len], len == 0))
        len++;
    return len;
}

static enum bw_rc parse_number(struct parser *p)
{
    const char *first = p->at;
    const char *at = first + strspn(first, "0123456789.");
    if (*at == 'e' || *at == 'E') {
        const size_t sign = at[1] == '+' || at[1] == '-' ? 2 : 1;
        const size_t digits = strspn(at + sign, "0123456789");
        at += digits > 0 ? sign + digits : 0;
    }
    double number;
    if (is_name_byte(*at, true) || !bw_parse_double(first, (size_t)(at - first), &number))
        return fail_at(p, first, "expected a plain number");
    p->at = at;
    skip_blanks(p);
    emit(p, (struct bw_expr_step){ .op = BW_EXPR_NUMBER, .number = number });
    return BW_OK;
}

/* The byte after the text in quotes that begins at `at`; NULL when it has no end. */
static const char *after_quotes(const char *at)
{
    const char quote = *at;
    for (at++; *at != '\0'; at++) {
        if (*at == quote)
            return at + 1;
        if (*at == '\\' && quote != '`' && at[1] != '\0')
            at++;
    }
    return NULL;
}

/* The byte after the brace that closes the one at `at`; NULL when there is none. */
static const char *after_braces(const char *at)
{
    at++;
    while (at != NULL && *at != '\0') {
        if (*at == '}')
            return at + 1;
        if (*at == '{')
            return NULL;
        if (strchr("\"'`", *at) != NULL)
            at = after_quotes(at);
        else
            at++;
    }
    return NULL;
}

static size_t selector_number(struct bw_expr *e, const char *text, size_t len)
{
    for (size_t i = 0; i < e->selector_count; i++) {
        if (strlen(e->selectors[i]) == len && memcmp(e->selectors[i], text, len) == 0)
            return i;
    }
    e->selectors =
        bw_grow(e->selectors, &e->selector_cap, e->selector_count + 1, sizeof *e->selectors);
    e->selectors[e->selector_count] = bw_strndup(text, len);
    return e->selector_count++;
}

static enum bw_rc parse_selector(struct parser *p, size_t name_len)
{
    const char *first = p->at;
    const char *end = first + name_len;
    p->at = end;
    skip_blanks(p);
    if (*p->at == '{') {
        end = after_braces(p->at);
        if (end == NULL)
            return fail_at(p, p->at, "expected matchers with both braces and quotes closed");
        p->at = end;
        skip_blanks(p);
    }
    if (*p->at == '[')
        return fail_at(p, p->at, "a rule looks at the latest values: expected no range");
    emit(p, (struct bw_expr_step){ .op = BW_EXPR_SELECTOR,
                                   .selector =
                                       selector_number(p->expr, first, (size_t)(end - first)) });
    return BW_OK;
}

static const struct function {
    const char *name;
    enum bw_expr_op of_one, of_two;
    bool takes_more;
} functions[] = {
    { "abs", BW_EXPR_ABS, BW_EXPR_ABS, false },
    { "min", BW_EXPR_LEAST_OF, BW_EXPR_MIN, true },
    { "max", BW_EXPR_GREATEST_OF, BW_EXPR_MAX, true },
};

static const struct function *function_named(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (strlen(functions[i].name) == len && memcmp(functions[i].name, name, len) == 0)
            return &functions[i];
    }
    return NULL;
}

/* The arguments, from the byte after the parenthesis. */
static enum bw_rc parse_arguments(struct parser *p, const struct function *function)
{
    enum bw_rc rc = parse_sum(p);
    size_t count = 1;
    for (; rc == BW_OK && *p->at == ','; count++) {
        if (!function->takes_more)
            return fail_at(p, p->at, "expected ')' after the one argument");
        take(p, ',');
        rc = parse_sum(p);
        emit_op(p, function->of_two);
    }
    if (rc != BW_OK)
        return rc;
    if (count == 1)
        emit_op(p, function->of_one);
    return take(p, ')') ? BW_OK : fail_at(p, p->at, "expected ',' or ')'");
}

static enum bw_rc parse_named(struct parser *p)
{
    const char *first = p->at;
    const size_t len = name_length(first);
    const char *next = first + len + strspn(first + len, " \t\r\n");
    if (*next != '(')
        return parse_selector(p, len);
    const struct function *function = function_named(first, len);
    if (function == NULL)
        return fail_at(p, first, "expected one of the functions abs, min and max");
    p->at = next;
    take(p, '(');
    return parse_arguments(p, function);
}

static enum bw_rc parse_primary(struct parser *p)
{
    const char c = *p->at;
    if (take(p, '(')) {
        const enum bw_rc rc = parse_sum(p);
        if (rc != BW_OK)
            return rc;
        return take(p, ')') ? BW_OK : fail_at(p, p->at, "expected an operator or ')'");
    }
    if ((c >= '0' && c <= '9') || c == '.')
        return parse_number(p);
    if (c == '{' || is_name_byte(c, true))
        return parse_named(p);
    return fail_at(p, p->at, "expected a number, a series, a function or '('");
}

/* Every level of nesting passes through here, so this is where depth is counted. */
static enum bw_rc parse_unary(struct parser *p)
{
    if (p->depth == BW_EXPR_DEPTH_MAX)
        return bw_fail(p->err, BW_ELIMIT, "position %zu: nested deeper than %u levels",
                       (size_t)(p->at - p->expr->text) + 1, BW_EXPR_DEPTH_MAX);
    p->depth++;
    enum bw_rc rc;
    if (take(p, '-')) {
        rc = parse_unary(p);
        emit_op(p, BW_EXPR_NEGATE);
    } else if (take(p, '+')) {
        rc = parse_unary(p);
    } else {
        rc = parse_primary(p);
    }
    p->depth--;
    return rc;
}

static enum bw_rc parse_product(struct parser *p)
{
    enum bw_rc rc = parse_unary(p);
    while (rc == BW_OK && (*p->at == '*' || *p->at == '/')) {
        const enum bw_expr_op op = *p->at == '*' ? BW_EXPR_MULTIPLY : BW_EXPR_DIVIDE;
        take(p, *p->at);
        rc = parse_unary(p);
        emit_op(p, op);
    }
    return rc;
}

static enum bw_rc parse_sum(struct parser *p)
{
    enum bw_rc rc = parse_product(p);
    while (rc == BW_OK && (*p->at == '+' || *p->at == '-')) {
        const enum bw_expr_op op = *p->at == '+' ? BW_EXPR_ADD : BW_EXPR_SUBTRACT;
        take(p, *p->at);
        rc = parse_product(p);
        emit_op(p, op);
    }
    return rc;
}

static enum bw_rc parse_all(struct parser *p)
{
    skip_blanks(p);
    const enum bw_rc rc = parse_sum(p);
    if (rc != BW_OK || *p->at == '\0')
        return rc;
    if (strchr("<>=!", *p->at) != NULL)
        return fail_at(p, p->at, "the comparison belongs into the levels: expected an operator");
    return fail_at(p, p->at, "expected an operator or the end");
}

enum bw_rc bw_expr_parse(const char *text, struct bw_expr **out, struct bw_err *err)
{
    if (strlen(text) > BW_EXPR_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "an expression of more than %u bytes", BW_EXPR_BYTES_MAX);
    struct bw_expr *expr = bw_alloc(sizeof *expr);
    expr->text = bw_strdup(text);
    struct parser p = { .expr = expr, .at = expr->text, .err = err };
    const enum bw_rc rc = parse_all(&p);
    if (rc != BW_OK) {
        bw_expr_free(expr);
        return rc;
    }
    *out = expr;
    return BW_OK;
}

void bw_expr_free(struct bw_expr *expr)
{
    if (expr == NULL)
        return;
    for (size_t i = 0; i < expr->selector_count; i++)
        free(expr->selectors[i]);
    free(expr->selectors);
    free(expr->steps);
    free(expr->text);
    free(expr);
}

const char *bw_expr_text(const struct bw_expr *expr)
{
    return expr->text;
}

size_t bw_expr_selector_count(const struct bw_expr *expr)
{
    return expr->selector_count;
}

const char *bw_expr_selector(const struct bw_expr *expr, size_t selector)
{
    return expr->selectors[selector];
}
