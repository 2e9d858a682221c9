// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/scalar.h"

#include "base/num.h"
#include "base/units.h"

#include <assert.h>
#include <math.h>
#include <string.h>

typedef bool parse_fn(const struct bw_opt *row, const char *text, union bw_scalar *out);
typedef int compare_fn(union bw_scalar a, union bw_scalar b);

static bool parse_bool(const struct bw_opt *row, const char *text, union bw_scalar *out)
{
    static const struct {
        const char *text;
        bool yes;
    } words[] = {
        /* clang-format off */
        { "true", true }, { "True", true }, { "TRUE", true },
        { "false", false }, { "False", false }, { "FALSE", false },
        /* Of YAML 1.1, which exporters written in Go take where it must be one of the two. */
        { "yes", true }, { "on", true }, { "y", true }, { "Y", true },
        { "no", false }, { "off", false }, { "n", false }, { "N", false },
        /* clang-format on */
    };
    (void)row;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].text, text) == 0) {
            out->yes = words[i].yes;
            return true;
        }
    }
    return false;
}

static bool parse_int(const struct bw_opt *row, const char *text, union bw_scalar *out)
{
    (void)row;
    return bw_parse_int(text, strlen(text), &out->integer);
}

static bool parse_number(const struct bw_opt *row, const char *text, union bw_scalar *out)
{
    double number;
    (void)row;
    if (!bw_parse_double(text, strlen(text), &number) || !isfinite(number))
        return false;
    out->number = number;
    return true;
}

static bool parse_duration(const struct bw_opt *row, const char *text, union bw_scalar *out)
{
    (void)row;
    return bw_parse_duration(text, &out->integer, NULL) == BW_OK;
}

static bool parse_bytes(const struct bw_opt *row, const char *text, union bw_scalar *out)
{
    (void)row;
    return bw_parse_bytes(text, &out->bytes, NULL) == BW_OK;
}

static bool parse_ratio(const struct bw_opt *row, const char *text, union bw_scalar *out)
{
    (void)row;
    return bw_parse_ratio(text, &out->number, NULL) == BW_OK;
}

static bool parse_string(const struct bw_opt *row, const char *text, union bw_scalar *out)
{
    (void)row;
    out->string = text;
    return true;
}

static bool parse_word(const struct bw_opt *row, const char *text, union bw_scalar *out)
{
    for (const struct bw_opt_name *word = row->names; word->name != NULL; word++) {
        if (strcmp(word->name, text) == 0) {
            out->word = word->value;
            return true;
        }
    }
    return false;
}

static int compare_integers(union bw_scalar a, union bw_scalar b)
{
    return (a.integer > b.integer) - (a.integer < b.integer);
}

static int compare_numbers(union bw_scalar a, union bw_scalar b)
{
    return (a.number > b.number) - (a.number < b.number);
}

static int compare_bytes(union bw_scalar a, union bw_scalar b)
{
    return (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

static const struct kind {
    parse_fn *parse;
    compare_fn *compare; /* NULL: no range */
    size_t size;
    const char *expected;
} kinds[] = {
    [BW_OPT_BOOL] = { parse_bool, NULL, sizeof(bool), "true or false" },
    [BW_OPT_INT] = { parse_int, compare_integers, sizeof(int64_t), "a whole number" },
    [BW_OPT_NUMBER] = { parse_number, compare_numbers, sizeof(double), "a number" },
    [BW_OPT_DURATION] = { parse_duration, compare_integers, sizeof(int64_t),
                          "a duration such as 500ms, 15s, 1m30s or 7d" },
    [BW_OPT_BYTES] = { parse_bytes, compare_bytes, sizeof(uint64_t),
                       "a size such as 64KiB, 10MB or 4GiB" },
    [BW_OPT_RATIO] = { parse_ratio, compare_numbers, sizeof(double),
                       "a ratio such as 0.95 or 95%" },
    [BW_OPT_STRING] = { parse_string, NULL, sizeof(const char *), "text" },
    [BW_OPT_ENUM] = { parse_word, NULL, sizeof(int), NULL },
};

static const struct kind *kind_of(enum bw_opt_type type)
{
    static const struct kind none = { 0 };
    return (size_t)type < sizeof kinds / sizeof *kinds ? &kinds[type] : &none;
}

size_t bw_scalar_size(enum bw_opt_type type)
{
    return kind_of(type)->size;
}

enum bw_opt_type bw_scalar_item_type(enum bw_opt_type type)
{
    switch (type) {
    case BW_OPT_STRINGS:
    case BW_OPT_MAP:
    case BW_OPT_MULTIMAP:
        return BW_OPT_STRING;
    case BW_OPT_INTS:
        return BW_OPT_INT;
    case BW_OPT_DURATIONS:
        return BW_OPT_DURATION;
    default:
        return type;
    }
}

bool bw_scalar_parse(enum bw_opt_type type, const struct bw_opt *row, const char *text,
                     union bw_scalar *out)
{
    const struct kind *kind = kind_of(type);
    assert(kind->parse != NULL); /* asked only for types of one value */
    return kind->parse(row, text, out);
}

/* The two bounds as text; an empty one is open. False when the range is no range. */
static bool split_range(const char *range, char low[static 64], char high[static 64])
{
    const char *dots = strstr(range, "..");
    if (dots == NULL || dots - range >= 64 || strlen(dots + 2) >= 64)
        return false;
    memcpy(low, range, (size_t)(dots - range));
    low[dots - range] = '\0';
    memcpy(high, dots + 2, strlen(dots + 2) + 1);
    return true;
}

/* A string is bounded by its length, so its bounds are sizes. */
static enum bw_opt_type bound_type(enum bw_opt_type type)
{
    return type == BW_OPT_STRING ? BW_OPT_BYTES : type;
}

bool bw_scalar_in_range(enum bw_opt_type type, const struct bw_opt *row, union bw_scalar value)
{
    char low[64], high[64];
    union bw_scalar bound;
    if (row->range == NULL || !split_range(row->range, low, high))
        return true;
    const struct kind *kind = kind_of(bound_type(type));
    if (kind->compare == NULL)
        return true;
    if (type == BW_OPT_STRING)
        value = (union bw_scalar){ .bytes = strlen(value.string) };
    if (low[0] != '\0' && kind->parse(row, low, &bound) && kind->compare(value, bound) < 0)
        return false;
    return !(high[0] != '\0' && kind->parse(row, high, &bound) && kind->compare(value, bound) > 0);
}

bool bw_range_is_sound(enum bw_opt_type type, const struct bw_opt *row)
{
    char low[64], high[64];
    union bw_scalar from, to;
    const struct kind *kind = kind_of(bound_type(type));
    if (row->range == NULL)
        return true;
    if (kind->compare == NULL || !split_range(row->range, low, high))
        return false;
    if (low[0] == '\0' && high[0] == '\0')
        return false;
    if (low[0] != '\0' && !kind->parse(row, low, &from))
        return false;
    if (high[0] != '\0' && !kind->parse(row, high, &to))
        return false;
    return low[0] == '\0' || high[0] == '\0' || kind->compare(from, to) <= 0;
}

void bw_scalar_expected(enum bw_opt_type type, const struct bw_opt *row, struct bw_buf *out)
{
    if (type != BW_OPT_ENUM) {
        bw_buf_text(out, kind_of(type)->expected);
        return;
    }
    bw_buf_text(out, "one of ");
    for (const struct bw_opt_name *word = row->names; word->name != NULL; word++) {
        if (word != row->names)
            bw_buf_text(out, ", ");
        bw_buf_text(out, word->name);
    }
}

void bw_range_text(enum bw_opt_type type, const struct bw_opt *row, struct bw_buf *out)
{
    char low[64], high[64];
    if (!split_range(row->range, low, high))
        return;
    const bool string = type == BW_OPT_STRING;
    if (string && strcmp(low, "1") == 0 && high[0] == '\0')
        bw_buf_text(out, "must not be empty");
    else if (high[0] == '\0')
        bw_buf_printf(out, "must be at least %s%s", low, string ? " bytes long" : "");
    else if (low[0] == '\0')
        bw_buf_printf(out, "must be at most %s%s", high, string ? " bytes long" : "");
    else
        bw_buf_printf(out, "must be between %s and %s%s", low, high, string ? " bytes long" : "");
}
