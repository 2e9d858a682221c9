// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/question.h"

#include "trend/examine.h"

#include <math.h>

void bw_trend_question_begin(struct bw_trend_question *question)
{
    question->crossing_ratio = NAN;
    question->time_to_p10_s = question->time_to_p50_s = question->time_to_p90_s = NAN;
    question->since_ms = 0;
}

static void say_reached(struct bw_trend_question *question)
{
    question->crossing_ratio = 1;
    question->time_to_p10_s = question->time_to_p50_s = question->time_to_p90_s = 0;
}

static int64_t regime_ms(const struct bw_trend_exam *exam)
{
    const struct bw_trend_grid *grid = exam->grid;
    return grid->last_ms - (int64_t)(grid->n - 1 - exam->regime) * grid->step_ms;
}

void bw_trend_question_answer(struct bw_arena *arena, const struct bw_trend_exam *exam,
                              double last_value, const struct bw_trend_passage *known,
                              struct bw_trend_question *question)
{
    const struct bw_trend_grid *grid = exam->grid;
    const size_t cells = bw_trend_grid_cells(grid, question->within_ms);
    struct bw_trend_passage passage;
    bw_trend_question_begin(question);
    question->since_ms = regime_ms(exam);
    if (question->side * (last_value - question->threshold) >= 0) {
        say_reached(question);
        return;
    }
    if (exam->verdict.direction == BW_UNDETERMINED || cells > grid->n)
        return;
    if (known == NULL) {
        if (!bw_trend_exam_passage(arena, exam, question->threshold / grid->unit, question->side,
                                   grid->n, &passage))
            return;
        known = &passage;
    }
    const double cell_s = (double)grid->step_ms / 1000;
    question->crossing_ratio = bw_trend_passage_ratio(known, cells);
    question->time_to_p10_s = bw_trend_passage_quantile(known, 0.1) * cell_s;
    question->time_to_p50_s = bw_trend_passage_quantile(known, 0.5) * cell_s;
    question->time_to_p90_s = bw_trend_passage_quantile(known, 0.9) * cell_s;
}
