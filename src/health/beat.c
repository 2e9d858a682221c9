// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/beat.h"

void bw_beat_init(struct bw_beat *beat, const struct bw_beat_rule *rule, int64_t now_ms)
{
    *beat = (struct bw_beat){ .due_ms = now_ms + rule->every_ms };
}

static struct bw_beat_news begin_run(struct bw_beat *beat, int64_t now_ms)
{
    const struct bw_beat_news news = { .overlaps = beat->started_ms != 0, .duration_ms = -1 };
    beat->started_ms = now_ms;
    return news;
}

static struct bw_beat_news end_run(struct bw_beat *beat, const struct bw_beat_rule *rule,
                                   int64_t now_ms)
{
    struct bw_beat_news news = { .decides = true, .duration_ms = -1 };
    if (beat->started_ms != 0)
        news.duration_ms = now_ms > beat->started_ms ? now_ms - beat->started_ms : 0;
    if (beat->last_ms != 0) {
        const int64_t expected_ms = beat->owed_ms != 0 ? beat->owed_ms : beat->due_ms;
        news.missed = beat->owed_ms != 0;
        news.late_ms = now_ms > expected_ms ? now_ms - expected_ms : 0;
        news.early = now_ms < expected_ms - rule->grace_ms;
    }
    *beat = (struct bw_beat){ .last_ms = now_ms, .due_ms = now_ms + rule->every_ms };
    return news;
}

struct bw_beat_news bw_beat_take(struct bw_beat *beat, const struct bw_beat_rule *rule,
                                 enum bw_beat_word word, int64_t now_ms)
{
    return word == BW_BEAT_START ? begin_run(beat, now_ms) : end_run(beat, rule, now_ms);
}

int64_t bw_beat_deadline_ms(const struct bw_beat *beat, const struct bw_beat_rule *rule)
{
    return beat->due_ms + rule->grace_ms;
}

/* Nothing is due later than one `every` from now: the clock went back. */
static void follow_clock(struct bw_beat *beat, const struct bw_beat_rule *rule, int64_t now_ms)
{
    if (beat->due_ms > now_ms + rule->every_ms)
        beat->due_ms = now_ms + rule->every_ms;
}

/* Moves the due time on in the job's rhythm, beyond what is `behind_ms` (>= 0) ago. */
static void move_on(struct bw_beat *beat, const struct bw_beat_rule *rule, int64_t behind_ms)
{
    beat->due_ms += (behind_ms / rule->every_ms + 1) * rule->every_ms;
}

bool bw_beat_is_missed(struct bw_beat *beat, const struct bw_beat_rule *rule, int64_t now_ms)
{
    follow_clock(beat, rule, now_ms);
    if (now_ms < bw_beat_deadline_ms(beat, rule))
        return false;
    if (beat->owed_ms == 0)
        beat->owed_ms = beat->due_ms;
    move_on(beat, rule, now_ms - bw_beat_deadline_ms(beat, rule));
    return true;
}

bool bw_beat_forgive(struct bw_beat *beat, const struct bw_beat_rule *rule, int64_t from_ms,
                     int64_t now_ms)
{
    follow_clock(beat, rule, now_ms);
    const int64_t begin_ms = beat->due_ms - rule->grace_ms;
    if (now_ms < begin_ms || from_ms > bw_beat_deadline_ms(beat, rule))
        return false;
    move_on(beat, rule, now_ms - begin_ms);
    return true;
}

void bw_beat_resume(struct bw_beat *beat, const struct bw_beat_rule *rule, int64_t result_ms,
                    bool missed)
{
    const int64_t owed_ms = result_ms - rule->grace_ms;
    *beat = missed ? (struct bw_beat){ .last_ms = owed_ms - rule->every_ms,
                                       .due_ms = owed_ms + rule->every_ms,
                                       .owed_ms = owed_ms }
                   : (struct bw_beat){ .last_ms = result_ms, .due_ms = result_ms + rule->every_ms };
}
