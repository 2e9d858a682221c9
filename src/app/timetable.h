// SPDX-License-Identifier: GPL-3.0-or-later
/* app/timetable.h: the clock of the calendars: looks at each full minute whose hours and which
 * windows of maintenance have begun or ended, and has the roster know. Which there are says the
 * configuration; whether it is time is a function of the time alone (calendar/calendar.h), so
 * nothing of that is stored. Loop thread. */
#ifndef APP_TIMETABLE_H
#define APP_TIMETABLE_H

#include "app/roster.h"

struct bw_timetable;

/* `turned` is called whenever something has begun or ended, after the roster knows. */
struct bw_timetable *bw_timetable_new(struct bw_core *core, bw_loop_fn *turned, void *ctx);

/* NULL is fine. */
void bw_timetable_free(struct bw_timetable *timetable);

/* The calendars of `config` hold for the checks of `roster`, which is to be settled after this:
 * nothing is told. Both are borrowed until the next call. */
void bw_timetable_apply(struct bw_timetable *timetable, const struct bw_config *config,
                        struct bw_roster *roster, int64_t now_ms);

/* It is told of windows that have begun or ended since it was last told of them, as the core's
 * events say, and from now on. */
void bw_timetable_start(struct bw_timetable *timetable, int64_t now_ms);

/* Has the roster know what has begun or ended by `now_ms`. The timer does. */
void bw_timetable_look(struct bw_timetable *timetable, int64_t now_ms);

void bw_timetable_stop(struct bw_timetable *timetable);

#endif
