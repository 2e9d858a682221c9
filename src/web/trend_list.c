// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/trend_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct bw_opt_name bw_trend_orders[] = {
    { "soonest", BW_TREND_SOONEST },
    { "surest", BW_TREND_SUREST },
    { "name", BW_TREND_BY_NAME },
    { NULL, 0 },
};

const struct bw_opt_name bw_trend_directions[] = {
    { "falling", BW_FALLING },
    { "rising", BW_RISING },
    { "flat", BW_FLAT },
    { "undetermined", BW_UNDETERMINED },
    { NULL, 0 },
};

static const struct bw_opt_name truths[] = { { "true", 1 }, { "false", 0 }, { NULL, 0 } };

/* The row of that name; NULL when the parameter is absent, empty, or (then *out_wrong) no row. */
static const struct bw_opt_name *choice(const struct bw_url *url, const char *name,
                                        const struct bw_opt_name *rows, const char **out_wrong)
{
    const char *wanted = bw_url_param(url, name);
    if (wanted == NULL || wanted[0] == '\0')
        return NULL;
    for (; rows->name != NULL; rows++)
        if (strcmp(rows->name, wanted) == 0)
            return rows;
    if (*out_wrong == NULL)
        *out_wrong = name;
    return NULL;
}

static const char *text(const struct bw_url *url, const char *name)
{
    const char *value = bw_url_param(url, name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

struct bw_trend_filter bw_trend_filter_read(const struct bw_url *url, const char **out_wrong)
{
    *out_wrong = NULL;
    const struct bw_opt_name *limited = choice(url, "limited", truths, out_wrong);
    const struct bw_opt_name *order = choice(url, "sort", bw_trend_orders, out_wrong);
    return (struct bw_trend_filter){
        .service = text(url, "service"),
        .metric = text(url, "metric"),
        .direction = choice(url, "direction", bw_trend_directions, out_wrong),
        .limited = limited != NULL && limited->value != 0,
        .order = order == NULL ? BW_TREND_SOONEST : (enum bw_trend_order)order->value,
    };
}

bool bw_trend_is_of(const struct bw_trend_record *trend, const char *service)
{
    const char *own = bw_labels_value(trend->labels, "service");
    return own != NULL && strcmp(own, service) == 0;
}

static bool passes(const struct bw_trend_filter *filter, const struct bw_trend_record *trend)
{
    return (filter->service == NULL || bw_trend_is_of(trend, filter->service))
           && (filter->metric == NULL || strcmp(filter->metric, trend->metric) == 0)
           && (filter->direction == NULL || (int)trend->direction == filter->direction->value)
           && (!filter->limited || isfinite(trend->threshold));
}

static int by_labels(const struct bw_trend_record *a, const struct bw_trend_record *b)
{
    for (size_t i = 0; i < a->labels.count && i < b->labels.count; i++) {
        const int by_name = strcmp(a->labels.items[i].name, b->labels.items[i].name);
        if (by_name != 0)
            return by_name;
        const int by_value = strcmp(a->labels.items[i].value, b->labels.items[i].value);
        if (by_value != 0)
            return by_value;
    }
    return (a->labels.count > b->labels.count) - (a->labels.count < b->labels.count);
}

static int name_first(const void *a, const void *b)
{
    const struct bw_trend_record *x = *(const struct bw_trend_record *const *)a;
    const struct bw_trend_record *y = *(const struct bw_trend_record *const *)b;
    const int by_metric = strcmp(x->metric, y->metric);
    return by_metric != 0 ? by_metric : by_labels(x, y);
}

/* Of an undetermined one nothing is said. */
static double sureness(const struct bw_trend_record *trend)
{
    return trend->direction == BW_UNDETERMINED || isnan(trend->confidence_ratio)
               ? -1
               : trend->confidence_ratio;
}

static int surest_first(const void *a, const void *b)
{
    const double x = sureness(*(const struct bw_trend_record *const *)a);
    const double y = sureness(*(const struct bw_trend_record *const *)b);
    return x > y ? -1 : x < y ? 1 : name_first(a, b);
}

size_t bw_trend_list_make(struct bw_arena *arena, const struct bw_view *view,
                          const struct bw_trend_filter *filter,
                          const struct bw_trend_record *const **out)
{
    const struct bw_trend_record **list =
        bw_arena_array(arena, view->trend_count + 1, sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < view->trend_count; i++)
        if (passes(filter, &view->trends[i]))
            list[count++] = &view->trends[i];
    if (filter->order != BW_TREND_SOONEST)
        qsort(list, count, sizeof *list,
              filter->order == BW_TREND_SUREST ? surest_first : name_first);
    *out = list;
    return count;
}
