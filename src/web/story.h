// SPDX-License-Identifier: GPL-3.0-or-later
/* web/story.h: what the store remembers of one check: the failures of a stretch of time and the
 * changes of its status. On a worker. */
#ifndef WEB_STORY_H
#define WEB_STORY_H

#include "store/reader.h"
#include "web/request.h"

enum { BW_STORY_FAILURES_MAX = 20, BW_STORY_CHANGES_MAX = 30 };

struct bw_story_failure {
    int64_t ts_ms;
    double duration_s; /* NaN: not known */
    const char *cause; /* NULL: it did not change the status, so nothing was written down */
};

struct bw_story {
    struct bw_story_failure failures[BW_STORY_FAILURES_MAX]; /* newest first */
    size_t failure_count;
    size_t runs, failed;                           /* in all of the stretch */
    struct bw_event changes[BW_STORY_CHANGES_MAX]; /* newest first, whenever they were */
    size_t change_count;
};

/* All text lives in the request's arena. */
enum bw_rc bw_story_read(struct bw_request *request, struct bw_reader *reader, const char *service,
                         const char *instance, const struct bw_view_check *check, int64_t from_ms,
                         struct bw_story *out, struct bw_err *err);

#endif
