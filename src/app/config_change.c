// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config_change.h"

#include <string.h>

static bool is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool are_same_classes(const struct bw_items *a, const struct bw_items *b)
{
    const struct bw_retention_class *x = a->items, *y = b->items;
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = memcmp(&x[i].retention, &y[i].retention, sizeof x[i].retention) == 0
               && x[i].match.count == y[i].match.count;
        for (size_t k = 0; same && k < x[i].match.count; k++)
            same = is_same_text(x[i].match.items[k].name, y[i].match.items[k].name)
                   && is_same_text(x[i].match.items[k].value, y[i].match.items[k].value);
    }
    return same;
}

const char *bw_config_waits_for_restart(const struct bw_config *old, const struct bw_config *now)
{
    const struct bw_storage_opts *a = &old->settings.storage, *b = &now->settings.storage;
    if (!is_same_text(a->path, b->path) || a->commit_interval_ns != b->commit_interval_ns
        || a->max_bytes != b->max_bytes || a->max_series != b->max_series
        || memcmp(&a->retention, &b->retention, sizeof a->retention) != 0
        || !are_same_classes(&a->classes, &b->classes))
        return "storage";
    return old->settings.web.page_size != now->settings.web.page_size ? "web" : NULL;
}
