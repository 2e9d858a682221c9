// SPDX-License-Identifier: GPL-3.0-or-later
/* model/labels.h: labels, what names a series, and which series a selector means. */
#ifndef MODEL_LABELS_H
#define MODEL_LABELS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_label {
    const char *name;
    const char *value;
};

/* Sorted by name, names unique, no empty values. Borrowed memory. */
struct bw_labels {
    const struct bw_label *items;
    size_t count;
};

/* Sorts and copies into the arena. Of two with one name the later stays; an empty value is no
 * label, and takes an earlier one of that name away. */
struct bw_labels bw_labels_make(struct bw_arena *arena, const struct bw_label *labels,
                                size_t count);

/* The same as one piece of heap memory: free() the items. */
struct bw_labels bw_labels_clone(const struct bw_label *labels, size_t count);

/* The same without copies: `items` holds `count` labels that are sorted already and has room for
 * those of `more`. Returns how many there are then. */
size_t bw_labels_merge(struct bw_label *items, size_t count, const struct bw_label *more,
                       size_t more_count);

/* The value, or NULL. */
const char *bw_labels_value(struct bw_labels labels, const char *name);

/* Appends the one text form of a series: name{a="b",c="d"}, no braces without labels. */
void bw_series_text(struct bw_buf *out, const char *metric, struct bw_labels labels);

/* "[a-zA-Z_:][a-zA-Z0-9_:]*" and the same without ':'. */
bool bw_metric_name_is_valid(const char *name);
bool bw_label_name_is_valid(const char *name);

enum bw_match_op { BW_MATCH_EQUAL, BW_MATCH_NOT_EQUAL, BW_MATCH_REGEX, BW_MATCH_NOT_REGEX };

/* One condition of a selector. Regular expressions are only read here; who evaluates them
 * compiles them, anchored at both ends. */
struct bw_matcher {
    const char *name; /* "__name__" for the metric */
    enum bw_match_op op;
    const char *value;
};

struct bw_selector {
    const struct bw_matcher *matchers; /* a bare metric name becomes a matcher on __name__ */
    size_t count;
};

/* Reads name, name{a="b",c!="d",e=~"f.*",g!~"h"} or {…}, at most BW_LABELS_MAX matchers. */
enum bw_rc bw_selector_parse(struct bw_arena *arena, const char *text, struct bw_selector *out,
                             struct bw_err *err);

/* Takes the text of a series apart: metric{a="b"}. BW_ECORRUPT when it is none. */
enum bw_rc bw_series_parse(struct bw_arena *arena, const char *text, const char **out_metric,
                           struct bw_labels *out_labels);

#endif
