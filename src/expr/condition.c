// SPDX-License-Identifier: GPL-3.0-or-later
#include "expr/condition.h"

#include "base/num.h"
#include "base/text.h"
#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Longer texts before those they begin with. */
static const struct {
    const char *text;
    enum bw_compare op;
} operators[] = {
    { "<=", BW_COMPARE_LE }, { ">=", BW_COMPARE_GE }, { "==", BW_COMPARE_EQ },
    { "!=", BW_COMPARE_NE }, { "<", BW_COMPARE_LT },  { ">", BW_COMPARE_GT },
};

static bool parse_plain(const char *text, double *out)
{
    double value;
    if (!bw_parse_double(text, strlen(text), &value) || !isfinite(value))
        return false;
    *out = value;
    return true;
}

static bool parse_seconds(const char *text, double *out)
{
    int64_t ns;
    const bool negative = text[0] == '-';
    if (bw_parse_duration(text + (negative ? 1 : 0), &ns, NULL) != BW_OK)
        return false;
    *out = (double)(negative ? -ns : ns) / (double)BW_SECOND;
    return true;
}

static bool parse_share(const char *text, double *out)
{
    return bw_parse_ratio(text, out, NULL) == BW_OK;
}

static bool parse_size(const char *text, double *out)
{
    uint64_t bytes;
    if (bw_parse_bytes(text, &bytes, NULL) != BW_OK)
        return false;
    *out = (double)bytes;
    return true;
}

static bool parse_any(const char *text, double *out)
{
    return parse_plain(text, out) || parse_share(text, out) || parse_seconds(text, out)
           || parse_size(text, out);
}

static const struct {
    bool (*parse)(const char *text, double *out);
    const char *examples;
} units[] = {
    [BW_UNIT_NUMBER] = { parse_plain, "> 100 or == 3" },
    [BW_UNIT_SECONDS] = { parse_seconds, "> 800ms or < 21d" },
    [BW_UNIT_RATIO] = { parse_share, "< 0.15 or >= 90%" },
    [BW_UNIT_BYTES] = { parse_size, "> 4GiB or < 512" },
    [BW_UNIT_ANY] = { parse_any, "< 0.15, > 800ms, >= 90% or > 4GiB" },
};

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* The text after the operator; NULL when there is none. */
static const char *parse_operator(const char *text, enum bw_compare *out)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (bw_text_starts_with(text, operators[i].text)) {
            *out = operators[i].op;
            return text + strlen(operators[i].text);
        }
    }
    return NULL;
}

enum bw_rc bw_condition_parse(const char *text, enum bw_unit unit, struct bw_condition *out,
                              struct bw_err *err)
{
    char number[BW_CONDITION_TEXT_MAX] = "";
    struct bw_condition condition = { .unit = unit };
    const char *rest = parse_operator(skip_blanks(text), &condition.op);
    if (rest != NULL) {
        const struct bw_span span = bw_span_trim(bw_span_of(rest));
        if (span.len < sizeof number)
            memcpy(number, span.data, span.len);
    }
    if (number[0] == '\0' || !units[unit].parse(number, &condition.threshold))
        return bw_fail(err, BW_EINVAL, "expected a condition such as %s, not '%s'",
                       units[unit].examples, text);
    *out = condition;
    return BW_OK;
}

bool bw_condition_holds(const struct bw_condition *condition, double value)
{
    const double threshold = condition->threshold;
    switch (condition->op) {
    case BW_COMPARE_LT:
        return value < threshold;
    case BW_COMPARE_LE:
        return value <= threshold;
    case BW_COMPARE_GT:
        return value > threshold;
    case BW_COMPARE_GE:
        return value >= threshold;
    case BW_COMPARE_EQ:
        return value == threshold;
    case BW_COMPARE_NE:
        return value < threshold || value > threshold;
    }
    return false;
}

const char *bw_compare_text(enum bw_compare op)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (operators[i].op == op)
            return operators[i].text;
    }
    return "?";
}

static void format_bytes(char *out, size_t size, double bytes)
{
    static const char *const suffixes[] = { "", "KiB", "MiB", "GiB", "TiB" };
    size_t i = 0;
    while (i < 4 && bytes >= 1024 && fmod(bytes, 1024) == 0) {
        bytes /= 1024;
        i++;
    }
    snprintf(out, size, "%.0f%s", bytes, suffixes[i]);
}

void bw_condition_format(char out[BW_CONDITION_TEXT_MAX], const struct bw_condition *condition)
{
    char number[BW_DOUBLE_TEXT_MAX + BW_DURATION_TEXT_MAX] = "";
    if (condition->unit == BW_UNIT_SECONDS)
        bw_format_duration(number, llround(condition->threshold * (double)BW_SECOND));
    else if (condition->unit == BW_UNIT_BYTES)
        format_bytes(number, sizeof number, condition->threshold);
    else
        number[bw_format_double(number, condition->threshold)] = '\0';
    snprintf(out, BW_CONDITION_TEXT_MAX, "%s %.56s", bw_compare_text(condition->op), number);
}
