// SPDX-License-Identifier: GPL-3.0-or-later
/* All trends: what runs out first on top, then every series, filtered, in an order, in pages. */
#include "base/escape.h"
#include "base/num.h"
#include "web/endpoint.h"
#include "web/grouping.h"
#include "web/page.h"
#include "web/parts.h"
#include "web/trend_list.h"
#include "web/trend_told.h"
#include "web/words.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_MAX = 6, CHOICES_MAX = 500 };

static const struct {
    enum bw_trend_order order;
    const char *text;
} order_texts[] = {
    { BW_TREND_SOONEST, "soonest at its limit" },
    { BW_TREND_SUREST, "surest direction" },
    { BW_TREND_BY_NAME, "name" },
};

/* ---- filters --------------------------------------------------------------------------- */

static void add_option(struct bw_arena *arena, struct bw_value *list, const char *name,
                       const char *text, bool current)
{
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_text(arena, item, "name", name);
    bw_value_add_text(arena, item, "text", text);
    bw_value_add_bool(arena, item, "current", current);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each of the texts once, sorted; the chosen one, too, where it is none of them. */
static void add_texts(struct bw_arena *arena, struct bw_value *list, const char **texts,
                      size_t count, const char *chosen)
{
    bool listed = chosen == NULL;
    qsort(texts, count, sizeof *texts, by_text);
    for (size_t i = 0; i < count && list->count < CHOICES_MAX; i++) {
        if (i > 0 && strcmp(texts[i], texts[i - 1]) == 0)
            continue;
        const bool current = chosen != NULL && strcmp(texts[i], chosen) == 0;
        add_option(arena, list, texts[i], texts[i], current);
        listed = listed || current;
    }
    if (!listed)
        add_option(arena, list, chosen, chosen, true);
}

static void add_filters(struct bw_request *request, struct bw_value *root,
                        const struct bw_trend_filter *filter)
{
    struct bw_arena *arena = &request->arena;
    const struct bw_view *view = request->view;
    const char **services = bw_arena_array(arena, view->trend_count + 1, sizeof *services);
    const char **metrics = bw_arena_array(arena, view->trend_count + 1, sizeof *metrics);
    size_t count = 0;
    for (size_t i = 0; i < view->trend_count; i++) {
        const char *service = bw_labels_value(view->trends[i].labels, "service");
        metrics[i] = view->trends[i].metric;
        if (service != NULL)
            services[count++] = service;
    }
    add_texts(arena, bw_value_add_list(arena, root, "services"), services, count, filter->service);
    add_texts(arena, bw_value_add_list(arena, root, "metrics"), metrics, view->trend_count,
              filter->metric);
    struct bw_value *list = bw_value_add_list(arena, root, "directions");
    for (const struct bw_opt_name *row = bw_trend_directions; row->name != NULL; row++)
        add_option(arena, list, row->name, row->name, row == filter->direction);
    list = bw_value_add_list(arena, root, "orders");
    for (size_t i = 0; i < sizeof order_texts / sizeof *order_texts; i++)
        add_option(arena, list, bw_trend_orders[order_texts[i].order].name, order_texts[i].text,
                   order_texts[i].order == filter->order);
    bw_value_add_bool(arena, root, "limited", filter->limited);
    bw_value_add_bool(arena, root, "filtered",
                      filter->service != NULL || filter->metric != NULL || filter->direction != NULL
                          || filter->limited);
}

static void add_to_url(struct bw_buf *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    bw_buf_printf(out, "&%s=", name);
    bw_escape_url(out, value, strlen(value));
}

/* This page with its filters, another part of the list. */
static const char *link_to(struct bw_request *request, const struct bw_trend_filter *filter,
                           size_t page)
{
    struct bw_buf out;
    bw_buf_init(&out, (size_t)BW_URL_BYTES_MAX * 4);
    bw_buf_printf(&out, "%s/trends?page=%zu", request->site->prefix, page);
    add_to_url(&out, "service", filter->service);
    add_to_url(&out, "metric", filter->metric);
    add_to_url(&out, "direction", filter->direction == NULL ? NULL : filter->direction->name);
    add_to_url(&out, "limited", filter->limited ? "true" : NULL);
    if (filter->order != BW_TREND_SOONEST)
        add_to_url(&out, "sort", bw_trend_orders[filter->order].name);
    const char *url = bw_arena_strdup(&request->arena, out.data);
    bw_buf_fini(&out);
    return url;
}

/* ---- the list -------------------------------------------------------------------------- */

static void add_paging(struct bw_request *request, struct bw_value *root,
                       const struct bw_trend_filter *filter, const struct bw_grouping_page *page,
                       size_t count)
{
    struct bw_arena *arena = &request->arena;
    if (page->pages < 2)
        return;
    struct bw_value *paging = bw_value_add_object(arena, root, "paging");
    bw_value_add_printf(arena, paging, "text", "%zu to %zu of %zu series", page->begin + 1,
                        page->end, count);
    bw_value_add_text(arena, paging, "before",
                      page->page > 1 ? link_to(request, filter, page->page - 1) : NULL);
    bw_value_add_text(arena, paging, "after",
                      page->page < page->pages ? link_to(request, filter, page->page + 1) : NULL);
}

static size_t wanted_page(const struct bw_request *request)
{
    const char *text = bw_url_param(&request->url, "page");
    int64_t page;
    return text != NULL && bw_parse_int(text, strlen(text), &page) && page > 0 ? (size_t)page : 1;
}

/* How many go which way, of those that are listed. */
static void add_tally(struct bw_request *request, struct bw_value *root,
                      const struct bw_trend_record *const *trends, size_t count)
{
    struct bw_arena *arena = &request->arena;
    size_t of[BW_DIRECTION_COUNT] = { 0 };
    for (size_t i = 0; i < count; i++)
        of[trends[i]->direction]++;
    bw_value_add_printf(arena, root, "tally",
                        "%zu series: %zu rising, %zu falling, %zu flat, %zu undetermined", count,
                        of[BW_RISING], of[BW_FALLING], of[BW_FLAT], of[BW_UNDETERMINED]);
}

static void add_first(struct bw_request *request, struct bw_value *root,
                      const struct bw_trend_record *const *trends, size_t count)
{
    struct bw_value *first = bw_value_object(&request->arena);
    bw_parts_limits(request, first, "list", trends, count, FIRST_MAX);
    if (first->last->count > 0)
        bw_value_add(&request->arena, root, "first", first);
}

static void add_table(struct bw_request *request, struct bw_value *root,
                      const struct bw_trend_record *const *trends,
                      const struct bw_grouping_page *page)
{
    if (page->begin == page->end)
        return;
    struct bw_value *table = bw_value_add_object(&request->arena, root, "table");
    struct bw_value *list = bw_value_add_list(&request->arena, table, "trends");
    for (size_t i = page->begin; i < page->end; i++)
        bw_parts_trend(request, list, trends[i]);
}

void bw_page_trends(struct bw_request *request)
{
    struct bw_arena *arena = &request->arena;
    const struct bw_view *view = request->view;
    const char *wrong; /* a page shows what can be shown */
    const struct bw_trend_filter filter = bw_trend_filter_read(&request->url, &wrong);
    const struct bw_trend_record *const *trends;
    const size_t count = bw_trend_list_make(arena, view, &filter, &trends);
    const struct bw_grouping_page page =
        bw_grouping_page(count, request->site->page_size, wanted_page(request));
    struct bw_value *root = bw_page_begin(request, "Trends", "trends");
    add_filters(request, root, &filter);
    add_tally(request, root, trends, count);
    if (page.page == 1 && filter.order == BW_TREND_SOONEST)
        add_first(request, root, trends, count);
    add_table(request, root, trends, &page);
    add_paging(request, root, &filter, &page, count);
    struct bw_value *right = bw_value_object(arena);
    bw_trend_told_list(arena, right, "told", &view->statements);
    if (right->last->count > 0)
        bw_value_add(arena, root, "right", right);
    bw_value_add_bool(arena, root, "known", view->trend_count > 0);
    if (view->trend_count > 0)
        bw_words_time(arena, root, "computed", view->trends[0].computed_ms, request->now_ms);
    bw_page_render(request, "page-trends", root);
}
