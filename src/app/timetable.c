// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/timetable.h"

#include "base/mem.h"
#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>

enum { MINUTE_MS = 60 * 1000, WORDS_MAX = 128 };

/* How one hours of the configuration stand. */
struct standing {
    const struct bw_hours *hours;
    char words[WORDS_MAX];
};

struct bw_timetable {
    struct bw_core *core;
    bw_loop_fn *turned;
    void *ctx;
    struct bw_timer *timer;
    struct bw_roster *roster;
    struct standing *standings; /* by index of the hours */
    struct bw_roster_hours *shown;
    size_t count;
};

static void on_timer(void *ctx);

struct bw_timetable *bw_timetable_new(struct bw_core *core, bw_loop_fn *turned, void *ctx)
{
    struct bw_timetable *timetable = bw_alloc(sizeof *timetable);
    timetable->core = core;
    timetable->turned = turned;
    timetable->ctx = ctx;
    timetable->timer = bw_timer_new(core->loop, on_timer, timetable);
    return timetable;
}

void bw_timetable_free(struct bw_timetable *timetable)
{
    if (timetable == NULL)
        return;
    bw_timer_free(timetable->timer);
    free(timetable->standings);
    free(timetable->shown);
    free(timetable);
}

/* ---- looking --------------------------------------------------------------------------- */

static void say(struct standing *standing, int64_t now_ms)
{
    char text[BW_ZONE_TIME_TEXT_MAX];
    int64_t next_ms;
    if (!bw_hours_next_change(standing->hours, now_ms, &next_ms)) {
        snprintf(standing->words, sizeof standing->words, "not watched now");
        return;
    }
    bw_zone_format(text, bw_hours_zone(standing->hours), next_ms);
    snprintf(standing->words, sizeof standing->words, "not watched now, but again from %s", text);
}

/* True when hours have begun or ended; `first`: nothing is known of any. */
static bool look(struct bw_timetable *timetable, int64_t now_ms, bool first)
{
    bool turned = false;
    for (size_t i = 0; i < timetable->count; i++) {
        struct standing *standing = &timetable->standings[i];
        const bool open = bw_hours_contain(standing->hours, now_ms);
        if (!first && open == timetable->shown[i].open)
            continue;
        timetable->shown[i].open = open;
        if (!open)
            say(standing, now_ms);
        turned = true;
    }
    return turned;
}

static void arm(struct bw_timetable *timetable, int64_t now_ms)
{
    if (timetable->count > 0)
        bw_timer_start(timetable->timer, (MINUTE_MS - now_ms % MINUTE_MS) * BW_MS, 0);
    else
        bw_timer_stop(timetable->timer);
}

void bw_timetable_look(struct bw_timetable *timetable, int64_t now_ms)
{
    if (look(timetable, now_ms, false)
        && bw_roster_turn(timetable->roster, timetable->shown, now_ms, true))
        timetable->turned(timetable->ctx);
    arm(timetable, now_ms);
}

static void on_timer(void *ctx)
{
    struct bw_timetable *timetable = ctx;
    bw_timetable_look(timetable, bw_core_now_ms(timetable->core));
}

/* ---- configuration ---------------------------------------------------------------------- */

void bw_timetable_apply(struct bw_timetable *timetable, const struct bw_config *config,
                        struct bw_roster *roster, int64_t now_ms)
{
    free(timetable->standings);
    free(timetable->shown);
    timetable->roster = roster;
    timetable->count = config->hours_count;
    timetable->standings = bw_alloc_array(config->hours_count + 1, sizeof(struct standing));
    timetable->shown = bw_alloc_array(config->hours_count + 1, sizeof(struct bw_roster_hours));
    for (const struct bw_config_hours *hours = config->hours; hours != NULL; hours = hours->next) {
        struct standing *standing = &timetable->standings[hours->index];
        standing->hours = &hours->hours;
        timetable->shown[hours->index].words = standing->words;
    }
    look(timetable, now_ms, true);
    bw_roster_turn(roster, timetable->shown, now_ms, false);
    arm(timetable, now_ms);
}

void bw_timetable_stop(struct bw_timetable *timetable)
{
    bw_timer_stop(timetable->timer);
}
