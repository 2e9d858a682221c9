// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/scalar.h: one value of one row: text to a number or word, its range and its words.
 * Used inside conf/. */
#ifndef CONF_SCALAR_H
#define CONF_SCALAR_H

#include "base/buf.h"
#include "conf/option.h"

/* A member of the struct, by the row's type. */
union bw_scalar {
    bool yes;           /* BOOL */
    int64_t integer;    /* INT, DURATION */
    double number;      /* NUMBER, RATIO */
    uint64_t bytes;     /* BYTES */
    const char *string; /* STRING */
    int word;           /* ENUM */
};

/* Bytes of the member; 0 for a type that is not one value. */
size_t bw_scalar_size(enum bw_opt_type type);

/* The type of one item: STRING for STRINGS and MAP and so on; the type itself otherwise. */
enum bw_opt_type bw_scalar_item_type(enum bw_opt_type type);

/* False leaves *out alone. A string is borrowed. */
bool bw_scalar_parse(enum bw_opt_type type, const struct bw_opt *row, const char *text,
                     union bw_scalar *out);

/* Whether the value is inside the row's range; true when it has none. */
bool bw_scalar_in_range(enum bw_opt_type type, const struct bw_opt *row, union bw_scalar value);

/* Whether the row's range itself can be read. */
bool bw_range_is_sound(enum bw_opt_type type, const struct bw_opt *row);

/* "a duration such as 15s or 1m30s", "one of udp, tcp". */
void bw_scalar_expected(enum bw_opt_type type, const struct bw_opt *row, struct bw_buf *out);

/* "must be between 1 and 65535", "must be at least 1s". */
void bw_range_text(enum bw_opt_type type, const struct bw_opt *row, struct bw_buf *out);

#endif
