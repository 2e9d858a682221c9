// SPDX-License-Identifier: GPL-3.0-or-later
/* web/mark.h: markers in charts: an upright line with a flag, whose title says what was changed. */
#ifndef WEB_MARK_H
#define WEB_MARK_H

#include "model/records.h"
#include "store/reader.h"
#include "web/plane.h"
#include "web/request.h"

struct bw_mark {
    int64_t ts_ms;
    const char *text;          /* "deploy: checkout 1.4" */
    struct bw_subject subject; /* whom it concerns; an empty part: all */
};

struct bw_marks {
    struct bw_mark *items; /* newest first */
    size_t count;
};

/* The newest of a stretch of time that may concern `of`, of which NULL and "" is any. All lives in
 * the request's arena. None when the store cannot be read: a picture without them is a picture all
 * the same. On a worker. */
struct bw_marks bw_marks_read(struct bw_request *request, struct bw_reader *reader,
                              const struct bw_subject *of, int64_t from_ms, int64_t to_ms);

/* Those among them that concern `of`. */
struct bw_marks bw_marks_of(struct bw_arena *arena, const struct bw_marks *marks,
                            const struct bw_subject *of);

/* An upright line of a class, with a title; nothing when its time is not in the picture. */
void bw_mark_draw_upright(const struct bw_plane *plane, const char *class, int64_t ms,
                          const char *text, struct bw_buf *out);

void bw_mark_draw(const struct bw_plane *plane, const struct bw_mark *mark, struct bw_buf *out);

#endif
