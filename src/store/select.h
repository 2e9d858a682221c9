// SPDX-License-Identifier: GPL-3.0-or-later
/* store/select.h: which stored series a selector means. */
#ifndef STORE_SELECT_H
#define STORE_SELECT_H

#include "base/arena.h"
#include "base/err.h"
#include "model/labels.h"

#include <stdbool.h>

struct bw_select;

/* Compiles the selector's regular expressions, anchored at both ends; borrows the selector,
 * NULL selects all. BW_EINVAL says what is wrong with an expression. */
enum bw_rc bw_select_new(const struct bw_selector *selector, struct bw_select **out,
                         struct bw_err *err);
void bw_select_free(struct bw_select *select);

/* False at once for most names that cannot match, without taking them apart. */
bool bw_select_may_match(const struct bw_select *select, const char *name);
bool bw_select_matches(struct bw_select *select, const char *metric, struct bw_labels labels);

/* BW_EINVAL once an expression took more steps than it may. */
enum bw_rc bw_select_verdict(const struct bw_select *select, struct bw_err *err);

/* Takes a series' name apart: metric{a="b"}. */
enum bw_rc bw_series_parse(struct bw_arena *arena, const char *name, const char **out_metric,
                           struct bw_labels *out_labels);

#endif
