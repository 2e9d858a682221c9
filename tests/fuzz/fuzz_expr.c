// SPDX-License-Identifier: GPL-3.0-or-later
/* Any text is an expression or an error; an expression evaluates. The same text is fed to
 * the condition parser, whose own text must read back. */
#include "expr/condition.h"
#include "expr/expression.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void yield_two(void *ctx, size_t selector, struct bw_expr_vector *out)
{
    (void)ctx;
    bw_expr_vector_add(out, "a=\"1\"", (double)selector);
    bw_expr_vector_add(out, "a=\"2\"", -1);
}

static void try_condition(const char *text, enum bw_unit unit)
{
    char written[BW_CONDITION_TEXT_MAX];
    struct bw_condition condition, again;
    if (bw_condition_parse(text, unit, &condition, NULL) != BW_OK)
        return;
    bw_condition_format(written, &condition);
    if (bw_condition_parse(written, unit, &again, NULL) != BW_OK || again.op != condition.op)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct bw_expr *expr = NULL;
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (bw_expr_parse(text, &expr, NULL) == BW_OK) {
        struct bw_expr_vector result = { 0 };
        bw_expr_eval(expr, yield_two, NULL, &result, NULL);
        bw_expr_vector_fini(&result);
        bw_expr_free(expr);
    }
    for (int unit = BW_UNIT_NUMBER; unit <= BW_UNIT_ANY; unit++)
        try_condition(text, (enum bw_unit)unit);
    free(text);
    return 0;
}
