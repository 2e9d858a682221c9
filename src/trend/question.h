// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/question.h: how likely a threshold is reached, and when: asked of an analysis as often as
 * somebody wants to know, for any threshold. All questions share the examination. */
#ifndef TREND_QUESTION_H
#define TREND_QUESTION_H

#include <stdint.h>

struct bw_trend_exam;
struct bw_trend_passage;
struct bw_arena;

struct bw_trend_question {
    double threshold;  /* of a counter: of its rate per second */
    int side;          /* +1: reaching it from below matters, -1: from above */
    int64_t within_ms; /* > 0 */

    /* The answer. NaN: cannot be known. */
    double crossing_ratio;                              /* P(reached within within_ms), 0..1 */
    double time_to_p10_s, time_to_p50_s, time_to_p90_s; /* as of bw_trend_record */
    int64_t since_ms; /* when the course began that this stands on */
};

/* Nothing is known. */
void bw_trend_question_begin(struct bw_trend_question *question);

/* Answers it from an examination whose last value is `last_value`. The threshold is foreseen as far
 * as the data reaches back; farther, or of an undetermined course, nothing is said, but that a
 * threshold is reached is known whatever the course. `known` is the way to the same threshold on
 * the same side, simulated already, or NULL. */
void bw_trend_question_answer(struct bw_arena *arena, const struct bw_trend_exam *exam,
                              double last_value, const struct bw_trend_passage *known,
                              struct bw_trend_question *question);

#endif
