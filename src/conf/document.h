// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/document.h: option tables as Markdown. */
#ifndef CONF_DOCUMENT_H
#define CONF_DOCUMENT_H

#include "base/buf.h"
#include "conf/option.h"

/* A section for the group, its help and a table of its rows (key, type, default, range,
 * help), then a section for each group that its rows name, and so on, each once. */
void bw_conf_document(struct bw_buf *out, const struct bw_opt_group *group);

/* One section of it: a heading of that level (2 is "##") with that title, or with the group's name
 * if it is NULL, by which rows of other groups link to it. */
void bw_conf_document_group(struct bw_buf *out, const struct bw_opt_group *group, unsigned level,
                            const char *title);

/* A group and all that its rows name, and theirs, each once, in the order of its document. */
struct bw_opt_groups {
    const struct bw_opt_group **items;
    size_t count, cap;
};

void bw_opt_groups_init(struct bw_opt_groups *groups, const struct bw_opt_group *group);
void bw_opt_groups_fini(struct bw_opt_groups *groups);

/* "duration", "list of strings", …; for a group its name. Plain text. */
const char *bw_opt_type_text(enum bw_opt_type type);

#endif
