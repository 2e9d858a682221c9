// SPDX-License-Identifier: GPL-3.0-or-later
/* app/vigil.h: the series that are watched value by value, as values go to the store: those that
 * anomaly rules name, and of those that trends select as many as `trends.max_watched` says. Their
 * scores and bands as metrics, for rules and for views; level shifts as events. Loop thread.
 *
 *   known series --wanted?--> its place (app/vigil_list.h)
 *     --> worker: what the store has of it (app/vigil_warm.h) --> an eye (app/vigil_eye.h)
 *   a value that goes to the store --> its eye --> metrics, view, event
 *
 * What comes while a check is in maintenance is not watched. */
#ifndef APP_VIGIL_H
#define APP_VIGIL_H

#include "app/core.h"
#include "app/roster.h"
#include "app/vigil_eye.h"
#include "model/picker.h"
#include "trend/shape.h"

struct bw_vigil;

struct bw_vigil *bw_vigil_new(struct bw_core *core);

/* After the workers have ended. NULL is fine. */
void bw_vigil_free(struct bw_vigil *vigil);

/* Says what is in maintenance; NULL: nothing. Borrowed until another takes its place. */
void bw_vigil_set_roster(struct bw_vigil *vigil, const struct bw_roster *roster);

/* From now on series are watched as this configuration says; those that go on being watched keep
 * what is known of them. BW_EINVAL for a pattern that does not compile. */
enum bw_rc bw_vigil_apply(struct bw_vigil *vigil, const struct bw_config *config,
                          struct bw_err *err);

/* What an analysis has found of a series' seasons; nothing happens unless it is watched. Seasons
 * are no oddity: what is left without them is watched, and what came before is looked at again so.
 */
void bw_vigil_take_shape(struct bw_vigil *vigil, uint32_t series,
                         const struct bw_trend_shape *shape);

/* No worker is asked any more. */
void bw_vigil_stop(struct bw_vigil *vigil);

/* One watched series. Borrowed for the call. */
struct bw_vigil_sight {
    uint32_t series;
    const char *metric;
    struct bw_labels labels;
    const struct bw_vigil_eye *eye;
};

/* Every watched series that is picked (NULL: every one), has a score, and a value since
 * `since_ms`, or since three of its usual gaps before it. */
typedef void bw_vigil_fn(void *ctx, const struct bw_vigil_sight *sight);
void bw_vigil_each(const struct bw_vigil *vigil, struct bw_picker *picker, int64_t since_ms,
                   bw_vigil_fn *fn, void *ctx);

/* All that are told for a view, by rising series, in its arena. */
size_t bw_vigil_view(const struct bw_vigil *vigil, struct bw_arena *arena,
                     const struct bw_view_oddity **out);

void bw_vigil_measure(const struct bw_vigil *vigil, struct bw_measures *out);

#endif
