// SPDX-License-Identifier: GPL-3.0-or-later
/* model/picker.h: a selector made ready: its regular expressions compiled (PCRE2, anchored at
 * both ends, with limits on work), so that many series can be asked about. Not for two threads
 * at once. */
#ifndef MODEL_PICKER_H
#define MODEL_PICKER_H

#include "base/err.h"
#include "model/labels.h"

#include <stdbool.h>

struct bw_picker;

/* Reads selector text, as bw_selector_parse. BW_EINVAL, with the place, for text or a pattern
 * that is wrong. */
enum bw_rc bw_picker_parse(const char *text, struct bw_picker **out, struct bw_err *err);

/* The same from matchers, which are copied; NULL means every series. */
enum bw_rc bw_picker_make(const struct bw_selector *selector, struct bw_picker **out,
                          struct bw_err *err);

/* NULL is fine. */
void bw_picker_free(struct bw_picker *picker);

/* Whether all conditions hold; an absent label has the value "". A pattern that exceeds its
 * limits does not match, and bw_picker_verdict() tells. */
bool bw_picker_matches(struct bw_picker *picker, const char *metric, struct bw_labels labels);

/* Whether the conditions on this label hold for series with such a value: false tells that none of
 * them matches, without a look at their other labels. */
bool bw_picker_allows(const struct bw_picker *picker, const char *name, const char *value);

/* False for most series that cannot match, from their text alone: metric{a="b"}. */
bool bw_picker_may_match(const struct bw_picker *picker, const char *series_text);

/* BW_EINVAL once a pattern took more steps than it may. */
enum bw_rc bw_picker_verdict(const struct bw_picker *picker, struct bw_err *err);

/* The one metric that it names, or NULL when it could be several. */
const char *bw_picker_metric(const struct bw_picker *picker);

#endif
