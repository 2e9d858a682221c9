// SPDX-License-Identifier: GPL-3.0-or-later
/* model/pattern.h: a regular expression on a label's name or value, as Prometheus has them:
 * anchored at both ends (PCRE2), with limits on work. Not for two threads at once. */
#ifndef MODEL_PATTERN_H
#define MODEL_PATTERN_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

struct bw_pattern;

/* BW_EINVAL, with the place, when it does not compile; BW_ELIMIT. */
enum bw_rc bw_pattern_new(const char *text, struct bw_pattern **out, struct bw_err *err);

/* NULL is fine. */
void bw_pattern_free(struct bw_pattern *pattern);

/* Whether it matches the whole text. What exceeds the limits does not, and bw_pattern_gave_up()
 * tells from then on. */
bool bw_pattern_fits(struct bw_pattern *pattern, const char *text);
bool bw_pattern_gave_up(const struct bw_pattern *pattern);

/* Appends `form` with $1, ${1}, $name and ${name} replaced by the groups of the last fit, which
 * was on `text`: as Go's regexp.Expand, so $1x is the group "1x", unknown groups are empty, $$ is a
 * dollar, and any other dollar stands for itself. */
void bw_pattern_expand(const struct bw_pattern *pattern, const char *text, const char *form,
                       struct bw_buf *out);

#endif
