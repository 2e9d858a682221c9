// SPDX-License-Identifier: GPL-3.0-or-later
/* expr/condition.h: one comparison with a number: "> 800ms", "< 0.15", ">= 90%". */
#ifndef EXPR_CONDITION_H
#define EXPR_CONDITION_H

#include "base/err.h"

#include <stdbool.h>

enum bw_compare {
    BW_COMPARE_LT,
    BW_COMPARE_LE,
    BW_COMPARE_GT,
    BW_COMPARE_GE,
    BW_COMPARE_EQ,
    BW_COMPARE_NE,
};

/* How the threshold is written; it is kept in the base unit. */
enum bw_unit {
    BW_UNIT_NUMBER,  /* "3", "1.5e9" */
    BW_UNIT_SECONDS, /* "800ms", "21d": seconds */
    BW_UNIT_RATIO,   /* "90%", "0.9": 0.9 */
    BW_UNIT_BYTES,   /* "4GiB", "512" */
    BW_UNIT_ANY,     /* any of them, told by the suffix, where the metric says the unit */
};

struct bw_condition {
    enum bw_compare op;
    enum bw_unit unit;
    double threshold;
};

#define BW_CONDITION_TEXT_MAX 64u

/* BW_EINVAL says what was expected, with an example in this unit. */
enum bw_rc bw_condition_parse(const char *text, enum bw_unit unit, struct bw_condition *out,
                              struct bw_err *err);

/* NaN never holds, not even with "!=": no value is no evidence. */
bool bw_condition_holds(const struct bw_condition *condition, double value);

/* "> 800ms", as bw_condition_parse reads it with the same unit. */
void bw_condition_format(char out[BW_CONDITION_TEXT_MAX], const struct bw_condition *condition);

/* ">=" */
const char *bw_compare_text(enum bw_compare op);

#endif
