// SPDX-License-Identifier: GPL-3.0-or-later
/* web/history.h: what the store remembers, in steps that fit a chart. On a worker. */
#ifndef WEB_HISTORY_H
#define WEB_HISTORY_H

#include "model/labels.h"
#include "model/records.h"
#include "store/reader.h"
#include "web/request.h"

enum { BW_HISTORY_SERIES_MAX = 64, BW_HISTORY_STEPS = 160 };

enum bw_history_take { BW_TAKE_MEAN, BW_TAKE_LAST };

struct bw_history_series {
    uint32_t id;
    const char *metric;
    struct bw_labels labels;
    struct bw_point *points; /* one per step that has any; a mean is stamped with the step's middle,
                                a last value with its own time or, over a long range, the step's end */
    size_t count;
};

struct bw_history {
    struct bw_history_series *series;
    size_t count;
    int64_t step_ms;
};

/* Every series that the selector means, at most BW_HISTORY_SERIES_MAX. All lives in the
 * request's arena. */
enum bw_rc bw_history_read(struct bw_request *request, struct bw_reader *reader,
                           const struct bw_selector *selector, int64_t from_ms, int64_t to_ms,
                           enum bw_history_take take, struct bw_history *out, struct bw_err *err);

/* The reader of the request's store; BW_ENOTFOUND when there is none. */
enum bw_rc bw_history_open(struct bw_request *request, struct bw_reader **out, struct bw_err *err);

/* The stretch of time that a page's ?range= asks for, from a short list; when it is
 * absent or another the shortest that covers the uptime, at most 6 hours. */
struct bw_history_range {
    const char *name; /* "6h" */
    int64_t span_ms;
};

extern const struct bw_history_range bw_history_ranges[]; /* ends with a NULL name */
const struct bw_history_range *bw_history_range(const struct bw_request *request);

/* Where a chart of this history begins: at the range's, or, when nobody asked for that range and
 * most of it is empty, shortly before the first point. */
int64_t bw_history_begin(const struct bw_request *request, const struct bw_history *history,
                         int64_t span_ms);

#endif
