// SPDX-License-Identifier: GPL-3.0-or-later
/* app/probing_answer.h: what /probe says, as text. Pure. */
#ifndef APP_PROBING_ANSWER_H
#define APP_PROBING_ANSWER_H

#include "conf/node.h"
#include "metric/registry.h"
#include "probe/mask.h"

/* Whether blackbox_exporter, some version of it, has a family of this name. */
bool bw_probing_is_blackbox(const char *family);

/* Appends the page of these measures: blackbox_exporter's families alone, or all that are of a
 * probe. */
void bw_probing_write_metrics(const struct bw_measures *measures, bool extra,
                              enum bw_exposition format, struct bw_buf *out);

/* Appends a module as YAML, "<secret>" for what stands behind the name of a secret. */
void bw_probing_write_module(const struct bw_node *module, struct bw_buf *out);

/* Appends the lines of `text`, with what `mask` knows left out; NULL: all of it. */
void bw_probing_write_masked(const struct bw_buf *text, const struct bw_mask *mask,
                             struct bw_buf *out);

/* Appends a name in double quotes, with what is not printable escaped. */
void bw_probing_write_quoted(const char *text, struct bw_buf *out);

/* How long a probe may take: no longer than its module says, and so much sooner than its scrape
 * ends; 120 s of a scrape when it does not say. */
int64_t bw_probing_timeout_ns(int64_t module_ns, double scrape_s, int64_t offset_ns);

#endif
