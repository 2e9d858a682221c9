// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/timetable.h"

#include "app/config_maintenance.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000, WORDS_MAX = 128, CAUSE_MAX = 256 };

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
    const struct bw_config *config; /* whose windows these are */
    uint64_t on;                    /* windows: bit i is the configuration's i-th */
    int64_t marked_ms;              /* when checks were marked last */
    bool started;
    char *told[BW_MAINTENANCE_MAX]; /* names of windows that were said to have begun */
    size_t told_count;
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
    for (size_t i = 0; i < timetable->told_count; i++)
        free(timetable->told[i]);
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

/* ---- maintenance ------------------------------------------------------------------------ */

static uint64_t windows_on(const struct bw_config *config, int64_t now_ms)
{
    uint64_t on = 0;
    for (size_t i = 0; i < config->maintenance_count; i++) {
        if (bw_maintenance_is_on(&config->maintenance[i], now_ms))
            on |= UINT64_C(1) << i;
    }
    return on;
}

static bool is_told(const struct bw_timetable *timetable, const char *name)
{
    for (size_t i = 0; i < timetable->told_count; i++) {
        if (strcmp(timetable->told[i], name) == 0)
            return true;
    }
    return false;
}

static void tell_begin(struct bw_timetable *timetable, size_t i, int64_t now_ms)
{
    const struct bw_config_maintenance *window = &timetable->config->maintenance[i];
    const size_t checks = bw_roster_window_size(timetable->roster, i);
    char cause[CAUSE_MAX], until[BW_ZONE_TIME_TEXT_MAX];
    int64_t end_ms;
    int n = snprintf(cause, sizeof cause, "%s: %zu check%s", window->name, checks,
                     checks == 1 ? "" : "s");
    if (bw_maintenance_next_change(window, now_ms, &end_ms)) {
        bw_zone_format(until, window->zone, end_ms);
        snprintf(cause + n, sizeof cause - (size_t)n, ", until %s", until);
    }
    timetable->told[timetable->told_count++] = bw_strdup(window->name);
    bw_core_system_event(timetable->core, BW_EVENT_MAINTENANCE_BEGINS, cause);
}

/* Whether a window of that name is on; *out_known: there is one. */
static bool is_on(const struct bw_timetable *timetable, const char *name, bool *out_known)
{
    *out_known = false;
    for (size_t i = 0; i < timetable->config->maintenance_count; i++) {
        if (strcmp(timetable->config->maintenance[i].name, name) != 0)
            continue;
        *out_known = true;
        return (timetable->on >> i & 1) != 0;
    }
    return false;
}

static void tell_ends(struct bw_timetable *timetable)
{
    size_t kept = 0;
    for (size_t i = 0; i < timetable->told_count; i++) {
        char *name = timetable->told[i];
        char cause[CAUSE_MAX];
        bool known;
        if (is_on(timetable, name, &known)) {
            timetable->told[kept++] = name;
            continue;
        }
        snprintf(cause, sizeof cause, "%s: %s", name,
                 known ? "its time is over" : "it is not in the configuration any more");
        bw_core_system_event(timetable->core, BW_EVENT_MAINTENANCE_ENDS, cause);
        free(name);
    }
    timetable->told_count = kept;
}

static void tell(struct bw_timetable *timetable, int64_t now_ms)
{
    if (!timetable->started)
        return;
    tell_ends(timetable);
    for (size_t i = 0; i < timetable->config->maintenance_count; i++) {
        if ((timetable->on >> i & 1) != 0
            && !is_told(timetable, timetable->config->maintenance[i].name))
            tell_begin(timetable, i, now_ms);
    }
}

static void maintain(struct bw_timetable *timetable, int64_t now_ms)
{
    const uint64_t on = windows_on(timetable->config, now_ms);
    const int64_t since_ms = now_ms - timetable->marked_ms;
    if (on == timetable->on && since_ms >= 0 && since_ms < BW_MAINTENANCE_MARK_MS)
        return;
    timetable->on = on;
    timetable->marked_ms = now_ms;
    bw_roster_maintain(timetable->roster, on, now_ms);
    tell(timetable, now_ms);
}

/* The name that an event is about, "" when it is about none. */
static void window_of(const struct bw_event *event, char *out, size_t size, bool *out_began)
{
    const char *end = NULL; /* the last one: a name may have some of its own */
    for (const char *at = event->cause; (at = strstr(at, ": ")) != NULL; at += 2)
        end = at;
    const bool began = strcmp(event->name, BW_EVENT_MAINTENANCE_BEGINS) == 0;
    const bool ended = strcmp(event->name, BW_EVENT_MAINTENANCE_ENDS) == 0;
    const bool about = event->kind == BW_EVENT_SYSTEM && (began || ended) && end != NULL;
    *out_began = began;
    snprintf(out, size, "%.*s", about ? (int)(end - event->cause) : 0, event->cause);
}

/* Whether the newest event about the window says that it has begun. */
static bool was_told(const struct bw_timetable *timetable, const char *name)
{
    const struct bw_event *event;
    for (size_t i = 0; (event = bw_core_recent_event(timetable->core, i)) != NULL; i++) {
        char about[CAUSE_MAX];
        bool began;
        window_of(event, about, sizeof about, &began);
        if (strcmp(about, name) == 0)
            return began;
    }
    return false;
}

void bw_timetable_start(struct bw_timetable *timetable, int64_t now_ms)
{
    const struct bw_event *event;
    for (size_t i = 0; (event = bw_core_recent_event(timetable->core, i)) != NULL; i++) {
        char name[CAUSE_MAX];
        bool began;
        window_of(event, name, sizeof name, &began);
        if (name[0] != '\0' && began && timetable->told_count < BW_MAINTENANCE_MAX
            && !is_told(timetable, name) && was_told(timetable, name))
            timetable->told[timetable->told_count++] = bw_strdup(name);
    }
    timetable->started = true;
    tell(timetable, now_ms);
}

/* ---- the clock --------------------------------------------------------------------------- */

/* Until the next full minute, or a window that is on once begins or ends within this one. */
static int64_t wait_ms(const struct bw_timetable *timetable, int64_t now_ms)
{
    int64_t wait_ms = MINUTE_MS - now_ms % MINUTE_MS;
    for (size_t i = 0; i < timetable->config->maintenance_count; i++) {
        const struct bw_config_maintenance *window = &timetable->config->maintenance[i];
        int64_t next_ms;
        if (window->hours == NULL && bw_maintenance_next_change(window, now_ms, &next_ms)
            && next_ms - now_ms < wait_ms)
            wait_ms = next_ms - now_ms;
    }
    return wait_ms;
}

static void arm(struct bw_timetable *timetable, int64_t now_ms)
{
    if (timetable->count + timetable->config->maintenance_count > 0)
        bw_timer_start(timetable->timer, wait_ms(timetable, now_ms) * BW_MS, 0);
    else
        bw_timer_stop(timetable->timer);
}

void bw_timetable_look(struct bw_timetable *timetable, int64_t now_ms)
{
    if (look(timetable, now_ms, false)) {
        /* Whether or not a seat turns now: a report may have woken it before we looked. */
        bw_roster_turn(timetable->roster, timetable->shown, now_ms, true);
        timetable->turned(timetable->ctx);
    }
    maintain(timetable, now_ms);
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
    timetable->config = config;
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
    timetable->on = windows_on(config, now_ms);
    timetable->marked_ms = now_ms;
    bw_roster_set_windows(roster, config, timetable->on, now_ms);
    tell(timetable, now_ms);
    arm(timetable, now_ms);
}

void bw_timetable_stop(struct bw_timetable *timetable)
{
    bw_timer_stop(timetable->timer);
}
