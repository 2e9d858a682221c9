// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/grouping.h"

#include <stdlib.h>
#include <string.h>

static void note_name(struct bw_grouping *out, const char *name)
{
    size_t at = 0;
    while (at < out->name_count && strcmp(out->names[at], name) < 0)
        at++;
    if (at < out->name_count && strcmp(out->names[at], name) == 0)
        return;
    if (out->name_count == BW_GROUPING_NAMES_MAX)
        return;
    memmove(&out->names[at + 1], &out->names[at], (out->name_count - at) * sizeof *out->names);
    out->names[at] = name;
    out->name_count++;
}

static int by_place(const void *a, const void *b)
{
    const struct bw_grouped *x = a, *y = b;
    int order = bw_status_rank(y->worst) - bw_status_rank(x->worst);
    if (order == 0) /* those without the label come last */
        order = (x->group[0] == '\0') - (y->group[0] == '\0');
    if (order == 0)
        order = strcmp(x->group, y->group);
    if (order == 0)
        order = bw_status_rank(y->service->status) - bw_status_rank(x->service->status);
    return order != 0 ? order : strcmp(x->service->name, y->service->name);
}

static int by_group(const void *a, const void *b)
{
    return strcmp(((const struct bw_grouped *)a)->group, ((const struct bw_grouped *)b)->group);
}

static void find_worst(struct bw_grouping *out)
{
    qsort(out->items, out->count, sizeof *out->items, by_group);
    for (size_t i = 0, end; i < out->count; i = end) {
        enum bw_status worst = out->items[i].service->status;
        for (end = i; end < out->count && by_group(&out->items[i], &out->items[end]) == 0; end++)
            if (bw_status_rank(out->items[end].service->status) > bw_status_rank(worst))
                worst = out->items[end].service->status;
        for (size_t k = i; k < end; k++)
            out->items[k].worst = worst;
    }
}

void bw_grouping_make(struct bw_arena *arena, const struct bw_view *view, const char *by,
                      struct bw_grouping *out)
{
    *out = (struct bw_grouping){ .items = bw_arena_array(arena, view->service_count + 1,
                                                         sizeof *out->items) };
    for (size_t i = 0; i < view->service_count; i++) {
        const struct bw_view_service *service = &view->services[i];
        if (service->resource_count > 0)
            continue;
        out->items[out->count++] = (struct bw_grouped){ .service = service, .group = "" };
        for (size_t k = 0; k < service->labels.count; k++)
            note_name(out, service->labels.items[k].name);
    }
    for (size_t i = 0; by != NULL && i < out->name_count; i++)
        if (strcmp(out->names[i], by) == 0)
            out->by = out->names[i];
    for (size_t i = 0; out->by != NULL && i < out->count; i++) {
        const char *value = bw_labels_value(out->items[i].service->labels, out->by);
        out->items[i].group = value == NULL ? "" : value;
    }
    if (out->count == 0)
        return;
    find_worst(out);
    qsort(out->items, out->count, sizeof *out->items, by_place);
}

struct bw_grouping_page bw_grouping_page(size_t count, size_t page_size, size_t page)
{
    struct bw_grouping_page out = { .pages = count == 0 ? 1 : (count - 1) / page_size + 1 };
    out.page = page < 1 ? 1 : page > out.pages ? out.pages : page;
    out.begin = (out.page - 1) * page_size;
    out.end = out.begin + page_size < count ? out.begin + page_size : count;
    return out;
}
