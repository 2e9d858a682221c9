// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/alert_shown.h"

#include "app/alert_round.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* What others see of one alert. */
struct shown {
    char *rule, *labels, *cause;
    struct bw_alert_state state; /* its texts are the above */
    bool seen;                   /* in this round */
    struct bw_publication *publication;
};

struct bw_alert_shown {
    struct bw_core *core;
    const struct bw_roster *roster;
    struct shown *items;
    size_t count, cap;
};

struct bw_alert_shown *bw_alert_shown_new(struct bw_core *core)
{
    struct bw_alert_shown *all = bw_alloc(sizeof *all);
    all->core = core;
    return all;
}

static void free_shown(struct shown *shown)
{
    bw_publication_free(shown->publication);
    free(shown->rule);
    free(shown->labels);
    free(shown->cause);
}

void bw_alert_shown_free(struct bw_alert_shown *all)
{
    if (all == NULL)
        return;
    for (size_t i = 0; i < all->count; i++)
        free_shown(&all->items[i]);
    free(all->items);
    free(all);
}

static struct shown *find(const struct bw_alert_shown *all, const char *rule, const char *labels)
{
    for (size_t i = 0; i < all->count; i++) {
        struct shown *shown = &all->items[i];
        if (strcmp(shown->rule, rule) == 0 && strcmp(shown->labels, labels) == 0)
            return shown;
    }
    return NULL;
}

static struct shown *shown_for(struct bw_alert_shown *all, const char *rule, const char *labels)
{
    struct shown *shown = find(all, rule, labels);
    if (shown != NULL)
        return shown;
    all->items = bw_grow(all->items, &all->cap, all->count + 1, sizeof *all->items);
    shown = &all->items[all->count++];
    *shown = (struct shown){ .rule = bw_strdup(rule),
                             .labels = bw_strdup(labels),
                             .cause = bw_strdup("") };
    return shown;
}

/* ---- metrics --------------------------------------------------------------------------- */

/* The user's labels of what an alert is about: its check, else its service. */
static struct bw_labels labels_of_user(const struct bw_roster *roster,
                                       const struct bw_subject *subject)
{
    const struct bw_roster_check *check = roster != NULL ? bw_roster_check(roster, subject) : NULL;
    const struct bw_roster_service *service =
        roster != NULL ? bw_roster_service(roster, subject->service) : NULL;
    if (check != NULL)
        return check->spec.labels;
    return service != NULL ? service->labels : (struct bw_labels){ 0 };
}

/* Its own labels, which are its identity, and those of the user that do not have their names. */
static struct bw_publication *publication_of(const struct bw_alert_shown *all, const char *text)
{
    struct bw_arena arena = { 0 };
    struct bw_metric_label labels[2 * BW_LABELS_MAX];
    size_t count = bw_alert_labels_read(&arena, text, labels);
    const size_t own = count;
    const struct bw_subject subject = bw_alert_subject(&arena, text);
    const struct bw_labels user = labels_of_user(all->roster, &subject);
    for (size_t i = 0; i < user.count && i < BW_LABELS_MAX; i++) {
        if (bw_alert_label(labels, own, user.items[i].name)[0] == '\0')
            labels[count++] = (struct bw_metric_label){ user.items[i].name, user.items[i].value };
    }
    struct bw_publication *publication =
        bw_publication_new(all->core->publisher, labels, count, "exported_");
    bw_arena_fini(&arena);
    return publication;
}

static void publish(const struct bw_alert_shown *all, struct shown *shown)
{
    if (shown->publication == NULL)
        // NOLINTNEXTLINE(clang-analyzer-unix.Malloc) it does not see who has moved up
        shown->publication = publication_of(all, shown->labels);
    struct bw_measures *measures = bw_publication_begin(shown->publication);
    if (shown->state.level != BW_LEVEL_NONE) {
        bw_measures_add(measures, BW_METRIC_ALERT_ACTIVE, 1,
                        BW_LABEL_VALUES(shown->rule, bw_level_name(shown->state.level)));
        bw_measures_add(measures, BW_METRIC_ALERT_SINCE_TIMESTAMP_SECONDS,
                        (double)shown->state.active_since_ms / 1000, BW_LABEL_VALUES(shown->rule));
    }
    bw_publication_commit(shown->publication);
}

void bw_alert_shown_label(struct bw_alert_shown *all, const struct bw_roster *roster)
{
    all->roster = roster;
    for (size_t i = 0; i < all->count; i++) {
        bw_publication_free(all->items[i].publication);
        all->items[i].publication = NULL;
        publish(all, &all->items[i]);
    }
}

/* ---- rounds ---------------------------------------------------------------------------- */

void bw_alert_shown_explain(struct bw_alert_shown *all, const char *rule, const char *labels,
                            const char *cause)
{
    struct shown *shown = shown_for(all, rule, labels);
    free(shown->cause);
    shown->cause = bw_strdup(cause);
}

static bool is_same_standing(const struct bw_alert_state *a, const struct bw_alert_state *b)
{
    return a->level == b->level && a->pending == b->pending
           && a->pending_since_ms == b->pending_since_ms && a->active_since_ms == b->active_since_ms
           && a->level_since_ms == b->level_since_ms;
}

static void save(struct bw_core *core, const struct bw_alert_state *state)
{
    if (core->store != NULL)
        bw_store_put_alert_state(core->store, state);
}

void bw_alert_shown_note(struct bw_alert_shown *all, const struct bw_alert_state *state)
{
    struct shown *shown = shown_for(all, state->rule, state->labels);
    const bool changed = !is_same_standing(&shown->state, state);
    shown->state = *state;
    shown->state.rule = shown->rule;
    shown->state.labels = shown->labels;
    shown->seen = true;
    if (!changed)
        return;
    save(all->core, &shown->state);
    publish(all, shown);
    bw_core_view_changed(all->core);
}

void bw_alert_shown_sweep(struct bw_alert_shown *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct shown *shown = &all->items[i];
        if (!shown->seen) {
            save(all->core,
                 &(struct bw_alert_state){ .rule = shown->rule, .labels = shown->labels });
            free_shown(shown);
            bw_core_view_changed(all->core);
            continue;
        }
        shown->seen = false;
        all->items[kept++] = *shown;
    }
    all->count = kept;
}

/* ---- the view -------------------------------------------------------------------------- */

static int worst_first(const void *a, const void *b)
{
    const struct bw_view_alert *x = a, *y = b;
    if (x->level != y->level)
        return x->level > y->level ? -1 : 1;
    const int by_rule = strcmp(x->rule, y->rule);
    return by_rule != 0 ? by_rule : strcmp(x->labels, y->labels);
}

size_t bw_alert_shown_view(const struct bw_alert_shown *all, bw_alert_text_fn *text,
                           const void *ctx, struct bw_arena *arena,
                           const struct bw_view_alert **out)
{
    struct bw_view_alert *alerts = bw_arena_array(arena, all->count + 1, sizeof *alerts);
    for (size_t i = 0; i < all->count; i++) {
        const struct shown *shown = &all->items[i];
        alerts[i] = (struct bw_view_alert){ .rule = bw_arena_strdup(arena, shown->rule),
                                            .labels = bw_arena_strdup(arena, shown->labels),
                                            .level = shown->state.level,
                                            .pending = shown->state.pending,
                                            .active_since_ms = shown->state.active_since_ms,
                                            .level_since_ms = shown->state.level_since_ms,
                                            .value = shown->state.value,
                                            .expr = bw_arena_strdup(arena, text(ctx, shown->rule)),
                                            .cause = bw_arena_strdup(arena, shown->cause) };
    }
    qsort(alerts, all->count, sizeof *alerts, worst_first);
    *out = alerts;
    return all->count;
}
