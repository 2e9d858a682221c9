// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/run.h"

#include "base/mem.h"
#include "base/units.h"
#include "probe/engine.h"
#include "probe/module.h"
#include "probe/spread.h"
#include "probe/table.h"
#include "probe/trail.h"
#include "probe/way.h"

#include <stdlib.h>
#include <string.h>

/* What refused a moment ago deserves a moment. */
#define RETRY_PAUSE_NS (100 * BW_MS)

struct bw_probe_plan {
    const struct bw_probe_ops *ops;
    void *prepared;
    int64_t timeout_ns;
    size_t runs; /* that use it */
    bool freed;  /* by its owner; the last run releases it */
};

struct bw_probe_run {
    struct bw_spread *spread; /* a run over several addresses, which has nothing else; or NULL */
    struct bw_probe_engine *engine;
    struct bw_probe_plan *plan;
    struct bw_probe_target target;
    struct bw_way *way;
    unsigned retries;
    bool expect_failure;
    bw_probe_done_fn *done;
    void *ctx;
    struct bw_run_room *room;
    struct bw_arena arena;         /* texts */
    struct bw_arena measure_arena; /* of the last try */
    struct bw_measures measures;
    struct bw_probe_outcome out;
    struct bw_trail trail;
    struct bw_mask mask;          /* made when the run has ended and there is something to say */
    struct bw_probe_try *attempt; /* NULL: between tries, or over */
    struct bw_timer *deadline;
    struct bw_timer *later; /* the next try, or the end when a try could not begin; or NULL */
    int64_t start_ns, timeout_ns;
    unsigned attempts;
    enum bw_reason retried_reason; /* of the try before this one; NONE: there was none */
    char *retried_detail;          /* room for BW_PROBE_DETAIL_BYTES_MAX; NULL as long as unused */
    bool failed_to_begin;
};

/* ---- plans ---- */

static const void *options_of(const struct bw_probe_module *module)
{
    static const size_t offsets[BW_PROBER_COUNT] = {
        [BW_PROBER_HTTP] = offsetof(struct bw_probe_module, http),
        [BW_PROBER_TCP] = offsetof(struct bw_probe_module, tcp),
        [BW_PROBER_ICMP] = offsetof(struct bw_probe_module, icmp),
        [BW_PROBER_EXEC] = offsetof(struct bw_probe_module, exec),
        [BW_PROBER_DNS] = offsetof(struct bw_probe_module, dns),
        [BW_PROBER_GRPC] = offsetof(struct bw_probe_module, grpc),
        [BW_PROBER_WEBSOCKET] = offsetof(struct bw_probe_module, websocket),
        [BW_PROBER_TLS] = offsetof(struct bw_probe_module, tls),
        [BW_PROBER_UNIX] = offsetof(struct bw_probe_module, local),
    };
    return (const char *)module + offsets[module->prober];
}

struct bw_probe_plan *bw_probe_plan_new(struct bw_probe_engine *engine,
                                        const struct bw_probe_module *module, const char *folder,
                                        struct bw_err *err)
{
    const struct bw_probe_ops *ops = bw_probe_table[module->prober];
    void *prepared = ops->prepare(engine, options_of(module), folder, err);
    if (prepared == NULL)
        return NULL;
    struct bw_probe_plan *plan = bw_alloc(sizeof *plan);
    *plan = (struct bw_probe_plan){ .ops = ops,
                                    .prepared = prepared,
                                    .timeout_ns = module->timeout_ns };
    return plan;
}

static void release_plan(struct bw_probe_plan *plan)
{
    plan->ops->release(plan->prepared);
    free(plan);
}

void bw_probe_plan_free(struct bw_probe_plan *plan)
{
    if (plan == NULL)
        return;
    plan->freed = true;
    if (plan->runs == 0)
        release_plan(plan);
}

const struct bw_probe_ops *bw_probe_plan_ops(const struct bw_probe_plan *plan)
{
    return plan->ops;
}

int64_t bw_probe_plan_timeout_ns(const struct bw_probe_plan *plan)
{
    return plan->timeout_ns;
}

struct bw_probe_memory *bw_probe_memory_new(const struct bw_probe_plan *plan)
{
    if (plan->ops->forget == NULL)
        return NULL;
    struct bw_probe_memory *memory = bw_alloc(sizeof *memory);
    memory->ops = plan->ops;
    return memory;
}

void bw_probe_memory_free(struct bw_probe_memory *memory)
{
    while (memory != NULL) {
        struct bw_probe_memory *more = memory->more;
        if (memory->data != NULL)
            memory->ops->forget(memory->data);
        free(memory);
        memory = more;
    }
}

/* ---- the end of a run ---- */

static void take_notes(struct bw_probe_run *run)
{
    struct bw_notes_spare *spare = &run->engine->spare;
    if (spare->count == 0)
        return; /* they come with the first note */
    spare->count--;
    run->trail.notes = spare->items[spare->count].notes;
    run->trail.cap = spare->items[spare->count].cap;
}

static void give_notes_back(struct bw_probe_run *run)
{
    struct bw_notes_spare *spare = &run->engine->spare;
    if (run->trail.notes == NULL || spare->count == BW_NOTES_SPARE_MAX) {
        free(run->trail.notes);
        return;
    }
    spare->items[spare->count].notes = run->trail.notes;
    spare->items[spare->count++].cap = run->trail.cap;
}

static struct bw_run_room *take_room(struct bw_probe_engine *engine)
{
    struct bw_run_room *room = engine->rooms;
    if (room == NULL)
        return bw_alloc(sizeof *room);
    engine->rooms = room->next;
    engine->room_count--;
    return room;
}

static void give_room_back(struct bw_probe_engine *engine, struct bw_run_room *room)
{
    if (engine->room_count == BW_ROOMS_SPARE_MAX) {
        free(room);
        return;
    }
    room->next = engine->rooms;
    engine->rooms = room;
    engine->room_count++;
}

static void release_run(struct bw_probe_run *run)
{
    struct bw_probe_plan *plan = run->plan;
    give_notes_back(run);
    give_room_back(run->engine, run->room);
    bw_mask_fini(&run->mask);
    run->engine->runs--;
    plan->runs--;
    if (plan->freed && plan->runs == 0)
        release_plan(plan);
    bw_timer_free(run->deadline);
    bw_timer_free(run->later);
    bw_arena_fini(&run->measure_arena);
    bw_arena_fini(&run->arena);
    free(run);
}

void bw_probe_cancel(struct bw_probe_run *run)
{
    if (run == NULL)
        return;
    if (run->spread != NULL) {
        bw_spread_cancel(run->spread);
        free(run);
        return;
    }
    if (run->attempt != NULL)
        run->plan->ops->cancel(run->attempt);
    release_run(run);
}

static void add_common(struct bw_probe_run *run, const struct bw_probe_result *result)
{
    struct bw_measures *m = &run->measures;
    bw_measures_add(m, BW_METRIC_PROBE_SUCCESS, result->success, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_DURATION_SECONDS, (double)result->duration_ns / BW_SECOND,
                    NULL);
    bw_measures_add(m, BW_METRIC_PROBE_TIMEOUT_SECONDS, (double)result->timeout_ns / BW_SECOND,
                    NULL);
    if (!result->success)
        bw_measures_add(m, BW_METRIC_PROBE_FAILURE_INFO, 1,
                        BW_LABEL_VALUES(bw_reason_name(result->reason)));
}

/* A target that must not answer: any failure of its own is a pass. Ours is not: it says
 * nothing about the target. */
static void turn_round(struct bw_probe_outcome *out)
{
    if (out->reason == BW_REASON_NONE) {
        bw_probe_fail(out, BW_REASON_UNEXPECTED_SUCCESS, "it answered, but should not");
    } else if (!bw_reason_is_local(out->reason)) {
        out->reason = BW_REASON_NONE;
        out->detail[0] = '\0';
    }
}

/* A peer may say our own secrets to us: its words are looked through like ours. */
static void hide_secrets(struct bw_probe_run *run)
{
    struct bw_probe_outcome *out = &run->out;
    if (!bw_trail_is_wanted(out) && !out->warned && run->retried_detail == NULL)
        return;
    run->mask.more = &run->engine->hidden;
    bw_mask_add_from(&run->mask, run->target.text);
    if (run->plan->ops->secrets != NULL)
        run->plan->ops->secrets(run->plan->prepared, &run->mask);
    bw_mask_text(&run->mask, out->detail, sizeof out->detail);
    bw_mask_text(&run->mask, out->warning, sizeof out->warning);
    if (run->retried_detail != NULL)
        bw_mask_text(&run->mask, run->retried_detail, BW_PROBE_DETAIL_BYTES_MAX);
}

void bw_probe_tell(const struct bw_probe_result *result, struct bw_buf *out)
{
    if (result->told != NULL)
        bw_buf_text(out, result->told);
    else if (result->trail != NULL)
        bw_trail_tell(result->trail, result->mask, result, out);
}

static void finish(struct bw_probe_run *run)
{
    struct bw_probe_outcome *out = &run->out;
    bw_probe_leave(out);
    if (run->expect_failure)
        turn_round(out);
    hide_secrets(run);
    struct bw_probe_result result = {
        .success = out->reason == BW_REASON_NONE,
        .warned = out->reason == BW_REASON_NONE && out->warned,
        .reason = out->reason,
        .attempts = run->attempts,
        .retried_reason = run->retried_reason,
        .retried_detail = run->retried_detail,
        .duration_ns = bw_loop_mono_ns() - run->start_ns,
        .timeout_ns = run->timeout_ns,
        .last_phase = out->phase,
        .http_status = out->http_status,
        .has_certificate = out->has_certificate,
        .certificate_expiry_s = out->certificate_expiry_s,
        .change = out->change,
        .measures = &run->measures,
        .trail = &run->trail,
        .mask = &run->mask,
    };
    memcpy(result.phase_ns, out->phase_ns, sizeof result.phase_ns);
    memcpy(result.phase_seen, out->phase_seen, sizeof result.phase_seen);
    memcpy(result.detail, out->detail, sizeof result.detail);
    if (result.warned)
        memcpy(result.warning, out->warning, sizeof result.warning);
    add_common(run, &result);
    bw_timer_stop(run->deadline);
    if (run->later != NULL)
        bw_timer_stop(run->later);
    run->done(run->ctx, &result);
    release_run(run);
}

/* ---- tries ---- */

static void begin(struct bw_probe_run *run);
static void on_later(void *ctx);

/* Most runs need it never. */
static void go_on_after(struct bw_probe_run *run, int64_t pause_ns)
{
    if (run->later == NULL)
        run->later = bw_timer_new(run->engine->loop, on_later, run);
    bw_timer_start(run->later, pause_ns, 0);
}

static int64_t time_left(const struct bw_probe_run *run)
{
    const int64_t left_ns = run->start_ns + run->timeout_ns - bw_loop_mono_ns();
    return left_ns > 0 ? left_ns : 0;
}

static bool may_retry(const struct bw_probe_run *run)
{
    return run->out.reason != BW_REASON_NONE && !run->expect_failure
           && run->attempts <= run->retries && time_left(run) > RETRY_PAUSE_NS;
}

static void remember_failure(struct bw_probe_run *run)
{
    run->retried_reason = run->out.reason;
    if (run->retried_detail == NULL)
        run->retried_detail = bw_arena_alloc(&run->arena, BW_PROBE_DETAIL_BYTES_MAX);
    memcpy(run->retried_detail, run->out.detail, BW_PROBE_DETAIL_BYTES_MAX);
}

static void after_try(struct bw_probe_run *run)
{
    if (may_retry(run)) {
        remember_failure(run);
        bw_trail_say(&run->out, "failed: %s%s%s", bw_reason_text(run->out.reason),
                     run->out.detail[0] != '\0' ? ": " : "", run->out.detail);
        go_on_after(run, RETRY_PAUSE_NS);
    } else {
        finish(run);
    }
}

static void on_try_done(void *ctx)
{
    struct bw_probe_run *run = ctx;
    run->attempt = NULL;
    after_try(run);
}

static void on_later(void *ctx)
{
    struct bw_probe_run *run = ctx;
    if (run->failed_to_begin) {
        run->failed_to_begin = false;
        after_try(run);
    } else {
        begin(run);
    }
}

static void note_next_try(struct bw_probe_run *run)
{
    bw_trail_chapter(&run->out);
    bw_trail_say(&run->out, "try %u of %u", run->attempts, run->retries + 1);
}

static void begin(struct bw_probe_run *run)
{
    bw_arena_fini(&run->measure_arena);
    bw_measures_init_with(&run->measures, &run->measure_arena, run->room->measures,
                          BW_ROOM_MEASURES);
    const char *change = run->out.change; /* found by an earlier try */
    memset(&run->out, 0, sizeof run->out);
    run->out.change = change;
    run->out.deadline_ns = run->start_ns + run->timeout_ns;
    run->out.measures = &run->measures;
    run->out.trail = &run->trail;
    run->out.way = run->way;
    run->attempts++;
    if (run->attempts > 1)
        note_next_try(run);
    run->attempt = run->plan->ops->start(run->engine, run->plan->prepared, &run->target, &run->out,
                                         on_try_done, run);
    if (run->attempt != NULL)
        return;
    bw_probe_fail(&run->out, BW_REASON_INTERNAL, "the probe could not begin");
    run->failed_to_begin = true; /* done() must not be called from inside start */
    go_on_after(run, 0);
}

static void on_deadline(void *ctx)
{
    static const enum bw_reason reasons[BW_PHASE_COUNT] = {
        [BW_PHASE_RESOLVE] = BW_REASON_DNS_TIMEOUT, [BW_PHASE_CONNECT] = BW_REASON_CONNECT_TIMEOUT,
        [BW_PHASE_TLS] = BW_REASON_TLS_TIMEOUT,     [BW_PHASE_PROCESSING] = BW_REASON_TIMEOUT,
        [BW_PHASE_TRANSFER] = BW_REASON_TIMEOUT,
    };
    struct bw_probe_run *run = ctx;
    if (run->attempt != NULL) {
        run->trail.wanted = true; /* the failure is written down after the kind has settled */
        run->plan->ops->settle(run->attempt);
        run->plan->ops->cancel(run->attempt);
        run->attempt = NULL;
        char timeout[BW_DURATION_TEXT_MAX];
        bw_format_duration(timeout, run->timeout_ns);
        if (!run->out.decided)
            bw_probe_fail(&run->out, reasons[run->out.phase], "no verdict within %s (%s)", timeout,
                          bw_probe_phase_name(run->out.phase));
    }
    /* Between tries the verdict of the last one stands. */
    finish(run);
}

static void on_spread(void *ctx, const struct bw_probe_result *result)
{
    struct bw_probe_run *run = ctx;
    run->done(run->ctx, result);
    free(run);
}

static struct bw_probe_run *start_spread(struct bw_probe_engine *engine,
                                         const struct bw_probe_request *request,
                                         bw_probe_done_fn *done, void *ctx)
{
    struct bw_probe_run *run = bw_alloc(sizeof *run);
    run->done = done;
    run->ctx = ctx;
    run->spread = bw_spread_start(engine, request, on_spread, run);
    return run;
}

struct bw_probe_run *bw_probe_start(struct bw_probe_engine *engine,
                                    const struct bw_probe_request *request, bw_probe_done_fn *done,
                                    void *ctx)
{
    if (request->resolve_mode != BW_RESOLVE_FIRST)
        return start_spread(engine, request, done, ctx);
    struct bw_probe_run *run = bw_alloc(sizeof *run);
    *run = (struct bw_probe_run){
        .engine = engine,
        .plan = request->plan,
        .target = request->target,
        .way = request->way,
        .retries = request->retries,
        .expect_failure = request->expect_failure,
        .done = done,
        .ctx = ctx,
        .start_ns = request->way != NULL ? request->way->start_ns : bw_loop_mono_ns(),
        .timeout_ns = request->timeout_ns,
    };
    run->trail.start_ns = run->trail.last_ns = run->start_ns;
    run->trail.wanted = request->tell || request->expect_failure;
    take_notes(run);
    run->room = take_room(engine);
    memset(run->room->texts, 0, sizeof run->room->texts);
    bw_arena_init_with(&run->arena, run->room->texts, sizeof run->room->texts);
    run->target.text = bw_arena_strdup(&run->arena, request->target.text);
    run->target.host = bw_arena_strdup(&run->arena, request->target.host);
    engine->runs++;
    run->plan->runs++;
    run->deadline = bw_timer_new(engine->loop, on_deadline, run);
    bw_timer_start(run->deadline, time_left(run), 0);
    begin(run);
    return run;
}
