// SPDX-License-Identifier: GPL-3.0-or-later
/* health/beat.h: when a job that reports by itself should have done so.
 *
 *      last                 due          due + grace
 *       |------ every -------|--- grace ----|
 *       |  early  |  on time |     late     |  missed, and again each `every` after
 *       0    every - grace
 *
 * A job says that it passed or failed, and may say before that it has started; the time between is
 * how long it took. What was expected, early or late, at a time when nobody could hear it is not
 * missed: the next report in its rhythm counts.
 *
 * Pure. Times are Unix ms. A clock that goes back makes nothing missed and nothing late, and
 * nothing is due later than one `every` from then. */
#ifndef HEALTH_BEAT_H
#define HEALTH_BEAT_H

#include <stdbool.h>
#include <stdint.h>

struct bw_beat_rule {
    int64_t every_ms; /* > 0 */
    int64_t grace_ms; /* >= 0 */
};

/* What is stored over restarts. */
struct bw_beat {
    int64_t last_ms;    /* the latest report that passed or failed; 0: none yet */
    int64_t started_ms; /* the run that is under way; 0: none is known */
    int64_t due_ms;     /* when the next report is expected */
    int64_t owed_ms;    /* when the first of those that were missed was; 0: none was */
};

enum bw_beat_word { BW_BEAT_START, BW_BEAT_PASS, BW_BEAT_FAIL };

/* What one report means. */
struct bw_beat_news {
    bool decides;        /* it is a result: PASS or FAIL */
    bool early;          /* more than grace before it was due, and none is owed */
    bool missed;         /* it comes after it was missed */
    bool overlaps;       /* a start while the run before has not ended */
    int64_t late_ms;     /* after it was due, or owed; 0: in time */
    int64_t duration_ms; /* since its start; -1: it did not say when it began */
};

/* A job of which nothing is known: its first report is expected within `every`. */
void bw_beat_init(struct bw_beat *beat, const struct bw_beat_rule *rule, int64_t now_ms);

struct bw_beat_news bw_beat_take(struct bw_beat *beat, const struct bw_beat_rule *rule,
                                 enum bw_beat_word word, int64_t now_ms);

/* When a report will be missed. */
int64_t bw_beat_deadline_ms(const struct bw_beat *beat, const struct bw_beat_rule *rule);

/* True when the deadline has passed, once for each report that is missing; the next is due one
 * `every` later, and none is caught up with that fell due long ago. */
bool bw_beat_is_missed(struct bw_beat *beat, const struct bw_beat_rule *rule, int64_t now_ms);

/* Nobody could hear anything from `from_ms` until now: what was expected then is due at the next
 * time in the job's rhythm instead. For a start, and for the end of an outage of our own. True when
 * something was. */
bool bw_beat_forgive(struct bw_beat *beat, const struct bw_beat_rule *rule, int64_t from_ms,
                     int64_t now_ms);

/* Goes on from a stored result: a report, or, with `missed`, the lack of one. */
void bw_beat_resume(struct bw_beat *beat, const struct bw_beat_rule *rule, int64_t result_ms,
                    bool missed);

#endif
