// SPDX-License-Identifier: GPL-3.0-or-later
/* web/grouping.h: in which order services are shown, and a page of them. Pure.
 *
 * Without a label: the worst first. With one: by its values, the group with the worst service
 * first. The own host is not among them, it has its own place. */
#ifndef WEB_GROUPING_H
#define WEB_GROUPING_H

#include "model/view.h"

enum { BW_GROUPING_NAMES_MAX = 8 };

struct bw_grouped {
    const struct bw_view_service *service;
    const char *group;    /* the label's value; "" when it has none */
    enum bw_status worst; /* of its group */
};

struct bw_grouping {
    const char *names[BW_GROUPING_NAMES_MAX]; /* labels to group by, sorted */
    size_t name_count;
    const char *by; /* one of them, or NULL */
    struct bw_grouped *items;
    size_t count;
};

/* `by` NULL, or a label that no service has: not grouped. */
void bw_grouping_make(struct bw_arena *arena, const struct bw_view *view, const char *by,
                      struct bw_grouping *out);

/* The part [begin, end) that page `page` (from 1) shows; a page beyond the last is the last. */
struct bw_grouping_page {
    size_t page, pages;
    size_t begin, end;
};

struct bw_grouping_page bw_grouping_page(size_t count, size_t page_size, size_t page);

#endif
