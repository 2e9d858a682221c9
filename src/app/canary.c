// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/canary.h"

#include "app/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "health/sight.h"

#include <stdio.h>
#include <stdlib.h>

/* Before a round that contradicts what we think is repeated: long enough for a hiccup to pass,
 * short beside any timeout. */
#define CONFIRM_NS (250 * BW_MS)

struct target {
    struct bw_canary *canary;
    const struct bw_config_canary_target *config;
    struct bw_probe_plan *plan;
    struct bw_probe_run *run; /* NULL: not being asked */
    bool up;                  /* it answered last time */
    char detail[BW_PROBE_DETAIL_BYTES_MAX];
};

struct bw_canary {
    struct bw_core *core;
    struct bw_probe_engine *engine;
    struct bw_timer *timer;
    bw_canary_fn *told;
    void *ctx;
    const struct bw_config_canary *config;
    struct target *targets;
    size_t count;
    bool started;
    struct bw_sight sight;
    uint64_t round;          /* number of the latest; the first is 1 */
    size_t answered, silent; /* targets, in this round */
    bool undecided;          /* the latest round */
    bool again;              /* somebody has asked since it began */
    bool confirming;         /* the next round is soon */
    uint64_t seen, lost;     /* rounds */
    struct bw_publication *publication;
    struct bw_source *source;
};

static void on_timer(void *ctx);

struct bw_canary *bw_canary_new(struct bw_core *core, struct bw_probe_engine *engine,
                                bw_canary_fn *told, void *ctx)
{
    struct bw_canary *canary = bw_alloc(sizeof *canary);
    canary->core = core;
    canary->engine = engine;
    canary->told = told;
    canary->ctx = ctx;
    canary->timer = bw_timer_new(core->loop, on_timer, canary);
    return canary;
}

static void cancel_runs(struct bw_canary *canary)
{
    for (size_t i = 0; i < canary->count; i++) {
        bw_probe_cancel(canary->targets[i].run);
        canary->targets[i].run = NULL;
    }
    canary->undecided = false;
}

static void free_targets(struct target *targets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bw_probe_plan_free(targets[i].plan);
    free(targets);
}

static void close_outlets(struct bw_canary *canary)
{
    bw_publication_free(canary->publication);
    bw_source_free(canary->source);
    canary->publication = NULL;
    canary->source = NULL;
}

void bw_canary_free(struct bw_canary *canary)
{
    if (canary == NULL)
        return;
    cancel_runs(canary);
    free_targets(canary->targets, canary->count);
    close_outlets(canary);
    bw_timer_free(canary->timer);
    free(canary);
}

/* ---- what is said ------------------------------------------------------------------------ */

static void publish(struct bw_canary *canary)
{
    struct bw_measures *measures = bw_publication_begin(canary->publication);
    bw_measures_add(measures, BW_METRIC_SELF_CANARY_UP, canary->sight.blind ? 0 : 1, NULL);
    for (size_t i = 0; i < canary->count; i++)
        bw_measures_add(measures, BW_METRIC_SELF_CANARY_TARGET_UP, canary->targets[i].up ? 1 : 0,
                        BW_LABEL_VALUES(canary->targets[i].config->text));
    bw_measures_add(measures, BW_METRIC_SELF_CANARY_ROUNDS_TOTAL, (double)canary->seen,
                    BW_LABEL_VALUES("seen"));
    bw_measures_add(measures, BW_METRIC_SELF_CANARY_ROUNDS_TOTAL, (double)canary->lost,
                    BW_LABEL_VALUES("lost"));
    const int64_t now_ms = bw_core_now_ms(canary->core);
    const int64_t interval_ms = canary->config->interval_ns / BW_MS;
    bw_source_put_tick(canary->source, measures, now_ms - now_ms % interval_ms);
    bw_publication_commit(canary->publication);
}

/* "none of 2 canary targets answers" */
static void count_words(char *out, size_t size, size_t answered, const struct bw_canary *canary)
{
    const size_t need = canary->config->need;
    if (canary->count == 1)
        snprintf(out, size, "the canary target %s", answered > 0 ? "answers" : "does not answer");
    else if (answered == 0)
        snprintf(out, size, "none of %zu canary targets answers", canary->count);
    else if (answered < need)
        snprintf(out, size, "only %zu of %zu canary targets %s, %zu must", answered, canary->count,
                 answered == 1 ? "answers" : "answer", need);
    else
        snprintf(out, size, "%zu of %zu canary targets %s", answered, canary->count,
                 answered == 1 ? "answers" : "answer");
}

/* The same, and what each silent target's silence was like. */
static void tell_blind(struct bw_canary *canary)
{
    struct bw_buf cause;
    const char *joint = ": ";
    bw_buf_init(&cause, BW_CAUSE_BYTES_MAX);
    bw_buf_text(&cause, canary->core->sight.words);
    for (size_t i = 0; i < canary->count; i++) {
        const struct target *target = &canary->targets[i];
        if (target->up || target->run != NULL)
            continue;
        bw_buf_printf(&cause, "%s%s: %s", joint, target->config->text, target->detail);
        joint = "; ";
    }
    /* What does not fit is not said. */
    bw_core_system_event(canary->core, BW_EVENT_BLIND,
                         bw_buf_failed(&cause) ? canary->core->sight.words : cause.data);
    bw_buf_fini(&cause);
}

static void tell_sight(struct bw_canary *canary, int64_t blind_ms, const char *why)
{
    char lasted[BW_DURATION_TEXT_MAX], cause[BW_CAUSE_BYTES_MAX];
    bw_format_duration_short(lasted, (blind_ms - blind_ms % 1000) * BW_MS);
    snprintf(cause, sizeof cause, "after %s: %s", lasted, why);
    bw_core_system_event(canary->core, BW_EVENT_SEES_AGAIN, cause);
}

/* Our sight has changed: what everybody goes by does, too. */
static void take_over(struct bw_canary *canary, const char *words)
{
    struct bw_core_sight *shown = &canary->core->sight;
    shown->blind = canary->sight.blind;
    shown->since_ms = canary->sight.since_ms;
    shown->spells++;
    bw_text_copy(shown->words, sizeof shown->words, shown->blind ? words : "");
    snprintf(shown->cause, sizeof shown->cause, "%s%s", shown->blind ? "we cannot see: " : "",
             shown->words);
    bw_core_view_changed(canary->core);
}

/* ---- rounds ------------------------------------------------------------------------------ */

static void begin_round(struct bw_canary *canary);

static void arm(struct bw_canary *canary)
{
    if (!canary->started || canary->count == 0)
        return;
    canary->confirming = bw_sight_is_in_doubt(&canary->sight);
    const bool soon = canary->confirming && CONFIRM_NS < canary->config->interval_ns;
    bw_timer_start(canary->timer, soon ? CONFIRM_NS : canary->config->interval_ns, 0);
}

static void decide(struct bw_canary *canary, bool seen)
{
    const int64_t now_ms = bw_core_now_ms(canary->core), since_ms = canary->sight.since_ms;
    char words[sizeof canary->core->sight.words];
    canary->undecided = false;
    *(seen ? &canary->seen : &canary->lost) += 1;
    const bool changed = bw_sight_feed(&canary->sight, seen, now_ms);
    count_words(words, sizeof words, canary->answered, canary);
    if (changed) {
        take_over(canary, words);
        if (canary->sight.blind)
            tell_blind(canary);
        else
            tell_sight(canary, now_ms - since_ms, words);
    }
    if (seen && !canary->sight.blind)
        canary->core->sight.answered = canary->round;
    publish(canary);
    arm(canary);
    if (canary->again && seen)
        begin_round(canary);
    canary->told(canary->ctx, changed);
}

/* Whoever answers over HTTP, with whatever status, can be seen. */
static void on_done(void *ctx, const struct bw_probe_result *result)
{
    struct target *target = ctx;
    struct bw_canary *canary = target->canary;
    target->run = NULL;
    target->up = result->success || result->http_status > 0;
    bw_text_copy(target->detail, sizeof target->detail,
                 result->detail[0] != '\0' ? result->detail : bw_reason_text(result->reason));
    if (!canary->undecided)
        return;
    canary->answered += target->up ? 1 : 0;
    canary->silent += target->up ? 0 : 1;
    if (canary->answered >= canary->config->need)
        decide(canary, true);
    else if (canary->answered + canary->silent == canary->count)
        decide(canary, false);
}

static void begin_round(struct bw_canary *canary)
{
    cancel_runs(canary);
    canary->round++;
    canary->answered = canary->silent = 0;
    canary->undecided = true;
    canary->again = canary->confirming = false;
    bw_timer_stop(canary->timer);
    for (size_t i = 0; i < canary->count; i++) {
        struct target *target = &canary->targets[i];
        const struct bw_probe_request request = { .plan = target->plan,
                                                  .target = { .text = target->config->target },
                                                  .timeout_ns = canary->config->timeout_ns };
        target->run = bw_probe_start(canary->engine, &request, on_done, target);
    }
}

static void on_timer(void *ctx)
{
    begin_round(ctx);
}

uint64_t bw_canary_ask(struct bw_canary *canary)
{
    if (!canary->started || canary->count == 0)
        return 0;
    if (canary->undecided) {
        canary->again = true;
        return canary->round + 1;
    }
    if (canary->confirming)
        return canary->round + 1;
    begin_round(canary);
    return canary->round;
}

void bw_canary_start(struct bw_canary *canary)
{
    canary->started = true;
    if (canary->count > 0)
        begin_round(canary);
}

void bw_canary_stop(struct bw_canary *canary)
{
    canary->started = false;
    bw_timer_stop(canary->timer);
    cancel_runs(canary);
}

/* ---- configuration, restarts -------------------------------------------------------------- */

static enum bw_rc make_targets(struct bw_canary *canary, const struct bw_config *config,
                               struct target **out, struct bw_err *err)
{
    const size_t count = config->canary.count;
    struct target *targets = bw_alloc_array(count + 1, sizeof *targets);
    for (size_t i = 0; i < count; i++) {
        const struct bw_config_canary_target *from = &config->canary.targets[i];
        targets[i] = (struct target){ .canary = canary, .config = from };
        targets[i].plan = bw_probe_plan_new(canary->engine, from->module, config->folder, err);
        if (targets[i].plan == NULL) {
            free_targets(targets, count);
            return bw_wrap(err, err->rc, "self_canary target '%s'", from->text);
        }
    }
    *out = targets;
    return BW_OK;
}

static void open_outlets(struct bw_canary *canary)
{
    const struct bw_label identity[] = { { "service", "bellwether" },
                                         { "instance", canary->core->node } };
    if (canary->publication != NULL)
        return;
    canary->publication = bw_publication_new(canary->core->publisher, NULL, 0, "exported_");
    canary->source = bw_source_new(canary->core->recorder, identity, 2, BW_CANARY_TARGETS_MAX);
}

/* There is nobody left who could say that we see. */
static void go_without(struct bw_canary *canary)
{
    const int64_t now_ms = bw_core_now_ms(canary->core), since_ms = canary->sight.since_ms;
    const bool was_blind = canary->sight.blind;
    bw_timer_stop(canary->timer);
    close_outlets(canary);
    canary->sight = (struct bw_sight){ .since_ms = was_blind ? now_ms : since_ms };
    canary->core->sight.answered = ++canary->round; /* nobody waits for a round that never comes */
    if (!was_blind)
        return;
    take_over(canary, "");
    tell_sight(canary, now_ms - since_ms, "there is no self-canary in the configuration any more");
}

enum bw_rc bw_canary_apply(struct bw_canary *canary, const struct bw_config *config,
                           struct bw_err *err)
{
    struct target *targets = NULL;
    const enum bw_rc rc = make_targets(canary, config, &targets, err);
    cancel_runs(canary);
    free_targets(canary->targets, canary->count);
    canary->targets = targets;
    canary->count = targets != NULL ? config->canary.count : 0;
    canary->config = &config->canary;
    if (canary->count == 0) {
        go_without(canary);
        return rc;
    }
    open_outlets(canary);
    if (canary->started)
        begin_round(canary);
    return BW_OK;
}

void bw_canary_restore(struct bw_canary *canary, int64_t since_ms, const char *words)
{
    canary->sight = (struct bw_sight){ .blind = true, .since_ms = since_ms };
    if (canary->count == 0)
        go_without(canary);
    else
        take_over(canary, words);
}

/* ---- views --------------------------------------------------------------------------------- */

struct bw_view_sight bw_canary_view(const struct bw_canary *canary, struct bw_arena *arena)
{
    struct bw_view_canary *targets = bw_arena_array(arena, canary->count + 1, sizeof *targets);
    for (size_t i = 0; i < canary->count; i++)
        targets[i] = (struct bw_view_canary){ .target = bw_arena_strdup(
                                                  arena, canary->targets[i].config->text),
                                              .up = canary->targets[i].up };
    return (struct bw_view_sight){ .has_canary = canary->count > 0,
                                   .blind = canary->sight.blind,
                                   .since_ms = canary->sight.since_ms,
                                   .words = bw_arena_strdup(arena, canary->core->sight.words),
                                   .need = canary->count > 0 ? canary->config->need : 0,
                                   .targets = targets,
                                   .target_count = canary->count };
}
