// SPDX-License-Identifier: GPL-3.0-or-later
/* app/trend_breaks.h: markers as the engine needs them: at which times something was changed that a
 * series may show, and in words what came of it. On a worker. */
#ifndef APP_TREND_BREAKS_H
#define APP_TREND_BREAKS_H

#include "base/arena.h"
#include "model/records.h"
#include "store/reader.h"
#include "trend/given.h"

/* Texts live in whoever's arena they were read into. */
struct bw_trend_break {
    int64_t ts_ms;
    struct bw_subject subject; /* what it concerns; an empty part: all */
    const char *text;          /* 'deploy 1.4' */
};

struct bw_trend_breaks {
    struct bw_trend_break *items; /* rising by time */
    size_t count;
};

/* The newest thousand markers of the store. */
enum bw_rc bw_trend_breaks_read(struct bw_reader *reader, struct bw_arena *arena,
                                struct bw_trend_breaks *out, struct bw_err *err);

/* Those that concern a series with these labels: the newest BW_TREND_MARKS_MAX, rising. Returns how
 * many. */
size_t bw_trend_breaks_of(const struct bw_trend_breaks *breaks, struct bw_labels labels,
                          const struct bw_trend_break *out[BW_TREND_MARKS_MAX]);

/* What to say of an analysis that found a change where one of these is: "since the marker 'deploy
 * 1.4' at 14:02 UTC: level shift …"; NULL when it found none. `step_ms`: how exactly the time of a
 * change is known. In the arena. */
const char *bw_trend_breaks_note(struct bw_arena *arena, const struct bw_trend_record *record,
                                 const struct bw_trend_break *const *of, size_t count,
                                 int64_t step_ms);

#endif
