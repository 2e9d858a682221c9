// SPDX-License-Identifier: GPL-3.0-or-later
/* model/groups.h: what the groups of a regular expression have matched, put into a text as Go's
 * regexp.Expand does it, and with it Prometheus and blackbox_exporter. */
#ifndef MODEL_GROUPS_H
#define MODEL_GROUPS_H

#include "base/buf.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Of the last match. */
struct bw_groups {
    const pcre2_code *code;
    pcre2_match_data *match;
    int count; /* the whole one included; 0: it did not match */
    const char *searched;
};

/* Appends `form` with $1, ${1}, $name and ${name} replaced by the groups. A name is as long as it
 * can be, so $1x is the group "1x"; unknown groups are empty, $$ is a dollar, and any other dollar
 * stands for itself. */
void bw_groups_expand(const struct bw_groups *groups, const char *form, struct bw_buf *out);

#endif
