// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/document.h: option tables as Markdown. */
#ifndef CONF_DOCUMENT_H
#define CONF_DOCUMENT_H

#include "base/buf.h"
#include "conf/option.h"

/* A section for the group, its help and a table of its rows (key, type, default, range,
 * help), then a section for each group that its rows name, and so on, each once. */
void bw_conf_document(struct bw_buf *out, const struct bw_opt_group *group);

/* "duration", "list of strings", …; for a group its name. Plain text. */
const char *bw_opt_type_text(enum bw_opt_type type);

#endif
